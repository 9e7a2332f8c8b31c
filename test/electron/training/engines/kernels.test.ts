// The kernels that this application adds to an engine or corrects, against plain loops.

import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ENGINES, largestDifference, noise, on } from "./engines.ts";

type Shape4 = [number, number, number, number];
type Visit = (image: number, tap: number, out: number) => void;

/** Walks over what every output pixel of a sliding window reads: offsets of the pixel [N, H, W], the tap [K, K] and the output [N, OH, OW]. */
function slide([n, h, w]: readonly number[], k: number, stride: number, before: number, after: number, visit: Visit): [number, number] {
  const outH = Math.floor((h! + before + after - k) / stride) + 1;
  const outW = Math.floor((w! + before + after - k) / stride) + 1;
  for (let b = 0; b < n!; b++)
    for (let row = 0; row < outH; row++)
      for (let column = 0; column < outW; column++)
        for (let i = 0; i < k; i++)
          for (let j = 0; j < k; j++) {
            const y = row * stride - before + i;
            const x = column * stride - before + j;
            if (y < 0 || x < 0 || y >= h! || x >= w!) continue;
            visit((b * h! + y) * w! + x, i * k + j, (b * outH + row) * outW + column);
          }
  return [outH, outW];
}

const explicit = (before: number, after: number): tf.backend_util.ExplicitPadding => [
  [0, 0],
  [before, after],
  [before, after],
  [0, 0],
];

