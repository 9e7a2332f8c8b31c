import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { methodFor, type ResampleMethod, resampleBand, resampleMatrix } from "../../../shared/raster/resample.ts";
import fixture from "../../fixtures/raster.json" with { type: "json" };

const { from, dn } = fixture;
const METHODS: readonly ResampleMethod[] = ["bicubic", "area"];
const whole = (to: number, method?: ResampleMethod) => resampleBand(dn, null, { from, to, ...(method ? { method } : {}) });

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe("a resampled band", () => {
  it("equals tf.image.resize bicubic (half-pixel centres, no antialias) to the last bit, edges included", () => {
    // The fixture has four decimals.
    expect(largestDifference(whole(24).data, fixture.tensorflowBicubic24)).toBeLessThanOrEqual(0.5001e-4);
  });

  it("equals Keys' definition in float64 as closely as TensorFlow's float32 does", () => {
    expect(largestDifference(whole(24).data, fixture.exactBicubic24)).toBeLessThan(1.2e-3);
  });

  it("equals GDAL's cubic at a ratio that is no whole number", () => {
    expect(largestDifference(whole(31).data, fixture.gdalCubic31)).toBeLessThan(2e-3);
  });

  it("equals GDAL's average, at a whole ratio and at another", () => {
    expect(largestDifference(whole(6).data, fixture.gdalAverage6)).toBeLessThan(1e-3);
    expect(largestDifference(whole(5).data, fixture.gdalAverage5)).toBeLessThan(1e-3);
  });

  it.each(fixture.masked)("equals R(x m) / R(m) by NumPy ($method to $to px)", ({ method, to, data, mask }) => {
    const result = resampleBand(dn, fixture.mask, { from, to, method: method as ResampleMethod });
    expect(Array.from(result.mask)).toEqual(mask);
    expect(largestDifference(result.data, data)).toBeLessThan(2e-3);
    expect(result.mask.includes(0)).toBe(true);
  });

  it("takes nothing from pixels without data, whatever they hold", () => {
    const [low, high] = [0, 65535].map((filler) => dn.map((value, i) => (fixture.mask[i] ? value : filler)));
    for (const to of [24, 31, 5]) {
      expect(resampleBand(low!, fixture.mask, { from, to })).toEqual(resampleBand(high!, fixture.mask, { from, to }));
    }
  });

  it("keeps a constant constant beside no data", () => {
    const constant = dn.map((_, i) => (fixture.mask[i] ? 700 : 0));
    for (const to of [24, 7]) {
      const { data, mask } = resampleBand(constant, fixture.mask, { from, to });
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(mask[i] ? 700 : 0, 2);
      });
    }
  });

  it("is itself at its own size, and empty when nothing is valid", () => {
    expect(Array.from(whole(from).data)).toEqual(dn);
    const { data, mask } = resampleBand(dn, new Uint8Array(from * from), { from, to: 8 });
    expect([...data, ...mask].every((value) => value === 0)).toBe(true);
  });

  it("refuses arrays of another size", () => {
    expect(() => resampleBand(dn, null, { from: 11, to: 22 })).toThrow(/121/);
    expect(() => resampleBand(dn, [1, 1], { from, to: 24 })).toThrow(/mask/);
  });
});

describe("a resampling matrix", () => {
  const sizes = fc.integer({ min: 1, max: 64 });

  it("has rows that sum to 1", () => {
    fc.assert(
      fc.property(sizes, sizes, fc.constantFrom(...METHODS), (n, to, method) => {
        const matrix = resampleMatrix(n, to, method);
        for (let i = 0; i < to; i++) expect(matrix.subarray(i * n, (i + 1) * n).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      }),
    );
  });

  it("is the identity for equal sizes", () => {
    for (const method of METHODS) {
      expect(Array.from(resampleMatrix(5, 5, method))).toEqual(Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0)));
    }
  });

  it("is symmetric about the middle: no shift of half a pixel", () => {
    fc.assert(
      fc.property(sizes, sizes, fc.constantFrom(...METHODS), (n, to, method) => {
        const matrix = resampleMatrix(n, to, method);
        const turned = Float32Array.from(matrix).reverse();
        for (let i = 0; i < matrix.length; i++) expect(turned[i]!).toBeCloseTo(matrix[i]!, 5);
      }),
    );
  });

  it("of area means keeps the mean of the image, and gives exact quarters for halving", () => {
    expect(Array.from(resampleMatrix(4, 2, "area"))).toEqual([0.5, 0.5, 0, 0, 0, 0, 0.5, 0.5]);
    fc.assert(
      fc.property(sizes, sizes, (n, to) => {
        const matrix = resampleMatrix(n, to, "area");
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let i = 0; i < to; i++) sum += matrix[i * n + j]!;
          expect(sum).toBeCloseTo(to / n, 4);
        }
      }),
    );
  });

  it("is chosen by the change of size, and refuses sizes that are none", () => {
    expect([methodFor(120, 32), methodFor(60, 120), methodFor(20, 32)]).toEqual(["area", "bicubic", "bicubic"]);
    expect(() => resampleMatrix(0, 4, "area")).toThrow(/0 to 4/);
  });
});
