import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../shared/domain/random.ts";
import {
  bootstrapInterval,
  bottomProbabilities,
  chiSquare99,
  clusteredInterval,
  f1StandardError,
  formatScore,
  formatWithInterval,
  holm,
  mean,
  quantile,
  ranks,
  spearman,
  spearmanInterval,
  standardDeviation,
  supportedDecimals,
  tInterval,
  tProbability,
  tQuantile,
  wilsonInterval,
} from "../../../shared/domain/statistics.ts";
import fixture from "../../fixtures/statistics.json" with { type: "json" };

describe("against NumPy and SciPy", () => {
  it.each(fixture.t)("t quantile at p = $p with $df degrees of freedom", ({ p, df, quantile: expected }) => {
    expect(tQuantile(p, df) / expected).toBeCloseTo(1, 9);
    expect(tProbability(expected, df)).toBeCloseTo(p, 10);
  });

  it.each(fixture.samples)("mean, deviation, quantiles and t interval of $values", (sample) => {
    expect(mean(sample.values)).toBeCloseTo(sample.mean, 12);
    expect(standardDeviation(sample.values)).toBeCloseTo(sample.sd, 12);
    const interval = tInterval(sample.values)!;
    expect(interval.low).toBeCloseTo(sample.low, 9);
    expect(interval.high).toBeCloseTo(sample.high, 9);
    for (const [q, value] of Object.entries(sample.quantiles)) expect(quantile(sample.values, Number(q))).toBeCloseTo(value, 12);
  });

  it.each(fixture.ranks)("ranks and Spearman's correlation, ties included", ({ a, b, ranks: expected, spearman: correlation }) => {
    expect(ranks(a)).toEqual(expected);
    expect(spearman(a, b)).toBeCloseTo(correlation, 12);
  });

  it.each(fixture.wilson)("Wilson's interval of $successes in $trials", ({ successes, trials, low, high }) => {
    const interval = wilsonInterval(successes, trials)!;
    expect(interval.low).toBeCloseTo(low, 10);
    expect(interval.high).toBeCloseTo(high, 10);
  });

  it("percentile bootstrap of a mean, within its own noise", () => {
    const { values, low, high } = fixture.bootstrap;
    const interval = bootstrapInterval(values, mean, { random: Random.of("bootstrap test"), resamples: 20_000 })!;
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });
});

describe("spearman", () => {
  const list = fc.uniqueArray(fc.integer(), { minLength: 3, maxLength: 40 });
  it("is 1 with itself, -1 with its reverse, and does not depend on order of arguments", () => {
    fc.assert(
      fc.property(list, (values) => {
        expect(spearman(values, values)).toBeCloseTo(1, 12);
        expect(
          spearman(
            values,
            values.map((value) => -value),
          ),
        ).toBeCloseTo(-1, 12);
        const other = [...values].reverse();
        expect(spearman(values, other)).toBeCloseTo(spearman(other, values)!, 12);
      }),
    );
  });

  it("is null without spread or with too few pairs", () => {
    expect(spearman([1, 2], [1, 2])).toBeNull();
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(spearmanInterval(0.5, 3)).toBeNull();
    expect(spearmanInterval(1, 20)).toBeNull();
  });

  it("of two unrelated rankings of 36 couplets has an interval that holds 0", () => {
    const interval = spearmanInterval(0.1, 36)!;
    expect(interval.low).toBeLessThan(0);
    expect(interval.high).toBeGreaterThan(0.1);
  });
});

describe("clusteredInterval", () => {
  it("is Student's t over the draws of one seed, and over seeds with one draw each", () => {
    const values = [0.78, 0.8, 0.79, 0.83];
    expect(clusteredInterval([values])).toEqual(tInterval(values));
    expect(clusteredInterval(values.map((value) => [value]))).toEqual(tInterval(values));
  });

  it("lets the spread between seeds decide when seeds differ more than their draws", () => {
    const interval = clusteredInterval([
      [0.7, 0.701],
      [0.8, 0.801],
      [0.75, 0.751],
    ])!;
    const overSeeds = tInterval([0.7005, 0.8005, 0.7505])!;
    expect(interval.low).toBeCloseTo(overSeeds.low, 12);
    expect(interval.high).toBeCloseTo(overSeeds.high, 12);
  });

  it("has no interval without spread to go by", () => {
    expect(clusteredInterval([])).toBeNull();
    expect(clusteredInterval([[0.8]])).toBeNull();
    expect(clusteredInterval([[], [0.8], []])).toBeNull();
  });

  it("holds the true mean in about 95 of 100 studies, whether or not seeds differ", () => {
    for (const seedSpread of [0, 1, 3]) {
      const random = Random.of("coverage", String(seedSpread));
      let covered = 0;
      for (let i = 0; i < 1000; i++) {
        const groups = Array.from({ length: 3 }, () => {
          const seed = seedSpread * random.normal();
          return Array.from({ length: 6 }, () => seed + random.normal());
        });
        const interval = clusteredInterval(groups)!;
        if (interval.low <= 0 && interval.high >= 0) covered++;
      }
      expect(covered / 1000, `seed spread ${seedSpread}`).toBeGreaterThan(0.925);
    }
  });
});

