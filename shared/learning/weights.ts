// Weights between tfjs' layout (convolutions HWIO, linear [in, out]) and PyTorch's (OIHW, [out, in]). Checkpoints hold PyTorch's.
import * as tf from "@tensorflow/tfjs-core";
import type { Parameters } from "./parameters.ts";

/** A tensor as a file holds it. */
export interface StoredTensor {
  readonly dtype: "float32" | "int32";
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Axes of the PyTorch tensor in terms of tfjs' axes, by rank; vectors and scalars are the same in both. */
const TO_TORCH: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [3, 2, 0, 1] };
const FROM_TORCH: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [2, 3, 1, 0] };

/** A shape of tfjs' layout in PyTorch's. */
export const torchShape = (shape: readonly number[]): number[] => TO_TORCH[shape.length]?.map((axis) => shape[axis]!) ?? [...shape];

/** Copies values from the device, in PyTorch's layout. Optimiser slots have the layout of their weight. */
export async function exportTensors(tensors: Parameters): Promise<Map<string, StoredTensor>> {
  const stored = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const data = (await tensor.data()) as Float32Array | Int32Array;
    stored.set(name, permute({ dtype: tensor.dtype as "float32" | "int32", shape: tensor.shape, data }, TO_TORCH[tensor.rank]));
  }
  return stored;
}

/** Tensors on the device in tfjs' layout, from PyTorch's. */
export function importTensors(stored: ReadonlyMap<string, StoredTensor>): Map<string, tf.Tensor> {
  return new Map(
    Array.from(stored, ([name, tensor]) => {
      const { dtype, shape, data } = permute(tensor, FROM_TORCH[tensor.shape.length]);
      return [name, tf.tensor(data, [...shape], dtype)];
    }),
  );
}

/** Transposes a dense row-major tensor; a copy. @param axes axis of the source for each axis of the result */
export function permute(tensor: StoredTensor, axes: readonly number[] | undefined): StoredTensor {
  const { dtype, shape, data } = tensor;
  if (!axes) return { dtype, shape: [...shape], data: data.slice() };
  const rank = shape.length;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  // Up to four axes, the missing leading ones of side 1.
  const sides = [1, 1, 1, 1];
  const steps = [0, 0, 0, 0];
  axes.forEach((axis, i) => {
    sides[4 - rank + i] = shape[axis]!;
    steps[4 - rank + i] = strides[axis]!;
  });
  const [a, b, c, d] = sides as [number, number, number, number];
  const [stepA, stepB, stepC, stepD] = steps as [number, number, number, number];
  const out = dtype === "int32" ? new Int32Array(data.length) : new Float32Array(data.length);
  let to = 0;
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) {
        let from = i * stepA + j * stepB + k * stepC;
        for (let l = 0; l < d; l++, from += stepD) out[to++] = data[from]!;
      }
  return { dtype, shape: axes.map((axis) => shape[axis]!), data: out };
}
