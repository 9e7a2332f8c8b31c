// What tfjs's WebAssembly backend lacks for training, or gets wrong, put into tfjs-core's kernel registry.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { conv2dBackpropFilter, conv2dBackpropInput } from "./wasm-convolution.ts";
import type { Inputs, Kernel, Shape4 } from "./wasm-kernel.ts";
import { batchMatMul } from "./wasm-matmul.ts";
import { batchNormTrain, batchNormTrainGrad, reluGrad } from "./wasm-normalisation.ts";
import { slice, splitV } from "./wasm-windows.ts";

/** Registers what is missing, what is wrong and what is slow in the backend, once a thread. */
export function registerWasmKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, "wasm")) return; // a second loading in this thread
  // Missing: gradients of convolution filters, of depthwise inputs and of `gather`.
  register(tf.Conv2DBackpropFilter, () => conv2dBackpropFilter);
  register(tf.DepthwiseConv2dNativeBackpropFilter, () => depthwiseBackpropFilter);
  register(tf.DepthwiseConv2dNativeBackpropInput, () => depthwiseBackpropInput);
  register(tf.UnsortedSegmentSum, () => unsortedSegmentSum);
  // Wrong: gradients of pooling, one-hot vectors of floats, image transforms that reflect at the edge.
  register(tf.MaxPoolGrad, () => maxPoolGrad);
  register(tf.AvgPoolGrad, () => avgPoolGrad);
  register(tf.OneHot, oneHot);
  register(tf.Transform, transform);
  // Slow: most of a training step's time before they were replaced.
  register(tf.Conv2DBackpropInput, () => conv2dBackpropInput);
  register(tf.SplitV, splitV);
  register(tf.Slice, slice);
  register(tf.BatchMatMul, batchMatMul);
  register("FusedBatchNormTrain", () => batchNormTrain);
  register("FusedBatchNormTrainGrad", () => batchNormTrainGrad);
  register("ReluGrad", () => reluGrad);
}

/** Registers a kernel that may fall back on the backend's own, whose set-up is kept. */
function register<Attributes, Result extends tf.TensorInfo | tf.TensorInfo[]>(
  kernelName: string,
  make: (own: Kernel<Attributes, Result>) => Kernel<Attributes, Result>,
): void {
  const own = tf.getKernel(kernelName, "wasm") as tf.KernelConfig | undefined;
  if (own) tf.unregisterKernel(kernelName, "wasm");
  const kernel = make((backend, inputs, attributes) => {
    const result = own!.kernelFunc({ inputs, backend, attrs: attributes as unknown as tf.NamedAttrMap });
    return result as Result;
  });
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    ...(own?.setupFunc ? { setupFunc: own.setupFunc } : {}),
    kernelFunc: ({ inputs, backend, attrs }) => kernel(backend as BackendWasm, inputs as Inputs, (attrs ?? {}) as Attributes),
  });
}

/**
 * Sends each gradient to the first largest value of its window, as TensorFlow does.
 * Differs from the backend's own kernel, which drops the gradient of windows without a positive value.
 */
const maxPoolGrad: Kernel<tf.MaxPoolGradAttrs> = (backend, { dy, input }, attrs) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = input!.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const {
    batchSize,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    strideHeight,
    strideWidth,
    filterHeight,
    filterWidth,
    padInfo,
    inChannels: depth,
  } = info;
  const result = backend.makeOutput(shape, "float32");
  // Views of the heap are taken after the allocation, which may move it.
  const dx = backend.typedArrayFromHeap(result) as Float32Array;
  const x = backend.typedArrayFromHeap(input!) as Float32Array;
  const slope = backend.typedArrayFromHeap(dy!) as Float32Array;
  dx.fill(0);
  let out = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top;
      const rowEnd = Math.min(inHeight, top + filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left;
        const columnEnd = Math.min(inWidth, left + filterWidth);
        for (let channel = 0; channel < depth; channel++, out++) {
          let best = Number.NEGATIVE_INFINITY;
          let bestAt = -1;
          for (let i = Math.max(0, top); i < rowEnd; i++) {
            for (let j = Math.max(0, left); j < columnEnd; j++) {
              const at = ((n * inHeight + i) * inWidth + j) * depth + channel;
              if (x[at]! > best) {
                best = x[at]!;
                bestAt = at;
              }
            }
          }
          if (bestAt >= 0) dx[bestAt]! += slope[out]!;
        }
      }
    }
  }
  return result;
};

