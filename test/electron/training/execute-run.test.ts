import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { resolveRunConfig } from "../../../electron/executors/single.ts";
import { readBytes } from "../../../electron/files/atomic-file.ts";
import { readParquet } from "../../../electron/files/parquet.ts";
import { datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { readCheckpoint } from "../../../electron/runs/checkpoints.ts";
import { pinInitialWeights } from "../../../electron/runs/initial-weights.ts";
import { readEvents } from "../../../electron/runs/journal.ts";
import { createRun, readMetrics, readRun, runFiles } from "../../../electron/runs/run-folder.ts";
import { mergeSettings } from "../../../electron/runs/settings.ts";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { executeRun, RunInterrupted } from "../../../electron/training/execute-run.ts";
import { readWeights } from "../../../electron/training/weights-files.ts";
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import { QUEUED, type RunEvent, type RunState, reduceRun } from "../../../shared/domain/run-state.ts";
import { decodeSafetensors } from "../../../shared/learning/safetensors.ts";
import { makeDataset, TINY_SETTINGS } from "./made-dataset.ts";

let workspace: string;
let engine: EngineInfo;
let runs = 0;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "execute-"));
  await makeDataset({ workspace });
  engine = await loadEngine("wasm");
});
afterAll(() => rm(workspace, { recursive: true, force: true }));
afterEach(async () => rm(join(workspace, "runs"), { recursive: true, force: true }));

async function newRun(settings: object = {}): Promise<string> {
  const folder = join(workspace, "runs", String(runs++));
  await createRun(folder, resolveRunConfig(mergeSettings({ ...TINY_SETTINGS, arm: "shift+gain" }, settings) as Record<string, unknown>));
  return folder;
}

/** Executes to the end, or until an event makes it stop. */
async function execute(folder: string, stopAt: (event: RunEvent) => boolean = () => false, dataset = "fields"): Promise<RunEvent[]> {
  const controller = new AbortController();
  const events: RunEvent[] = [];
  for await (const event of executeRun({
    runFolder: folder,
    datasetFolder: datasetFolderOf(workspace, dataset),
    engine,
    signal: controller.signal,
  })) {
    events.push(event);
    if (event.kind === "failed" && event.code === "BUG") throw new Error(event.message);
    if (stopAt(event)) controller.abort(new RunInterrupted("paused"));
  }
  return events;
}

const stateOf = async (folder: string): Promise<RunState> => (await readEvents(folder)).events.reduce(reduceRun, QUEUED);

