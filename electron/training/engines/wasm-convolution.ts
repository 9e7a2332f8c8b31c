// The gradients of a convolution as convolutions, since those are what the WebAssembly backend does fast and on all its threads.

import * as tf from "@tensorflow/tfjs-core";
import type { Kernel, Shape4 } from "./wasm-kernel.ts";

/**
 * The filter's gradient as one convolution: images' channels become the batch, the batch becomes the channels, the output's gradient becomes
 * the filter, and the stride its dilation. It reaches the backend's fast convolution.
 */
export const conv2dBackpropFilter: Kernel<tf.Conv2DBackpropFilterAttrs> = (_backend, { x, dy }, attrs) => {
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const image = x as tf.Tensor4D;
  const info = tf.backend_util.computeConv2DInfo(image.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth, inHeight, inWidth, padInfo } = info;
  return tf.tidy(() => {
    if (filterHeight === 1 && filterWidth === 1 && padInfo.top === 0 && padInfo.left === 0) {
      const [n, h, w, c] = [info.batchSize, outHeight, outWidth, info.inChannels];
      const size: [number, number, number, number] = [n, (h - 1) * strideHeight + 1, (w - 1) * strideWidth + 1, c];
      const used =
        strideHeight === 1 && strideWidth === 1 ? image : tf.stridedSlice(image, [0, 0, 0, 0], size, [1, strideHeight, strideWidth, 1]);
      const flat = tf.transpose(tf.reshape(used, [n * h * w, c]));
      return tf.reshape(tf.matMul(flat, tf.reshape(dy!, [n * h * w, info.outChannels])), filterShape);
    }
    // The rows and columns that no window reaches are cut off, those that windows reach beyond the edge are padded.
    const bottom = filterHeight + (outHeight - 1) * strideHeight - inHeight - padInfo.top;
    const right = filterWidth + (outWidth - 1) * strideWidth - inWidth - padInfo.left;
    const used = tf.slice(image, [0, 0, 0, 0], [-1, inHeight + Math.min(0, bottom), inWidth + Math.min(0, right), -1]);
    const padding: tf.backend_util.ExplicitPadding = [
      [0, 0],
      [padInfo.top, Math.max(0, bottom)],
      [padInfo.left, Math.max(0, right)],
      [0, 0],
    ];
    const turned = tf.transpose(used, [3, 1, 2, 0]) as tf.Tensor4D; // [C, H, W, N]
    const filter = tf.transpose(dy as tf.Tensor4D, [1, 2, 0, 3]); // [outH, outW, N, outC]
    const result = tf.conv2d(turned, filter, 1, padding, "NHWC", [strideHeight, strideWidth]); // [C, filterH, filterW, outC]
    return tf.transpose(result, [1, 2, 0, 3]);
  });
};

/**
 * The input's gradient as one convolution of the output's gradient, stride by stride among zeros, with the filter turned by 180 degrees.
 * Differs from the backend's own kernel, which is a plain loop on one thread.
 */
export const conv2dBackpropInput: Kernel<tf.Conv2DBackpropInputAttrs> = (backend, { dy, filter }, attrs) => {
  const { strides, pad, dimRoundingMode, inputShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter!.shape as Shape4, strides, 1, pad, dimRoundingMode);
  const { filterHeight, filterWidth, inHeight, inWidth, padInfo } = info;
  return tf.tidy(() => {
    // Padded so that every window lies inside: row 0 of the output's gradient then is row filterHeight - 1 - top.
    const spread = tf.engine().makeTensorFromTensorInfo(
      spreadOut(backend, dy!, {
        shape: [info.batchSize, inHeight + filterHeight - 1, inWidth + filterWidth - 1, info.outChannels],
        top: filterHeight - 1 - padInfo.top,
        left: filterWidth - 1 - padInfo.left,
        strideHeight: info.strideHeight,
        strideWidth: info.strideWidth,
      }),
    ) as tf.Tensor4D;
    const turned = tf.transpose(filter as tf.Tensor4D, [0, 1, 3, 2]); // [filterH, filterW, outC, C]
    reverseTaps(backend.typedArrayFromHeap(turned) as Float32Array, filterHeight * filterWidth);
    return tf.conv2d(spread, turned, 1, "valid");
  });
};

/** Turns a filter by 180 degrees in place: the order of its taps, each of one length, is reversed. */
function reverseTaps(values: Float32Array, taps: number): void {
  const length = values.length / taps;
  for (let tap = 0; tap < taps >> 1; tap++) {
    const other = (taps - 1 - tap) * length;
    const held = values.slice(tap * length, (tap + 1) * length);
    values.copyWithin(tap * length, other, other + length);
    values.set(held, other);
  }
}

interface Spread {
  readonly shape: Shape4;
  /** Where the first row and column go; what falls outside is dropped. */
  readonly top: number;
  readonly left: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
}

/** Pixels of an image [N, h, w, C] laid out at strides in an image of zeros. */
function spreadOut(backend: Parameters<Kernel<unknown>>[0], image: tf.Tensor, spread: Spread): tf.TensorInfo {
  const { shape, top, left, strideHeight, strideWidth } = spread;
  const [batch, height, width, depth] = shape;
  const [, rows, columns] = image.shape as Shape4;
  const result = backend.makeOutput(shape, "float32");
  const to = backend.typedArrayFromHeap(result) as Float32Array;
  const from = backend.typedArrayFromHeap(image) as Float32Array;
  to.fill(0);
  const heap = new Float32Array(to.buffer);
  const start = to.byteOffset / 4;
  const source = from.byteOffset / 4;
  const isRun = strideWidth === 1 && left >= 0 && left + columns <= width;
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < rows; row++) {
      const y = top + row * strideHeight;
      if (y < 0 || y >= height) continue;
      const line = start + (n * height + y) * width * depth;
      const at = source + (n * rows + row) * columns * depth;
      if (isRun) heap.copyWithin(line + left * depth, at, at + columns * depth);
      else
        for (let column = 0; column < columns; column++) {
          const x = left + column * strideWidth;
          if (x >= 0 && x < width) heap.copyWithin(line + x * depth, at + column * depth, at + (column + 1) * depth);
        }
    }
  }
  return result;
}
