// The contract between the host and a training worker (oRPC over a worker_threads MessagePort).
import { eventIterator, oc } from "@orpc/contract";
import { z } from "zod";
import { AUGMENTATIONS, AugmentationSettings } from "../domain/augmentations.ts";
import { BandNameSchema } from "../domain/dataset.ts";
import { EmbeddingStage } from "../domain/embedding.ts";
import { EngineInfo } from "../domain/engine.ts";
import { ERROR_CODES } from "../domain/errors.ts";
import { ENCODERS, ENGINES, PRECISIONS } from "../domain/run-config.ts";
import { RunEvent } from "../domain/run-state.ts";
import { StepMemory } from "../domain/step-memory.ts";

const procedure = oc.errors({
  APP_ERROR: { status: 422, data: z.object({ code: z.enum(ERROR_CODES), data: z.record(z.string(), z.unknown()) }) },
});

export const trainingContract = {
  /** Loads the engine once; later calls give the same. */
  engine: procedure.input(z.object({ engine: z.enum(ENGINES), threads: z.int().nullable() })).output(EngineInfo),
  /**
   * Executes the run whose `run.json` lies in the folder: pretraining (from its last checkpoint), fine-tuning, scores. Events are written to
   * the folder and streamed. Ends after `finished`, `failed` or `interrupted`.
   */
  run: procedure.input(z.object({ runFolder: z.string(), datasetFolder: z.string() })).output(eventIterator(RunEvent)),
  /** Ends the run in hand after a checkpoint; its stream closes with an `interrupted` event. */
  interrupt: procedure.input(z.object({ reason: z.enum(["paused", "cancelled"]) })),
  /**
   * Puts tiles through the encoder of a run and writes their features into its folder, going on where an earlier call was ended. The caller
   * holds the lease of the embedding's folder.
   */
  embed: procedure
    .input(
      z.object({
        runFolder: z.string(),
        datasetFolder: z.string(),
        stage: EmbeddingStage,
        engine: z.enum(ENGINES),
        threads: z.int().nullable(),
      }),
    )
    .output(eventIterator(z.object({ done: z.int(), total: z.int() }))),
  /** Measures a few training steps on random tiles. Unit: views a second. */
  benchmark: procedure
    .input(
      z.object({
        encoder: z.enum(ENCODERS),
        precision: z.enum(["auto", ...PRECISIONS]).default("auto"),
        pixels: z.int(),
        channels: z.int(),
        batchSize: z.int(),
        recompute: z.boolean().default(false),
        steps: z.int().default(3),
      }),
    )
    .output(z.object({ viewsPerSecond: z.number(), stepMs: z.number() })),
  /** What a pretraining step takes of the memory, told without running it; null where steps are not compiled. */
  memory: procedure
    .input(
      z.object({
        encoder: z.enum(ENCODERS),
        precision: z.enum(["auto", ...PRECISIONS]).default("auto"),
        pixels: z.int(),
        channels: z.int(),
        recompute: z.boolean().default(false),
      }),
    )
    .output(StepMemory.nullable()),
  /** Two views of one tile as reflectance [channels, pixels, pixels], float32; and the tile itself. */
  preview: procedure
    .input(
      z.object({
        datasetFolder: z.string(),
        index: z.int(),
        bands: z.array(BandNameSchema),
        operations: z.array(z.enum(AUGMENTATIONS)),
        augmentation: AugmentationSettings,
        inputPixels: z.int().nullable(),
        seed: z.int(),
      }),
    )
    .output(
      z.object({
        pixels: z.int(),
        images: z.tuple([z.instanceof(Float32Array), z.instanceof(Float32Array), z.instanceof(Float32Array)]),
        drawn: z.tuple([z.array(z.string()), z.array(z.string())]),
      }),
    ),
};