describe("bottomProbabilities", () => {
  const arms = (spread: number) =>
    new Map(
      Array.from({ length: 8 }, (_, i) => [`arm ${i}`, [0, 1, 2].map((seed) => [0.7 + 0.02 * i + spread * Math.sin(7 * i + 3 * seed)])]),
    );
  const options = () => ({ random: Random.of("bottom test"), share: 0.25 });

  it("is certain where arms lie far apart, and adds up to the number dropped", () => {
    const found = bottomProbabilities(arms(0.0001), options());
    expect(found.get("arm 0")).toBeGreaterThan(0.99);
    expect(found.get("arm 7")).toBeLessThan(0.01);
    for (const spread of [0.0001, 0.05]) {
      const total = [...bottomProbabilities(arms(spread), options()).values()].reduce<number>((sum, value) => sum + value!, 0);
      expect(total).toBeCloseTo(2, 9);
    }
  });

  it("is unsure where seeds differ more than arms", () => {
    const found = [...bottomProbabilities(arms(0.1), options()).values()];
    expect(Math.max(...found.map((value) => value!))).toBeLessThan(0.9);
  });

  it("replays from the same stream", () => {
    expect(bottomProbabilities(arms(0.05), options())).toEqual(bottomProbabilities(arms(0.05), options()));
  });

  it("is null with one value an arm", () => {
    expect([
      ...bottomProbabilities(
        new Map([
          ["a", [[0.7]]],
          ["b", [[0.8]]],
        ]),
        options(),
      ).values(),
    ]).toEqual([null, null]);
    expect(bottomProbabilities(new Map(), options()).size).toBe(0);
  });
});

describe("f1StandardError", () => {
  it("agrees with resampled test sets", () => {
    const counts = { tp: 1706, fp: 458, fn: 325 };
    const total = counts.tp + counts.fp + counts.fn;
    const random = Random.of("test tiles");
    const drawn = Array.from({ length: 400 }, () => {
      let tp = 0;
      for (let i = 0; i < total; i++) if (random.chance(counts.tp / total)) tp++;
      return (2 * tp) / (total + tp);
    });
    expect(Math.abs(f1StandardError(counts) / standardDeviation(drawn) - 1)).toBeLessThan(0.12);
    expect(f1StandardError({ tp: 0, fp: 0, fn: 0 })).toBe(0);
  });
});

describe("precision of numbers", () => {
  it("follows the half-width of the interval", () => {
    expect(formatWithInterval(0.7931, { low: 0.7731, high: 0.8131 })).toBe("0.79 ± 0.02");
    expect(formatWithInterval(0.79312, { low: 0.78912, high: 0.79712 })).toBe("0.793 ± 0.004");
    expect(formatWithInterval(0.7931, { low: 0.7835, high: 0.8027 })).toBe("0.79 ± 0.01");
    expect(formatWithInterval(0.7931, { low: 0.4, high: 1 })).toBe("0.79 ± 0.30");
    expect(formatScore(0.7931, null)).toBe("0.79");
    expect(formatScore(0.7931, { low: 0.7931, high: 0.7931 })).toBe("0.79");
  });

  it("of a table is that of its median interval", () => {
    const interval = (half: number) => ({ low: -half, high: half });
    expect(supportedDecimals([interval(0.3), interval(0.004), interval(0.003), null])).toBe(3);
    expect(supportedDecimals([])).toBe(2);
  });
});

describe("holm", () => {
  // By hand, from Holm (1979): the smallest of m times m, the next times m - 1, never below the one before.
  it("multiplies by how many are left, and never falls", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
    expect(holm([0.6, 0.5])).toEqual([1, 1]);
    expect(holm([0.03])).toEqual([0.03]);
    expect(holm([])).toEqual([]);
  });

  // statsmodels 0.15.0: multipletests([0.2, 0.011, 0.011, 0.9, 0.0004, 0.049], method="holm")[1]
  it("gives statsmodels' numbers, ties included", () => {
    const expected = [0.4, 0.055, 0.055, 0.9, 0.0024, 0.147];
    expect(holm([0.2, 0.011, 0.011, 0.9, 0.0004, 0.049])).toEqual(expected.map((p) => expect.closeTo(p, 12)));
  });

  it("is at least the value itself and keeps the order, whatever the values", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (values) => {
        const corrected = holm(values);
        corrected.forEach((p, i) => {
          expect(p).toBeGreaterThanOrEqual(values[i]!);
          expect(p).toBeLessThanOrEqual(1);
          values.forEach((other, j) => {
            if (other < values[i]!) expect(corrected[j]).toBeLessThanOrEqual(p);
          });
        });
      }),
    );
  });
});

describe("chiSquare99", () => {
  // scipy.stats.chi2.ppf(0.99, [2, 3, 9, 30])
  it.each([
    [2, 9.21034],
    [3, 11.344867],
    [9, 21.665994],
    [30, 50.892181],
  ])("of %i degrees of freedom is within 2 %% of SciPy's", (df, expected) => {
    expect(Math.abs(chiSquare99(df) / expected - 1)).toBeLessThan(0.02);
  });
});