/** Differs from the backend's own kernel, which counts the padding among a window's pixels where the forward pass does not. */
const avgPoolGrad: Kernel<tf.AvgPoolGradAttrs> = (backend, { dy, input }, attrs) => {
  const shape = input!.shape as Shape4;
  const info = tf.backend_util.computePool2DInfo(shape, attrs.filterSize, attrs.strides, 1, attrs.pad);
  const {
    batchSize,
    inHeight,
    inWidth,
    outHeight,
    outWidth,
    strideHeight,
    strideWidth,
    filterHeight,
    filterWidth,
    padInfo,
    inChannels: depth,
  } = info;
  const result = backend.makeOutput(shape, "float32");
  const dx = backend.typedArrayFromHeap(result) as Float32Array;
  const slope = backend.typedArrayFromHeap(dy!) as Float32Array;
  dx.fill(0);
  let out = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top;
      const firstRow = Math.max(0, top);
      const rowEnd = Math.min(inHeight, top + filterHeight);
      for (let column = 0; column < outWidth; column++, out += depth) {
        const left = column * strideWidth - padInfo.left;
        const firstColumn = Math.max(0, left);
        const columnEnd = Math.min(inWidth, left + filterWidth);
        const share = 1 / ((rowEnd - firstRow) * (columnEnd - firstColumn));
        for (let i = firstRow; i < rowEnd; i++) {
          for (let j = firstColumn; j < columnEnd; j++) {
            const at = ((n * inHeight + i) * inWidth + j) * depth;
            for (let c = 0; c < depth; c++) dx[at + c]! += slope[out + c]! * share;
          }
        }
      }
    }
  }
  return result;
};

/** Sums the rows of each segment: the gradient of `gather`. */
const unsortedSegmentSum: Kernel<tf.UnsortedSegmentSumAttrs> = (backend, { x, segmentIds }, { numSegments }) => {
  const rowShape = x!.shape.slice(1);
  const rowSize = tf.util.sizeFromShape(rowShape);
  const result = backend.makeOutput([numSegments, ...rowShape], "float32");
  const sums = backend.typedArrayFromHeap(result) as Float32Array;
  const rows = backend.typedArrayFromHeap(x!) as Float32Array;
  const ids = backend.typedArrayFromHeap(segmentIds!) as Int32Array;
  sums.fill(0);
  for (let row = 0; row < ids.length; row++) {
    const to = ids[row]! * rowSize;
    const from = row * rowSize;
    if (to < 0) continue;
    for (let i = 0; i < rowSize; i++) sums[to + i]! += rows[from + i]!;
  }
  return result;
};

/** Differs from the backend's own kernel, which writes the bits of integers whatever the type. */
function oneHot(own: Kernel<tf.OneHotAttrs>): Kernel<tf.OneHotAttrs> {
  return (backend, inputs, attrs) => {
    if (attrs.dtype !== "float32") return own(backend, inputs, attrs);
    const { depth, onValue, offValue } = attrs;
    return tf.tidy(() =>
      tf.add(tf.mul(tf.cast(tf.oneHot(inputs.indices!, depth, 1, 0, "int32"), "float32"), onValue - offValue), offValue),
    );
  };
}

/** Differs from the backend's own kernel, which repeats the edge where `reflect` should mirror across the first row or column. */
function transform(own: Kernel<tf.TransformAttrs>): Kernel<tf.TransformAttrs> {
  return (backend, inputs, attrs) =>
    attrs.fillMode === "reflect" ? reflectingTransform(backend, inputs, attrs) : own(backend, inputs, attrs);
}

function reflectingTransform(backend: BackendWasm, { image, transforms }: Inputs, attrs: tf.TransformAttrs): tf.TensorInfo {
  const [batch, height, width, depth] = image!.shape as [number, number, number, number];
  const [outHeight, outWidth] = attrs.outputShape ?? [height, width];
  const isNearest = attrs.interpolation === "nearest";
  const result = backend.makeOutput([batch, outHeight, outWidth, depth], "float32");
  // Views of the heap are taken after the allocation, which may move it.
  const out = backend.typedArrayFromHeap(result) as Float32Array;
  const pixels = backend.typedArrayFromHeap(image!) as Float32Array;
  const matrices = backend.typedArrayFromHeap(transforms!) as Float32Array;
  const isShared = transforms!.shape[0] === 1;
  let at = 0;
  for (let n = 0; n < batch; n++) {
    const m = isShared ? 0 : n * 8;
    const base = n * height * width * depth;
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++, at += depth) {
        const k = Math.fround(matrices[m + 6]! * column + matrices[m + 7]! * row + 1);
        if (k === 0) {
          out.fill(attrs.fillValue, at, at + depth);
          continue;
        }
        const x = reflect(Math.fround((matrices[m]! * column + matrices[m + 1]! * row + matrices[m + 2]!) / k), width);
        const y = reflect(Math.fround((matrices[m + 3]! * column + matrices[m + 4]! * row + matrices[m + 5]!) / k), height);
        const left = isNearest ? Math.round(x) : Math.floor(x);
        const top = isNearest ? Math.round(y) : Math.floor(y);
        const right = isNearest ? 0 : x - left;
        const bottom = isNearest ? 0 : y - top;
        const here = base + (top * width + left) * depth;
        const across = left + 1 < width ? depth : 0;
        const down = top + 1 < height ? width * depth : 0;
        for (let c = 0; c < depth; c++) {
          const upper = pixels[here + c]! * (1 - right) + pixels[here + across + c]! * right;
          const lower = pixels[here + down + c]! * (1 - right) + pixels[here + down + across + c]! * right;
          out[at + c] = upper * (1 - bottom) + lower * bottom;
        }
      }
    }
  }
  return result;
}

