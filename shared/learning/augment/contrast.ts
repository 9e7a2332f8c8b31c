// Contrast: stretches each band of a view about its own mean. The same in both profiles, and the same on reflectance as on standardised values.
import * as tf from "@tensorflow/tfjs-core";
import { type PixelMap, perView } from "./pixel-map.ts";
import type { Sampler } from "./scene.ts";

/** The factor; 1 changes nothing. */
export const drawContrast: Sampler<number> = (random, { settings }) => {
  const { probability, factor } = settings.parameters.contrast;
  if (!random.chance(probability)) return { value: 1, words: null };
  const value = random.uniform(...factor);
  return { value, words: `contrast x ${value.toFixed(2)}` };
};

/**
 * `(x - mean) f + mean`, the mean over the view's pixels, band by band.
 * @param views // [V, S, S, C]
 * @param factors // [V]
 */
export function contrastMap(views: tf.Tensor4D, factors: tf.Tensor): PixelMap {
  const scale = perView(factors);
  const mean = tf.mean(views, [1, 2], true); // [V, 1, 1, C]
  return { scale, offset: tf.mul(mean, tf.sub(1, scale)) };
}
