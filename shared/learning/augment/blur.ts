// Blur: a Gaussian of each view's own width, as a banded matrix for rows and columns. Border: physical mirrors the tile with its edge pixel
// (d c b a | a b c d), published without it (c b | a b c d), as OpenCV's GaussianBlur does.
import * as tf from "@tensorflow/tfjs-core";
import type { Profile } from "../../domain/augmentations.ts";
import type { Sampler } from "./scene.ts";

/** The farthest tap from the middle, px: a kernel of at most 13 x 13. */
export const MAXIMUM_RADIUS = 6;
/** OpenCV's 5 x 5 kernel in the study. */
const PUBLISHED_RADIUS = 2;

/** Sigma in pixels; 0 changes nothing. */
export const drawBlur: Sampler<number> = (random, { settings }) => {
  const { probability, sigmaPixels } = settings.parameters.blur;
  if (!random.chance(probability)) return { value: 0, words: null };
  const value = random.uniform(...sigmaPixels);
  return { value, words: `blur, sigma ${value.toFixed(2)} px` };
};

/** The half-width of the kernel, px. */
export function blurRadius(sigma: number, profile: Profile): number {
  return profile === "published" ? PUBLISHED_RADIUS : Math.min(MAXIMUM_RADIUS, Math.ceil(3 * sigma));
}

/** One half of the kernel with its middle: weights at distance 0 .. 6, whole kernel summing to 1. // [7] */
export function blurTaps(sigma: number, profile: Profile): Float32Array {
  const taps = new Float32Array(MAXIMUM_RADIUS + 1);
  taps[0] = 1;
  if (sigma <= 0) return taps;
  const radius = blurRadius(sigma, profile);
  let sum = 1;
  for (let d = 1; d <= radius; d++) {
    taps[d] = Math.exp(-(d * d) / (2 * sigma * sigma));
    sum += 2 * taps[d]!;
  }
  return taps.map((tap) => tap / sum);
}

/**
 * Where a tap at each distance reads: matrices whose sum, weighted by the taps, is the blur's matrix.
 * @returns // [7, S * S]
 */
export function tapPlacement(pixels: number, profile: Profile): Float32Array {
  const placement = new Float32Array((MAXIMUM_RADIUS + 1) * pixels * pixels);
  const mirror = profile === "published" ? mirrorWithoutEdge : mirrorWithEdge;
  for (let d = 0; d <= MAXIMUM_RADIUS; d++) {
    for (let i = 0; i < pixels; i++) {
      for (const j of d === 0 ? [i] : [i - d, i + d]) placement[(d * pixels + i) * pixels + mirror(j, pixels)]! += 1;
    }
  }
  return placement;
}

function mirrorWithEdge(index: number, length: number): number {
  const phase = ((index % (2 * length)) + 2 * length) % (2 * length);
  return phase < length ? phase : 2 * length - 1 - phase;
}

function mirrorWithoutEdge(index: number, length: number): number {
  const period = Math.max(1, 2 * length - 2);
  const phase = ((index % period) + period) % period;
  return phase < length ? phase : period - phase;
}

/**
 * Blurs every view by its own kernel, rows and columns.
 * @param views // [V, S, S, C]
 * @param taps rows of `blurTaps` // [V, 7]
 */
export function applyBlur(views: tf.Tensor4D, taps: tf.Tensor2D, profile: Profile): tf.Tensor4D {
  const [count, side, , channels] = views.shape;
  const placement = tf.tensor2d(tapPlacement(side, profile), [MAXIMUM_RADIUS + 1, side * side]);
  const matrices = tf.reshape(tf.matMul(taps, placement), [count, side, side]);
  const blurAxis1 = (x: tf.Tensor4D): tf.Tensor4D =>
    tf.reshape(tf.matMul(matrices, tf.reshape(x, [count, side, side * channels])), [count, side, side, channels]);
  const turn = (x: tf.Tensor4D): tf.Tensor4D => tf.transpose(x, [0, 2, 1, 3]);
  return turn(blurAxis1(turn(blurAxis1(views))));
}
