// The shapes that the recorder tells without computing are those that TensorFlow gives.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { DTYPES, type GraphDtype } from "../../../../../electron/training/engines/compiled/graph.ts";
import { nativeBackend } from "../../../../../electron/training/engines/compiled/native-backend.ts";
import { createRecorder } from "../../../../../electron/training/engines/compiled/recorder.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import { batchNormTrain } from "../../../../../shared/learning/ops/batch-norm.ts";
import { relu } from "../../../../../shared/learning/ops/relu.ts";
import { hasTensorflow } from "../engines.ts";

type Calculation = (x: tf.Tensor4D) => tf.Tensor;

const pads: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [3, 2],
  [3, 2],
  [0, 0],
];
const filter = (side: number) => tf.ones<tf.Rank.R4>([side, side, 3, 5]);

const CALCULATIONS: Readonly<Record<string, Calculation>> = {
  ...Object.fromEntries(
    (["same", "valid"] as const).flatMap((padding) =>
      [1, 2].flatMap((stride) =>
        [1, 3].map((side) => [
          `conv2d ${side}, stride ${stride}, ${padding}`,
          (x: tf.Tensor4D) => tf.conv2d(x, filter(side), stride, padding),
        ]),
      ),
    ),
  ),
  "conv2d with explicit padding": (x) => tf.conv2d(x, filter(7), 2, pads),
  "maxPool same": (x) => tf.maxPool(x, 3, 2, "same"),
  "maxPool valid": (x) => tf.maxPool(x, 3, 2, "valid"),
  broadcasting: (x) => tf.sub(tf.mul(x, tf.ones([3])), tf.ones([9, 1, 1, 1]).reshape([1, 9, 1, 1])),
  comparison: (x) => tf.cast(tf.logicalAnd(tf.greater(x, 0), tf.less(x, tf.scalar(1))), "float32"),
  reductions: (x) => tf.add(tf.sum(x, [1, -1], true), tf.mean(x, [2, 3], true)),
  "reduction to a scalar": (x) => tf.max(x),
  reshape: (x) => tf.reshape(x, [-1, 9]),
  transpose: (x) => tf.transpose(x, [3, 0, 2, 1]),
  "matMul transposed": (x) => tf.matMul(tf.reshape(x, [-1, 9]), tf.ones([4, 9]), false, true),
  "matMul batched": (x) => tf.matMul(tf.reshape(x, [2, 9, 27]), tf.ones([2, 9, 4]), true, false),
  concat: (x) => tf.concat([x, x], 1),
  split: (x) => tf.split(x, [1, 2], 3)[1]!,
  slice: (x) => tf.slice(x, [0, 1], [1, 2]),
  pad: (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 2],
      [0, 0],
      [0, 1],
    ]),
  gather: (x) => tf.gather(x, tf.tensor1d([1, 0, 1], "int32")),
  "image transform": (x) => tf.image.transform(x, tf.ones([2, 8]), "bilinear", "reflect"),
  oneHot: (x) => tf.mul(tf.oneHot(tf.tensor1d([0, 2], "int32"), 3), tf.mean(x)),
  elu: (x) => tf.elu(x),
};

describe.skipIf(!hasTensorflow)("a recording", () => {
  beforeAll(async () => {
    await loadEngine("tensorflow");
  });

  /** Every operation is recorded, and run as well: what was told and what came are compared one by one. */
  function check(calculate: (inputs: tf.Tensor[]) => tf.Tensor[], shape: number[]): number {
    const backend = nativeBackend();
    const recorder = createRecorder(backend);
    const [x] = recorder.add("Placeholder", [], {}, [{ shape, dtype: "float32" }], "x");
    const real = tf.tidy(() => calculate([tf.ones(shape)]));
    const names = recorder.record("f", [x!], calculate);
    names.forEach((name, i) => {
      const { shape: told, dtype } = recorder.graph.tensors.get(name)!;
      expect({ shape: told, dtype }, name).toEqual({ shape: real[i]!.shape, dtype: real[i]!.dtype as GraphDtype });
      expect(DTYPES[dtype]).toBeGreaterThan(0);
    });
    tf.dispose(real);
    return recorder.graph.nodes.length;
  }

  it.each(Object.entries(CALCULATIONS))("knows the shape of %s, and of its gradient", (name, calculate) => {
    const isDifferentiable = !/comparison|oneHot|image/.test(name);
    const nodes = check(
      ([x]) => [
        calculate(x as tf.Tensor4D),
        ...(isDifferentiable ? [tf.grad((input: tf.Tensor) => tf.sum(calculate(input as tf.Tensor4D)))(x!)] : []),
      ],
      [2, 9, 9, 3],
    );
    expect(nodes).toBeGreaterThan(1);
  });

  it("knows the shapes of fused operations", () => {
    check(
      ([x]) => {
        const { y, mean, variance } = batchNormTrain(x as tf.Tensor4D, tf.ones([3]), tf.zeros([3]), 1e-5);
        return [relu(y), mean, variance];
      },
      [2, 9, 9, 3],
    );
  });

  it("computes nothing: a step of terabytes is recorded at once", () => {
    const recorder = createRecorder(nativeBackend());
    const shape = [1_000_000, 120, 120, 10];
    const [x] = recorder.add("Placeholder", [], {}, [{ shape, dtype: "float32" }], "x");
    const [y] = recorder.record("f", [x!], ([input]) => [tf.relu(tf.add(input!, 1))]);
    expect(recorder.graph.tensors.get(y!)!.shape).toEqual(shape);
  });
});
