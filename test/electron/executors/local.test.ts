import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunStudyOptions, runStudy, type StudyProgress, sweepOrder } from "../../../electron/executors/local.ts";
import { readEvents } from "../../../electron/runs/journal.ts";
import { Claimer } from "../../../electron/runs/lease.ts";
import { readRun } from "../../../electron/runs/run-folder.ts";
import { retryRun, writeRunQueue } from "../../../electron/runs/run-queue.ts";
import { allRunsOf, createStudy, runFolderOf, selectByHand, studyFolder, studySummary } from "../../../electron/runs/study-store.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { Random } from "../../../shared/domain/random.ts";
import { COUPLET_ARMS } from "../../../shared/domain/study.ts";
import type { Study } from "../../../shared/domain/workspace.ts";
import { type Bundle, bundle } from "../runs/bundled.ts";
import { makeDataset } from "../training/made-dataset.ts";
import { type FakeWorkerOptions, fakeWorkers } from "./fake-worker.ts";

let workspace: string;
let study: Study;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "local-"));
  await makeDataset({ workspace, tiles: 16 });
});
afterAll(() => rm(workspace, { recursive: true, force: true }));
beforeEach(async () => {
  study = await createStudy(workspace, {
    name: "a",
    preset: "demo",
    settings: { dataset: "fields", arms: ["blur+gain", "gain+shift", "none"], seeds: [1, 2] },
  });
});
afterEach(() => rm(studyFolder(workspace, "a"), { recursive: true, force: true }));

const never = new AbortController().signal;

async function run(options: Partial<RunStudyOptions> & { worker?: FakeWorkerOptions } = {}) {
  const { worker, ...rest } = options;
  const workers = fakeWorkers(worker);
  const outcome = await runStudy({ workspace, study, stage: "all", signal: never, startWorker: workers.start, pollMs: 10, ...rest });
  return { outcome, counts: workers.counts };
}

const eventsOf = async (arm: string, seed: number) => (await readEvents(runFolderOf(workspace, "a", { arm, seed }))).events;
const kindsOf = async (arm: string, seed: number) => (await eventsOf(arm, seed)).map(({ kind }) => kind);

