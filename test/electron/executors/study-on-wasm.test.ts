// The whole of it, small: a study with the wasm engine in real processes and workers, killed half-way; and single runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweepOrder } from "../../../electron/executors/local.ts";
import { finetuneRun, pretrainOnce, resolveRunConfig } from "../../../electron/executors/single.ts";
import { datasetFile, datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { lastEvent, readEvents } from "../../../electron/runs/journal.ts";
import { readMetrics, readRun, runState } from "../../../electron/runs/run-folder.ts";
import { mergeSettings } from "../../../electron/runs/settings.ts";
import { allRunsOf, createStudy, runFolderOf, studySummary } from "../../../electron/runs/study-store.ts";
import { watchRun } from "../../../electron/runs/watch.ts";
import { startTrainingWorker } from "../../../electron/training/training-worker.ts";
import { readWeights } from "../../../electron/training/weights-files.ts";
import { QUEUED, reduceRun } from "../../../shared/domain/run-state.ts";
import { type Bundle, bundle } from "../runs/bundled.ts";
import { makeDataset, TINY_SETTINGS } from "../training/made-dataset.ts";

let workspace: string;
let scripts: Bundle;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "study-"));
  scripts = await bundle({
    "training.worker": "electron/training/training.worker.ts",
    study: "test/electron/executors/sweep.child.ts",
  });
  await makeDataset({ workspace });
});
afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
  await scripts.remove();
});

function launch(name: string) {
  const child = spawn(process.execPath, [scripts.path("study"), workspace, name, scripts.path("training.worker")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  return { child, ended: once(child, "close").then(([code]) => ({ code: code as number | null, output })) };
}

describe("a study of two arms and the control", () => {
  it("killed in mid-arm goes on from the checkpoint and ends as if it had not been", { timeout: 120_000 }, async () => {
    const settings = { ...TINY_SETTINGS, pretrain: { ...TINY_SETTINGS.pretrain, epochs: 6 }, arms: ["gain+shift", "none"] };
    const study = await createStudy(workspace, { name: "a", preset: null, settings });
    const order = sweepOrder(study);
    const killed = order.find(({ arm }) => arm !== "random-init")!;
    const first = launch("a");
    const controller = new AbortController();
    for await (const events of watchRun(runFolderOf(workspace, "a", killed), { signal: controller.signal, pollMs: 10 })) {
      if (events.some((event) => event.kind === "step" && event.step >= 3)) {
        first.child.kill("SIGKILL");
        controller.abort();
      }
    }
    await first.ended;
    const { code, output } = await launch("a").ended;
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ finished: 4, failed: [], kept: ["gain+shift"] });
    expect(await studySummary(workspace, "a")).toMatchObject({ runs: 3, finished: 3 });
    const { events } = await readEvents(runFolderOf(workspace, "a", killed));
    const starts = events.flatMap((event) => (event.kind === "started" ? [event.resumedAtStep] : []));
    expect(starts).toEqual([0, expect.any(Number)]);
    expect(starts[1]).toBeGreaterThanOrEqual(2);
    for (const run of allRunsOf(study)) {
      const state = await runState(runFolderOf(workspace, "a", run));
      expect(state).toMatchObject({ status: "finished", f1: expect.any(Number) });
      expect((await readMetrics(runFolderOf(workspace, "a", run)))!.f1).toBe(state.f1);
    }

    // The same run, not killed.
    const config = (await readRun(runFolderOf(workspace, "a", killed)))!.config;
    const startWorker = () => startTrainingWorker({ script: scripts.path("training.worker") });
    const signal = new AbortController().signal;
    const { folder, state } = await pretrainOnce({ workspace, name: "again", config, signal, startWorker });
    const resumed = events.reduce(reduceRun, QUEUED);
    expect(state.evaluations).toEqual(resumed.evaluations);
    expect([...(await readWeights(folder))!.tensors]).toEqual([...(await readWeights(runFolderOf(workspace, "a", killed)))!.tensors]);
  });
});

describe("single runs", () => {
  const startWorker = () => startTrainingWorker({ script: scripts.path("training.worker") });
  const options = () => ({ workspace, signal: new AbortController().signal, startWorker });
  const configOf = (settings: object) =>
    resolveRunConfig(mergeSettings({ ...TINY_SETTINGS, arm: "all" }, settings) as Record<string, unknown>);

  it("pretrain only, and are fine-tuned later as runs of their own", { timeout: 120_000 }, async () => {
    const config = configOf({ finetune: { labelSets: [] } });
    const controller = new AbortController();
    const stopped = pretrainOnce({
      ...options(),
      name: "plain",
      config,
      signal: controller.signal,
      onEvent: ({ kind }) => kind === "checkpoint" && controller.abort(Object.assign(new Error("later"), { reason: "paused" })),
    });
    await expect(stopped).rejects.toThrow("later");
    expect(await lastEvent(join(workspace, "runs/plain"))).toMatchObject({ kind: "interrupted", reason: "paused" });
    const { folder, state } = await pretrainOnce({ ...options(), name: "plain", config });
    expect(state).toMatchObject({ status: "finished", f1: null });
    await expect(pretrainOnce({ ...options(), name: "plain", config: configOf({ seed: 9 }) })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });

    const finetune = { labelSets: TINY_SETTINGS.finetune.labelSets, labelDraws: 1 };
    const tuned = await finetuneRun({ ...options(), name: "tuned", from: folder, finetune });
    expect(tuned.state).toMatchObject({ status: "finished", f1: expect.any(Number) });
    expect(tuned.state.curve).toEqual([]);
    expect(await readMetrics(folder), "the first run is as it was").toMatchObject({ f1: null });
    await expect(finetuneRun({ ...options(), name: "other", from: folder, finetune: { epoch: 3 } })).rejects.toThrow(
      /epoch: there is no such setting/,
    );
    await expect(finetuneRun({ ...options(), name: "other", from: workspace, finetune })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("leave nothing behind when they fail at their start, so that the name is free", async () => {
    const config = configOf({ finetune: { labelSets: [] }, pretrain: { batchSize: 4096 } });
    await expect(pretrainOnce({ ...options(), name: "early", config })).rejects.toThrow(/fewer than a batch of 4096/);
    expect(existsSync(join(workspace, "runs/early"))).toBe(false);
  });

  it("refuse to score on a data set without labels", async () => {
    const dataset = await makeDataset({ workspace, name: "bare", tiles: 8 });
    await writeFile(datasetFile(datasetFolderOf(workspace, "bare")), JSON.stringify({ ...dataset, classes: [] }));
    const config = configOf({ dataset: "bare" });
    await expect(pretrainOnce({ ...options(), name: "bare", config })).rejects.toMatchObject({
      code: "NO_DATA",
      message: expect.stringContaining("has no labels"),
    });
    expect(existsSync(join(workspace, "runs/bare"))).toBe(false);
  });

  it("refuse an arm that does not exist, in words", () => {
    expect(() => configOf({ arm: "sharpen" })).toThrow(/there is no arm "sharpen"/);
    expect(configOf({ arm: "shift+gain" }).arm).toBe("gain+shift");
  });

  it("reject with what made them fail", async () => {
    const config = configOf({ finetune: { labelSets: [{ name: "sea", classes: ["Sea and ocean"] }] } });
    await expect(pretrainOnce({ ...options(), name: "fails", config })).rejects.toMatchObject({ code: "NO_DATA" });
  });
});
