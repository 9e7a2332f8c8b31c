import { describe, expect, it } from "vitest";
import { isValidDn, reflectanceOf, toReflectance } from "../../../shared/raster/radiometry.ts";
import { standardise, unstandardise } from "../../../shared/raster/standardise.ts";

describe("reflectance", () => {
  it("is (DN + offset) / quantification; no data and saturation are masked", () => {
    const { data, mask } = toReflectance(Uint16Array.of(0, 1000, 11_000, 65_535, 65_534), { quantification: 10_000, offset: -1000 });
    expect(Array.from(mask)).toEqual([0, 1, 1, 0, 1]);
    expect(Array.from(data)).toEqual([0, 0.0001, 1, 0, 6.4534].map(Math.fround));
  });

  it("is clamped at DN 1 after the offset, so dark water stays valid and is not no data", () => {
    const { data, mask } = toReflectance([1, 400, 1001, 1002], { quantification: 10_000, offset: -1000 });
    expect(Array.from(mask)).toEqual([1, 1, 1, 1]);
    expect(Array.from(data)).toEqual([0.0001, 0.0001, 0.0001, 0.0002].map(Math.fround));
  });

  it("is DN / 10000 for BigEarthNet, which has no offset", () => {
    expect(reflectanceOf(2500, { quantification: 10_000, offset: 0 })).toBe(0.25);
    expect([0, 1, 65_534, 65_535].map(isValidDn)).toEqual([false, true, true, false]);
  });
});

describe("standardised reflectance", () => {
  it("counts standard deviations from the mean; no data becomes the mean", () => {
    expect(Array.from(standardise([0.1, 0.3, 0.5], [1, 1, 0], { mean: 0.3, std: 0.1 }))).toEqual([-2, 0, 0].map(Math.fround));
  });

  it("is 0 in a constant band", () => {
    expect(Array.from(standardise([0.25, 0.25], null, { mean: 0.25, std: 0 }))).toEqual([0, 0]);
  });

  it("goes back to reflectance", () => {
    const moments = { mean: 0.21, std: 0.07 };
    const reflectance = [0.01, 0.2, 1.1];
    unstandardise(standardise(reflectance, null, moments), moments).forEach((value, i) => {
      expect(value).toBeCloseTo(reflectance[i]!, 6);
    });
  });
});
