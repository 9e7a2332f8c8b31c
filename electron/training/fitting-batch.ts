// The batch size that the WebAssembly engine has the memory for, found by the memory that a smaller batch takes.

import * as tf from "@tensorflow/tfjs-core";
import { AUGMENTATIONS } from "../../shared/domain/augmentations.ts";
import type { RunConfig } from "../../shared/domain/run-config.ts";
import { DEFAULT_MEMORY_BUDGET_BYTES } from "../../shared/learning/setup.ts";
import { benchmark } from "./benchmark.ts";
import { WASM_MEMORY_BYTES, type WasmMemoryInfo } from "./engines/wasm-memory.ts";

/** Part of the memory that a step can use: the rest is lost between tensors of many sizes. */
const USABLE_SHARE = 0.85;

/**
 * The largest even batch whose step surely fits beside the held tiles of a run. Takes a few steps of a quarter of the batch; to be asked when
 * memory has run out. What does not grow with the batch (parameters, the optimiser's vectors) is counted as if it did.
 * @param config of the run whose batch did not fit
 * @param pixels side of its input
 * @throws OUT_OF_MEMORY when a quarter does not fit either
 */
export async function fittingBatch(config: RunConfig, pixels: number, signal: AbortSignal): Promise<number> {
  const { encoder, bands, pretrain } = config;
  const quarter = Math.max(2, Math.floor(pretrain.batchSize / 4));
  await benchmark({ encoder, pixels, channels: bands.length, batchSize: quarter, operations: AUGMENTATIONS, steps: 1 }, signal);
  const { peakBytes } = tf.memory() as tf.MemoryInfo & WasmMemoryInfo;
  const usable = USABLE_SHARE * WASM_MEMORY_BYTES - DEFAULT_MEMORY_BUDGET_BYTES;
  const fitting = Math.floor((usable * quarter) / peakBytes);
  return Math.max(2, Math.min(fitting, pretrain.batchSize - 1) & ~1);
}
