// Affine maps of the image plane: geometric operations compose into one, so a view is resampled, and blurred, at most once.
import * as tf from "@tensorflow/tfjs-core";
import type { Profile } from "../../domain/augmentations.ts";
import type { Stage } from "./scene.ts";

/**
 * From an output pixel to the input point that it shows: `x' = a x + b y + c, y' = d x + e y + f`, in pixels, a pixel's centre on whole
 * numbers (tf.image.transform). The middle of a tile of S px lies at (S - 1) / 2.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];

/** The map of one operation after another. An output point goes back through the later one first. */
export function compose(earlier: Affine, later: Affine): Affine {
  const [a, b, c, d, e, f] = earlier;
  const [p, q, r, s, t, u] = later;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/** A linear map about the middle of the tile. Whole entries give a whole translation, so turns and mirrors by it are exact. */
export function aboutCentre([a, b, d, e]: readonly [number, number, number, number], pixels: number): Affine {
  const centre = (pixels - 1) / 2;
  return [a, b, centre * (1 - a - b), d, e, centre * (1 - d - e)];
}

/** The eight numbers of tf.image.transform. */
export function transformRow(affine: Affine): number[] {
  return [...affine, 0, 0];
}

/**
 * What lies beyond the border. Physical: the tile reflected. Published: the nearest pixel in the sweep; in the full runs the opposite side,
 * for the study shifted by `tf.roll` there (its other operations do not reach beyond the border).
 */
export function fillModeOf(profile: Profile, stage: Stage): "reflect" | "nearest" | "wrap" {
  if (profile === "physical") return "reflect";
  return stage === "full" ? "wrap" : "nearest";
}

/**
 * Resamples every view by its own map. Maps of whole numbers move pixels without changing them, by either interpolation.
 * @param views // [V, S, S, C]
 * @param transforms rows of `transformRow` // [V, 8]
 * @param options.interpolation `nearest` where all maps are whole: the same, in half the time
 */
export function applyTransforms(
  views: tf.Tensor4D,
  transforms: tf.Tensor2D,
  { fillMode, interpolation }: { fillMode: "reflect" | "nearest" | "wrap"; interpolation: "nearest" | "bilinear" },
): tf.Tensor4D {
  return tf.image.transform(views, transforms, interpolation, fillMode);
}
