import { describe, expect, it } from "vitest";
import type { BandGroup } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { Random } from "../../../shared/domain/random.ts";
import { toReflectance } from "../../../shared/raster/radiometry.ts";
import { resampleBand } from "../../../shared/raster/resample.ts";
import { tileReflectance } from "../../../shared/raster/tile-reflectance.ts";

const groups: BandGroup[] = [
  { name: "10m", pixels: 4, bands: ["B02", "B08"] },
  { name: "20m", pixels: 2, bands: ["B05"] },
];
const radiometry = { quantification: 10_000, offset: 0 };
/** Two tiles: the second holds constants, with a hole in B08. */
const raw = [
  Uint16Array.from({ length: 64 }, (_, i) => (i < 32 ? 1000 : i < 48 ? 2000 : i === 48 ? 0 : 3000)),
  Uint16Array.from({ length: 8 }, (_, i) => (i < 4 ? 500 : 4000)),
];

describe("the reflectance of a stored tile", () => {
  it("brings the bands of all groups to one grid, in the order asked", () => {
    const image = tileReflectance(raw, { groups, radiometry, bands: ["B05", "B08"], pixels: 4, tile: 1 });
    expect(image.bands).toEqual(["B05", "B08"]);
    image.data.slice(0, 16).forEach((value) => {
      expect(value).toBeCloseTo(0.4, 6);
    });
    expect(image.data[16]).toBe(0);
    expect(image.data[17]).toBeCloseTo(0.3, 6);
    expect(Array.from(image.mask.subarray(16, 19))).toEqual([0, 1, 1]);
  });

  it("takes all bands of the first tile when nothing else is asked, and averages to a smaller size", () => {
    const image = tileReflectance(raw, { groups, radiometry, pixels: 2 });
    expect(image.bands).toEqual(["B02", "B08", "B05"]);
    const expected = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05];
    image.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  });

  it("averages blocks as the resampling by matrices does, no data and offsets among them", () => {
    const random = Random.of("block means");
    const side = 12;
    const dn = Uint16Array.from(
      { length: side * side },
      () => [0, 65535, 1 + random.below(1200), 500 + random.below(4000)][random.below(4)]!,
    );
    const own: BandGroup[] = [{ name: "10m", pixels: side, bands: ["B04"] }];
    const shifted = { quantification: 10_000, offset: -1000 };
    for (const pixels of [12, 6, 4, 3, 2, 1]) {
      const { data, mask } = tileReflectance([dn], { groups: own, radiometry: shifted, pixels });
      const { data: native, mask: valid } = toReflectance(dn, shifted);
      const expected = resampleBand(native, valid, { from: side, to: pixels });
      expect(mask).toEqual(expected.mask);
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(expected.data[i]!, 7);
      });
    }
  });

  it("names a band that is not stored", () => {
    expect(() => tileReflectance(raw, { groups, radiometry, bands: ["B12"], pixels: 4 })).toThrow(AppError);
  });
});
