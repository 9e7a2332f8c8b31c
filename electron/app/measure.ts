// What a training step takes on this machine, by an estimate of its memory and a few timed steps.
import type { Dataset } from "../../shared/domain/dataset.ts";
import type { RunConfig, StudyConfig } from "../../shared/domain/run-config.ts";
import { leastBytes, type StepMemory } from "../../shared/domain/step-memory.ts";
import { startTrainingWorker, type TrainingWorker } from "../training/training-worker.ts";

/** What decides a step's time and memory. */
export interface Step extends Pick<RunConfig, "encoder" | "precision" | "engine" | "threads"> {
  readonly pixels: number;
  readonly channels: number;
  readonly batchSize: number;
  readonly recompute?: boolean;
}

export interface StepMeasurement {
  /** Pretraining speed; null where it was not asked for, and where the step takes more memory than there is. */
  readonly viewsPerSecond: number | null;
  readonly memory: { readonly step: StepMemory; readonly deviceBytes: number } | null;
}

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  /** Whether steps are timed as well; else only the memory is estimated. */
  readonly timed?: boolean;
  readonly startWorker?: () => TrainingWorker;
}

const measured = new Map<string, StepMeasurement>();

/** The step of a study's runs. */
export function stepOf({ encoder, precision, engine, threads, bands, inputPixels, pretrain }: StudyConfig, dataset: Dataset): Step {
  const { batchSize, recompute } = pretrain;
  return { encoder, precision, engine, threads, pixels: inputPixels ?? dataset.tilePixels, channels: bands.length, batchSize, recompute };
}

/**
 * Measures the pretraining step on random tiles, in a worker of its own. Once a process for each setting.
 * @throws AppError when the engine cannot be loaded; the signal's reason
 */
export async function measureStep(
  step: Step,
  { signal, timed = true, startWorker = startTrainingWorker }: MeasureOptions = {},
): Promise<StepMeasurement> {
  const key = JSON.stringify({ step, timed });
  const known = measured.get(key);
  if (known) return known;
  signal?.throwIfAborted();
  const worker = startWorker();
  const stop = () => void worker.terminate(); // also out of what it cannot be asked to leave
  signal?.addEventListener("abort", stop);
  try {
    const { engine, threads, ...input } = step;
    const { memoryBytes } = await worker.engine({ engine, threads });
    const estimate = await worker.memory(input);
    const memory = estimate && memoryBytes !== undefined ? { step: estimate, deviceBytes: memoryBytes } : null;
    const fits = !memory || leastBytes(memory.step, step.batchSize) <= memory.deviceBytes;
    const result = { memory, viewsPerSecond: timed && fits ? (await worker.benchmark({ ...input, steps: 5 })).viewsPerSecond : null };
    measured.set(key, result);
    return result;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
