// Estimates what a step of pretraining takes by recording it at two small batches: nothing is computed.
import { AUGMENTATIONS } from "../../shared/domain/augmentations.ts";
import type { Precision } from "../../shared/domain/run-config.ts";
import { type StepMemory, stepMemoryOf } from "../../shared/domain/step-memory.ts";
import type { Programs } from "../../shared/learning/program.ts";
import { createStep, type StepOptions } from "./benchmark.ts";
import { totalBytes } from "./engines/compiled/memory.ts";
import { memoryNeedOf } from "./engines/compiled/program.ts";

/** From 4 tiles on, the estimates of ResNets lie on a line to a percent, up to 256 tiles at least. */
const BATCHES = [8, 16] as const;

export interface StepMemoryOptions extends Pick<StepOptions, "encoder" | "pixels" | "channels" | "recompute"> {
  readonly precision: Precision;
  readonly programs: Programs;
}

/** @returns null where steps are not compiled: there is nothing to record */
export async function estimateStepMemory({ precision, ...step }: StepMemoryOptions, signal: AbortSignal): Promise<StepMemory | null> {
  if (!step.programs.areCompiled) return null;
  const bytesOf = async (batchSize: number) => {
    signal.throwIfAborted();
    const { functions, start, dispose } = await createStep({ ...step, batchSize, operations: AUGMENTATIONS }, signal);
    try {
      return { batchSize, bytes: totalBytes(memoryNeedOf(functions.train, start, precision)) };
    } finally {
      dispose();
    }
  };
  return stepMemoryOf(await bytesOf(BATCHES[0]), await bytesOf(BATCHES[1]));
}
