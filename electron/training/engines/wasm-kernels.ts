// What tfjs's WebAssembly backend lacks for training, or gets wrong, put into tfjs-core's kernel registry.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Shape4 = [number, number, number, number];
type Kernel<Attributes> = (backend: BackendWasm, inputs: Inputs, attributes: Attributes) => tf.TensorInfo;

/**
 * Adds the gradients of convolution filters (plain and depthwise), of depthwise inputs and of `gather`, and replaces kernels that are wrong:
 * the gradients of pooling, `oneHot` of floats, and image transforms that reflect at the edge.
 */
export function registerWasmKernels(): void {
  if (tf.getKernel(tf.Conv2DBackpropFilter, "wasm")) return; // a second loading in this thread
  register(tf.Conv2DBackpropFilter, () => conv2dBackpropFilter);
  register(tf.DepthwiseConv2dNativeBackpropFilter, () => depthwiseBackpropFilter);
  register(tf.DepthwiseConv2dNativeBackpropInput, () => depthwiseBackpropInput);
  register(tf.MaxPoolGrad, () => maxPoolGrad);
  register(tf.AvgPoolGrad, () => avgPoolGrad);
  register(tf.UnsortedSegmentSum, () => unsortedSegmentSum);
  register(tf.OneHot, oneHot);
  register(tf.Transform, transform);
}

/** Registers a kernel that may fall back on the backend's own, whose set-up is kept. */
function register<Attributes>(kernelName: string, make: (own: Kernel<Attributes>) => Kernel<Attributes>): void {
  const own = tf.getKernel(kernelName, "wasm") as tf.KernelConfig | undefined;
  if (own) tf.unregisterKernel(kernelName, "wasm");
  const kernel = make((backend, inputs, attributes) => {
    const result = own!.kernelFunc({ inputs, backend, attrs: attributes as unknown as tf.NamedAttrMap });
    return result as tf.TensorInfo;
  });
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    ...(own?.setupFunc ? { setupFunc: own.setupFunc } : {}),
    kernelFunc: ({ inputs, backend, attrs }) => kernel(backend as BackendWasm, inputs as Inputs, (attrs ?? {}) as Attributes),
  });
}

/**
 * The filter's gradient as one convolution: images' channels become the batch, the batch becomes the channels, the output's gradient becomes
 * the filter, and the stride its dilation. It reaches the backend's fast convolution.
 */
const conv2dBackpropFilter: Kernel<tf.Conv2DBackpropFilterAttrs> = (_backend, { x, dy }, attrs) => {
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
