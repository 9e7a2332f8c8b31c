// The engines that this machine can run, for tests that are repeated on each.

import * as tf from "@tensorflow/tfjs-core";
import { findRuntime } from "../../../../electron/training/engines/runtime.ts";
import { type EngineName, loadEngine } from "../../../../electron/training/engines/select.ts";

const native = findRuntime();
if (native.kind === "absent") console.warn(`Tests of the tensorflow engine are skipped: ${native.reason}`);

/** Whether the native engine can be tested here. */
export const hasTensorflow = native.kind === "ready";

/** Each engine with whether its tests are to be skipped. */
export const ENGINES: readonly { readonly name: EngineName; readonly skip: boolean }[] = [
  { name: "tensorflow", skip: !hasTensorflow },
  { name: "wasm", skip: false },
];

/** Runs a calculation on an engine and brings its result to JavaScript. */
export async function on(name: EngineName, calculate: () => tf.Tensor): Promise<Float32Array | Int32Array | Uint8Array> {
  await loadEngine(name);
  const result = tf.tidy(calculate);
  const values = await result.data();
  result.dispose();
  return values;
}

/** Reproducible pseudo-random values in [-1, 1). */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  });
}

/** The largest absolute difference of two arrays of one length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++)
    largest = Math.max(largest, Number.isFinite(a[i]! - b[i]!) ? Math.abs(a[i]! - b[i]!) : Number.POSITIVE_INFINITY);
  return largest;
}
