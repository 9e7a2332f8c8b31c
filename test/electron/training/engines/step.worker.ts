// A few steps of training a small residual network, in a worker thread, on the engine that it is told.

import { parentPort, workerData } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import { type EngineName, loadEngine } from "../../../../electron/training/engines/select.ts";
import { batchNormTrain } from "../../../../shared/learning/ops/batch-norm.ts";
import { sparseSoftmaxCrossEntropy } from "../../../../shared/learning/ops/cross-entropy.ts";
import { statelessNormal } from "../../../../shared/learning/ops/random.ts";

const { engine, batch, size, steps } = workerData as { engine: EngineName; batch: number; size: number; steps: number };
const [channels, width, classes] = [10, 16, 5];

const info = await loadEngine(engine);
let seed = 0;
const parameter = (shape: number[], scale: number) => tf.variable(tf.mul(statelessNormal(shape, [seed++, 7]), scale));
const parameters = {
  stem: parameter([7, 7, channels, width], 0.05),
  first: parameter([3, 3, width, width], 0.1),
  second: parameter([3, 3, width, width], 0.1),
  down: parameter([1, 1, width, 2 * width], 0.2),
  dense: parameter([2 * width, classes], 0.2),
  scale: tf.variable(tf.ones([width])),
  offset: tf.variable(tf.zeros([width])),
};
const images = statelessNormal<tf.Rank.R4>([batch, size, size, channels], [1, 1]);
const labels = tf.tidy(() => tf.cast(tf.mod(tf.range(0, batch), classes), "int32")) as tf.Tensor1D;

function loss(): tf.Scalar {
  const { stem, first, second, down, dense, scale, offset } = parameters;
  const pad = (n: number): tf.backend_util.ExplicitPadding => [
    [0, 0],
    [n, n],
    [n, n],
    [0, 0],
  ];
  const norm = (x: tf.Tensor4D) => batchNormTrain(x, scale as tf.Tensor1D, offset as tf.Tensor1D, 1e-5).y;
  let x = tf.relu(norm(tf.conv2d(images, stem as tf.Tensor4D, 2, pad(3))));
  x = tf.maxPool<tf.Tensor4D>(x, 3, 2, "same");
  const inner = tf.relu(norm(tf.conv2d(x, first as tf.Tensor4D, 1, "same")));
  x = tf.relu(tf.add<tf.Tensor4D>(x, norm(tf.conv2d(inner, second as tf.Tensor4D, 1, "same"))));
  x = tf.conv2d(x, down as tf.Tensor4D, 2, "valid");
  const logits = tf.matMul<tf.Tensor2D>(tf.mean<tf.Tensor2D>(x, [1, 2]), dense as tf.Tensor2D);
  return tf.mean(sparseSoftmaxCrossEntropy(logits, labels)) as tf.Scalar;
}

const optimizer = tf.train.momentum(0.1, 0.9);
const losses: number[] = [];
let startedMs = 0;
let tensors = 0;
for (let step = 0; step < steps; step++) {
  if (step === 1) startedMs = performance.now();
  const value = optimizer.minimize(loss, true)!;
  losses.push((await value.data())[0]!);
  value.dispose();
  if (step === 1) tensors = tf.memory().numTensors;
}
const leaked = tf.memory().numTensors - tensors;
parentPort!.postMessage({ info, losses, leaked, stepMs: (performance.now() - startedMs) / (steps - 1) });
