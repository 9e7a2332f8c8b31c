// Batch normalisation and the rectifier's gradient in one or two walks over memory; composed of the WebAssembly backend's operations they take many.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "./wasm-kernel.ts";

/** x [N, H, W, C], scale [C], offset [C] -> y, mean [C], biased variance [C], and for the gradient: mean, 1 / deviation, scale / deviation, each [C]. */
export const batchNormTrain: Kernel<{ epsilon: number }, tf.TensorInfo[]> = (backend, { x, scale, offset }, { epsilon }) => {
  const depth = scale!.size;
  const outputs = [x!.shape, [depth], [depth], [depth], [depth], [depth]].map((shape) => backend.makeOutput(shape, "float32"));
  const [y, mean, variance, savedMean, inverse, factor] = floats(backend, outputs) as [F32, F32, F32, F32, F32, F32];
  const [pixels, scales, offsets] = floats(backend, [x!, scale!, offset!]) as [F32, F32, F32];
  const count = pixels.length / depth;
  const sums = new Float64Array(depth);
  for (let at = 0; at < pixels.length; at += depth) for (let c = 0; c < depth; c++) sums[c]! += pixels[at + c]!;
  for (let c = 0; c < depth; c++) mean[c] = sums[c]! / count;
  sums.fill(0);
  for (let at = 0; at < pixels.length; at += depth)
    for (let c = 0; c < depth; c++) {
      const centred = pixels[at + c]! - mean[c]!;
      sums[c]! += centred * centred;
    }
  for (let c = 0; c < depth; c++) {
    variance[c] = sums[c]! / count;
    inverse[c] = 1 / Math.sqrt(variance[c]! + epsilon);
    factor[c] = inverse[c]! * scales[c]!;
  }
  savedMean.set(mean);
  for (let at = 0; at < pixels.length; at += depth)
    for (let c = 0; c < depth; c++) y[at + c] = (pixels[at + c]! - mean[c]!) * factor[c]! + offsets[c]!;
  return outputs;
};

/** `dx = scale / deviation * (dy - mean(dy) - xHat * mean(dy * xHat))`, and the gradients of scale and offset. */
export const batchNormTrainGrad: Kernel<object, tf.TensorInfo[]> = (backend, { dy, x, reserved1, reserved2, reserved3 }) => {
  const depth = reserved1!.size;
  const outputs = [x!.shape, [depth], [depth]].map((shape) => backend.makeOutput(shape, "float32"));
  const [dx, dScale, dOffset] = floats(backend, outputs) as [F32, F32, F32];
  const [slope, pixels, mean, inverse, factor] = floats(backend, [dy!, x!, reserved1!, reserved2!, reserved3!]) as [
    F32,
    F32,
    F32,
    F32,
    F32,
  ];
  const count = pixels.length / depth;
  const slopes = new Float64Array(depth);
  const products = new Float64Array(depth);
  for (let at = 0; at < pixels.length; at += depth)
    for (let c = 0; c < depth; c++) {
      slopes[c]! += slope[at + c]!;
      products[c]! += slope[at + c]! * (pixels[at + c]! - mean[c]!);
    }
  for (let c = 0; c < depth; c++) {
    dOffset[c] = slopes[c]!;
    dScale[c] = products[c]! * inverse[c]!;
    slopes[c]! /= count;
    products[c]! *= inverse[c]! ** 2 / count;
  }
  for (let at = 0; at < pixels.length; at += depth)
    for (let c = 0; c < depth; c++) dx[at + c] = factor[c]! * (slope[at + c]! - slopes[c]! - (pixels[at + c]! - mean[c]!) * products[c]!);
  return outputs;
};

/** dy where the rectifier let through; `y` is its result. */
export const reluGrad: Kernel<object> = (backend, { dy, y }) => {
  const result = backend.makeOutput(dy!.shape, "float32");
  const [dx, slope, rectified] = floats(backend, [result, dy!, y!]) as [F32, F32, F32];
  for (let i = 0; i < dx.length; i++) dx[i] = rectified[i]! > 0 ? slope[i]! : 0;
  return result;
};

type F32 = Float32Array;

/** Taken after the last allocation, which may move the heap. */
function floats(backend: BackendWasm, tensors: readonly tf.TensorInfo[]): Float32Array[] {
  return tensors.map((tensor) => backend.typedArrayFromHeap(tensor) as Float32Array);
}
