// What pretraining and fine-tuning build from a run's settings and a data set's layout.
import { AppError } from "../domain/errors.ts";
import { MINIMUM_INPUT_PIXELS, type RunConfig } from "../domain/run-config.ts";
import { FULL_ARM, viewPool } from "../domain/study.ts";
import { createPreparation, type Preparation } from "./prepare.ts";
import type { TileLayout } from "./tiles.ts";
import { createViews, type Views } from "./views.ts";

/** Prepared tiles are held on the device up to this size; above it they are read again in every epoch. */
export const DEFAULT_MEMORY_BUDGET_BYTES = 512 * 2 ** 20;

/**
 * Raw tiles to the network's input, by the run's bands and input size. The caller disposes it.
 * @throws AppError BAD_ARGUMENT when the data set lacks a band or its statistics, or when the encoder needs more pixels
 */
export function createInput({ encoder, bands, inputPixels }: RunConfig, layout: TileLayout): Preparation {
  const pixels = inputPixels ?? layout.tilePixels;
  const least = MINIMUM_INPUT_PIXELS[encoder];
  if (least !== undefined && pixels < least)
    throw new AppError(
      "BAD_ARGUMENT",
      `the encoder ${encoder} needs an input of at least ${least} px and would get ${pixels} px: choose another encoder, or an input of ${least} px or more`,
      { data: { encoder, pixels, least } },
    );
  return createPreparation({ layout, bands, inputPixels });
}

/**
 * The views of the run's arm.
 * @throws AppError BAD_ARGUMENT when the second stage has no couplets
 */
export function createRunViews(
  { arm, kept, augmentation }: RunConfig,
  { pixels, channels, means, stds }: Preparation,
  { forAnyPool }: { forAnyPool: boolean },
): Views {
  const pool = viewPool(arm, kept);
  if (pool.length === 0)
    throw new AppError("BAD_ARGUMENT", `arm ${arm} has no couplets to draw from: finish the sweep, or choose couplets by hand`);
  return createViews({ settings: augmentation, pool, stage: arm === FULL_ARM ? "full" : "arm", pixels, channels, means, stds, forAnyPool });
}
