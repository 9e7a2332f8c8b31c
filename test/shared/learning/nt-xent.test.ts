// NT-Xent and DCL against the paper's pseudocode as loops, analytic cases, finite differences and PyTorch's numbers.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { chanceLoss, contrastiveLoss } from "../../../shared/learning/nt-xent.ts";
import fixtures from "../../fixtures/learning.json" with { type: "json" };
import { pseudo, relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const LOSSES = ["nt-xent", "dcl"] as const;
type Loss = (typeof LOSSES)[number];

/** SimCLR, algorithm 1, and DCL, equation 6, word by word. */
function oracle(z: ArrayLike<number>, n: number, d: number, temperature: number, loss: Loss): number {
  const cosine = (i: number, j: number) => {
    let dot = 0;
    let a = 0;
    let b = 0;
    for (let k = 0; k < d; k++) {
      dot += z[i * d + k]! * z[j * d + k]!;
      a += z[i * d + k]! ** 2;
      b += z[j * d + k]! ** 2;
    }
    return dot / Math.sqrt(a * b);
  };
  let total = 0;
  for (let i = 0; i < 2 * n; i++) {
    const j = (i + n) % (2 * n);
    let denominator = 0;
    for (let k = 0; k < 2 * n; k++) if (k !== i && (loss === "nt-xent" || k !== j)) denominator += Math.exp(cosine(i, k) / temperature);
    total -= Math.log(Math.exp(cosine(i, j) / temperature) / denominator);
  }
  return total / (2 * n);
}

const evaluate = (z: ArrayLike<number>, n: number, d: number, temperature: number, loss: Loss) =>
  tf.tidy(() => contrastiveLoss(tf.tensor2d(Float32Array.from(z), [2 * n, d]), { loss, temperature }).dataSync()[0]!);

describe.each(LOSSES)("%s", (loss) => {
  test("equals the literal loops over a grid of n, dimension and temperature", () => {
    for (const n of [2, 3, 8, 16])
      for (const d of [1, 2, 5, 32])
        for (const temperature of [0.05, 0.1, 0.5, 1, 5]) {
          const z = pseudo(`grid ${n} ${d}`, 2 * n * d);
          const expected = oracle(z, n, d, temperature, loss);
          expect(Math.abs(evaluate(z, n, d, temperature, loss) - expected), `n ${n}, d ${d}, t ${temperature}`).toBeLessThan(
            2e-5 * (1 + Math.abs(expected)) + 1e-6 / temperature,
          );
        }
  });

  test("does not change when the two views change places", () => {
    const [n, d] = [6, 4];
    const z = pseudo("symmetry", 2 * n * d);
    const swapped = Float64Array.from([...z.subarray(n * d), ...z.subarray(0, n * d)]);
    expect(evaluate(swapped, n, d, 0.1, loss)).toBeCloseTo(evaluate(z, n, d, 0.1, loss), 5);
  });

  test("is at chance for equal embeddings", () => {
    for (const n of [2, 5, 32]) {
      const z = new Float64Array(2 * n * 3).fill(0.7);
      expect(evaluate(z, n, 3, 0.1, loss)).toBeCloseTo(chanceLoss(loss, n), 4);
    }
    expect(chanceLoss("nt-xent", 32)).toBeCloseTo(4.14, 2);
  });

  test("has the gradient of finite differences", async () => {
    const [n, d, temperature] = [3, 4, 0.3];
    const z = pseudo("differences", 2 * n * d);
    const gradient = tf.tidy(() =>
      tf.grad((x: tf.Tensor) => contrastiveLoss(x as tf.Tensor2D, { loss, temperature }))(tf.tensor2d(Float32Array.from(z), [2 * n, d])),
    );
    const numeric = z.map((_, i) => {
      const moved = (by: number) =>
        oracle(
          z.map((v, k) => (k === i ? v + by : v)),
          n,
          d,
          temperature,
          loss,
        );
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
    expect(relativeError(await gradient.data(), numeric)).toBeLessThan(1e-4);
    gradient.dispose();
  });
});

test.each(fixtures.losses)(
  "$loss agrees with PyTorch, n $n, temperature $temperature",
  async ({ loss, n, d, temperature, value, gradient }) => {
    const z = pseudo(`z${n}`, 2 * n * d);
    const result = tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => contrastiveLoss(x as tf.Tensor2D, { loss: loss as Loss, temperature }))(
        tf.tensor2d(Float32Array.from(z), [2 * n, d]),
      );
      return { value, grad };
    });
    expect(result.value.dataSync()[0]).toBeCloseTo(value, 4);
    expect(relativeError(await result.grad.data(), gradient)).toBeLessThan(1e-4);
    tf.dispose([result.value, result.grad]);
  },
);

test("no tensor is left", () => {
  const z = tf.tensor2d(Float32Array.from(pseudo("leak", 24)), [6, 4]);
  const before = tf.memory().numTensors;
  for (const loss of LOSSES)
    tf.tidy(() => {
      tf.grad((x: tf.Tensor) => contrastiveLoss(x as tf.Tensor2D, { loss, temperature: 0.1 }))(z);
    });
  expect(tf.memory().numTensors).toBe(before);
  z.dispose();
});
