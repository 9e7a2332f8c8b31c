// Two views of one tile, drawn as pretraining draws them.
import * as tf from "@tensorflow/tfjs-core";
import type { AugmentationName, AugmentationSettings } from "../../shared/domain/augmentations.ts";
import type { BandName } from "../../shared/domain/bands.ts";
import { createPreparation } from "../../shared/learning/prepare.ts";
import type { TileReader } from "../../shared/learning/tiles.ts";
import { createViews } from "../../shared/learning/views.ts";

export interface PreviewOptions {
  readonly reader: TileReader;
  /** Row of the tile in the store. */
  readonly index: number;
  readonly bands: readonly BandName[];
  readonly operations: readonly AugmentationName[];
  readonly augmentation: AugmentationSettings;
  readonly inputPixels: number | null;
  readonly seed: number;
}

type Pixels = Float32Array<ArrayBuffer>;

export interface Preview {
  readonly pixels: number;
  /** Reflectance of the tile and its two views. // each [C, S, S] */
  readonly images: [Pixels, Pixels, Pixels];
  /** What was drawn for each view, in words. */
  readonly drawn: [string[], string[]];
}

/** Draws two views of a tile. */
export async function previewViews(options: PreviewOptions): Promise<Preview> {
  const { reader, index, bands, operations, augmentation, inputPixels, seed } = options;
  const preparation = createPreparation({ layout: reader.layout, bands, inputPixels });
  try {
    const { pixels, channels, means, stds } = preparation;
    const views = createViews({ settings: augmentation, pool: [operations], stage: "arm", pixels, channels, means, stds });
    const raw = await reader.read([index]);
    const draws = views.draw({ seed, step: 0 }, 1);
    // [3, S, S, C] standardised -> [3, C, S, S] reflectance
    const images = tf.tidy(() => {
      const tile = preparation.prepare(raw);
      const all = tf.concat4d([tile, views.apply(tile, draws)], 0);
      return tf.transpose(tf.add(tf.mul(all, tf.tensor1d(stds)), tf.tensor1d(means)), [0, 3, 1, 2]);
    });
    const values = (await images.data()) as Float32Array;
    images.dispose();
    const size = channels * pixels * pixels;
    const image = (i: number): Pixels => Float32Array.from(values.subarray(i * size, (i + 1) * size));
    const words = (view: number) => [...(draws.drawn[view]?.words ?? [])];
    return { pixels, images: [image(0), image(1), image(2)], drawn: [words(0), words(1)] };
  } finally {
    preparation.dispose();
  }
}
