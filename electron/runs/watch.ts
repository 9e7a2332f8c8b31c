// Tailing run folders that any process fills. Polling: it works on every file system and across hosts. A quiet run costs one stat.
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RunRef } from "../../shared/contract/app.ts";
import type { RunQueue } from "../../shared/domain/run-queue.ts";
import type { RunEvent } from "../../shared/domain/run-state.ts";
import { journalPath, outputPath, readEvents } from "./journal.ts";
import { isClaimed } from "./lease.ts";
import { QueueTail } from "./run-queue.ts";
import { thinnedSteps } from "./thinned-steps.ts";

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly pollMs?: number;
}

/** Between looks at the leases of runs that say that they are running. */
const LEASE_POLL_MS = 3000;
/** Runs looked at at once. */
const PARALLEL = 16;

/**
 * All events of a run from a byte offset on, past ones first, then new ones as they come, in batches. Ends without an error when the signal
 * aborts. A run whose process died gets a made-up `interrupted` event that is in no file; if it is taken up again, `started` follows.
 */
export async function* watchRun(
  folder: string,
  { offset = 0, signal, pollMs = 300 }: WatchOptions & { offset?: number } = {},
): AsyncGenerator<RunEvent[]> {
  const tail = new RunTail(folder, offset);
  while (!signal?.aborted) {
    const events = await tail.next();
    if (events.length > 0) yield events;
    await pause(pollMs, signal);
  }
}

/** Most of a worker's output that is read back: the end of it. */
const OUTPUT_BYTES = 256 * 1024;

/** `watchRun`, and what the run's worker said. */
export async function* watchLog(
  folder: string,
  { signal, pollMs = 300 }: WatchOptions = {},
): AsyncGenerator<{ kind: "events"; events: RunEvent[] } | { kind: "output"; text: string }> {
  const tail = new RunTail(folder);
  let read: number | undefined;
  while (!signal?.aborted) {
    const events = await tail.next();
    if (events.length > 0) yield { kind: "events", events };
    const output = await readOutput(folder, read);
    read = output.end;
    if (output.text) yield { kind: "output", text: output.text };
    await pause(pollMs, signal);
  }
}

async function readOutput(folder: string, from: number | undefined): Promise<{ text: string; end: number }> {
  const file = await open(outputPath(folder), "r").catch(() => undefined);
  if (!file) return { text: "", end: from ?? 0 };
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - OUTPUT_BYTES, from === undefined || from > size ? 0 : from);
    const bytes = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return { text: bytes.toString("utf8", 0, bytesRead), end: start + bytesRead };
  } finally {
    await file.close();
  }
}

/** Where a study keeps the folder of a run. */
export const runFolderIn = (studyFolder: string, { arm, seed }: RunRef) => join(studyFolder, "arms", arm, `seed-${seed}`);

export type StudyNews =
  | { kind: "queue"; queue: RunQueue }
  | { kind: "events"; run: RunRef; events: RunEvent[] }
  /** The past has been told. */
  | { kind: "current" };

/** Steps of the past that are told of a study, and of each of its runs however many they are. */
const PAST_STEPS = 200_000;
const LEAST_STEPS = 1_000;

/**
 * `watchRun` over the runs of a study, merged, and the study's queue, first and when it changes. Runs that are not begun yet are waited for. Of a
 * past that is too long to look at, a part of the steps is told.
 */
export async function* watchStudy(
  studyFolder: string,
  runs: readonly RunRef[],
  { signal, pollMs = 300 }: WatchOptions = {},
): AsyncGenerator<StudyNews> {
  const queueTail = new QueueTail(studyFolder);
  const tails = runs.map((run) => ({ run, tail: new RunTail(runFolderIn(studyFolder, run)) }));
  const most = Math.max(LEAST_STEPS, Math.floor(PAST_STEPS / Math.max(1, runs.length)));
  let isPast = true;
  while (!signal?.aborted) {
    const queue = await queueTail.next();
    if (queue) yield { kind: "queue", queue };
    for (let from = 0; from < tails.length; from += PARALLEL) {
      const news = await Promise.all(tails.slice(from, from + PARALLEL).map(async ({ run, tail }) => ({ run, events: await tail.next() })));
      for (const update of news) {
        if (signal?.aborted) return;
        if (update.events.length === 0) continue;
        yield { kind: "events", run: update.run, events: isPast ? thinnedSteps(update.events, most) : update.events };
      }
    }
    if (isPast) yield { kind: "current" };
    isPast = false;
    await pause(pollMs, signal);
  }
}

/** One run's file, read from where it was left. */
class RunTail {
  private readonly folder: string;
  private offset: number;
  private size = -1;
  private mtime = -1;
  private last: RunEvent | undefined;
  private leaseSeenAt = 0;

  constructor(folder: string, offset = 0) {
    this.folder = folder;
    this.offset = offset;
  }

  async next(): Promise<RunEvent[]> {
    const found = await stat(journalPath(this.folder)).catch(() => undefined);
    if (found && (found.size !== this.size || found.mtimeMs !== this.mtime)) {
      this.size = found.size;
      this.mtime = found.mtimeMs;
      const { events, offset } = await readEvents(this.folder, this.offset);
      this.offset = offset;
      if (events.length > 0) {
        this.last = events.at(-1);
        if (!(await this.wasKilled())) return events;
        return [...events, this.interruption()];
      }
    }
    return (await this.wasKilled()) ? [this.interruption()] : [];
  }

  private async wasKilled(): Promise<boolean> {
    if (!this.last || hasEnded(this.last)) return false;
    const now = performance.now();
    if (this.leaseSeenAt > 0 && now - this.leaseSeenAt < LEASE_POLL_MS) return false;
    this.leaseSeenAt = now;
    if (await isClaimed(this.folder)) return false;
    // Between our reading and the look at the lease the run may have ended properly.
    return ((await stat(journalPath(this.folder)).catch(() => undefined))?.size ?? this.size) === this.size;
  }

  private interruption(): RunEvent {
    const last = this.last!;
    this.last = { kind: "interrupted", at: last.at, step: "step" in last ? last.step : 0, reason: "paused" };
    return this.last;
  }
}

const hasEnded = ({ kind }: RunEvent) => kind === "finished" || kind === "failed" || kind === "interrupted";

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}
