// Gain. Physical: multiplies reflectance, as another sun angle or haze would: one factor a view and a few percent of its own for each band.
// Published: multiplies the standardised image by U(-0.5, 0.5), so half the draws turn it into its negative.
import * as tf from "@tensorflow/tfjs-core";
import { type PixelMap, perView } from "./pixel-map.ts";
import type { Sampler } from "./scene.ts";

/** A factor for each channel; 1 changes nothing. // [C] */
export const drawGain: Sampler<Float32Array> = (random, { settings, channels }) => {
  const value = new Float32Array(channels).fill(1);
  if (!random.chance(settings.parameters.gain.probability)) return { value, words: null };
  const factor = random.uniform(...settings.parameters.gain.factor);
  if (settings.profile === "published")
    return { value: value.fill(factor), words: `gain x ${factor.toFixed(2)} of the standardised values` };
  const { bandJitter } = settings.parameters.gain;
  for (let c = 0; c < channels; c++) value[c] = factor * (1 + random.uniform(-bandJitter, bandJitter));
  return { value, words: `gain x ${factor.toFixed(2)}` };
};

/**
 * @param factors // [V, C]
 * @param levels mean / std of each channel: reflectance 0 lies at -level; null to multiply standardised values // [C]
 */
export function gainMap(factors: tf.Tensor, levels: Float32Array | null): PixelMap {
  const scale = perView(factors);
  // r g = (x std + mean) g, so x' = x g + (g - 1) mean / std.
  return levels ? { scale, offset: tf.mul(tf.sub(scale, 1), tf.tensor1d(levels)) } : { scale };
}
