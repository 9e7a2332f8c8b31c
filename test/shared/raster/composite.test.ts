import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { availableCombinations, BAND_COMBINATIONS, findBandCombination } from "../../../shared/domain/band-combinations.ts";
import { BAND_NAMES } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import {
  type CompositeSource,
  composite,
  normalisedDifference,
  percentile,
  percentileOf,
  stretchOf,
} from "../../../shared/raster/composite.ts";
import { viridis } from "../../../shared/raster/viridis.ts";
import fixture from "../../fixtures/raster.json" with { type: "json" };

const combination = (id: string) => findBandCombination(id)!;
const rgba = (picture: Uint8Array, pixel: number) => Array.from(picture.subarray(pixel * 4, pixel * 4 + 4));

/** 2 x 2 px of red, green, blue and near infrared. */
const SOURCE: CompositeSource = {
  bands: ["B02", "B03", "B04", "B08"],
  pixels: 2,
  data: Float32Array.of(0, 0.1, 0.2, 0.3, 0, 0.3, 0, 0.3, 0.15, 0.15, 0.3, 0, 0.1, 0.5, 0.3, 0.45),
};

describe("a picture", () => {
  it("shows red, green and blue of the combination's bands over its own range", () => {
    const picture = composite(SOURCE, combination("true-colour"), { stretch: { kind: "catalogue" } });
    expect([0, 1, 2, 3].map((pixel) => rgba(picture, pixel))).toEqual([
      [128, 0, 0, 255],
      [128, 255, 85, 255],
      [255, 0, 170, 255],
      [0, 255, 255, 255],
    ]);
  });

  it("stretches each channel between percentiles by default", () => {
    const picture = composite(SOURCE, combination("B02"), { stretch: { kind: "percentiles", low: 0, high: 100 } });
    expect([0, 1, 2, 3].map((pixel) => rgba(picture, pixel)[0])).toEqual([0, 85, 170, 255]);
    expect(composite(SOURCE, combination("B02"))).toEqual(
      composite(SOURCE, combination("B02"), { stretch: { kind: "percentiles", low: 2, high: 98 } }),
    );
  });

  it("keeps the balance of true colours: one range for red, green and blue", () => {
    const full = { kind: "percentiles", low: 0, high: 100 } as const;
    expect(stretchOf(SOURCE, combination("true-colour"), full)).toEqual(Array(3).fill([0, Math.fround(0.3)]));
    const infrared = stretchOf(SOURCE, combination("colour-infrared"), full);
    expect(infrared.map(([low]) => low)).toEqual([0.1, 0, 0].map(Math.fround));
  });

  it("can take another picture's ranges, so both compare", () => {
    const ranges = stretchOf(SOURCE, combination("true-colour"));
    expect(ranges).toHaveLength(3);
    const brighter = { ...SOURCE, data: SOURCE.data.map((value) => value * 2) };
    const alike = composite(brighter, combination("true-colour"), { stretch: { kind: "ranges", ranges } });
    const own = composite(SOURCE, combination("true-colour"), { stretch: { kind: "ranges", ranges } });
    expect(own).toEqual(composite(SOURCE, combination("true-colour")));
    for (let i = 0; i < own.length; i++) expect(alike[i]!).toBeGreaterThanOrEqual(own[i]!);
  });

  it("of an index takes colours by the index' own range", () => {
    const index = normalisedDifference(SOURCE.data.subarray(12, 16), SOURCE.data.subarray(8, 12));
    expect(index[3]).toBe(1);
    const picture = composite(SOURCE, combination("ndvi"));
    expect(rgba(picture, 3)).toEqual([0xfd, 0xe7, 0x25, 255]); // NDVI 1 lies above 0.9
    expect(rgba(picture, 0)).toEqual([0x44, 0x01, 0x54, 255]); // NDVI -0.2
    expect(normalisedDifference(Float32Array.of(0), Float32Array.of(0))[0]).toBe(0);
  });

  it("marks a pixel without data in any of its bands, hatched or transparent, and leaves it out of the stretch", () => {
    const mask = new Uint8Array(16).fill(1);
    mask[11] = 0; // B04 of the last pixel
    const holed = { ...SOURCE, mask };
    expect(rgba(composite(holed, combination("true-colour"), { noData: "transparent" }), 3)).toEqual([0, 0, 0, 0]);
    const [red, green, blue, alpha] = rgba(composite(holed, combination("true-colour")), 3);
    expect([red, green, alpha]).toEqual([green, blue, 255]);
    expect(stretchOf(holed, combination("B04"), { kind: "percentiles", low: 0, high: 100 })).toEqual([[0.15, 0.3].map(Math.fround)]);
    const notANumber = { ...SOURCE, data: SOURCE.data.map((value, i) => (i === 8 ? Number.NaN : value)) };
    expect(rgba(composite(notANumber, combination("true-colour"), { noData: "transparent" }), 0)[3]).toBe(0);
  });

  it("of a constant band is mid-grey, and of an empty tile all hatched", () => {
    const constant = { bands: ["B02"], pixels: 2, data: new Float32Array(4).fill(0.2) } as const;
    expect(rgba(composite(constant, combination("B02")), 0)).toEqual([127, 127, 127, 255]);
    const empty = { ...constant, mask: new Uint8Array(4) };
    expect(composite(empty, combination("B02"), { noData: "transparent" }).every((value) => value === 0)).toBe(true);
  });

  it("names the band that the image lacks", () => {
    expect(() => composite(SOURCE, combination("swir"))).toThrow(AppError);
    expect(() => composite(SOURCE, combination("swir"))).toThrow(/B12, B8A/);
  });
});

describe("percentiles", () => {
  it("of values in any order are those of the sorted ones", () => {
    const values = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -2, max: 3 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 100, noNaN: true }), (list, percent) => {
        const sample = Float32Array.from(list);
        expect(percentileOf(sample, percent)).toBe(percentile(sample.slice().sort(), percent));
      }),
      { seed: 1 },
    );
  });

  it("are NumPy's", () => {
    const sorted = Float32Array.from(fixture.numbers).sort();
    for (const [percent, value] of Object.entries(fixture.percentiles)) expect(percentile(sorted, Number(percent))).toBeCloseTo(value, 5);
  });
});

describe("the catalogue", () => {
  it("has true colour first, every id once, and every single band", () => {
    const ids = BAND_COMBINATIONS.map(({ id }) => id);
    expect(ids[0]).toBe("true-colour");
    expect(new Set(ids).size).toBe(ids.length);
    for (const band of BAND_NAMES) expect(ids).toContain(band);
    expect(findBandCombination("none")).toBeUndefined();
  });

  it("offers what the bands allow", () => {
    expect(availableCombinations(["B04", "B03", "B02"]).map(({ id }) => id)).toEqual(["true-colour", "B02", "B03", "B04"]);
  });
});

describe("viridis", () => {
  it("runs from dark violet to yellow, ever lighter", () => {
    const table = viridis();
    expect([...table.subarray(0, 3), ...table.subarray(765)]).toEqual([0x44, 0x01, 0x54, 0xfd, 0xe7, 0x25]);
    const lightness = Array.from(
      { length: 256 },
      (_, i) => 0.2126 * table[3 * i]! + 0.7152 * table[3 * i + 1]! + 0.0722 * table[3 * i + 2]!,
    );
    for (let i = 8; i < 256; i++) expect(lightness[i]!).toBeGreaterThan(lightness[i - 8]!);
  });
});
