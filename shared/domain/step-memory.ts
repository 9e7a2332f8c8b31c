// What a training step takes of the memory of the device that computes it, by the number of tiles. Estimates come from recorded steps.
import { z } from "zod";

/** An estimate: all but what is fixed grows with the tiles. */
export const StepMemory = z.object({
  fixedBytes: z.number().describe("weights, the optimiser's slots, constants"),
  tileBytes: z.number().describe("for each tile of the batch"),
});
export type StepMemory = z.infer<typeof StepMemory>;

/** What the engine takes before its first step. Measured on a processor: 450 MB. */
const RUNTIME_BYTES = 5e8;
/**
 * What a step takes for each byte of its estimate, at most. Measured as peak memory of the process less 450 MB, ResNet-18 at 120 px: 1.47, 1.54, 1.46
 * and 1.19 with batches of 8, 16, 32 and 128 in float32; 1.67, 1.58, 1.56 and 1.39 with 8, 16, 32 and 256 in bfloat16; ResNet-50 in bfloat16: 1.36
 * and 1.22 with 16 and 64 (`bench step --steps 3 --no-parts --batch N`; 2 threads, TensorFlow 2.20). Not measured on a GPU.
 */
const MEASURED_FACTOR = 1.7;

/** The least that a step of so many tiles takes: more than the device has, and it cannot run. */
export function leastBytes({ fixedBytes, tileBytes }: StepMemory, batchSize: number): number {
  return fixedBytes + batchSize * tileBytes;
}

/** What a process that runs the step is to be given, measured excess included. */
export function expectedBytes(memory: StepMemory, batchSize: number): number {
  return RUNTIME_BYTES + MEASURED_FACTOR * leastBytes(memory, batchSize);
}

/** The most that a study can ask for; the estimate's line is straight up to here, the loss's [2N, 2N] being small beside the encoder's part. */
const MOST_TILES = 4096;

/** Tiles of the largest step that is expected to fit; 0 when not even 2 do. */
export function largestBatch(memory: StepMemory, memoryBytes: number): number {
  const fits = Math.floor((memoryBytes - expectedBytes(memory, 0)) / (MEASURED_FACTOR * memory.tileBytes));
  return fits < 2 ? 0 : Math.min(fits, MOST_TILES);
}

/** The estimate for any batch, by the least bytes of two. */
export function stepMemoryOf(small: { batchSize: number; bytes: number }, large: { batchSize: number; bytes: number }): StepMemory {
  const tileBytes = (large.bytes - small.bytes) / (large.batchSize - small.batchSize);
  return { fixedBytes: small.bytes - small.batchSize * tileBytes, tileBytes };
}

/** A size for people: `12.3 GB`. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
