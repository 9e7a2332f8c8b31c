// Random tensors that are a pure function of a seed: the same numbers on every engine, so a run replays wherever it goes on.

import * as tf from "@tensorflow/tfjs-core";
import { philoxNormal, philoxUniform } from "./philox.ts";

/** Two 32-bit integers, or an int32 tensor [2] of them (as a compiled step needs, whose seed is an input). */
export type Seed = readonly [number, number] | tf.Tensor1D;

/**
 * Standard normal numbers.
 * @param shape of the result
 * @param seed the numbers are a function of it and the shape alone
 */
export function statelessNormal<R extends tf.Rank = tf.Rank>(shape: tf.ShapeMap[R], seed: Seed): tf.Tensor<R> {
  return stateless("StatelessRandomNormal", shape, seed, philoxNormal) as tf.Tensor<R>;
}

/**
 * Uniform numbers in [0, 1).
 * @param shape of the result
 * @param seed the numbers are a function of it and the shape alone
 */
export function statelessUniform<R extends tf.Rank = tf.Rank>(shape: tf.ShapeMap[R], seed: Seed): tf.Tensor<R> {
  return stateless("StatelessRandomUniform", shape, seed, philoxUniform) as tf.Tensor<R>;
}

function stateless(
  kernel: string,
  shape: number[],
  seed: Seed,
  fill: (seed: readonly [number, number], count: number) => Float32Array,
): tf.Tensor {
  return tf.tidy(() => {
    if (tf.getKernel(kernel, tf.getBackend())) {
      const seedTensor = seed instanceof tf.Tensor ? seed : tf.tensor1d([...seed], "int32");
      return tf.engine().runKernel(kernel, { seed: seedTensor }, { shape }) as tf.Tensor;
    }
    const [a, b] = seed instanceof tf.Tensor ? seed.dataSync() : seed;
    return tf.tensor(fill([a!, b!], tf.util.sizeFromShape(shape)), shape, "float32");
  });
}
