// Memory that ran out, or would: one error whatever the engine calls it, with the batch that fits.
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { gigabytes, largestBatch } from "../../../shared/domain/step-memory.ts";
import { type MemoryNeed, totalBytes } from "./compiled/memory.ts";

/** TensorFlow's words (on a GPU, on a processor, from C++), JavaScript's and WebAssembly's. */
const OUT_OF_MEMORY =
  /\bOOM\b|RESOURCE_EXHAUSTED|TF_Status: 8\b|ALLOC_FAILED|bad_alloc|out.of.memory|Array buffer allocation failed|Cannot enlarge memory/i;

/** Whether an error of an engine says that memory ran out. */
export function isOutOfMemory(error: unknown): boolean {
  return OUT_OF_MEMORY.test(messageOf(error));
}

export interface MemoryFacts {
  /** By the estimate, where there is one. */
  readonly need?: MemoryNeed | undefined;
  /** All that the device has. */
  readonly memoryBytes?: number | undefined;
  readonly cause?: unknown;
}

/** The error of a function that does not fit. Whoever knows the batch adds it: `withBatch`. */
export function memoryError({ need, memoryBytes, cause }: MemoryFacts): AppError {
  const takes = need
    ? ` It takes at least ${gigabytes(totalBytes(need))}${memoryBytes ? `; there are ${gigabytes(memoryBytes)}` : ""}.`
    : "";
  return new AppError("OUT_OF_MEMORY", `There is too little memory for this step.${takes}`, { data: { need, memoryBytes }, cause });
}

/**
 * An out-of-memory error that says the batch that was asked, the one that fits, and what to do; any other error as it is.
 * @param batchSize tiles a step
 */
export function withBatch(error: unknown, batchSize: number): unknown {
  const known = error instanceof AppError && error.code === "OUT_OF_MEMORY" && "need" in error.data ? error : undefined;
  if (!known && (error instanceof AppError || !isOutOfMemory(error))) return error;
  const { need, memoryBytes } = (known?.data ?? {}) as MemoryFacts;
  const fits = need && memoryBytes ? batchThatFits(need, memoryBytes, batchSize) : undefined;
  const advice =
    fits === undefined
      ? "Lower the batch size or the input, or choose a smaller encoder"
      : fits === 0
        ? "No batch of this encoder and input is sure to fit: lower the input or choose a smaller encoder"
        : `About ${fits} fit: set the batch size to ${fits} or less, lower the input, or compute activations again (recompute)`;
  const message = `${(known ?? memoryError({})).message} The batch was ${batchSize} tiles. ${advice}; then run it again.`;
  return new AppError("OUT_OF_MEMORY", message, { data: { batchSize, fits, memoryBytes }, cause: known?.cause ?? error });
}

/** Fewer tiles than those that did not fit. */
function batchThatFits({ fixedBytes, workingBytes }: MemoryNeed, memoryBytes: number, batchSize: number): number {
  const fits = Math.min(batchSize - 1, largestBatch({ fixedBytes, tileBytes: workingBytes / batchSize }, memoryBytes));
  return fits < 2 ? 0 : fits;
}
