// Who may fill a run folder. A claim is a file `lease/<generation>.json`, made only if it is not there; the highest generation counts.
//
// To claim: list; the highest must be released (`<generation>.released` beside it) or its holder dead; create the next; list again, and give
// way to a higher one. Two processes never both win: a winner saw nothing above its own generation after making it, so a later winner has seen it and
// found its holder dead. The highest generation is never deleted, so numbers only grow.
//
// A holder is dead when its process is gone (told on the same host only), or when its heartbeat has stood still: for `deadAfterMs` by the
// clock and for `graceMs` under our own eyes. The latter spares a laptop that slept and hosts whose clocks differ.
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { createFileWhole, writeError } from "../files/atomic-file.ts";

const Claim = z.object({ id: z.string(), host: z.string(), pid: z.int(), processStart: z.string().nullable(), claimedAt: z.number() });
type Claim = z.infer<typeof Claim>;

/** A run held by this process. */
export interface Lease {
  /** Aborts when the claim is lost: another process took it over while this one stood still. Stop writing at once. */
  readonly lost: AbortSignal;
  /** Lets others claim the run. */
  release(): Promise<void>;
}

export interface LeaseTiming {
  /** Between heartbeats. */
  readonly heartbeatMs: number;
  /** A heartbeat older than this is dead .. */
  readonly deadAfterMs: number;
  /** .. once it has also stood still for this long while we watched. */
  readonly graceMs: number;
}

export const LEASE_TIMING: LeaseTiming = { heartbeatMs: 5000, deadAfterMs: 20_000, graceMs: 6000 };

export interface LeaseClock {
  now(): number;
  /** @returns cancels it */
  every(ms: number, task: () => void): () => void;
}

const systemClock: LeaseClock = {
  now: Date.now,
  every(ms, task) {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

export interface ClaimerOptions {
  readonly clock?: LeaseClock;
  readonly timing?: LeaseTiming;
}

interface Generation {
  readonly number: number;
  readonly released: boolean;
}

const FILE = /^(\d{1,15})\.(json|released)$/;
const leaseFolder = (runFolder: string) => join(runFolder, "lease");

/** Claims runs for this process, and remembers the heartbeats it has seen of others. One per executor. */
export class Claimer {
  private readonly clock: LeaseClock;
  private readonly timing: LeaseTiming;
  private readonly seen = new Map<string, { number: number; beat: number; since: number }>();

  constructor({ clock = systemClock, timing = LEASE_TIMING }: ClaimerOptions = {}) {
    this.clock = clock;
    this.timing = timing;
  }

  /** Claims a run; `undefined` while a live process holds it, this one included. @throws AppError when the folder cannot be written */
  async claim(runFolder: string): Promise<Lease | undefined> {
    const folder = leaseFolder(runFolder);
    const top = await highest(folder);
    if (top && !top.released && !(await this.isDead(folder, top.number))) return undefined;
    const number = (top?.number ?? 0) + 1;
    const claim: Claim = { id: randomUUID(), ...thisProcess(), claimedAt: this.clock.now() };
    const file = join(folder, `${number}.json`);
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw writeError(error, folder);
    });
    if (!(await createFileWhole(file, JSON.stringify(claim), new Date(claim.claimedAt)))) return undefined;
    if (((await highest(folder))?.number ?? 0) > number) {
      await rm(file, { force: true });
      return undefined;
    }
    await removeBelow(folder, number);
    return this.hold(folder, number);
  }

  private async isDead(folder: string, number: number): Promise<boolean> {
    const path = join(folder, `${number}.json`);
    const holder = await readHolder(path);
    if (!holder) return false; // taken over or deleted this very moment: look again later
    if (holder.isGone) return true;
    const now = this.clock.now();
    const { beat } = holder;
    const known = this.seen.get(folder);
    if (known?.number !== number || known.beat !== beat) {
      this.seen.set(folder, { number, beat, since: now });
      return false;
    }
    const watched = now - known.since;
    return watched >= this.timing.deadAfterMs || (watched >= this.timing.graceMs && now - beat >= this.timing.deadAfterMs);
  }

  private hold(folder: string, number: number): Lease {
    const path = join(folder, `${number}.json`);
    const lost = new AbortController();
    const beat = async () => {
      const now = new Date(this.clock.now());
      await utimes(path, now, now).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") lost.abort();
      });
      const top = await highest(folder).catch(() => undefined);
      if (top && top.number > number) lost.abort();
    };
    const stop = this.clock.every(this.timing.heartbeatMs, () => {
      if (!lost.signal.aborted) void beat();
    });
    return {
      lost: lost.signal,
      release: async () => {
        stop();
        await writeFile(join(folder, `${number}.released`), "").catch(() => {}); // the run was deleted
      },
    };
  }
}

/** Whether a run looks held by a live process, at a glance: a holder on another host counts until its heartbeat is old. */
export async function isClaimed(runFolder: string, now: number = Date.now(), timing: LeaseTiming = LEASE_TIMING): Promise<boolean> {
  const folder = leaseFolder(runFolder);
  const top = await highest(folder);
  if (!top || top.released) return false;
  const holder = await readHolder(join(folder, `${top.number}.json`));
  return holder !== undefined && !holder.isGone && now - holder.beat < timing.deadAfterMs;
}

/** When a claim last gave a sign of life, and whether its process is known to be gone; `undefined` when the file is not there. */
async function readHolder(path: string): Promise<{ beat: number; isGone: boolean } | undefined> {
  try {
    const { mtimeMs: beat } = await stat(path);
    const text = await readFile(path, "utf8");
    return { beat, isGone: isGone(text) };
  } catch {
    return undefined;
  }
}

// A text that is no claim is one being written, or damaged: its heartbeat has to tell.
function isGone(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  const { data: claim } = Claim.safeParse(value);
  return claim !== undefined && claim.host === hostIdentity() && !isAlive(claim);
}

async function highest(folder: string): Promise<Generation | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let top: Generation | undefined;
  for (const name of names) {
    const match = FILE.exec(name);
    if (!match) continue;
    const number = Number(match[1]);
    const released = match[2] === "released";
    if (!top || number > top.number) top = { number, released };
    else if (number === top.number && released) top = { number, released };
  }
  return top;
}

async function removeBelow(folder: string, number: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = FILE.exec(name);
    if (match && Number(match[1]) < number) await rm(join(folder, name), { force: true });
  }
}

function thisProcess(): Pick<Claim, "host" | "pid" | "processStart"> {
  return { host: hostIdentity(), pid: process.pid, processStart: processStart(process.pid) };
}

// Containers may share a host name and a volume while their process numbers are apart: the namespace is part of the name.
function hostIdentity(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

// Tells a process from a later one with its number. Linux only; elsewhere the heartbeat has to tell.
function processStart(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(claim: Claim): boolean {
  try {
    process.kill(claim.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  if (claim.processStart === null) return true;
  const start = processStart(claim.pid);
  return start === null || start === claim.processStart;
}
