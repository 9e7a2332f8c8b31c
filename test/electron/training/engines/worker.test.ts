// An engine in a worker thread, bundled as the application is: one tfjs-core for all, and the same training on each engine.

import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SHARE_ENV, Worker } from "node:worker_threads";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineInfo } from "../../../../shared/domain/engine.ts";
import { hasTensorflow } from "./engines.ts";

interface Outcome {
  readonly info: EngineInfo;
  readonly losses: number[];
  readonly leaked: number;
  readonly stepMs: number;
}

const folder = resolve(`dist/.test-worker-${process.pid}`); // inside the repository, where packages are found

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
      rolldownOptions: { input: join(import.meta.dirname, "step.worker.ts"), output: { entryFileNames: "step.worker.js" } },
    },
  }),
);
afterAll(() => rm(folder, { recursive: true, force: true }));

function train(engine: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(folder, "step.worker.js"), { env: SHARE_ENV, workerData: { engine, batch: 4, size: 32, steps: 6 } });
    worker.once("message", resolve).once("error", reject);
  });
}

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
});
