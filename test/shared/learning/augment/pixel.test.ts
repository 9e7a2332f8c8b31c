import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AugmentationSettings } from "../../../../shared/domain/augmentations.ts";
import { NEGATIVE_GAIN_WORDS } from "../../../../shared/domain/preview.ts";
import { Random } from "../../../../shared/domain/random.ts";
import { applyBlur, blurRadius, blurTaps, drawBlur, MAXIMUM_RADIUS } from "../../../../shared/learning/augment/blur.ts";
import { brightnessMap, drawBrightness } from "../../../../shared/learning/augment/brightness.ts";
import { contrastMap, drawContrast } from "../../../../shared/learning/augment/contrast.ts";
import { drawGain, gainMap } from "../../../../shared/learning/augment/gain.ts";
import { applyPixelMap, chain } from "../../../../shared/learning/augment/pixel-map.ts";
import type { Sampler } from "../../../../shared/learning/augment/scene.ts";
import { applyImpulseSpeckle, drawSpeckle, gammaNoise } from "../../../../shared/learning/augment/speckle.ts";
import { ENGINES, largestDifference, noise, on } from "../../../electron/training/engines/engines.ts";
import fixture from "../../../fixtures/augment.json" with { type: "json" };

const { side, channels } = fixture;
const image = () => tf.tensor4d(fixture.image, [1, side, side, channels]);

function draws<Value>(sampler: Sampler<Value>, profile: "physical" | "published", parameters: object = {}, count = 4000) {
  const settings = AugmentationSettings.parse({ profile, parameters });
  return Array.from({ length: count }, (_, i) => sampler(Random.of(3, i), { settings, stage: "arm", pixels: 120, channels: 3 }));
}

/** Mean and variance. */
function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return { mean, variance: list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length };
}

describe.each(ENGINES)("pixel operations on $name", ({ name, skip }) => {
  const blurOnce = (sigma: number, profile: "physical" | "published") =>
    on(name, () => applyBlur(image(), tf.tensor2d(blurTaps(sigma, profile), [1, MAXIMUM_RADIUS + 1]), profile));

  it.skipIf(skip).each(fixture.scipyBlur)("blur as SciPy's gaussian_filter at sigma $sigma", async ({ sigma, values }) => {
    expect(largestDifference(await blurOnce(sigma, "physical"), values)).toBeLessThan(1e-5);
  });

  it.skipIf(skip).each(fixture.opencvBlur)("blur as OpenCV's 5 x 5 GaussianBlur at sigma $sigma, published", async ({ sigma, values }) => {
    expect(largestDifference(await blurOnce(sigma, "published"), values)).toBeLessThan(1e-5);
  });

  it.skipIf(skip)("blur by sigma 0 leaves every bit", async () => {
    expect(Array.from(await blurOnce(0, "physical"))).toEqual(Array.from(Float32Array.from(fixture.image)));
  });

  it.skipIf(skip)("blur each view by its own sigma and keeps its mean", async () => {
    const sigmas = [0, 0.5, 2];
    const both = await on(name, () => {
      const views = tf.tensor4d(noise(3 * 16 * 16 * 2), [3, 16, 16, 2]);
      const blurred = applyBlur(
        views,
        tf.tensor2d(
          sigmas.flatMap((sigma) => [...blurTaps(sigma, "physical")]),
          [3, 7],
        ),
        "physical",
      );
      return tf.stack([tf.mean(blurred, [1, 2, 3]), tf.mean(views, [1, 2, 3]), tf.moments(blurred, [1, 2, 3]).variance]);
    });
    expect(largestDifference(both.slice(0, 3), both.slice(3, 6))).toBeLessThan(1e-6); // mirrored with its edge, a blur keeps the sum
    expect(both[6]!).toBeGreaterThan(both[7]!);
    expect(both[7]!).toBeGreaterThan(both[8]!);
  });

  it.skipIf(skip)("stretch contrast as tf.image.adjust_contrast", async () => {
    const values = await on(name, () => applyPixelMap(image(), contrastMap(image(), tf.tensor1d([fixture.contrast.factor]))));
    expect(largestDifference(values, fixture.contrast.values)).toBeLessThan(1e-5);
  });

  it.skipIf(skip)("multiply reflectance: gain on standardised values equals gain on reflectance", async () => {
    const [means, stds] = [
      [0.1, 0.3],
      [0.05, 0.2],
    ];
    const factors = [0.7, 1.3];
    const levels = Float32Array.from(means!, (mean, c) => mean / stds![c]!);
    const values = await on(name, () => applyPixelMap(image(), gainMap(tf.tensor2d([factors]), levels)));
    const expected = fixture.image.map((value, i) => {
      const c = i % channels;
      return ((value * stds![c]! + means![c]!) * factors[c]! - means![c]!) / stds![c]!;
    });
    expect(largestDifference(values, expected)).toBeLessThan(1e-5);
  });

  it.skipIf(skip)("chain to what they do one after another", async () => {
    const [one, two] = await Promise.all(
      [0, 1].map((which) =>
        on(name, () => {
          const [contrast, brightness, gain] = [tf.tensor1d([1.3]), tf.tensor1d([-0.2]), tf.tensor2d([[0.8, 1.1]])];
          const levels = Float32Array.of(2, 1.5);
          if (which === 0) {
            return applyPixelMap(image(), chain(chain(contrastMap(image(), contrast), brightnessMap(brightness)), gainMap(gain, levels)));
          }
          const stretched = applyPixelMap(image(), contrastMap(image(), contrast));
          return applyPixelMap(applyPixelMap(stretched, brightnessMap(brightness)), gainMap(gain, levels));
        }),
      ),
    );
    expect(largestDifference(one!, two!)).toBeLessThan(1e-5);
  });

  it.skipIf(skip).each([4, 16, 64])("draw noise of mean 1 and variance 1 / L for %d looks", async (looks) => {
    const values = await on(name, () => gammaNoise([1, 256, 256, 1], tf.scalar(1 / looks), tf.tensor1d([3, looks], "int32")));
    const { mean, variance } = moments(values);
    expect(Math.abs(mean - 1)).toBeLessThan(5 / Math.sqrt(looks * values.length)); // five standard errors
    expect(variance * looks).toBeGreaterThan(0.96);
    expect(variance * looks).toBeLessThan(1.04);
    expect(values.every((value) => value > 0)).toBe(true);
  });

  it.skipIf(skip)("draw noise of exactly 1 where speckle is left out", async () => {
    const values = await on(name, () => gammaNoise([2, 8, 8, 3], tf.zeros([2, 1, 1, 1]), tf.tensor1d([1, 2], "int32")));
    expect(new Set(values)).toEqual(new Set([1]));
  });

  it.skipIf(skip)("set as many values to each extreme as the view's rate says, published", async () => {
    const rates = [0, 0.02, 0.2];
    const values = await on(name, () =>
      applyImpulseSpeckle(tf.zeros([3, 100, 100, 2]), { rates: tf.tensor1d(rates), seed: tf.tensor1d([4, 4], "int32"), value: 5 }),
    );
    rates.forEach((rate, view) => {
      const ofView = values.slice(view * 20000, (view + 1) * 20000);
      for (const extreme of [-5, 5]) {
        const share = ofView.filter((value) => value === extreme).length / ofView.length;
        expect(Math.abs(share - rate)).toBeLessThanOrEqual(5 * Math.sqrt((rate * (1 - rate)) / ofView.length));
      }
      expect(ofView.every((value) => value === 0 || Math.abs(value) === 5)).toBe(true);
    });
  });
});

