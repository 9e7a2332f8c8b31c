// Batch normalisation, cross-entropy and random numbers: each engine against plain loops, finite differences and TensorFlow's own numbers.

import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { loadEngine } from "../../../../electron/training/engines/select.ts";
import { batchNormTrain } from "../../../../shared/learning/ops/batch-norm.ts";
import { sparseSoftmaxCrossEntropy } from "../../../../shared/learning/ops/cross-entropy.ts";
import { philoxNormal, philoxUniform } from "../../../../shared/learning/ops/philox.ts";
import { statelessNormal, statelessUniform } from "../../../../shared/learning/ops/random.ts";
import { ENGINES, largestDifference, noise, on } from "../../../electron/training/engines/engines.ts";

const EPSILON = 1e-3;

// Printed by TensorFlow 2.20.0: tf.random.stateless_uniform([5], [1, 2]) and tf.random.stateless_normal([5], [1, 2]).
const UNIFORM_1_2 = [0.8440604, 0.1920453, 0.9962232, 0.1603874, 0.2719902];
const NORMAL_1_2 = [0.5441101, 0.2073803, 0.0735643, 0.0464346, -1.3015898];

/** Batch normalisation of [count, channels] in double precision, weighed into one number. */
function normalise(x: ArrayLike<number>, scale: ArrayLike<number>, offset: ArrayLike<number>, weights: ArrayLike<number>) {
  const channels = scale.length;
  const count = x.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let i = 0; i < x.length; i++) mean[i % channels]! += x[i]! / count;
  for (let i = 0; i < x.length; i++) variance[i % channels]! += (x[i]! - mean[i % channels]!) ** 2 / count;
  let weighed = 0;
  const y = Float64Array.from({ length: x.length }, (_, i) => {
    const c = i % channels;
    const value = (scale[c]! * (x[i]! - mean[c]!)) / Math.sqrt(variance[c]! + EPSILON) + offset[c]!;
    weighed += value * weights[i]!;
    return value;
  });
  return { mean, variance, y, weighed };
}

/** The derivative of a function of an array by central differences. */
function finiteDifferences(f: (x: Float64Array) => number, at: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(at);
  return x.map((value, i) => {
    const step = 1e-5;
    x[i] = value + step;
    const high = f(x);
    x[i] = value - step;
    const low = f(x);
    x[i] = value;
    return (high - low) / (2 * step);
  });
}

