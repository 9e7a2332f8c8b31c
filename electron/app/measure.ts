// Times a few training steps on this machine, for a study's estimate.
import type { Dataset } from "../../shared/domain/dataset.ts";
import type { StudyConfig } from "../../shared/domain/run-config.ts";
import { startTrainingWorker } from "../training/training-worker.ts";

const measured = new Map<string, number>();

/**
 * Views a second of the pretraining step with this study's encoder and input, on random tiles. Measured once a process for each setting.
 * @throws AppError when the engine cannot be loaded
 */
export async function measureViewsPerSecond(config: StudyConfig, dataset: Dataset): Promise<number> {
  const { encoder, precision, engine, threads, pretrain } = config;
  const step = {
    encoder,
    precision,
    pixels: config.inputPixels ?? dataset.tilePixels,
    channels: config.bands.length,
    batchSize: pretrain.batchSize,
  };
  const key = JSON.stringify({ ...step, engine, threads });
  const known = measured.get(key);
  if (known !== undefined) return known;
  const worker = startTrainingWorker();
  try {
    await worker.engine({ engine, threads });
    const { viewsPerSecond } = await worker.benchmark({ ...step, steps: 5 });
    measured.set(key, viewsPerSecond);
    return viewsPerSecond;
  } finally {
    await worker.terminate();
  }
}
