// Speckle. Physical: multiplicative noise on reflectance, Gamma(L, 1/L) of L looks, each band of each pixel on its own.
// Published: sets values to +5 or -5 standard deviations, at a rate of up to 2 % each.
import * as tf from "@tensorflow/tfjs-core";
import { statelessNormal, statelessUniform } from "../ops/random.ts";
import type { Sampler } from "./scene.ts";

/** Physical: 1 / looks, the variance of the noise. Published: the rate of each sign. 0 changes nothing. */
export const drawSpeckle: Sampler<number> = (random, { settings }) => {
  if (!random.chance(settings.parameters.speckle.probability)) return { value: 0, words: null };
  if (settings.profile === "published") {
    const rate = random.uniform(...settings.parameters.speckle.rate);
    return { value: rate, words: `speckle on 2 x ${(rate * 100).toFixed(1)} % of the values` };
  }
  const looks = random.uniform(...settings.parameters.speckle.looks);
  return { value: 1 / looks, words: `speckle of ${looks.toFixed(0)} looks` };
};

/**
 * Gamma(L, 1/L) noise: mean 1, variance 1/L. The cube of a normal number, close to the Gamma distribution for L >= 4.
 * @param inverseLooks 1 / L; 0 gives 1 everywhere // [V, 1, 1, 1]
 * @see Wilson and Hilferty, "The distribution of chi-square" (1931)
 */
export function gammaNoise(shape: [number, number, number, number], inverseLooks: tf.Tensor, seed: tf.Tensor1D): tf.Tensor4D {
  const level = tf.sub(1, tf.div(inverseLooks, 9));
  const spread = tf.div(tf.sqrt(inverseLooks), 3);
  const root = tf.add(tf.mul(statelessNormal(shape, seed), spread), level);
  return tf.mul(tf.mul(root, root), root) as tf.Tensor4D;
}

/**
 * Multiplies reflectance by noise.
 * @param views standardised // [V, S, S, C]
 * @param inverseLooks // [V]
 * @param levels mean / std of each channel // [C]
 */
export function applyGammaSpeckle(
  views: tf.Tensor4D,
  { inverseLooks, seed, levels }: { inverseLooks: tf.Tensor; seed: tf.Tensor1D; levels: Float32Array },
): tf.Tensor4D {
  const noise = gammaNoise(views.shape, tf.reshape(inverseLooks, [-1, 1, 1, 1]), seed);
  // r = (x + level) std, so x' = (x + level) n - level.
  const level = tf.tensor1d(levels);
  return tf.sub(tf.mul(tf.add(views, level), noise), level) as tf.Tensor4D;
}

/**
 * Sets values to `-value` at the rate of each view, and to `+value` at the same rate.
 * @param rates // [V]
 */
export function applyImpulseSpeckle(
  views: tf.Tensor4D,
  { rates, seed, value }: { rates: tf.Tensor; seed: tf.Tensor1D; value: number },
): tf.Tensor4D {
  const rate = tf.reshape(rates, [-1, 1, 1, 1]);
  const draw = statelessUniform(views.shape, seed);
  const isLow = tf.cast(tf.less(draw, rate), "float32");
  const isHigh = tf.cast(tf.greaterEqual(draw, tf.sub(1, rate)), "float32");
  const kept = tf.mul(views, tf.sub(tf.sub(1, isLow), isHigh));
  return tf.add(kept, tf.mul(tf.sub(isHigh, isLow), value)) as tf.Tensor4D;
}
