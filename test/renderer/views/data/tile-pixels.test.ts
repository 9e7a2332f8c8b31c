import { describe, expect, it } from "vitest";
import { baselineOf, placeText } from "../../../../renderer/views/data/tile-facts.ts";
import { readTilePixels, spectrumOf, valuesAt } from "../../../../renderer/views/data/tile-pixels.ts";
import type { Dataset } from "../../../../shared/domain/dataset.ts";

const dataset = {
  tilePixels: 4,
  radiometry: { quantification: 10_000, offset: -1000, source: "" },
  groups: [
    { name: "10m", pixels: 4, bands: ["B08", "B02"] },
    { name: "20m", pixels: 2, bands: ["B05"] },
  ],
} as unknown as Dataset;
/** B08 is 2000 + place, B02 1500 + place, B05 3000 + place. */
const dn = Uint16Array.from(
  [...Array(16).keys()]
    .map((i) => 2000 + i)
    .concat(
      [...Array(16).keys()].map((i) => 1500 + i),
      [3000, 3001, 3002, 3003],
    ),
);

describe("the pixels of a tile", () => {
  it("are told by band, by wavelength, each at its own size", () => {
    const values = valuesAt(readTilePixels(dataset, dn.buffer), 3, 1);
    expect(values).toEqual([
      { band: "B02", dn: 1507, reflectance: 0.0507 },
      { band: "B05", dn: 3001, reflectance: 0.2001 },
      { band: "B08", dn: 2007, reflectance: 0.1007 },
    ]);
    expect(spectrumOf(values).map(({ wavelengthNm, mean }) => [wavelengthNm, mean])).toEqual([
      [492, 0.0507],
      [704, 0.2001],
      [833, 0.1007],
    ]);
  });

  it("leave no data and saturated pixels out of the spectrum", () => {
    const other = dn.slice();
    other[0] = 0;
    other[16] = 65535;
    const values = valuesAt(readTilePixels(dataset, other.buffer), 0, 0);
    expect(values.map(({ reflectance }) => reflectance)).toEqual([null, 0.2, null]);
    expect(spectrumOf(values).map(({ band }) => band)).toEqual(["B05"]);
  });

  it("are refused when they are of another data set", () => {
    expect(() => readTilePixels(dataset, new ArrayBuffer(10))).toThrow("10 bytes instead of 72");
  });
});

describe("what is told of a tile", () => {
  it("has the baseline that ESA's product names tell", () => {
    expect(baselineOf({ product: "S2A_MSIL2A_20220706T185921_N0400_R013_T10SFG_20220706T232213" })).toBe("04.00");
    expect(baselineOf({ product: "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP" })).toBeNull();
    expect(baselineOf({ product: null })).toBeNull();
  });

  it("has the granule and the centre, also across the antimeridian", () => {
    expect(placeText({ granule: "T33UUP", footprint: [12, 48, 12.2, 48, 12.2, 47.8, 12, 47.8] })).toBe("T33UUP, 47.90° N 12.10° E");
    expect(placeText({ granule: null, footprint: [179.9, -17, -179.7, -17, -179.7, -17.2, 179.9, -17.2] })).toBe("17.10° S 179.90° W");
    expect(placeText({ granule: null, footprint: null })).toBe("");
  });
});
