import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addPixels,
  emptyMoments,
  mergeMoments,
  restoreMoments,
  statisticsOf,
  storeMoments,
} from "../../../../electron/ingest/patches/statistics.ts";

const radiometry = { quantification: 10_000, offset: 0 };
const dn = fc.uint16Array({ minLength: 1, maxLength: 300 });

/** Two passes over the valid pixels, as a textbook has it. */
function oracle(values: Uint16Array, offset = 0): { mean: number; std: number; validPixels: number; minimum: number; maximum: number } {
  const valid = [...values]
    .filter((value) => value !== 0 && value !== 65535)
    .map((value) => (offset === 0 ? value : Math.max(value + offset, 1)) / 10_000);
  if (valid.length === 0) return { mean: 0, std: 0, validPixels: 0, minimum: 0, maximum: 0 };
  const mean = valid.reduce((a, b) => a + b, 0) / valid.length;
  const std = Math.sqrt(valid.reduce((a, b) => a + (b - mean) ** 2, 0) / valid.length);
  return { mean, std, validPixels: valid.length, minimum: Math.min(...valid), maximum: Math.max(...valid) };
}

function momentsOf(values: Uint16Array, offset = 0) {
  const moments = emptyMoments();
  const missing = addPixels(moments, values, 0, values.length, offset);
  return { moments, missing };
}

describe("band statistics", () => {
  it("are those of a two-pass loop over valid pixels", () => {
    fc.assert(
      fc.property(dn, fc.constantFrom(0, -1000), fc.boolean(), (values, offset, withMasked) => {
        const pixels = withMasked ? values.map((value, i) => (i % 5 === 0 ? 0 : i % 7 === 0 ? 65535 : value)) : values;
        const { moments, missing } = momentsOf(pixels, offset);
        const found = statisticsOf(moments, radiometry);
        const expected = oracle(pixels, offset);
        expect(found.validPixels).toBe(expected.validPixels);
        expect(found.mean).toBeCloseTo(expected.mean, 10);
        expect(found.std).toBeCloseTo(expected.std, 7);
        expect([found.minimum, found.maximum]).toEqual([expected.minimum, expected.maximum]);
        expect(missing).toBe(pixels.filter((value) => value === 0).length);
      }),
      { seed: 20210401 },
    );
  });

  it("are those of a plain loop where eight pixels are added at once, with an offset and over several stretches", () => {
    const lengths = fc.constantFrom(8, 64, 400, 3600, 14_400, 32_768, 32_776, 70_000);
    fc.assert(
      fc.property(lengths, fc.constantFrom(0, -1000, 250), fc.integer({ min: 1, max: 2000 }), fc.integer(), (length, offset, low, seed) => {
        const values = Uint16Array.from({ length }, (_, i) => low + ((Math.imul(i + 1, seed | 1) >>> 7) % (65_535 - low)));
        const { moments, missing } = momentsOf(values, offset);
        let [sum, squares, minimum, maximum] = [0n, 0n, Infinity, -Infinity];
        for (const value of values) {
          const dn = Math.max(value + offset, 1);
          sum += BigInt(dn);
          squares += BigInt(dn) ** 2n;
          minimum = Math.min(minimum, dn);
          maximum = Math.max(maximum, dn);
        }
        expect({ ...moments, missing }).toEqual({ count: length, sum, sumOfSquares: squares, minimum, maximum, missing: 0 });
      }),
      { seed: 20210401, numRuns: 60 },
    );
  });

  it("are exact: parts merged in any order, stored and restored, give the same bits", () => {
    fc.assert(
      fc.property(fc.array(dn, { minLength: 1, maxLength: 6 }), (parts) => {
        const whole = momentsOf(Uint16Array.from(parts.flatMap((part) => [...part]))).moments;
        const merged = emptyMoments();
        for (const part of [...parts].reverse()) mergeMoments(merged, restoreMoments(storeMoments(momentsOf(part).moments)));
        expect(statisticsOf(merged, radiometry)).toEqual(statisticsOf(whole, radiometry));
      }),
      { seed: 20210401 },
    );
  });

  it("keep a tiny spread on a large mean", () => {
    const values = Uint16Array.from({ length: 2_000_000 }, (_, i) => 60_000 + (i % 2));
    expect(statisticsOf(momentsOf(values).moments, radiometry).std).toBe(0.5 / 10_000);
  });

  it("are zero for a band without a valid pixel", () => {
    expect(statisticsOf(momentsOf(Uint16Array.of(0, 65535)).moments, radiometry)).toEqual({
      mean: 0,
      std: 0,
      validPixels: 0,
      minimum: 0,
      maximum: 0,
    });
  });

  it("clamp at 1 after the offset, so that dark water is no missing data", () => {
    expect(statisticsOf(momentsOf(Uint16Array.of(900, 1001), -1000).moments, radiometry).mean).toBe(1 / 10_000);
  });
});
