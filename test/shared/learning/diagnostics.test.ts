// Health measures against plain loops and analytic cases; the verdict on healthy, collapsed and idle representations.
import { describe, expect, test } from "vitest";
import { Random } from "../../../shared/domain/random.ts";
import {
  alignment,
  assessHealth,
  effectiveRank,
  embeddingStd,
  gramMatrix,
  judge,
  knnF1,
  meanPairDistance,
  type Rows,
  uniformity,
  unitRows,
} from "../../../shared/learning/diagnostics.ts";
import { symmetricEigenvalues } from "../../../shared/learning/symmetric-eigenvalues.ts";

function normalRows(count: number, width: number, seed = 1): Rows {
  const random = Random.of("rows", seed);
  return { count, width, values: Float32Array.from({ length: count * width }, () => random.normal()) };
}
const rowOf = ({ width, values }: Rows, i: number) => Array.from(values.subarray(i * width, (i + 1) * width));
const squaredDistance = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, k) => sum + (v - b[k]!) ** 2, 0);
const map = (rows: Rows, change: (value: number, i: number) => number): Rows => ({ ...rows, values: rows.values.map(change) });

describe("eigenvalues", () => {
  test("are those of a matrix made from them", () => {
    const n = 30;
    const wanted = Float64Array.from({ length: n }, (_, i) => (i % 7 === 0 ? 0 : (n - i) ** 2 / 10))
      .sort()
      .reverse();
    // Q D Q^T with Q a product of reflections
    let a: number[][] = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? wanted[i]! : 0)));
    const random = Random.of("reflections");
    for (let r = 0; r < 5; r++) {
      const v = Array.from({ length: n }, () => random.normal());
      const square = v.reduce((sum, x) => sum + x * x, 0);
      const reflect = (m: number[][]) =>
        m.map((row) => {
          const dot = row.reduce((sum, x, k) => sum + x * v[k]!, 0);
          return row.map((x, k) => x - (2 * dot * v[k]!) / square);
        });
      const transpose = (m: number[][]) => m[0]!.map((_, j) => m.map((row) => row[j]!));
      a = transpose(reflect(transpose(reflect(a))));
    }
    const found = symmetricEigenvalues(Float64Array.from(a.flat()), n);
    for (let i = 0; i < n; i++) expect(found[i]).toBeCloseTo(wanted[i]!, 9);
  });

  test("of 1 x 1, 2 x 2, diagonal and zero matrices are exact", () => {
    expect([...symmetricEigenvalues(Float64Array.of(3), 1)]).toEqual([3]);
    const [a, b] = symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2);
    expect(a).toBeCloseTo(3, 12);
    expect(b).toBeCloseTo(1, 12);
    expect([...symmetricEigenvalues(Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 2), 3)]).toEqual([5, 2, 1]);
    expect([...symmetricEigenvalues(new Float64Array(16), 4)]).toEqual([0, 0, 0, 0]);
  });
});

describe("spread", () => {
  test("is 1 for rows that are even on the sphere and 0 for equal ones", () => {
    expect(embeddingStd(unitRows(normalRows(2000, 64)))).toBeCloseTo(1, 1);
    expect(embeddingStd(unitRows(map(normalRows(50, 8), (_, i) => (i % 8) + 1)))).toBeCloseTo(0, 6);
  });
});

describe("effective rank", () => {
  test("is the dimension for orthogonal rows, 1 for equal rows, and between for others", () => {
    const identity: Rows = { count: 6, width: 6, values: Float32Array.from({ length: 36 }, (_, i) => Number(i % 7 === 0)) };
    expect(effectiveRank(gramMatrix(identity), 6)).toBeCloseTo(6, 6);
    const equal = map(normalRows(9, 4), (_, i) => (i % 4) + 1);
    expect(effectiveRank(gramMatrix(equal), 9)).toBeCloseTo(1, 3);
    const rank = effectiveRank(gramMatrix(normalRows(100, 10)), 100);
    expect(rank).toBeGreaterThan(9.5);
    expect(rank).toBeLessThanOrEqual(10.01);
    expect(effectiveRank(new Float64Array(9), 3)).toBe(1);
  });
});

