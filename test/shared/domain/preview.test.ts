import { describe, expect, it } from "vitest";
import { BandProfile as ContractProfile } from "../../../shared/contract/app.ts";
import {
  HISTOGRAM_BINS,
  type PreviewPair,
  previewWarnings,
  profileBands,
  profileImages,
  type ReflectanceImage,
} from "../../../shared/domain/preview.ts";
import { Random } from "../../../shared/domain/random.ts";

const random = Random.of(1);
const SIDE = 8;
const tile: ReflectanceImage = {
  bands: ["B04", "B08"],
  pixels: SIDE,
  data: Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => (i < SIDE * SIDE ? 0.05 : 0.3) + 0.04 * random.next()),
};
const changed = (change: (value: number, i: number) => number): ReflectanceImage => ({ ...tile, data: tile.data.map(change) });
const warnings = (after: ReflectanceImage, rest: Partial<PreviewPair> = {}) =>
  previewWarnings({ before: tile, after, operations: ["gain"], profile: "physical", ...rest });

describe("band profiles", () => {
  it("give mean, extremes and a histogram of all valid pixels, in the contract's form", () => {
    const profiles = profileBands(tile);
    for (const [c, profile] of profiles.entries()) {
      expect(ContractProfile.parse(profile)).toEqual(profile);
      const values = Array.from(tile.data.subarray(c * SIDE * SIDE, (c + 1) * SIDE * SIDE));
      expect(profile.minimum).toBe(Math.min(...values));
      expect(profile.maximum).toBe(Math.max(...values));
      expect(profile.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 6);
      expect(profile.histogram).toHaveLength(HISTOGRAM_BINS);
      expect(profile.histogram.reduce((a, b) => a + b, 0)).toBe(values.length);
      expect(profile.histogram.at(-1)).toBeGreaterThan(0); // its upper end lies in the last bin
    }
    expect(profiles.map(({ wavelengthNm }) => wavelengthNm)).toEqual([665, 833]);
  });

  it("leave out pixels without data, and a band without any is zeros", () => {
    const mask = new Uint8Array(tile.data.length).fill(1, 0, 10);
    const [red, infrared] = profileBands({ ...tile, mask });
    expect(red!.histogram.reduce((a, b) => a + b, 0)).toBe(10);
    expect(infrared).toMatchObject({ mean: 0, minimum: 0, maximum: 0, histogramRange: [0, 0] });
    expect(infrared!.histogram.every((count) => count === 0)).toBe(true);
  });

  it("of several images share the range of a band's histograms", () => {
    const [before, after] = profileImages([tile, changed((value) => value * 1.5)]);
    expect(after![0]!.histogramRange).toEqual(before![0]!.histogramRange);
    expect(before![0]!.histogramRange).toEqual([before![0]!.minimum, after![0]!.maximum]);
  });

  it("of a constant band count every pixel in the first bin", () => {
    const [profile] = profileBands({ ...tile, data: tile.data.map(() => 0.5) });
    expect(profile!.histogram[0]).toBe(SIDE * SIDE);
  });
});

describe("warnings", () => {
  it("are none for a view within physics", () => {
    expect(warnings(changed((value) => value * 1.2))).toEqual([]);
  });

  it("tell of a flipped sign, by the pixels or, when these were moved, by the words", () => {
    const flipped = changed((value) => 0.2 - 0.4 * (value - 0.2));
    expect(warnings(flipped, { profile: "published" })[0]).toMatchObject({ operation: "gain", message: expect.stringContaining("sign") });
    const moved = changed((_, i) => tile.data[(i + 3) % tile.data.length]!);
    const geometric = { operations: ["rotation", "gain"], profile: "published" } as const;
    expect(warnings(moved, geometric)).toEqual([]);
    expect(warnings(moved, { ...geometric, drawn: ["gain x -0.31 of the standardised values"] })[0]!.operation).toBe("gain");
  });

  it("tell the share of values outside physics, and the operation where only one can be it", () => {
    const dark = changed((value, i) => (i < 4 ? -0.2 : value));
    expect(warnings(dark, { operations: ["flip", "brightness"] })).toEqual([
      { operation: "brightness", message: expect.stringMatching(/^3\.1 % .*-0\.05.*1\.6/) },
    ]);
    expect(warnings(dark, { operations: ["brightness", "contrast"] })[0]!.operation).toBeNull();
    expect(warnings(dark, { operations: ["speckle", "contrast"], profile: "published" })[0]!.operation).toBe("speckle");
  });

  it("do not blame a view for what the tile has already", () => {
    const cloudy = changed((value, i) => (i < 4 ? 1.9 : value));
    const view = { ...cloudy, data: cloudy.data.map((value, i) => (i < 4 ? value : value * 1.1)) };
    expect(warnings(view, { before: cloudy })).toEqual([]);
  });

  it("tell that nothing changes", () => {
    expect(warnings(changed((value) => value + 1e-7))).toEqual([
      { operation: "gain", message: expect.stringContaining("nothing changes") },
    ]);
    expect(warnings(tile, { operations: [] })[0]!.operation).toBeNull();
  });
});
