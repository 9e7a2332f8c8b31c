import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeMetrics, confusion } from "../../../shared/domain/metrics.ts";
import fixture from "../../fixtures/statistics.json" with { type: "json" };

describe("computeMetrics", () => {
  it.each(fixture.classifiers.map((entry, i) => ({ ...entry, i })))(
    "agrees with scikit-learn, case $i",
    ({
      scores,
      labels,
      made: _,
      i: __,
      ...expected
    }: Record<string, unknown> & {
      scores: number[];
      labels: number[];
    }) => {
      const found = computeMetrics(scores, labels) as unknown as Record<string, number>;
      for (const [name, value] of Object.entries(expected)) expect(found[name], name).toBeCloseTo(value as number, 12);
    },
  );

  const classified = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })), { maxLength: 60 });

  it("keeps every score in [0, 1] and counts every tile once, whatever comes", () => {
    fc.assert(
      fc.property(classified, (pairs) => {
        const [scores, labels] = [pairs.map(([score]) => score), pairs.map(([, label]) => label)];
        const { tp, fp, tn, fn, ...shares } = computeMetrics(scores, labels);
        expect(tp + fp + tn + fn).toBe(pairs.length);
        for (const [name, value] of Object.entries(shares)) {
          expect(value, name).toBeGreaterThanOrEqual(0);
          expect(value, name).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  it("has an AUC that mirrors when the classes are swapped", () => {
    fc.assert(
      fc.property(classified, (pairs) => {
        const [scores, labels] = [pairs.map(([score]) => score), pairs.map(([, label]) => label)];
        const swapped = computeMetrics(
          scores,
          labels.map((label) => 1 - label),
        );
        expect(computeMetrics(scores, labels).auc + swapped.auc).toBeCloseTo(1, 9);
      }),
    );
  });

  it("refuses lists of unlike length", () => {
    expect(() => confusion([0.1], [1, 0])).toThrow("1 scores for 2 labels");
  });
});
