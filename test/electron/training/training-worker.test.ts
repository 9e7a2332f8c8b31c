import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { resolveRunConfig } from "../../../electron/executors/single.ts";
import { datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { createRun } from "../../../electron/runs/run-folder.ts";
import { mergeSettings } from "../../../electron/runs/settings.ts";
import { startTrainingWorker, type TrainingWorker } from "../../../electron/training/training-worker.ts";
import { AugmentationSettings } from "../../../shared/domain/augmentations.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { RunEvent } from "../../../shared/domain/run-state.ts";
import { type Bundle, bundle } from "../runs/bundled.ts";
import { makeDataset, TINY_SETTINGS } from "./made-dataset.ts";

let workspace: string;
let scripts: Bundle;
const workers: TrainingWorker[] = [];

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "worker-"));
  [scripts] = await Promise.all([bundle({ "training.worker": "electron/training/training.worker.ts" }), makeDataset({ workspace })]);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});
afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
  await scripts.remove();
});

function start(script: string = scripts.path("training.worker")): TrainingWorker {
  const worker = startTrainingWorker({ script });
  workers.push(worker);
  return worker;
}

async function script(name: string, text: string): Promise<string> {
  const path = join(workspace, `${name}.mjs`);
  await writeFile(path, text);
  return path;
}

const lost = expect.objectContaining({ name: "AppError", code: "WORKER_LOST" });
const wasm = { engine: "wasm", threads: null } as const;

async function newRun(name: string, settings: object = {}): Promise<{ runFolder: string; datasetFolder: string }> {
  const runFolder = join(workspace, "runs", name);
  await createRun(runFolder, resolveRunConfig(mergeSettings({ ...TINY_SETTINGS, arm: "gain+shift" }, settings) as Record<string, unknown>));
  return { runFolder, datasetFolder: datasetFolderOf(workspace, "fields") };
}

describe("a training worker", { timeout: 120_000 }, () => {
  it("loads an engine, runs, is interrupted, goes on, measures and previews", async () => {
    const worker = start();
    expect(await worker.engine(wasm)).toMatchObject({ name: "wasm", device: "cpu" });
    expect(await worker.engine(wasm)).toMatchObject({ name: "wasm" });

    const run = await newRun("a", { pretrain: { epochs: 8 } });
    const first: RunEvent[] = [];
    for await (const event of worker.run(run)) {
      first.push(event);
      if (event.kind === "checkpoint" && event.step === 2) {
        await expect(worker.benchmark({ encoder: "small", pixels: 16, channels: 2, batchSize: 2, steps: 1 })).rejects.toMatchObject({
          code: "BUSY",
        });
        await worker.interrupt("paused");
      }
    }
    expect(first.at(-1)).toMatchObject({ kind: "interrupted", reason: "paused" });
    const second: RunEvent[] = [];
    for await (const event of worker.run(run)) second.push(event);
    expect(second[0]).toMatchObject({ kind: "started" });
    expect((second[0] as { resumedAtStep: number }).resumedAtStep).toBeGreaterThanOrEqual(2);
    expect(second.at(-1)).toMatchObject({ kind: "finished", f1: expect.any(Number) });

    const speed = await worker.benchmark({ encoder: "small", pixels: 16, channels: 3, batchSize: 2, steps: 2 });
    expect(speed.viewsPerSecond).toBeGreaterThan(0);
    expect(speed.stepMs).toBeCloseTo(4000 / speed.viewsPerSecond, 6);

    const { pixels, images, drawn } = await worker.preview({
      datasetFolder: run.datasetFolder,
      index: 3,
      bands: ["B04", "B08"],
      operations: ["rotation", "gain"],
      augmentation: AugmentationSettings.parse(undefined),
      inputPixels: null,
      seed: 5,
    });
    expect(pixels).toBe(16);
    for (const image of images) {
      expect(image).toBeInstanceOf(Float32Array);
      expect(image.length).toBe(2 * 16 * 16);
    }
    expect(images[0][0]).toBeGreaterThan(0.05);
    expect(images[0][0]).toBeLessThan(0.25);
    expect(drawn.length).toBe(2);
  });

  it("passes errors on with their codes", async () => {
    const worker = start();
    await worker.engine(wasm);
    const error = await worker
      .preview({
        datasetFolder: join(workspace, "datasets/none"),
        index: 0,
        bands: ["B04"],
        operations: [],
        augmentation: AugmentationSettings.parse(undefined),
        inputPixels: null,
        seed: 0,
      })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "NOT_FOUND" });
  });

  it("that cannot start settles its calls", async () => {
    await expect(start(await script("broken", "throw new Error('no such luck')")).engine(wasm)).rejects.toEqual(lost);
    await expect(start(join(workspace, "missing.mjs")).engine(wasm)).rejects.toEqual(lost);
  });

  it("that ends without an answer settles its calls, calls after it too", async () => {
    const worker = start(
      await script("quits", "import { workerData } from 'node:worker_threads'; workerData.port.on('message', () => process.exit(3));"),
    );
    await expect(worker.engine(wasm)).rejects.toEqual(lost);
    await expect(worker.interrupt("paused")).rejects.toEqual(lost);
    expect(await worker.lost).toEqual(expect.objectContaining({ message: expect.stringContaining("3") }));
  });

  it("that is terminated in mid-run settles its stream", async () => {
    const worker = start();
    await worker.engine(wasm);
    const run = await newRun("b", { pretrain: { epochs: 1000 } });
    const read = async () => {
      for await (const event of worker.run(run)) if (event.kind === "step") void worker.terminate();
    };
    await expect(read()).rejects.toEqual(lost);
  });

  it("heeds the abort signal of a call", async () => {
    const worker = start(
      await script("silent", "import { workerData } from 'node:worker_threads'; workerData.port.on('message', () => {});"),
    );
    const controller = new AbortController();
    const call = worker.engine(wasm, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });
});