describe("a run", { timeout: 180_000 }, () => {
  it("pretrains, checks health, fine-tunes and leaves weights, scores and metrics", async () => {
    const folder = await newRun();
    const events = await execute(folder);
    expect((await readEvents(folder)).events).toEqual(events);
    expect(events.at(-1)).toMatchObject({ kind: "finished" });
    const state = await stateOf(folder);
    expect(state).toMatchObject({ status: "finished", step: 8, steps: 8 });
    expect(state.health.map(({ step }) => step)).toEqual([4, 8]);
    expect(state.evaluations.map(({ labelSet, percent, draw }) => `${labelSet} ${percent} ${draw}`)).toEqual([
      "irrigated 50 0",
      "irrigated 50 1",
    ]);
    expect(state.f1).toBeCloseTo((state.evaluations[0]!.f1 + state.evaluations[1]!.f1) / 2, 12);
    expect(await readMetrics(folder)).toMatchObject({ f1: state.f1, evaluations: state.evaluations });

    expect(await readRun(folder)).toMatchObject({
      engine: { name: "wasm" },
      software: { application: "0.1.0" },
      dataset: { name: "fields", fingerprint: "made-48-16", simulated: true },
      pretrainingTiles: 8,
    });
    const scores = await readParquet(runFiles(folder).scores);
    expect(Object.keys(scores)).toEqual(["labelSet", "percent", "draw", "index", "label", "score"]);
    expect(scores.score!.length).toBe(2 * state.evaluations[0]!.test);
    expect((scores.score as number[]).every((score) => score >= 0 && score <= 1)).toBe(true);

    const weights = (await readWeights(folder))!;
    expect(weights.step).toBe(8);
    expect([...weights.tensors.keys()].some((name) => name.startsWith("projection."))).toBe(true);
    const encoder = decodeSafetensors(await readBytes(runFiles(folder).encoder));
    expect([...encoder.tensors.keys()]).toContain("conv1.weight");
    expect(await readdir(folder)).not.toContain("checkpoints");
  });

  it("fails by name when the engine's memory is full", async () => {
    const backend = tf.backend() as BackendWasm;
    const rest: tf.TensorInfo[] = [];
    try {
      for (;;) rest.push(backend.makeOutput([2 ** 22], "float32")); // never written to
    } catch {
      // full
    }
    try {
      const events = await execute(await newRun());
      expect(events.at(-1)).toMatchObject({
        kind: "failed",
        code: "OUT_OF_MEMORY",
        message: expect.stringContaining("Set a smaller batch size"),
      });
    } finally {
      for (const { dataId } of rest) backend.disposeData(dataId);
    }
    expect((await execute(await newRun())).at(-1)).toMatchObject({ kind: "finished" });
  });

  it("interrupted anywhere and resumed gives the losses, weights and scores of one that was not", async () => {
    const whole = await newRun();
    await execute(whole);
    const expected = await stateOf(whole);
    const parts = await newRun();
    const stops: ((event: RunEvent) => boolean)[] = [
      (event) => event.kind === "phase" && event.phase === "prepare",
      (event) => event.kind === "step" && event.step >= 1,
      (event) => event.kind === "checkpoint" && event.step >= 4,
      (event) => event.kind === "health" && event.step === 8,
      (event) => event.kind === "evaluated",
    ];
    for (const stop of stops) {
      const events = await execute(parts, stop);
      expect(events.at(-1)).toMatchObject({ kind: "interrupted", reason: "paused" });
      expect((await stateOf(parts)).status).toBe("paused");
    }
    const last = await execute(parts);
    expect(last[0]).toMatchObject({ kind: "started", resumedAtStep: 8 });
    expect(
      last.some(({ kind }) => kind === "step"),
      "pretrains no more",
    ).toBe(false);
    const resumed = await stateOf(parts);
    expect(resumed.evaluations).toEqual(expected.evaluations);
    expect(resumed.f1).toBe(expected.f1);
    const weights = (await readWeights(parts))!.tensors;
    for (const [name, { data }] of (await readWeights(whole))!.tensors) expect(weights.get(name)!.data, name).toEqual(data);
    const steps = resumed.curve.map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect(resumed.health.map(({ step, embeddingStd }) => [step, embeddingStd])).toEqual(
      expected.health.map(({ step, embeddingStd }) => [step, embeddingStd]),
    );
  });

  it("killed after a checkpoint goes on from it, and its curve is drawn once", async () => {
    const folder = await newRun();
    for await (const event of executeRun({
      runFolder: folder,
      datasetFolder: datasetFolderOf(workspace, "fields"),
      engine,
      signal: new AbortController().signal,
    }))
      if (event.kind === "step" && event.step > 4) break; // as a kill: nothing more is written
    expect((await readCheckpoint(folder))!.step).toBe(4);
    const events = await execute(folder);
    expect(events[0]).toMatchObject({ kind: "started", resumedAtStep: 4 });
    const state = await stateOf(folder);
    expect(state.status).toBe("finished");
    expect(new Set(state.curve.map(({ step }) => step)).size).toBe(state.curve.length);
  });

  it("of the control takes no step and is scored", async () => {
    const folder = await newRun({ arm: "random-init" });
    const events = await execute(folder);
    expect(events.some(({ kind }) => kind === "step")).toBe(false);
    expect(events.at(-1)).toMatchObject({ kind: "finished", f1: expect.any(Number) });
  });

  it("starts from the weights of a file, which the control keeps", async () => {
    const [first, control] = [await newRun({ pretrain: { epochs: 1 } }), await newRun({ arm: "random-init" })];
    await execute(first);
    const kept = join(workspace, "start.safetensors");
    await copyFile(runFiles(first).encoder, kept);
    const { initialWeights } = await pinInitialWeights({ initialWeights: { path: kept, bands: null, sha256: null } });
    const start = decodeSafetensors(await readBytes(kept)).tensors;

    const same = await newRun({ arm: "random-init", initialWeights, bands: ["B08", "B04", "B11"] });
    const events = await execute(same);
    expect(events.at(-1)).toMatchObject({ kind: "finished", f1: expect.any(Number) });
    expect(events[1]).toMatchObject({ kind: "phase", phase: "prepare", detail: `Starting from ${kept}.` });
    expect((await readRun(same))!.config.initialWeights.sha256).toBe(initialWeights.sha256);
    const encoder = decodeSafetensors(await readBytes(runFiles(same).encoder)).tensors;
    expect(encoder.get("layer4.0.conv2.weight")).toEqual(start.get("layer4.0.conv2.weight"));
    const [before, after] = [start.get("conv1.weight")!.data, encoder.get("conv1.weight")!.data];
    expect(after.subarray(0, 9)).toEqual(before.subarray(9, 18)); // B08 was the second band

    const further = await newRun({ initialWeights, pretrain: { epochs: 2 } });
    expect((await execute(further, ({ kind }) => kind === "checkpoint")).at(-1)).toMatchObject({ kind: "interrupted" });
    await rm(kept);
    expect((await execute(further)).at(-1), "a resumed run needs the file no more").toMatchObject({ kind: "finished" });
    expect((await readWeights(further))!.step).toBe(4);

    expect((await execute(await newRun({ initialWeights }))).at(-1)).toMatchObject({ kind: "failed", code: "NOT_FOUND" });
    await copyFile(runFiles(control).record, kept);
    expect((await execute(await newRun({ initialWeights }))).at(-1)).toMatchObject({ kind: "failed", code: "BAD_ARGUMENT" });
  });

  it("without label sets only pretrains", async () => {
    const folder = await newRun({ pretrain: { epochs: 1 }, finetune: { labelSets: [] } });
    expect((await execute(folder)).at(-1)).toMatchObject({ kind: "finished", f1: null });
    expect(await readMetrics(folder)).toMatchObject({ f1: null, evaluations: [] });
  });

  it("that cannot be scored fails before it pretrains, in words", async () => {
    const folder = await newRun({ finetune: { labelSets: [{ name: "sea", classes: ["Sea and ocean"] }] } });
    const events = await execute(folder);
    expect(events).toEqual([expect.objectContaining({ kind: "failed", code: "NO_DATA", message: expect.stringContaining("sea") })]);
  });

  it("on a data set that changed since it began fails", async () => {
    const folder = await newRun({ pretrain: { epochs: 1 } });
    await execute(folder, ({ kind }) => kind === "step");
    await makeDataset({ workspace, name: "other", tiles: 56 });
    const events = await execute(folder, () => false, "other");
    expect(events.at(-1)).toMatchObject({ kind: "failed", code: "BAD_ARGUMENT", message: expect.stringContaining("has changed") });
    // A mended cause lets it go on.
    expect((await execute(folder)).at(-1)!.kind).toBe("finished");
  });

  it("for which the memory does not suffice fails with its batch in the message", async () => {
    const runFolder = await newRun();
    const build = () => {
      throw new Error("OOM when allocating tensor with shape[16,32,32,64]");
    };
    const events: RunEvent[] = [];
    for await (const event of executeRun({
      ...{ runFolder, datasetFolder: datasetFolderOf(workspace, "fields"), engine },
      programs: () => ({ areCompiled: false, build }),
      signal: new AbortController().signal,
    }))
      events.push(event);
    const { batchSize } = (await readRun(runFolder))!.config.pretrain;
    const message = expect.stringContaining(`The batch was ${batchSize} tiles. Lower the batch size`);
    expect(events.at(-1)).toMatchObject({ kind: "failed", code: "OUT_OF_MEMORY", message });
  });

  it("without its data set fails", async () => {
    const events = await execute(await newRun(), () => false, "nowhere");
    expect(events.at(-1)).toMatchObject({ kind: "failed", code: "NOT_FOUND" });
  });
});
