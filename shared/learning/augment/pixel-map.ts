// Contrast, brightness and gain are linear in a pixel's value: they gather into one multiplication and one addition.
import * as tf from "@tensorflow/tfjs-core";

/** `x -> scale x + offset`; both broadcast to [V, S, S, C]. Absent parts are 1 and 0. */
export interface PixelMap {
  readonly scale?: tf.Tensor;
  readonly offset?: tf.Tensor;
}

/** One map after another. */
export function chain(earlier: PixelMap, later: PixelMap): PixelMap {
  const scale = product(earlier.scale, later.scale);
  const offset = sum(product(earlier.offset, later.scale, true), later.offset);
  return { ...(scale ? { scale } : {}), ...(offset ? { offset } : {}) };
}

/** The map of an image. */
export function applyPixelMap(x: tf.Tensor4D, { scale, offset }: PixelMap): tf.Tensor4D {
  const scaled = scale ? tf.mul(x, scale) : x;
  return (offset ? tf.add(scaled, offset) : scaled) as tf.Tensor4D;
}

function product(a: tf.Tensor | undefined, b: tf.Tensor | undefined, needsFirst = false): tf.Tensor | undefined {
  if (needsFirst && !a) return undefined;
  return a && b ? tf.mul(a, b) : (a ?? b);
}

function sum(a: tf.Tensor | undefined, b: tf.Tensor | undefined): tf.Tensor | undefined {
  return a && b ? tf.add(a, b) : (a ?? b);
}

/** A value for each view, or for each view and channel, ready to broadcast. // [V] or [V, C] -> [V, 1, 1, 1 or C] */
export function perView(values: tf.Tensor): tf.Tensor4D {
  const [views, channels] = values.shape as [number, number?];
  return tf.reshape(values, [views, 1, 1, channels ?? 1]);
}
