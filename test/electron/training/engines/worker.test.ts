// An engine in a worker thread, bundled as the application is: one tfjs-core for all, and the same training on each engine.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { SHARE_ENV, Worker } from "node:worker_threads";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineInfo } from "../../../../shared/domain/engine.ts";
import { hasTensorflow } from "./engines.ts";
import type { Outcome as Pretrained, Training } from "./pretrain.worker.ts";

interface Outcome {
  readonly info: EngineInfo;
  readonly losses: number[];
  readonly leaked: number;
  readonly stepMs: number;
}

const folder = resolve(`dist/.test-worker-${process.pid}`); // inside the repository, where packages are found
const PROGRAMS = ["step.worker", "pretrain.worker", "exit"];

beforeAll(() =>
  build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    ssr: { target: "node", external: true },
    build: {
      ssr: true,
      target: "node20",
      outDir: folder,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(PROGRAMS.map((name) => [name, join(import.meta.dirname, `${name}.ts`)])),
        output: { entryFileNames: "[name].js" },
      },
    },
  }),
);
afterAll(() => rm(folder, { recursive: true, force: true }));

function messageFrom<T>(program: string, workerData: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(folder, `${program}.js`), { env: SHARE_ENV, workerData });
    worker.once("message", resolve).once("error", reject);
  });
}

const train = (engine: string) => messageFrom<Outcome>("step.worker", { engine, batch: 4, size: 32, steps: 6 });
const pretrain = (training: Training) => messageFrom<Pretrained>("pretrain.worker", training);

describe("training in a worker thread", () => {
  test("lowers the loss on the wasm engine, and leaks no tensor", async () => {
    const { info, losses, leaked } = await train("wasm");
    expect(info.name).toBe("wasm");
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1);
    expect(leaked).toBe(0);
  });

  test.skipIf(!hasTensorflow)("gives the same losses on the tensorflow engine, in two worker threads in turn", async () => {
    const wasm = await train("wasm");
    const first = await train("tensorflow");
    const second = await train("tensorflow");
    expect(first.info.name).toBe("tensorflow");
    expect(first.leaked).toBe(0);
    for (let step = 0; step < wasm.losses.length; step++) {
      expect(Math.abs(first.losses[step]! - wasm.losses[step]!)).toBeLessThan(1e-3);
      expect(Math.abs(first.losses[step]! - second.losses[step]!)).toBeLessThan(1e-5);
    }
  });

  // The rate and the temperature keep rounding errors small. With larger ones the tensorflow engine parts from itself, on one thread and on
  // two, as soon as a rectifier's input comes to lie on the other side of zero (a gradient 1.7 % apart at the first step of a ResNet-18).
  test.skipIf(!hasTensorflow).each([
    { encoder: "small", profile: "physical", pretrain: { temperature: 1, learningRate: 5e-5 } },
    { encoder: "small", profile: "published", pretrain: { temperature: 1, learningRate: 5e-5 } },
    { encoder: "resnet18", profile: "physical", pretrain: { temperature: 1, optimiser: "sgd", learningRate: 1e-4 } },
    { encoder: "resnet18", profile: "published", pretrain: { temperature: 1, optimiser: "sgd", learningRate: 1e-4 } },
  ])(
    "20 steps of $encoder with all nine augmentations ($profile) lose the same on tensorflow and on two wasm threads",
    { timeout: 300_000 },
    async ({ encoder, profile, pretrain: settings }) => {
      const config = { encoder, augmentation: { profile }, pretrain: { epochs: 10, batchSize: 8, ...settings } };
      const expected = await pretrain({ engine: "tensorflow", threads: 2, config, pixels: 32 });
      const got = await pretrain({ engine: "wasm", threads: 2, config, pixels: 32 });
      expect(got.info).toMatchObject({ name: "wasm", threads: 2 });
      expect(got.losses).toHaveLength(20);
      for (let step = 0; step < 20; step++) expect(Math.abs(got.losses[step]! - expected.losses[step]!)).toBeLessThan(1e-3);
    },
  );
});

describe("the wasm engine's threads", () => {
  const config = { encoder: "small", pretrain: { epochs: 1, batchSize: 4 } };

  test.each([1, 2, 4])("%i are there when they are asked for, and give the same losses", async (threads) => {
    const { info, helpers, losses } = await pretrain({ engine: "wasm", threads, config, pixels: 16 });
    expect(info).toMatchObject({ threads, reason: "the wasm engine was asked for" });
    expect(helpers).toBe(threads - 1);
    const { losses: single } = await pretrain({ engine: "wasm", threads: 1, config, pixels: 16 });
    losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(single[step]!, 4);
    });
  });

  test("are never more than the binary has", async () => {
    const { info, helpers } = await pretrain({ engine: "wasm", threads: 64, config, pixels: 16 });
    expect([info.threads, helpers]).toEqual([8, 7]);
  });

  test("end with the process, which ends by itself", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "exit.js")], { timeout: 30_000 });
    expect(stdout).toBe("2 threads, 8\n");
  });

  test("end with a thread that is ended in the middle of a step", async () => {
    const training: Training = { engine: "wasm", threads: 2, config: { encoder: "small", pretrain: { epochs: 10_000 } }, pixels: 32 };
    const worker = new Worker(join(folder, "pretrain.worker.js"), { env: SHARE_ENV, workerData: { ...training, tellsSteps: true } });
    await new Promise((resolve) => worker.once("message", resolve));
    expect(await worker.terminate()).toBe(1);
  });

  test("that cannot be started leave one, and the reason is told", async () => {
    const { info, helpers } = await pretrain({ engine: "wasm", threads: 2, config, pixels: 16, withoutSharedMemory: true });
    expect(info.threads).toBe(1);
    expect(info.reason).toContain("the wasm engine runs on one thread, because its threads could not be started: no shared memory");
    expect(helpers).toBe(0);
  });
});
