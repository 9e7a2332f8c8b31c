// Parts of tensors, copied inside the heap. The WebAssembly backend's own kernels copy the whole tensor out of it first, for every part.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "./wasm-kernel.ts";

/** Below this many bytes in a row, a loop is faster than a copy of memory. */
const SHORT_RUN_BYTES = 64;

export function slice(own: Kernel<tf.SliceAttrs>): Kernel<tf.SliceAttrs> {
  return (backend, inputs, attrs) => {
    const x = inputs.x!;
    if (x.dtype === "string") return own(backend, inputs, attrs);
    const [begin, size] = tf.slice_util.parseSliceParams(x, attrs.begin, attrs.size);
    return copyWindow(backend, x, begin!, size!);
  };
}

export function splitV(own: Kernel<tf.SplitVAttrs, tf.TensorInfo[]>): Kernel<tf.SplitVAttrs, tf.TensorInfo[]> {
  return (backend, inputs, attrs) => {
    const x = inputs.x!;
    if (x.dtype === "string") return own(backend, inputs, attrs);
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
    const begin = new Array<number>(x.rank).fill(0);
    return tf.backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((length) => {
      const part = copyWindow(backend, x, begin, x.shape.with(axis, length));
      begin[axis]! += length;
      return part;
    });
  };
}

function copyWindow(backend: BackendWasm, x: tf.Tensor, begin: readonly number[], size: number[]): tf.TensorInfo {
  const result = backend.makeOutput(size, x.dtype);
  const to = backend.typedArrayFromHeap(result);
  const from = backend.typedArrayFromHeap(x);
  // Axes that are taken whole, and the one before them, lie in one run of memory.
  let axis = x.rank - 1;
  while (axis > 0 && size[axis] === x.shape[axis]) axis--;
  const strides = [...tf.util.computeStrides(x.shape), 1];
  const run = size[axis]! * strides[axis]!;
  const runs = run === 0 ? 0 : to.length / run;
  const isShort = run * to.BYTES_PER_ELEMENT < SHORT_RUN_BYTES;
  const heap = new Uint8Array(to.buffer);
  const bytes = to.BYTES_PER_ELEMENT;
  const index = new Array<number>(axis).fill(0);
  let at = begin.reduce((sum, position, i) => sum + position * strides[i]!, 0);
  for (let i = 0; i < runs; i++) {
    if (isShort) for (let j = 0; j < run; j++) to[i * run + j] = from[at + j]!;
    else heap.copyWithin(to.byteOffset + i * run * bytes, from.byteOffset + at * bytes, from.byteOffset + (at + run) * bytes);
    for (let outer = index.length - 1; outer >= 0; outer--) {
      at += strides[outer]!;
      if (++index[outer]! < size[outer]!) break;
      at -= index[outer]! * strides[outer]!;
      index[outer] = 0;
    }
  }
  return result;
}