/** Mirrors a coordinate into [0, length - 1], the edge sample repeated: d c b a | a b c d | d c b a. */
function reflect(coordinate: number, length: number): number {
  const period = 2 * length;
  const phase = coordinate - period * Math.floor(coordinate / period);
  const mirrored = phase >= length ? period - phase - 1 : phase;
  return Math.min(Math.max(mirrored, 0), length - 1);
}

/** The gradients of a depthwise convolution, by one walk over its taps. */
const depthwiseBackpropFilter: Kernel<tf.DepthwiseConv2dNativeBackpropFilterAttrs> = (backend, { x, dy }, attrs) => {
  const { strides, dilations, pad, dimRoundingMode, filterShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(x!.shape as Shape4, filterShape, strides, dilations, pad, dimRoundingMode, true);
  const result = backend.makeOutput(filterShape, "float32");
  const dw = backend.typedArrayFromHeap(result) as Float32Array;
  const slope = backend.typedArrayFromHeap(dy!) as Float32Array;
  const pixels = backend.typedArrayFromHeap(x!) as Float32Array;
  const multiplier = filterShape[3];
  dw.fill(0);
  forEachTap(info, (source, tap, out) => {
    for (let c = 0; c < info.inChannels; c++) {
      for (let m = c * multiplier; m < (c + 1) * multiplier; m++) dw[tap + m]! += pixels[source + c]! * slope[out + m]!;
    }
  });
  return result;
};

const depthwiseBackpropInput: Kernel<tf.DepthwiseConv2dNativeBackpropInputAttrs> = (backend, { dy, filter }, attrs) => {
  const { strides, dilations, pad, dimRoundingMode, inputShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter!.shape as Shape4, strides, dilations, pad, dimRoundingMode, true);
  const result = backend.makeOutput(inputShape, "float32");
  const dx = backend.typedArrayFromHeap(result) as Float32Array;
  const slope = backend.typedArrayFromHeap(dy!) as Float32Array;
  const weights = backend.typedArrayFromHeap(filter!) as Float32Array;
  const multiplier = filter!.shape[3]!;
  dx.fill(0);
  forEachTap(info, (target, tap, out) => {
    for (let c = 0; c < info.inChannels; c++) {
      let sum = 0;
      for (let m = c * multiplier; m < (c + 1) * multiplier; m++) sum += slope[out + m]! * weights[tap + m]!;
      dx[target + c]! += sum;
    }
  });
  return result;
};

/** Visits every input pixel that every tap of a depthwise filter reads: the offsets of the pixel, the tap and the output pixel. */
function forEachTap(info: tf.backend_util.Conv2DInfo, visit: (pixel: number, tap: number, out: number) => void): void {
  const outDepth = info.outChannels;
  let out = 0;
  for (let n = 0; n < info.batchSize; n++) {
    for (let row = 0; row < info.outHeight; row++) {
      for (let column = 0; column < info.outWidth; column++, out += outDepth) {
        for (let i = 0; i < info.filterHeight; i++) {
          const y = row * info.strideHeight - info.padInfo.top + i * info.dilationHeight;
          if (y < 0 || y >= info.inHeight) continue;
          for (let j = 0; j < info.filterWidth; j++) {
            const x = column * info.strideWidth - info.padInfo.left + j * info.dilationWidth;
            if (x < 0 || x >= info.inWidth) continue;
            visit(((n * info.inHeight + y) * info.inWidth + x) * info.inChannels, (i * info.filterWidth + j) * outDepth, out);
          }
        }
      }
    }
  }
}