describe.each(ENGINES)("on the $name engine", ({ name, skip }) => {
  describe.skipIf(skip)("", () => {
    test.each([
      { label: "3 x 3", k: 3, stride: 1, before: 1, after: 1, pad: "same" as const },
      { label: "3 x 3, stride 2, padded before only", k: 3, stride: 2, before: 1, after: 0, pad: explicit(1, 0) },
      { label: "3 x 3, stride 2, padded on both sides", k: 3, stride: 2, before: 1, after: 1, pad: explicit(1, 1) },
      { label: "7 x 7, stride 2, padded by 3", k: 7, stride: 2, before: 3, after: 3, pad: explicit(3, 3) },
      { label: "1 x 1", k: 1, stride: 1, before: 0, after: 0, pad: "valid" as const },
      { label: "1 x 1, stride 2", k: 1, stride: 2, before: 0, after: 0, pad: "valid" as const },
      { label: "2 x 2, stride 3", k: 2, stride: 3, before: 0, after: 0, pad: "valid" as const },
    ])("a convolution of $label and its gradients are the plain loops'", async ({ k, stride, before, after, pad }) => {
      const [n, size, cIn, cOut] = [2, 8, 3, 4];
      const shape: Shape4 = [n, size, size, cIn];
      const filterShape: Shape4 = [k, k, cIn, cOut];
      const x = noise(n * size * size * cIn, 1);
      const w = noise(k * k * cIn * cOut, 2);
      const outSize = Math.floor((size + before + after - k) / stride) + 1;
      const dy = noise(n * outSize * outSize * cOut, 3);
      const y = new Float64Array(dy.length);
      const dx = new Float64Array(x.length);
      const dw = new Float64Array(w.length);
      slide(shape, k, stride, before, after, (image, tap, out) => {
        for (let i = 0; i < cIn; i++)
          for (let o = 0; o < cOut; o++) {
            const [at, to, weight] = [image * cIn + i, out * cOut + o, (tap * cIn + i) * cOut + o];
            y[to]! += x[at]! * w[weight]!;
            dx[at]! += dy[to]! * w[weight]!;
            dw[weight]! += dy[to]! * x[at]!;
          }
      });
      const convolve = (image: tf.Tensor, filter: tf.Tensor) => tf.conv2d(image as tf.Tensor4D, filter as tf.Tensor4D, stride, pad);
      const slopes = () =>
        tf.grads(convolve)([tf.tensor4d(x, shape), tf.tensor4d(w, filterShape)], tf.tensor4d(dy, [n, outSize, outSize, cOut])) as [
          tf.Tensor,
          tf.Tensor,
        ];
      expect(largestDifference(await on(name, () => convolve(tf.tensor4d(x, shape), tf.tensor4d(w, filterShape))), y)).toBeLessThan(1e-5);
      expect(largestDifference(await on(name, () => slopes()[0]), dx)).toBeLessThan(1e-5);
      expect(largestDifference(await on(name, () => slopes()[1]), dw)).toBeLessThan(3e-5);
    });

    test.each([1, 2])("a depthwise convolution's gradients are the plain loops', %i filters a channel", async (multiplier) => {
      const [n, size, c, k] = [2, 6, 3, 3];
      const x = noise(n * size * size * c, 1);
      const w = noise(k * k * c * multiplier, 2);
      const dy = noise(n * size * size * c * multiplier, 3);
      const dx = new Float64Array(x.length);
      const dw = new Float64Array(w.length);
      slide([n, size, size], k, 1, 1, 1, (image, tap, out) => {
        for (let i = 0; i < c; i++)
          for (let m = 0; m < multiplier; m++) {
            const [at, to, weight] = [image * c + i, (out * c + i) * multiplier + m, (tap * c + i) * multiplier + m];
            dx[at]! += dy[to]! * w[weight]!;
            dw[weight]! += dy[to]! * x[at]!;
          }
      });
      const slopes = () =>
        tf.grads((image, filter) => tf.depthwiseConv2d(image as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"))(
          [tf.tensor4d(x, [n, size, size, c]), tf.tensor4d(w, [k, k, c, multiplier])],
          tf.tensor4d(dy, [n, size, size, c * multiplier]),
        ) as [tf.Tensor, tf.Tensor];
      expect(largestDifference(await on(name, () => slopes()[0]), dx)).toBeLessThan(1e-5);
      expect(largestDifference(await on(name, () => slopes()[1]), dw)).toBeLessThan(2e-5);
    });

    test.each([
      { pad: "valid" as const, before: 0, after: 0 },
      { pad: "same" as const, before: 0, after: 1 },
    ])("max pooling ($pad) sends gradients to each window's largest value, negative ones too", async ({ pad, before, after }) => {
      const shape: Shape4 = [2, 6, 6, 3];
      const x = noise(2 * 36 * 3).map((value) => value - 2);
      const outSize = Math.floor((6 + before + after - 3) / 2) + 1;
      const dy = noise(2 * outSize * outSize * 3, 9);
      const best = new Map<number, number>();
      slide(shape, 3, 2, before, after, (image, _tap, out) => {
        for (let c = 0; c < 3; c++) {
          const [at, to] = [image * 3 + c, out * 3 + c];
          const largest = best.get(to);
          if (largest === undefined || x[at]! > x[largest]!) best.set(to, at);
        }
      });
      const dx = new Float64Array(x.length);
      for (const [to, at] of best) dx[at]! += dy[to]!;
      const slope = () =>
        tf.grad((image) => tf.maxPool(image as tf.Tensor4D, 3, 2, pad))(tf.tensor4d(x, shape), tf.tensor4d(dy, [2, outSize, outSize, 3]));
      expect(largestDifference(await on(name, slope), dx)).toBeLessThan(1e-6);
    });

    test("average pooling does not count the padding, nor does its gradient", async () => {
      const shape: Shape4 = [1, 4, 4, 2];
      const counts = new Float64Array(16);
      slide(shape, 3, 1, 1, 1, (_image, _tap, out) => {
        counts[out]!++;
      });
      const dy = noise(32, 4);
      const dx = new Float64Array(32);
      slide(shape, 3, 1, 1, 1, (image, _tap, out) => {
        for (let c = 0; c < 2; c++) dx[image * 2 + c]! += dy[out * 2 + c]! / counts[out]!;
      });
      const pool = (image: tf.Tensor) => tf.avgPool(image as tf.Tensor4D, 3, 1, "same");
      expect(largestDifference(await on(name, () => pool(tf.ones(shape))), new Float32Array(32).fill(1))).toBeLessThan(1e-6);
      expect(largestDifference(await on(name, () => tf.grad(pool)(tf.ones(shape), tf.tensor4d(dy, shape))), dx)).toBeLessThan(1e-6);
    });

    test("a reflecting transform mirrors the image across its edges, edge pixels repeated", async () => {
      const shift = (x: number, y: number) => tf.tensor2d([1, 0, x, 0, 1, y, 0, 0], [1, 8]);
      const row = () => tf.tensor4d([1, 2, 3, 4], [1, 1, 4, 1]);
      const left = await on(name, () => tf.image.transform(row(), shift(-3, 0), "bilinear", "reflect"));
      expect([...left]).toEqual([3, 2, 1, 1]); // c b a | a
      const right = await on(name, () => tf.image.transform(row(), shift(3, 0), "nearest", "reflect"));
      expect([...right]).toEqual([4, 4, 3, 2]); // d | d c b
      const half = await on(name, () => tf.image.transform(row(), shift(-0.5, 0), "bilinear", "reflect"));
      expect(largestDifference(half, [1, 1.5, 2.5, 3.5])).toBeLessThan(1e-6);
      const column = await on(name, () => tf.image.transform(tf.tensor4d([1, 2, 3, 4], [1, 4, 1, 1]), shift(0, -2), "bilinear", "reflect"));
      expect([...column]).toEqual([2, 1, 1, 2]);
      const far = await on(name, () => tf.image.transform(row(), shift(-11, 0), "bilinear", "reflect"));
      expect([...far]).toEqual([4, 4, 3, 2].map((_, i) => [1, 2, 3, 4, 4, 3, 2, 1][(((i - 11) % 8) + 8) % 8]));
    });

    test("a one-hot of floats holds the values asked for", async () => {
      const values = await on(name, () => tf.oneHot(tf.tensor1d([1, 0], "int32"), 3, 0.75, -0.5, "float32"));
      expect([...values]).toEqual([-0.5, 0.75, -0.5, 0.75, -0.5, -0.5]);
    });

    test("the gradient of a gather adds up what was taken twice", async () => {
      const slope = await on(name, () =>
        tf.grad((x) => tf.gather(x, tf.tensor1d([2, 0, 2], "int32")))(tf.zeros([3, 2]), tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])),
      );
      expect([...slope]).toEqual([3, 4, 0, 0, 6, 8]);
    });

    test("no tensor is left behind by a gradient step", async () => {
      const step = () =>
        tf.tidy(() =>
          tf.grad((x) => tf.maxPool(tf.conv2d(x as tf.Tensor4D, tf.ones([3, 3, 2, 2]), 2, explicit(1, 1)), 2, 2, "valid"))(
            tf.ones([1, 8, 8, 2]),
          ),
        );
      await on(name, step);
      const before = tf.memory().numTensors;
      await on(name, step);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