describe("alignment and uniformity", () => {
  const first = unitRows(normalRows(20, 5, 1));
  const second = unitRows(normalRows(20, 5, 2));

  test("equal their definitions as loops", () => {
    let own = 0;
    let others = 0;
    let potential = 0;
    for (let i = 0; i < 20; i++)
      for (let j = 0; j < 20; j++) {
        const distance = squaredDistance(rowOf(first, i), rowOf(second, j));
        if (i === j) own += distance / 20;
        else others += distance / 380;
        if (j < i) potential += Math.exp(-2 * squaredDistance(rowOf(first, i), rowOf(first, j))) / 190;
      }
    expect(alignment(first, second)).toBeCloseTo(own, 5);
    expect(meanPairDistance(first, second)).toBeCloseTo(others, 5);
    expect(uniformity(first)).toBeCloseTo(Math.log(potential), 5);
  });

  test("are 0 for equal rows", () => {
    const equal = unitRows(map(first, (_, i) => (i % 5) + 1));
    expect(alignment(equal, equal)).toBe(0);
    expect(uniformity(equal)).toBeCloseTo(0, 5);
    expect(meanPairDistance(equal, equal)).toBeCloseTo(0, 5);
  });
});

describe("k-NN", () => {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => Number(i % 8 === 0));

  test("finds a rare class that stands apart, and leaves each tile itself out", () => {
    const apart = map(normalRows(40, 4), (v, i) => 0.1 * v + (labels[Math.floor(i / 4)] ? [1, 0, 0, 0] : [0, 1, 0, 0])[i % 4]!);
    expect(knnF1(gramMatrix(apart), labels)).toBe(1);
    // One tile of a class has no neighbour of its class: it must be missed.
    const lonely = Uint8Array.from({ length: 40 }, (_, i) => Number(i === 0 || i === 1));
    const directions = [
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ];
    const far = map(normalRows(40, 4), (v, i) => 0.01 * v + (directions[Math.floor(i / 4)] ?? [0, 1, 0, 0])[i % 4]!);
    expect(knnF1(gramMatrix(far), lonely, 1)).toBe(0);
  });

  test("is null with fewer than two of a class", () => {
    expect(knnF1(gramMatrix(normalRows(40, 4)), new Uint8Array(40))).toBeNull();
    expect(knnF1(gramMatrix(normalRows(3, 4)), [1, 0, 0])).toBeNull();
  });
});

describe("the verdict", () => {
  const chance = Math.log(63);
  const noise = normalRows(256, 32, 3);
  const near = (rows: Rows, amount: number) => {
    const random = Random.of("near");
    return map(rows, (v) => v + amount * random.normal());
  };
  const assess = (first: Rows, second: Rows, loss: number) =>
    assessHealth({ h: normalRows(256, 48), first, second, labels: null, loss, chance });

  test("is learning when views of a tile are close and tiles are apart", () => {
    const health = assess(near(noise, 0.2), near(noise, 0.3), 0.5);
    expect(health.verdict).toBe("learning");
    expect(health.embeddingStd).toBeCloseTo(1, 1);
    expect(health.knnF1).toBeNull();
  });

  test("is collapsing when all embeddings are equal, even with a low loss", () => {
    const collapsed = map(noise, (v, i) => 1 + (i % 32) + 0.01 * v);
    for (const loss of [0.1, chance]) {
      const health = assess(collapsed, collapsed, loss);
      expect(health.verdict).toBe("collapsing");
      expect(health.reason).toContain("spread 0.0");
    }
  });

  test("is not learning when the spread is healthy but views of a tile are as far apart as any, whatever the loss", () => {
    for (const loss of [0.5, chance]) expect(assess(noise, normalRows(256, 32, 4), loss).verdict).toBe("not learning");
  });

  test("is not learning at chance", () => {
    const health = judge({ embeddingStd: 0.9, effectiveRank: 20, alignment: 0.8, meanPairDistance: 1.9, loss: chance, chance });
    expect(health.verdict).toBe("not learning");
    expect(health.reason).toContain("at chance");
  });

  test("says that the views are alike when they are", () => {
    expect(assess(noise, noise, 0.01)).toMatchObject({ verdict: "learning", reason: expect.stringContaining("alike") });
  });
});
