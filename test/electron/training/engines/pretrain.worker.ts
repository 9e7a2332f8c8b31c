// A short pretraining in a worker thread, on the engine and with the threads that it is told.

import { parentPort, workerData } from "node:worker_threads";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { randomTiles } from "../../../../electron/training/benchmark.ts";
import { type EngineName, loadEngine } from "../../../../electron/training/engines/select.ts";
import type { EngineInfo } from "../../../../shared/domain/engine.ts";
import { RunConfig } from "../../../../shared/domain/run-config.ts";
import { pretrain } from "../../../../shared/learning/pretrain.ts";

export interface Training {
  readonly engine: EngineName;
  readonly threads: number;
  readonly config: object;
  /** Side of the tiles. */
  readonly pixels: number;
  /** Posts a message after the first step, too. */
  readonly tellsSteps?: boolean;
  /** As on a machine that cannot give it. */
  readonly withoutSharedMemory?: boolean;
}

export interface Outcome {
  readonly info: EngineInfo;
  /** Of each step. */
  readonly losses: number[];
  /** Threads at work for the wasm engine beside this one. */
  readonly helpers: number;
}

const { engine, threads, config, pixels, tellsSteps, withoutSharedMemory } = workerData as Training;
if (withoutSharedMemory)
  Object.assign(WebAssembly, {
    Memory: function Memory() {
      throw new RangeError("no shared memory");
    },
  });
const info = await loadEngine(engine, { threads });
const run = RunConfig.parse({ version: 1, dataset: "noise", arm: "all", seed: 1, ...config });
const events = pretrain({
  config: run,
  reader: randomTiles(run.bands, pixels),
  rows: Int32Array.from({ length: 2 * run.pretrain.batchSize }, (_, i) => i),
  probe: { rows: Int32Array.of(0, 1), labels: null },
  signal: new AbortController().signal,
  reportEveryMs: 0,
});
const losses: number[] = [];
for await (const event of events) {
  if (event.kind !== "step") continue;
  losses.push(event.loss);
  if (tellsSteps) parentPort!.postMessage(event.loss);
}
const backend = tf.backend() as BackendWasm & { wasm: { PThread?: { runningWorkers: unknown[] } } };
const outcome: Outcome = { info, losses, helpers: backend.wasm?.PThread?.runningWorkers.length ?? 0 };
parentPort!.postMessage(outcome);