describe("running a study", () => {
  it("runs every arm with every seed once, then the second stage, with one worker", async () => {
    const { outcome, counts } = await run({ worker: { f1Of: (arm) => (arm === "gain+shift" ? 0.7 : 0.5) } });
    expect(outcome).toEqual({ finished: 10, failed: [], kept: ["gain+shift", "blur+gain"], note: null });
    expect(counts).toEqual({ started: 1, engines: 1, terminated: 1 });
    for (const { arm, seed } of allRunsOf(study))
      expect((await kindsOf(arm, seed)).filter((kind) => kind === "finished" || kind === "started")).toEqual(["started", "finished"]);
    expect((await readRun(runFolderOf(workspace, "a", { arm: "full", seed: 1 })))!.config.kept).toEqual(["gain+shift", "blur+gain"]);
    expect(await studySummary(workspace, "a")).toMatchObject({ runs: 8, finished: 8, running: 0 });
  });

  it("finishes the first seed of all arms before the second, in an order of its own", async () => {
    const order: string[] = [];
    await run({ stage: "sweep", worker: { onStep: ({ arm, seed, step }) => void (step === 1 && order.push(`${seed} ${arm}`)) } });
    expect(order).toEqual(sweepOrder(study).map(({ arm, seed }) => `${seed} ${arm}`));
    expect(order.map((run) => run[0])).toEqual([..."11112222"]);
    const all: Study = { ...study, config: { ...study.config, arms: [...COUPLET_ARMS] } };
    expect(sweepOrder(all)).not.toEqual(sweepOrder({ ...all, name: "b" }));
    expect(sweepOrder(all)).toEqual(sweepOrder(all));
  });

  it("skips what is finished", async () => {
    await run({ stage: "sweep" });
    const { outcome, counts } = await run({ stage: "sweep" });
    expect(outcome.finished).toBe(8);
    expect(counts.started).toBe(0);
  });

  it.each(["paused", "cancelled"] as const)("is %s after a checkpoint and goes on from it", async (reason) => {
    const controller = new AbortController();
    const stopped = run({
      signal: controller.signal,
      worker: {
        onStep: ({ seed, step }) => void (seed === 1 && step === 3 && controller.abort(Object.assign(new Error(reason), { reason }))),
      },
    });
    await expect(stopped).rejects.toThrow(reason);
    const [first] = sweepOrder(study);
    expect(await kindsOf(first!.arm, first!.seed)).toEqual(["started", "step", "step", "checkpoint", "step", "checkpoint", "interrupted"]);
    expect((await eventsOf(first!.arm, first!.seed)).at(-1)).toMatchObject({ reason, step: 3 });
    await run();
    const events = await eventsOf(first!.arm, first!.seed);
    expect(events.filter(({ kind }) => kind === "started").at(-1)).toMatchObject({ resumedAtStep: 3 });
    expect(events.at(-1)!.kind).toBe("finished");
  });

  it("stopped before it starts does nothing", async () => {
    const controller = new AbortController();
    controller.abort(new Error("stop"));
    await expect(run({ signal: controller.signal })).rejects.toThrow("stop");
    expect(await readdir(studyFolder(workspace, "a"))).toEqual(["study.json"]);
  });

  it("goes on after a failed run, tells it, and tries it again the next time", async () => {
    const fail = new AppError("NO_DATA", "too few tiles");
    const { outcome } = await run({ worker: { onStep: ({ arm, seed }) => (arm === "blur+gain" && seed === 2 ? fail : undefined) } });
    expect(outcome.failed).toEqual([{ arm: "blur+gain", seed: 2, code: "NO_DATA", message: "too few tiles" }]);
    expect(outcome.finished).toBe(9);
    expect(outcome.kept, "one seed is enough for a score").toEqual(["blur+gain", "gain+shift"]);
    expect(await studySummary(workspace, "a")).toMatchObject({ finished: 7, failed: 1 });
    expect((await run()).outcome).toMatchObject({ finished: 10, failed: [] });
  });

  it("follows the order of the queue, also when it is changed meanwhile", async () => {
    const seen: string[] = [];
    const folder = studyFolder(workspace, "a");
    await writeRunQueue(folder, { version: 1, first: [{ arm: "none", seed: 2 }], skipped: [{ arm: "none", seed: 1 }] });
    const { outcome } = await run({
      stage: "sweep",
      worker: {
        onStep: ({ arm, seed, step }) => {
          if (step !== 1) return undefined;
          seen.push(`${arm} ${seed}`);
          // The file is there before the run in hand ends: written at once, not some time.
          if (seen.length === 1)
            writeFileSync(
              join(folder, "queue.json"),
              JSON.stringify({ version: 1, first: [{ arm: "random-init", seed: 2 }], skipped: [] }),
            );
          return undefined;
        },
      },
    });
    expect(seen.slice(0, 2)).toEqual(["none 2", "random-init 2"]);
    expect(seen).toHaveLength(8);
    expect(outcome.finished).toBe(8);
  });

  it("stops a run that is left out while it is in hand, and goes on with the others", async () => {
    const [first] = sweepOrder(study);
    const { outcome } = await run({
      stage: "sweep",
      pollMs: 5,
      worker: {
        steps: 40,
        stepMs: 5,
        onStep: ({ arm, seed, step }) => {
          if (arm === first!.arm && seed === first!.seed && step === 2)
            writeFileSync(join(studyFolder(workspace, "a"), "queue.json"), JSON.stringify({ version: 1, first: [], skipped: [first] }));
          return undefined;
        },
      },
    });
    expect(outcome).toEqual({ finished: 7, failed: [], kept: null, note: null });
    expect((await eventsOf(first!.arm, first!.seed)).at(-1)).toMatchObject({ kind: "interrupted", reason: "cancelled" });
  });

  it("takes a failed run up again within the same call when it is put back", async () => {
    let attempts = 0;
    let isAsked = false;
    const { outcome } = await run({
      stage: "sweep",
      worker: {
        stepMs: 1,
        onStep: ({ arm, seed, step }) => {
          if (arm === "none" && seed === 1 && step === 1 && attempts++ === 0) return new AppError("NO_DATA", "too few tiles");
          if (attempts === 1 && !isAsked) {
            isAsked = true;
            void retryRun(runFolderOf(workspace, "a", { arm: "none", seed: 1 }));
          }
          return undefined;
        },
      },
    });
    expect(outcome).toMatchObject({ finished: 8, failed: [] });
    expect(attempts).toBe(2);
  });

  it("leaves the second stage out when a couplet has no score, and says so", async () => {
    const worker: FakeWorkerOptions = { onStep: ({ arm }) => (arm === "blur+gain" ? new AppError("NO_DATA", "none") : undefined) };
    const { outcome } = await run({ worker });
    expect(outcome).toMatchObject({ finished: 6, kept: null, note: expect.stringContaining("blur+gain") });
    await expect(run({ stage: "full" })).rejects.toMatchObject({ code: "NO_DATA" });
    study = await selectByHand(workspace, "a", ["blur+gain"]);
    expect((await run({ stage: "full" })).outcome).toMatchObject({ finished: 2, kept: ["gain+shift"] });
  });

  it("runs the second stage anew when the selection has changed, and keeps the old one", async () => {
    await run();
    study = await selectByHand(workspace, "a", ["gain+shift"]);
    const { outcome } = await run();
    expect(outcome).toMatchObject({ finished: 10, kept: ["blur+gain"] });
    expect((await readRun(runFolderOf(workspace, "a", { arm: "full", seed: 1 })))!.config.kept).toEqual(["blur+gain"]);
    expect((await eventsOf("full", 1)).filter(({ kind }) => kind === "finished").length).toBe(1);
    const kept = (await readdir(join(studyFolder(workspace, "a"), "arms/full"))).filter((name) => name.startsWith("seed-1.before-"));
    expect(kept.length).toBe(1);
  });

  it("takes a dead worker's run up from its checkpoint with a new worker", async () => {
    let deaths = 0;
    const [first] = sweepOrder(study);
    const { outcome, counts } = await run({
      stage: "sweep",
      worker: { onStep: ({ arm, seed, step }) => (arm === first!.arm && seed === 1 && step === 4 && deaths++ === 0 ? "die" : undefined) },
    });
    expect(outcome).toMatchObject({ finished: 8, failed: [] });
    expect(counts.started).toBe(2);
    const starts = (await eventsOf(first!.arm, 1)).filter(({ kind }) => kind === "started");
    expect(starts).toMatchObject([{ resumedAtStep: 0 }, { resumedAtStep: 2 }]);
  });

  it("fails a run that loses its worker twice, and goes on with the rest", async () => {
    const { outcome, counts } = await run({
      stage: "sweep",
      worker: { onStep: ({ arm, seed }) => (arm === "none" && seed === 1 ? "die" : undefined) },
    });
    expect(outcome).toMatchObject({ finished: 7, failed: [{ arm: "none", seed: 1, code: "WORKER_LOST" }] });
    expect(counts.started).toBe(3);
    expect((await eventsOf("none", 1)).at(-1)).toMatchObject({ kind: "failed", code: "WORKER_LOST" });
  });

  it.each(["DISK_FULL", "OUT_OF_MEMORY"] as const)("ends at %s, which ails every run", async (code) => {
    const full = new AppError(code, "full");
    await expect(run({ worker: { onStep: ({ seed }) => (seed === 2 ? full : undefined) } })).rejects.toMatchObject({ code });
    expect(await studySummary(workspace, "a")).toMatchObject({ finished: 4, failed: 1 });
  });

  it("without its data set does not start", async () => {
    const lost: Study = { ...study, config: { ...study.config, dataset: "nowhere" } };
    await expect(run({ study: lost })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("waits for a run of another process, and takes it over when that gives it up", async () => {
    const held = await new Claimer().claim(runFolderOf(workspace, "a", { arm: "none", seed: 1 }));
    const seen: StudyProgress[] = [];
    const running = run({ stage: "sweep", onProgress: (progress) => seen.push(progress) });
    while (!seen.some(({ message }) => message.startsWith("waiting for 1 run"))) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await studySummary(workspace, "a")).toMatchObject({ finished: 7 });
    await held!.release();
    expect((await running).outcome.finished).toBe(8);
  });

  it("leaves a run alone when another process took it over, and waits for that one", async () => {
    let taken: string | undefined;
    const seen: StudyProgress[] = [];
    const running = run({
      stage: "sweep",
      claiming: { timing: { heartbeatMs: 5, deadAfterMs: 60_000, graceMs: 6000 } },
      onProgress: (progress) => seen.push(progress),
      worker: {
        stepMs: 40,
        onStep: ({ arm, seed, step }) => {
          if (step !== 2 || taken) return undefined;
          taken = runFolderOf(workspace, "a", { arm, seed });
          writeFileSync(
            join(taken, "lease/2.json"),
            JSON.stringify({ id: "x", host: "another", pid: 1, processStart: null, claimedAt: 0 }),
          );
          return undefined;
        },
      },
    });
    while (!seen.some(({ message }) => message.startsWith("waiting for 1 run"))) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await readEvents(taken!)).events.map(({ kind }) => kind)).not.toContain("failed");
    writeFileSync(join(taken!, "lease/2.released"), "");
    expect((await running).outcome).toMatchObject({ finished: 8, failed: [] });
  });

  it("goes on past a run whose record is damaged, and tells it", async () => {
    const folder = runFolderOf(workspace, "a", { arm: "none", seed: 1 });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "run.json"), "{");
    const { outcome } = await run({ stage: "sweep" });
    expect(outcome).toMatchObject({ finished: 7, failed: [{ arm: "none", seed: 1, code: "BAD_FILE" }] });
  });

  it("runs only what is chosen", async () => {
    const { outcome } = await run({ stage: "sweep", only: [{ arm: "none", seed: 2 }] });
    expect(outcome.finished).toBe(1);
    expect(await studySummary(workspace, "a")).toMatchObject({ finished: 1 });
  });

  it("tells its progress", async () => {
    const seen: StudyProgress[] = [];
    let now = 0;
    await run({
      stage: "sweep",
      onProgress: (progress) => seen.push(progress),
      now: () => now,
      worker: {
        onStep: () => {
          now += 1000;
          return undefined;
        },
      },
    });
    expect(seen.at(-1)).toMatchObject({ done: 8, total: 8, failed: 0, running: null, etaSeconds: 0 });
    const half = seen.find(({ done, step }) => done === 4 && step === 2)!;
    expect(half).toMatchObject({ stage: "sweep", steps: 4, running: { seed: 2 } });
    // 18 steps of a second were done for 4.5 runs; 3.5 are left.
    expect(half.etaSeconds).toBeCloseTo((18 / 4.5) * 3.5, 6);
    const dones = seen.map(({ done }) => done);
    expect(dones).toEqual([...dones].sort((a, b) => a - b));
  });
});