describe("a Gaussian's taps", () => {
  it("sum to 1, fall off, and end at the kernel's radius", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 2, noNaN: true }), fc.constantFrom("physical", "published"), (sigma, profile) => {
        const taps = blurTaps(sigma, profile);
        const sum = taps.reduce((total, tap, d) => total + (d === 0 ? tap : 2 * tap), 0);
        expect(sum).toBeCloseTo(1, 6);
        for (let d = 1; d < taps.length; d++) expect(taps[d]!).toBeLessThanOrEqual(taps[d - 1]!);
        expect(taps.slice(blurRadius(sigma, profile) + 1).every((tap) => tap === 0)).toBe(true);
      }),
    );
  });

  it("span 2 ceil(3 sigma) + 1 pixels, at most 13, and 5 in the study", () => {
    expect([0.1, 0.34, 1, 1.5, 2].map((sigma) => 2 * blurRadius(sigma, "physical") + 1)).toEqual([3, 5, 7, 11, 13]);
    expect(blurRadius(2, "published")).toBe(2);
  });
});

describe("draws", () => {
  it.each(["physical", "published"] as const)("apply each pixel operation to four of five views (%s)", (profile) => {
    for (const sampler of [drawBlur, drawBrightness, drawContrast, drawGain, drawSpeckle] as Sampler<unknown>[]) {
      const all = draws(sampler, profile);
      expect(all.filter(({ words }) => words !== null).length / all.length).toBeCloseTo(0.8, 1);
    }
  });

  it("stay in their ranges", () => {
    const applied = <Value>(sampler: Sampler<Value>, profile: "physical" | "published") =>
      draws(sampler, profile)
        .filter(({ words }) => words !== null)
        .map(({ value }) => value);
    const within = (values: readonly number[], low: number, high: number) => {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.95 * (high - low));
    };
    within(applied(drawBlur, "physical"), 0.1, 2);
    within(applied(drawBrightness, "physical"), -0.4, 0.4);
    within(applied(drawContrast, "physical"), 0.6, 1.4);
    within(
      applied(drawSpeckle, "physical").map((inverse) => 1 / inverse),
      16,
      64,
    );
    within(applied(drawSpeckle, "published"), 0, 0.02);
    within(
      applied(drawGain, "published").map(([factor]) => factor!),
      -0.5,
      0.5,
    );
    within(
      applied(drawGain, "physical").flatMap((factors) => [...factors]),
      0.7 * 0.95,
      1.3 * 1.05,
    );
  });

  it("of physical gain differ between bands by no more than twice the jitter, published ones not at all", () => {
    for (const { value } of draws(drawGain, "physical"))
      expect(Math.max(...value) / Math.min(...value)).toBeLessThanOrEqual(1.05 / 0.95 + 1e-6);
    for (const { value } of draws(drawGain, "published")) expect(new Set(value).size).toBe(1);
  });

  it("of published gain flip the sign of half of the views, and their words say so", () => {
    const applied = draws(drawGain, "published").filter(({ words }) => words !== null);
    const negative = applied.filter(({ value }) => value[0]! < 0);
    expect(negative.length / applied.length).toBeCloseTo(0.5, 1);
    for (const { value, words } of applied) expect(words!.startsWith(NEGATIVE_GAIN_WORDS)).toBe(value[0]! < 0);
  });

  it("of physical gain are never negative", () => {
    expect(
      draws(drawGain, "physical", { gain: { factor: [0.1, 0.1], bandJitter: 0.5 } }).every(({ value }) => value.every((f) => f > 0)),
    ).toBe(true);
  });
});
