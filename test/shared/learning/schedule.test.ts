// The learning rate: warm-up, cosine, ends.
import { expect, test } from "vitest";
import { learningRateAt } from "../../../shared/learning/schedule.ts";

const schedule = { steps: 1000, peak: 0.5, warmupShare: 0.1 };

test("rises linearly to the peak, then falls as a cosine over the real number of steps", () => {
  expect(learningRateAt(schedule, 0)).toBeCloseTo(0.5 / 100, 12);
  expect(learningRateAt(schedule, 49)).toBeCloseTo(0.25, 12);
  expect(learningRateAt(schedule, 99)).toBeCloseTo(0.5, 12);
  expect(learningRateAt(schedule, 100)).toBeCloseTo(0.5, 12);
  expect(learningRateAt(schedule, 550)).toBeCloseTo(0.25, 12);
  expect(learningRateAt(schedule, 999)).toBeCloseTo(0.25 * (1 + Math.cos((Math.PI * 899) / 900)), 12);
});

test("no step has a rate of zero or below, nor one above the peak", () => {
  for (const steps of [1, 2, 3, 10, 37])
    for (const warmupShare of [0, 0.05, 0.5])
      for (let step = 0; step < steps; step++) {
        const rate = learningRateAt({ steps, peak: 1, warmupShare }, step);
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(1);
      }
});
