import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Claimer, isClaimed, type LeaseClock } from "../../../electron/runs/lease.ts";
import { type Bundle, bundle } from "./bundled.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lease-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A clock that stands still until it is moved; timers fire when it passes them. */
function handClock() {
  let now = 1_700_000_000_000;
  const tasks = new Set<{ every: number; next: number; task: () => void }>();
  const clock: LeaseClock = {
    now: () => now,
    every(ms, task) {
      const entry = { every: ms, next: now + ms, task };
      tasks.add(entry);
      return () => tasks.delete(entry);
    },
  };
  return {
    clock,
    advance(ms: number) {
      now += ms;
      for (const entry of tasks)
        while (entry.next <= now) {
          entry.next += entry.every;
          entry.task();
        }
    },
  };
}

const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

async function writeClaim(number: number, claim: object, mtime: number) {
  await mkdir(join(folder, "lease"), { recursive: true });
  const path = join(folder, "lease", `${number}.json`);
  await writeFile(path, JSON.stringify({ id: `claim ${number}`, processStart: null, claimedAt: mtime, ...claim }));
  await utimes(path, new Date(mtime), new Date(mtime));
}

/** The host as claims of this process name it. */
async function thisHost(): Promise<string> {
  const other = await mkdtemp(join(tmpdir(), "lease-host-"));
  const lease = await new Claimer().claim(other);
  const { readFile } = await import("node:fs/promises");
  const { host } = JSON.parse(await readFile(join(other, "lease/1.json"), "utf8")) as { host: string };
  await lease!.release();
  await rm(other, { recursive: true });
  return host;
}

describe("a lease", () => {
  it("is held until it is released", async () => {
    const lease = await new Claimer().claim(folder);
    expect(lease).toBeDefined();
    expect(await isClaimed(folder)).toBe(true);
    expect(await new Claimer().claim(folder)).toBeUndefined();
    await lease!.release();
    expect(await isClaimed(folder)).toBe(false);
    const again = await new Claimer().claim(folder);
    expect(again).toBeDefined();
    await again!.release();
  });

  it("leaves no more than one generation behind", async () => {
    for (let i = 0; i < 5; i++) await (await new Claimer().claim(folder))!.release();
    expect((await readdir(join(folder, "lease"))).sort()).toEqual(["5.json", "5.released"]);
  });

  it("is taken over at once when its process on this host is gone", async () => {
    await writeClaim(3, { host: await thisHost(), pid: deadPid() }, Date.now());
    expect(await isClaimed(folder)).toBe(false);
    const lease = await new Claimer().claim(folder);
    expect(lease).toBeDefined();
    await lease!.release();
  });

  it("is taken over when its process number now belongs to a later process", async () => {
    await writeClaim(1, { host: await thisHost(), pid: process.pid, processStart: "1" }, Date.now());
    expect(await isClaimed(folder)).toBe(process.platform !== "linux");
  });

  it("of another host is dead after its heartbeat stood still, by the clock and under our eyes", async () => {
    const hand = handClock();
    const claimer = new Claimer({ clock: hand.clock });
    await writeClaim(1, { host: `not ${hostname()}`, pid: 1 }, hand.clock.now() - 60_000);
    expect(await claimer.claim(folder), "first look").toBeUndefined();
    hand.advance(5000);
    expect(await claimer.claim(folder), "too soon").toBeUndefined();
    hand.advance(2000);
    const lease = await claimer.claim(folder);
    expect(lease).toBeDefined();
    await lease!.release();
  });

  it("of another host whose clock runs ahead is dead after it stood still for the whole time under our eyes", async () => {
    const hand = handClock();
    const claimer = new Claimer({ clock: hand.clock });
    await writeClaim(1, { host: `not ${hostname()}`, pid: 1 }, hand.clock.now() + 3_600_000);
    for (let waited = 0; waited < 20_000; waited += 5000) {
      expect(await claimer.claim(folder), `${waited} ms`).toBeUndefined();
      hand.advance(5000);
    }
    expect(await claimer.claim(folder)).toBeDefined();
  });

  it("of another host lives while its heartbeat moves", async () => {
    const hand = handClock();
    const claimer = new Claimer({ clock: hand.clock });
    for (let beat = 0; beat < 10; beat++) {
      await writeClaim(1, { host: `not ${hostname()}`, pid: 1 }, hand.clock.now() - 50_000);
      expect(await claimer.claim(folder)).toBeUndefined();
      hand.advance(7000);
    }
  });

  it("tells its holder when another took it over", async () => {
    const hand = handClock();
    const lease = await new Claimer({ clock: hand.clock }).claim(folder);
    await writeClaim(2, { host: "another", pid: 1 }, hand.clock.now());
    expect(lease!.lost.aborted).toBe(false);
    hand.advance(5000);
    await once(lease!.lost, "abort");
    await lease!.release();
    expect(await isClaimed(folder, hand.clock.now())).toBe(true);
  });

  it("damaged by a kill is dead only after its time", async () => {
    await mkdir(join(folder, "lease"));
    await writeFile(join(folder, "lease/1.json"), "{");
    expect(await new Claimer().claim(folder)).toBeUndefined();
    expect(await isClaimed(folder)).toBe(true);
    expect(await isClaimed(folder, Date.now() + 30_000)).toBe(false);
  });
});

describe("processes that race for a lease", () => {
  let script: Bundle;
  let children: ChildProcess[];

  beforeAll(async () => {
    script = await bundle({ claiming: "test/electron/runs/claiming.child.ts" });
    children = Array.from({ length: 3 }, () => fork(script.path("claiming"), { stdio: "inherit" }));
    await Promise.all(children.map((child) => once(child, "message")));
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await script.remove();
  });

  async function race(at: string): Promise<ChildProcess[]> {
    const answers = children.map(async (child) => {
      const [{ isWinner }] = (await once(child, "message")) as [{ isWinner: boolean }];
      return isWinner;
    });
    for (const child of children) child.send({ kind: "claim", folder: at });
    const won = await Promise.all(answers);
    return children.filter((_, i) => won[i]);
  }

  it("never both win: a new run, a dead claim, a released one", async () => {
    const host = await thisHost();
    const pid = deadPid();
    const top = folder;
    for (let round = 0; round < 60; round++) {
      folder = join(top, `run-${round}`);
      if (round % 3 === 1) await writeClaim(1 + round, { host, pid }, Date.now());
      if (round % 3 === 2) {
        await writeClaim(1, { host, pid }, Date.now());
        await writeFile(join(folder, "lease/1.released"), "");
      }
      const winners = await race(folder);
      expect(winners.length, `round ${round}`).toBeLessThanOrEqual(1);
      // All may give way to one another for a moment, but then one wins.
      if (winners.length === 0) expect((await race(folder)).length, `round ${round}, again`).toBeLessThanOrEqual(1);
    }
    folder = top;
  });

  it("never both win while claims change hands all the time", async () => {
    let wins = 0;
    for (let round = 0; round < 60; round++) {
      const winners = await race(folder);
      expect(winners.length, `round ${round}`).toBeLessThanOrEqual(1);
      const [winner] = winners;
      if (!winner) continue;
      wins++;
      winner.send({ kind: "release", folder });
      await once(winner, "message");
    }
    expect(wins).toBeGreaterThan(30);
  });

  it("of a killed process goes to the next at once", async () => {
    const [winner] = await race(folder);
    winner!.kill("SIGKILL");
    await once(winner!, "exit");
    children = children.filter((child) => child !== winner);
    const next = await race(folder);
    expect(next.length).toBe(1);
  });
});
