// Every operation that learning uses, with its gradient, gives the same numbers on both engines.

import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { batchNormTrain } from "../../../../shared/learning/ops/batch-norm.ts";
import { sparseSoftmaxCrossEntropy } from "../../../../shared/learning/ops/cross-entropy.ts";
import { hasTensorflow, largestDifference, noise, on } from "./engines.ts";

type Operation = (x: tf.Tensor4D) => tf.Tensor;

const X: [number, number, number, number] = [3, 6, 6, 4];
const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [3, 3],
  [3, 3],
  [0, 0],
];
const filter = (h: number, w: number, cIn: number, cOut: number) => tf.tensor4d(noise(h * w * cIn * cOut, 7), [h, w, cIn, cOut]);
const flat = (x: tf.Tensor4D) => tf.reshape(x, [12, 36]);
const positive = (x: tf.Tensor) => tf.add(tf.abs(x), 0.1);
const mask = () => tf.greater(tf.tensor4d(noise(3 * 6 * 6 * 4, 5), X), 0.1);
const warp = () => tf.tensor2d([0.9, 0.2, -0.5, -0.2, 0.9, 1.5, 0, 0, 1, 0, 2.5, 0, 1, -3, 0, 0, 1, 0.1, -9, 0.05, 1, 7.5, 0, 0], [3, 8]);

