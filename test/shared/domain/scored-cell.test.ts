import { describe, expect, it } from "vitest";
import { computeMetrics, confusion } from "../../../shared/domain/metrics.ts";
import { Random } from "../../../shared/domain/random.ts";
import {
  bestThreshold,
  CURVE_STEPS,
  meanCurve,
  type ScoredCell,
  THRESHOLD_STEPS,
  thresholdCounts,
} from "../../../shared/domain/scored-cell.ts";

function cellOf(seed: number, scoreOf: (label: number, random: Random) => number, count = 400): ScoredCell {
  const random = Random.of("scored", seed);
  const labels = Uint8Array.from({ length: count }, () => (random.chance(0.4) ? 1 : 0));
  const scores = Float64Array.from(labels, (label) => scoreOf(label, random));
  return { arm: "all", seed, labelSet: "regular", percent: 3, draw: 0, tiles: Int32Array.from(labels, (_, i) => i), labels, scores };
}
const blurred = (label: number, random: Random) => Math.min(1, 0.6 * random.next() + 0.4 * label * random.next());

describe("thresholdCounts", () => {
  it("counts what the metrics count, at every threshold, scores on a threshold included", () => {
    const cell = cellOf(1, (label, random) => (random.chance(0.5) ? random.below(101) / 100 : blurred(label, random)));
    const { tp, fp, positives, negatives } = thresholdCounts(cell);
    for (let k = 0; k <= THRESHOLD_STEPS; k++) {
      const expected = confusion(cell.scores, cell.labels, k / THRESHOLD_STEPS);
      expect([tp[k], fp[k], positives - tp[k]!, negatives - fp[k]!]).toEqual([expected.tp, expected.fp, expected.fn, expected.tn]);
    }
  });
});

describe("bestThreshold", () => {
  it("is where fine-tunings have the highest mean F1", () => {
    const cells = [1, 2, 3].map((seed) => cellOf(seed, blurred));
    const f1 = Array.from(
      { length: 101 },
      (_, k) => cells.reduce((sum, { scores, labels }) => sum + computeMetrics(scores, labels, k / 100).f1, 0) / 3,
    );
    expect(bestThreshold(cells.map(thresholdCounts))).toEqual({
      threshold: f1.indexOf(Math.max(...f1)) / 100,
      f1: expect.closeTo(Math.max(...f1), 12),
    });
    expect(bestThreshold([])).toBeNull();
  });
});

describe("meanCurve", () => {
  const areasOf = (cells: readonly ScoredCell[]) => cells.map(({ scores, labels }) => computeMetrics(scores, labels));

  it("encloses the area that the metrics tell", () => {
    const cells = [1, 2, 3].map((seed) => cellOf(seed, blurred, 4000));
    const curve = meanCurve(cells, areasOf(cells));
    let auc = 0;
    for (let k = 1; k <= CURVE_STEPS; k++) auc += (curve.sensitivity[k]! + curve.sensitivity[k - 1]!) / 2 / CURVE_STEPS;
    const ap = curve.precision.reduce((sum, value) => sum + value, 0) / CURVE_STEPS;
    expect(auc).toBeCloseTo(curve.auc, 2);
    expect(ap).toBeCloseTo(curve.ap, 2);
    expect(curve.fineTunings).toBe(3);
  });

  it("of perfect scores goes along the upper edge, of one score for all along chance", () => {
    const perfect = cellOf(1, (label) => label);
    expect(meanCurve([perfect], areasOf([perfect]))).toMatchObject({
      precision: Array(100).fill(1),
      sensitivity: Array(101).fill(1),
      auc: 1,
      ap: 1,
    });
    const blind = cellOf(1, () => 0.5);
    const share = blind.labels.reduce((sum, label) => sum + label, 0) / blind.labels.length;
    const { sensitivity, precision } = meanCurve([blind], areasOf([blind]));
    sensitivity.forEach((value, k) => {
      expect(value).toBeCloseTo(k / 100, 12);
    });
    for (const value of precision) expect(value).toBeCloseTo(share, 12);
  });
});