describe.each(ENGINES)("on the $name engine", ({ name, skip }) => {
  describe.skipIf(skip)("batchNormTrain", () => {
    const shape: [number, number, number, number] = [2, 3, 4, 5];
    const x = noise(120, 1);
    const scale = noise(5, 2).map((value) => value + 2);
    const offset = noise(5, 3);
    const weights = noise(120, 4);
    const oracle = normalise(x, scale, offset, weights);
    const run = () => batchNormTrain(tf.tensor4d(x, shape), tf.tensor1d(scale), tf.tensor1d(offset), EPSILON);

    test("normalises by the batch's mean and biased variance, and gives both", async () => {
      expect(largestDifference(await on(name, () => run().y), oracle.y)).toBeLessThan(1e-5);
      expect(largestDifference(await on(name, () => run().mean), oracle.mean)).toBeLessThan(1e-6);
      expect(largestDifference(await on(name, () => run().variance), oracle.variance)).toBeLessThan(1e-6);
    });

    test("has the gradients that finite differences give", async () => {
      const slopes = () =>
        tf.grads((x, scale, offset) =>
          tf.sum(
            tf.mul(batchNormTrain(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, EPSILON).y, tf.tensor4d(weights, shape)),
          ),
        )([tf.tensor4d(x, shape), tf.tensor1d(scale), tf.tensor1d(offset)]) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const dx = finiteDifferences((values) => normalise(values, scale, offset, weights).weighed, x);
      const dScale = finiteDifferences((values) => normalise(x, values, offset, weights).weighed, scale);
      const dOffset = finiteDifferences((values) => normalise(x, scale, values, weights).weighed, offset);
      expect(largestDifference(await on(name, () => slopes()[0]), dx)).toBeLessThan(2e-5);
      expect(largestDifference(await on(name, () => slopes()[1]), dScale)).toBeLessThan(2e-5);
      expect(largestDifference(await on(name, () => slopes()[2]), dOffset)).toBeLessThan(2e-5);
    });

    test("gives statistics to code outside the gradient, and leaves nothing behind", async () => {
      await loadEngine(name);
      const step = () =>
        tf.tidy(() => {
          let mean: tf.Tensor | undefined;
          tf.grad((x) => {
            const result = batchNormTrain(x as tf.Tensor4D, tf.tensor1d(scale), tf.tensor1d(offset), EPSILON);
            mean = tf.keep(result.mean);
            return result.y;
          })(tf.tensor4d(x, shape));
          return mean!;
        });
      const mean = step();
      expect(largestDifference(await mean.data(), oracle.mean)).toBeLessThan(1e-6);
      mean.dispose();
      const before = tf.memory().numTensors;
      step().dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe.skipIf(skip)("sparseSoftmaxCrossEntropy", () => {
    const labels = [2, 0, 1, 2];
    const logits = noise(12, 8).map((value) => value * 5);
    const losses = (values: ArrayLike<number>) =>
      labels.map((label, row) => {
        const exponentials = [0, 1, 2].map((k) => Math.exp(values[row * 3 + k]!));
        return Math.log(exponentials.reduce((sum, value) => sum + value, 0)) - values[row * 3 + label]!;
      });
    const run = (values: tf.Tensor) => sparseSoftmaxCrossEntropy(values as tf.Tensor2D, tf.tensor1d(labels, "int32"));

    test("is the negative log of each true class's probability", async () => {
      expect(largestDifference(await on(name, () => run(tf.tensor2d(logits, [4, 3]))), losses(logits))).toBeLessThan(1e-5);
    });

    test("has the gradient that finite differences give", async () => {
      const expected = finiteDifferences((values) => losses(values).reduce((sum, loss, row) => sum + loss * (row + 1), 0), logits);
      const slope = await on(name, () =>
        tf.grad((values) => tf.sum(tf.mul(run(values), tf.tensor1d([1, 2, 3, 4]))))(tf.tensor2d(logits, [4, 3])),
      );
      expect(largestDifference(slope, expected)).toBeLessThan(2e-5);
    });

    test("stays finite for logits of a thousand", async () => {
      const values = await on(name, () => run(tf.tensor2d([1000, 0, -1000, 1000, 0, -1000, 0, 0, 0, 0, 0, 0], [4, 3])));
      expect(largestDifference(values, [2000, 0, Math.log(3), Math.log(3)])).toBeLessThan(1e-3);
    });
  });

  describe.skipIf(skip)("random numbers", () => {
    const seeds: [number, number][] = [
      [0, 0],
      [1, 2],
      [-5, 77],
      [2147483647, -2147483648],
    ];

    test.each(seeds)("are the same function of the seed [%i, %i] on every engine", async (a, b) => {
      expect(await on(name, () => statelessUniform([7, 3, 11], [a, b]))).toEqual(philoxUniform([a, b], 231));
      expect(largestDifference(await on(name, () => statelessNormal([7, 3, 11], [a, b])), philoxNormal([a, b], 231))).toBeLessThan(1e-6);
    });

    test("take their seed from a tensor too", async () => {
      const values = await on(name, () => statelessUniform([5], tf.tensor1d([1, 2], "int32")));
      expect(values).toEqual(philoxUniform([1, 2], 5));
    });
  });
});

describe("Philox", () => {
  test("gives the numbers that TensorFlow 2.20.0 printed", () => {
    expect(largestDifference(philoxUniform([1, 2], 5), UNIFORM_1_2)).toBeLessThan(1e-7);
    expect(largestDifference(philoxNormal([1, 2], 5), NORMAL_1_2)).toBeLessThan(1e-6);
  });

  test("is uniform and normal in mean and variance", () => {
    const count = 100_000;
    const moments = (values: Float32Array) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count] as const;
    };
    const [uniformMean, uniformVariance] = moments(philoxUniform([3, 4], count));
    expect(uniformMean).toBeCloseTo(0.5, 2);
    expect(uniformVariance).toBeCloseTo(1 / 12, 2);
    const [normalMean, normalVariance] = moments(philoxNormal([3, 4], count));
    expect(Math.abs(normalMean)).toBeLessThan(0.02);
    expect(Math.abs(normalVariance - 1)).toBeLessThan(0.02);
  });

  test("differs for seeds that differ in either half", () => {
    const first = philoxUniform([1, 2], 8);
    for (const seed of [
      [2, 2],
      [1, 3],
      [2, 1],
    ] as const)
      expect(philoxUniform(seed, 8)).not.toEqual(first);
  });
});