/** Differentiable in x. */
const DIFFERENTIABLE: Readonly<Record<string, Operation>> = {
  "conv2d 3x3 same": (x) => tf.conv2d(x, filter(3, 3, 4, 5), 1, "same"),
  "conv2d 3x3 same, stride 2": (x) => tf.conv2d(x, filter(3, 3, 4, 5), 2, "same"),
  "conv2d 7x7 explicit, stride 2": (x) => tf.conv2d(x, filter(7, 7, 4, 5), 2, explicit),
  "conv2d 1x1 valid, stride 2": (x) => tf.conv2d(x, filter(1, 1, 4, 5), 2, "valid"),
  "conv2d 1x3 same": (x) => tf.conv2d(x, filter(1, 3, 4, 5), 1, "same"),
  "depthwiseConv2d same": (x) => tf.depthwiseConv2d(x, filter(3, 3, 4, 1), 1, "same"),
  "separableConv2d same": (x) => tf.separableConv2d(x, filter(3, 3, 4, 1), filter(1, 1, 4, 6), 1, "same"),
  "maxPool valid": (x) => tf.maxPool(x, 2, 2, "valid"),
  "maxPool same, stride 2": (x) => tf.maxPool(x, 3, 2, "same"),
  "avgPool same": (x) => tf.avgPool(x, 3, 1, "same"),
  "avgPool valid": (x) => tf.avgPool(x, 2, 2, "valid"),
  batchNormTrain: (x) => batchNormTrain(x, tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([0, 1, 0, 1]), 1e-5).y,
  batchNorm: (x) => tf.batchNorm(x, tf.tensor1d([0, 0.1, 0, 0]), tf.tensor1d([1, 2, 1, 1]), tf.ones([4]), tf.ones([4]), 1e-5),
  sparseSoftmaxCrossEntropy: (x) => sparseSoftmaxCrossEntropy(flat(x) as tf.Tensor2D, tf.range(0, 12, 1, "int32")),
  "matMul transposed": (x) => tf.matMul(flat(x), flat(x), false, true),
  "matMul batched": (x) => tf.matMul(tf.reshape(x, [3, 36, 4]), tf.reshape(x, [3, 4, 36])),
  "matMul, both transposed": (x) => tf.matMul(flat(x), tf.reshape(x, [36, 12]), true, true),
  "matMul batched, first transposed": (x) => tf.matMul(tf.reshape(x, [3, 36, 4]), tf.reshape(x, [3, 36, 4]), true, false),
  "matMul of one matrix with a batch": (x) => tf.matMul(tf.reshape(filter(1, 1, 4, 5), [1, 5, 4]), tf.reshape(x, [3, 4, 36])),
  "matMul broadcast": (x) => tf.matMul(tf.reshape(x, [3, 36, 4]), tf.reshape(filter(1, 1, 4, 5), [1, 4, 5])),
  "dot of vectors": (x) => tf.dot(tf.reshape(x, [-1]), tf.reshape(x, [-1])),
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(tf.mul(x, 8)),
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  sigmoid: (x) => tf.sigmoid(x),
  softplus: (x) => tf.softplus(x),
  tanh: (x) => tf.tanh(x),
  exp: (x) => tf.exp(x),
  log: (x) => tf.log(positive(x)),
  log1p: (x) => tf.log1p(positive(x)),
  sqrt: (x) => tf.sqrt(positive(x)),
  rsqrt: (x) => tf.rsqrt(positive(x)),
  square: (x) => tf.square(x),
  pow: (x) => tf.pow(positive(x), 1.7),
  abs: (x) => tf.abs(x),
  neg: (x) => tf.neg(x),
  sin: (x) => tf.sin(x),
  cos: (x) => tf.cos(x),
  erf: (x) => tf.erf(x),
  clipByValue: (x) => tf.clipByValue(x, -0.5, 0.5),
  "add, sub, mul, div broadcast": (x) => tf.div(tf.mul(tf.add(x, tf.tensor1d([1, 2, 3, 4])), tf.sub(x, 3)), tf.tensor1d([1, 2, 3, 4])),
  "maximum, minimum": (x) => tf.minimum(tf.maximum(x, tf.neg(x)), 0.5),
  squaredDifference: (x) => tf.squaredDifference(x, tf.reverse(x, 1)),
  where: (x) => tf.where(mask(), x, tf.mul(x, 3)),
  sum: (x) => tf.sum(x, [1, 2]),
  mean: (x) => tf.mean(x, [1, 2], true),
  moments: (x) => tf.moments(x, [0, 1, 2]).variance,
  max: (x) => tf.max(x, 3),
  min: (x) => tf.min(x, [1, 2]),
  prod: (x) => tf.prod(x, 3),
  logSumExp: (x) => tf.logSumExp(flat(x), 1),
  softmax: (x) => tf.softmax(flat(x)),
  logSoftmax: (x) => tf.logSoftmax(flat(x)),
  norm: (x) => tf.norm(flat(x), "euclidean", 1, true),
  transpose: (x) => tf.transpose(x, [3, 1, 2, 0]),
  reshape: (x) => tf.reshape(x, [3, -1]),
  reverse: (x) => tf.reverse(x, [1, 2]),
  pad: (x) => tf.pad(x, explicit),
  mirrorPad: (x) => tf.mirrorPad(x, explicit, "reflect"),
  slice: (x) => tf.slice(x, [0, 1, 2, 0], [-1, 3, 3, 2]),
  "slice of long rows": (x) => tf.slice(tf.reshape(x, [6, 2, 36]), [1, 0, 3], [4, 2, 31]),
  "slice of whole rows": (x) => tf.slice(x, [1, 2, 0, 0], [2, 3, 6, 4]),
  concat: (x) => tf.concat([x, tf.mul(x, 2)], 3),
  split: (x) => tf.split(x, 2, 3)[1]!,
  "split in unequal parts": (x) => tf.split(tf.reshape(x, [432]), [100, 300, 32])[1]!,
  stack: (x) => tf.stack([x, tf.mul(x, 2)], 1),
  unstack: (x) => tf.unstack(x, 0)[1]!,
  tile: (x) => tf.tile(x, [1, 2, 1, 3]),
  expandDims: (x) => tf.expandDims(x, 1),
  broadcastTo: (x) => tf.broadcastTo(tf.slice(x, [0, 0, 0, 0], [1, 6, 6, 4]), [3, 6, 6, 4]),
  gather: (x) => tf.gather(x, tf.tensor1d([2, 0, 2, 1], "int32"), 0),
  "gather columns": (x) => tf.gather(flat(x), tf.tensor1d([5, 5, 1], "int32"), 1),
  resizeBilinear: (x) => tf.image.resizeBilinear(x, [9, 4], false, true),
  resizeNearestNeighbor: (x) => tf.image.resizeNearestNeighbor(x, [12, 3], false, true),
  dropoutByMask: (x) => tf.mul(x, tf.cast(mask(), "float32")),
};