describe("two processes that run a study, killed again and again", { timeout: 120_000 }, () => {
  let script: Bundle;
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    script = await bundle({ study: "test/electron/executors/study.child.ts" });
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await script.remove();
  });

  function launch() {
    const child = spawn(process.execPath, [script.path("study"), workspace, "a"], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    children.add(child);
    let output = "";
    child.stdout!.on("data", (chunk) => {
      output += String(chunk);
    });
    const ended = once(child, "close").then(([code]) => {
      children.delete(child);
      return { code: code as number | null, output };
    });
    return { child, ended };
  }

  it("run every run to its end exactly once, and none at the same time", async () => {
    const random = Random.of("kills");
    let pair = [launch(), launch()];
    for (let kill = 0; kill < 6; kill++) {
      const victim = random.below(2);
      // Half-way in a run, however slow the machine; unless there is none left for it.
      await Promise.race([once(pair[victim]!.child, "message"), pair[victim]!.ended]);
      await new Promise((resolve) => setTimeout(resolve, random.below(150)));
      pair[victim]!.child.kill("SIGKILL");
      await pair[victim]!.ended;
      pair = pair.map((one, i) => (i === victim ? launch() : one));
    }
    const results = await Promise.all(pair.map(({ ended }) => ended));
    for (const { code, output } of results) {
      expect(code).toBe(0);
      expect(JSON.parse(output)).toMatchObject({ finished: 10, failed: [], note: null });
    }
    let starts = 0;
    for (const { arm, seed } of allRunsOf(study)) {
      const events = await eventsOf(arm, seed);
      starts += events.filter(({ kind }) => kind === "started").length;
      expect(events.filter(({ kind }) => kind === "finished").length, `${arm} ${seed}`).toBe(1);
      expect(events.at(-1)!.kind).toBe("finished");
      // Every step after a `started` is of the process that started, and steps go on from the checkpoint.
      let pid = 0;
      let step = 0;
      for (const event of events) {
        if (event.kind === "started") {
          pid = Number(event.engine.split(" ")[1]);
          step = event.resumedAtStep;
        }
        if (event.kind === "step") {
          expect(event.viewsPerSecond, `${arm} ${seed}`).toBe(pid);
          expect(event.step).toBe(step + 1);
          step = event.step;
        }
      }
      expect(step).toBe(6);
    }
    expect(starts, "some run was killed half-way").toBeGreaterThan(10);
  });
});
