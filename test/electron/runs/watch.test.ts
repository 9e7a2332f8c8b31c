import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { journalPath, openJournal, outputPath } from "../../../electron/runs/journal.ts";
import { Claimer, type Lease } from "../../../electron/runs/lease.ts";
import { writeRunQueue } from "../../../electron/runs/run-queue.ts";
import { runFolderIn, watchLog, watchRun, watchStudy } from "../../../electron/runs/watch.ts";
import type { RunEvent, RunEventBody } from "../../../shared/domain/run-state.ts";

let folder: string;
let controller: AbortController;
const leases: Lease[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "watch-"));
  controller = new AbortController();
});
afterEach(async () => {
  controller.abort();
  for (const lease of leases.splice(0)) await lease.release();
  await rm(folder, { recursive: true, force: true });
});

const started: RunEventBody = { kind: "started", engine: "wasm", device: "cpu", resumedAtStep: 0 };
const checkpoint = (step: number): RunEventBody => ({ kind: "checkpoint", step });
const finished: RunEventBody = { kind: "finished", f1: null };

async function append(at: string, ...bodies: RunEventBody[]) {
  await mkdir(at, { recursive: true });
  const journal = openJournal(at);
  journal.append(...bodies);
  journal.close();
}
const claim = async (at: string) => leases.push((await new Claimer().claim(at))!);
const options = () => ({ signal: controller.signal, pollMs: 5 });
const names = (events: readonly RunEvent[]) => events.map((event) => ("step" in event ? `${event.kind} ${event.step}` : event.kind));

describe("watching a run", () => {
  it("gives past events, then new ones, and ends with its signal", async () => {
    await claim(folder);
    await append(folder, started, checkpoint(1));
    const watch = watchRun(folder, options());
    expect(names((await watch.next()).value!)).toEqual(["started", "checkpoint 1"]);
    const next = watch.next();
    await append(folder, checkpoint(2), finished);
    expect(names((await next).value!)).toEqual(["checkpoint 2", "finished"]);
    const last = watch.next();
    controller.abort();
    expect((await last).done).toBe(true);
  });

  it("waits for a run that is not begun", async () => {
    const at = join(folder, "later");
    const next = watchRun(at, options()).next();
    await append(at, finished);
    expect(names((await next).value!)).toEqual(["finished"]);
  });

  it("does not give half a line", async () => {
    await claim(folder);
    await append(folder, finished);
    const watch = watchRun(folder, options());
    await watch.next();
    const next = watch.next();
    await appendFile(journalPath(folder), '{"kind":"checkpoint","at":1,');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await appendFile(journalPath(folder), '"step":9}\n');
    expect(names((await next).value!)).toEqual(["checkpoint 9"]);
  });

  it("tells a run whose process was killed as interrupted, once, and its going on", async () => {
    await append(folder, started, checkpoint(4));
    const watch = watchRun(folder, options());
    expect(names((await watch.next()).value!)).toEqual(["started", "checkpoint 4", "interrupted 4"]);
    const next = watch.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await claim(folder);
    await append(folder, started);
    expect(names((await next).value!)).toEqual(["started"]);
  });
});

describe("the log of a run", () => {
  it("has its events and what its worker wrote, past and to come", async () => {
    await append(folder, started, finished);
    await appendFile(outputPath(folder), "first\n");
    const log = watchLog(folder, options());
    expect(await log.next()).toMatchObject({ value: { kind: "events", events: [{ kind: "started" }, { kind: "finished" }] } });
    expect(await log.next()).toMatchObject({ value: { kind: "output", text: "first\n" } });
    await appendFile(outputPath(folder), "second\n");
    expect(await log.next()).toMatchObject({ value: { kind: "output", text: "second\n" } });
  });
});

describe("watching a study", () => {
  it("tells its queue first, and again when that has changed", async () => {
    const watch = watchStudy(folder, [], options());
    expect(await watch.next()).toMatchObject({ value: { kind: "queue", queue: { first: [], skipped: [] } } });
    expect(await watch.next()).toMatchObject({ value: { kind: "current" } });
    const run = { arm: "none", seed: 1 };
    await writeRunQueue(folder, { version: 1, first: [run], skipped: [] });
    expect(await watch.next()).toMatchObject({ value: { kind: "queue", queue: { first: [run] } } });
  });

  it("merges its runs, in the order of each, and says when the past is told", async () => {
    const runs = ["none", "all"].map((arm) => ({ arm, seed: 1 }));
    for (const run of runs) await append(runFolderIn(folder, run), started, finished);
    const seen: string[] = [];
    for await (const news of watchStudy(folder, runs, options())) {
      if (news.kind === "queue") continue;
      if (news.kind === "current") {
        seen.push("current");
        await append(runFolderIn(folder, runs[0]!), checkpoint(7), finished);
        continue;
      }
      seen.push(`${news.run.arm}: ${names(news.events).join(", ")}`);
      if (seen.length === 4) controller.abort();
    }
    expect(seen).toEqual(["none: started, finished", "all: started, finished", "current", "none: checkpoint 7, finished"]);
  });

  it("of 123 quiet runs costs little", async () => {
    const runs = Array.from({ length: 123 }, (_, seed) => ({ arm: "none", seed }));
    await Promise.all(runs.map((run) => append(runFolderIn(folder, run), started, finished)));
    let first = 0;
    const watch = watchStudy(folder, runs, { signal: controller.signal, pollMs: 5 });
    while (first < 124) first += (await watch.next()).value!.kind === "queue" ? 0 : 1;
    const cpu = process.cpuUsage();
    const rest = watch.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    controller.abort();
    await rest;
    const { user, system } = process.cpuUsage(cpu);
    // Polled as fast as it goes it must still leave most of a core; in use it is polled every 300 ms.
    expect((user + system) / 1000).toBeLessThan(400);
  });
});