/** No gradient is asked of these: tfjs-core has none, or (cumsum along an inner axis) a wrong one. */
const FORWARD_ONLY: Readonly<Record<string, Operation>> = {
  divNoNan: (x) => tf.divNoNan(x, tf.tensor1d([0, 2, 3, 4])),
  cumsum: (x) => tf.cumsum(x, 1),
  stridedSlice: (x) => tf.stridedSlice(x, [0, 0, 0, 0], [3, 6, 6, 4], [1, 2, 2, 1]),
  gatherND: (x) => tf.gatherND(x, tf.tensor2d([0, 1, 2, 2, 5, 5], [2, 3], "int32")),
  "slice of nothing": (x) => tf.slice(x, [0, 0, 0, 0], [0, 6, 6, 4]),
  "slice of truth values": (x) => tf.cast(tf.slice(tf.greater(x, 0), [1, 0, 1, 1], [2, 6, 3, 2]), "int32"),
  oneHot: (x) => tf.oneHot(tf.cast(tf.mul(positive(tf.slice(x, 0, 1)), 4), "int32"), 5),
  "oneHot of floats": () => tf.oneHot(tf.tensor1d([0, 4, 2], "int32"), 5, 2.5, -1, "float32"),
  argMax: (x) => tf.argMax(flat(x), 1),
  topk: (x) => tf.topk(flat(x), 5).values,
  "topk indices": (x) => tf.topk(flat(x), 5).indices,
  "transform nearest, constant": (x) => tf.image.transform(x, warp(), "nearest", "constant", 0.5),
  "transform bilinear, constant": (x) => tf.image.transform(x, warp(), "bilinear", "constant", 0.5),
  "transform bilinear, reflect": (x) => tf.image.transform(x, warp(), "bilinear", "reflect"),
  "transform nearest, reflect": (x) => tf.image.transform(x, warp(), "nearest", "reflect"),
  "transform bilinear, wrap": (x) => tf.image.transform(x, warp(), "bilinear", "wrap"),
  "transform bilinear, nearest": (x) => tf.image.transform(x, warp(), "bilinear", "nearest"),
  "transform to another size": (x) => tf.image.transform(x, warp(), "bilinear", "reflect", 0, [4, 9]),
  "cast to int32": (x) => tf.cast(tf.mul(x, 10), "int32"),
  "cast of bool": (x) => tf.cast(tf.greater(x, 0), "float32"),
  floor: (x) => tf.floor(tf.mul(x, 5)),
  round: (x) => tf.round(tf.mul(x, 5)),
  sign: (x) => tf.sign(x),
  mod: (x) => tf.mod(tf.mul(x, 5), 2),
  "floorDiv of integers": (x) => tf.floorDiv(tf.cast(tf.mul(x, 50), "int32"), tf.scalar(7, "int32")),
  "comparisons and logic": (x) =>
    tf.logicalOr(tf.logicalAnd(tf.lessEqual(x, 0), tf.notEqual(x, 1)), tf.logicalNot(tf.greaterEqual(x, 0.5))),
  equal: (x) => tf.equal(tf.round(x), 0),
  "any, all": (x) => tf.add(tf.cast(tf.any(tf.greater(x, 0.5), 1), "int32"), tf.cast(tf.all(tf.greater(x, -0.9), 1), "int32")),
  isNaN: (x) => tf.isNaN(tf.log(x)),
  atan2: (x) => tf.atan2(x, tf.reverse(x, 1)),
  range: () => tf.range(0, 10, 2),
  linspace: () => tf.linspace(0, 1, 7),
  eye: () => tf.eye(4),
  "zerosLike, onesLike, fill": (x) => tf.add(tf.add(tf.zerosLike(x), tf.onesLike(x)), tf.fill([4], 3)),
  scatterND: () => tf.scatterND(tf.tensor2d([[1], [3]], [2, 1], "int32"), tf.tensor1d([5, 6]), [5]),
};

describe.skipIf(!hasTensorflow)("the wasm engine agrees with the tensorflow engine in", () => {
  const image = () => tf.tensor4d(noise(3 * 6 * 6 * 4), X);

  test.each(Object.entries({ ...DIFFERENTIABLE, ...FORWARD_ONLY }))("%s", async (_name, operation) => {
    const expected = await on("tensorflow", () => operation(image()));
    const got = await on("wasm", () => operation(image()));
    expect(largestDifference(got, expected)).toBeLessThan(2e-5 * Math.max(1, ...expected.map(Math.abs)));
  });

  test.each(Object.entries(DIFFERENTIABLE))("the gradient of %s", async (_name, operation) => {
    const slope = () => tf.grad((x) => tf.sum(tf.sin(operation(x as tf.Tensor4D))))(image());
    const expected = await on("tensorflow", slope);
    const got = await on("wasm", slope);
    expect(largestDifference(got, expected)).toBeLessThan(2e-4 * Math.max(1, ...expected.map(Math.abs)));
  });
});
