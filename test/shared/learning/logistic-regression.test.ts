// The linear probe against scikit-learn's numbers and the condition of a minimum.
import { describe, expect, test } from "vitest";
import { fitLinearProbe, logLoss, scoreLinearProbe } from "../../../shared/learning/logistic-regression.ts";
import fixtures from "../../fixtures/learning.json" with { type: "json" };
import { pseudo } from "./pseudo.ts";

const { rows: count, width, labels, fits } = fixtures.logistic;
const features = { count, width, values: Float32Array.from(fixtures.logistic.features) };
const rows = Int32Array.from({ length: count }, (_, i) => i);

test.each(fits)("scores are scikit-learn's at strength $strength", ({ strength, scores }) => {
  const probe = fitLinearProbe(features, { rows, labels, strength });
  const found = scoreLinearProbe(probe, features, rows);
  for (let i = 0; i < count; i++) expect(found[i]).toBeCloseTo(scores[i]!, 4);
  expect(probe.loss).toBeCloseTo(logLoss(scores, labels), 5);
  expect(probe.iterations).toBeLessThan(100);
});

describe("stays finite and sane", () => {
  test("when a feature is constant on the training rows", () => {
    const values = features.values.slice();
    for (let i = 0; i < count - 1; i++) values[i * width + 2] = 7;
    values[(count - 1) * width + 2] = 1e6; // differs on a row that is not trained on
    const probe = fitLinearProbe({ count, width, values }, { rows: rows.slice(0, -1), labels: labels.slice(0, -1), strength: 0.01 });
    expect(probe.weights[2]).toBe(0);
  });

  test("when the classes are separable and features outnumber rows", () => {
    const wide = { count: 8, width: 200, values: Float32Array.from(pseudo("wide", 1600)) };
    const eight = [0, 1, 0, 1, 0, 1, 0, 1];
    const probe = fitLinearProbe(wide, { rows: [0, 1, 2, 3, 4, 5, 6, 7], labels: eight, strength: 1e-3 });
    const scores = scoreLinearProbe(probe, wide, [0, 1, 2, 3, 4, 5, 6, 7]);
    scores.forEach((score, i) => {
      expect(Math.abs(score - eight[i]!)).toBeLessThan(0.2);
    });
  });
});
