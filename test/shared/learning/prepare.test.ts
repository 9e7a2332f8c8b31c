import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { Random } from "../../../shared/domain/random.ts";
import { createPreparation } from "../../../shared/learning/prepare.ts";
import type { RawTiles, TileLayout } from "../../../shared/learning/tiles.ts";
import { toReflectance } from "../../../shared/raster/radiometry.ts";
import { resampleBand } from "../../../shared/raster/resample.ts";
import { standardise } from "../../../shared/raster/standardise.ts";
import { ENGINES, on } from "../../electron/training/engines/engines.ts";

const statistics = (mean: number, std: number) => ({ mean, std, validPixels: 1000, minimum: 0, maximum: 1 });
const LAYOUT: TileLayout = {
  tilePixels: 24,
  groups: [
    { name: "10m", pixels: 24, bands: ["B02", "B03", "B04", "B08"] },
    { name: "20m", pixels: 12, bands: ["B05", "B11", "B8A"] },
    { name: "60m", pixels: 4, bands: ["B01"] },
  ],
  radiometry: { quantification: 10_000, offset: -1000 },
  statistics: {
    B01: statistics(0.06, 0.02),
    B02: statistics(0.05, 0.03),
    B04: statistics(0.08, 0.05),
    B08: statistics(0.3, 0.1),
    B05: statistics(0.12, 0.06),
    B8A: statistics(0.32, 0.11),
    B11: statistics(0.2, 0),
  },
};

/** Tiles with holes, saturation and dark water; the last tile is whole. */
function rawTiles(count = 3): RawTiles {
  const random = Random.of(12);
  const groups = LAYOUT.groups.map(({ pixels, bands }) => {
    const area = pixels * pixels;
    return Uint16Array.from({ length: count * bands.length * area }, (_, i) => {
      const [tile, x, y] = [Math.floor(i / (bands.length * area)), i % pixels, Math.floor(i / pixels) % pixels];
      const value = random.chance(0.05) ? 500 + random.below(500) : 1000 + random.below(8000);
      if (tile === count - 1) return value;
      if (x < pixels / 3 && y < pixels / 2) return 0;
      return random.chance(0.08) ? (random.chance(0.5) ? 0 : 65535) : value;
    });
  });
  return { count, groups };
}

/** The same by shared/raster's loops. // [N, S, S, C] */
function byLoops(raw: RawTiles, bands: readonly BandName[], pixels: number): Float32Array {
  const out = new Float32Array(raw.count * pixels * pixels * bands.length);
  for (let tile = 0; tile < raw.count; tile++) {
    bands.forEach((band, c) => {
      const index = LAYOUT.groups.findIndex((group) => group.bands.includes(band));
      const group = LAYOUT.groups[index]!;
      const area = group.pixels ** 2;
      const start = (tile * group.bands.length + group.bands.indexOf(band)) * area;
      const { data, mask } = toReflectance(raw.groups[index]!.subarray(start, start + area), LAYOUT.radiometry);
      const standardised = standardise(data, mask, LAYOUT.statistics[band]!);
      const resampled = resampleBand(standardised, mask, { from: group.pixels, to: pixels });
      for (let i = 0; i < pixels * pixels; i++) out[(tile * pixels * pixels + i) * bands.length + c] = resampled.data[i]!;
    });
  }
  return out;
}

describe.each(ENGINES)("preparation on $name", ({ name, skip }) => {
  const cases: [string, BandName[], number | null, number][] = [
    ["at the tile's own size", ["B04", "B02", "B08", "B05", "B8A"], null, 24],
    ["averaged to 10 px", ["B08", "B05", "B02"], 10, 10],
    ["to the 20 m grid, with a 60 m band and a constant one", ["B01", "B11", "B04"], 12, 12],
    ["enlarged to 31 px", ["B02", "B8A", "B01"], 31, 31],
  ];
  it.skipIf(skip).each(cases)("equals plain loops %s", async (_, bands, inputPixels, pixels) => {
    const raw = rawTiles();
    await loadEngine(name);
    const preparation = createPreparation({ layout: LAYOUT, bands, inputPixels });
    expect(preparation).toMatchObject({ pixels, channels: bands.length });
    const values = await on(name, () => preparation.prepare(raw));
    const expected = byLoops(raw, bands, pixels);
    expect(expected.some((value) => value === 0)).toBe(true);
    // 1e-5 standard deviations up to 10 of them, three units in the last place of float32 beyond (these tiles reach 40).
    const errors = Array.from(values, (value, i) => Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!) / 10));
    expect(values.length).toBe(expected.length);
    expect(Math.max(...errors)).toBeLessThan(1e-5);
    preparation.dispose();
  });

  it.skipIf(skip)("gives [N, S, S, C] and the channels' statistics, and frees all it took", async () => {
    await loadEngine(name);
    const before = tf.memory().numTensors;
    const preparation = createPreparation({ layout: LAYOUT, bands: ["B08", "B11"], inputPixels: 8 });
    expect(Array.from(preparation.means)).toEqual([Math.fround(0.3), Math.fround(0.2)]);
    expect(Array.from(preparation.stds)).toEqual([Math.fround(0.1), 1]);
    const x = preparation.prepare(rawTiles());
    expect(x.shape).toEqual([3, 8, 8, 2]);
    expect(tf.memory().numTensors).toBe(before + 1 + tensorsOf(2));
    const parts = preparation.upload(rawTiles());
    const specifications = preparation.specifications(3);
    expect(Object.keys(parts)).toEqual(["dn0", "dn1"]);
    for (const [place, { shape, dtype }] of Object.values(parts).entries()) expect({ shape, dtype }).toEqual(specifications[`dn${place}`]);
    if (name === "tensorflow") expect(specifications.dn1).toEqual({ shape: [3, 72], dtype: "int32" });
    else expect(specifications.dn1).toEqual({ shape: [3, 1, 12, 12], dtype: "float32" });
    const again = preparation.standardise(parts);
    expect(await again.data()).toEqual(await x.data());
    tf.dispose([x, again, Object.values(parts)]);
    preparation.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.skipIf(skip)("gives an empty tile as all zeros", async () => {
    await loadEngine(name);
    const raw = { count: 1, groups: LAYOUT.groups.map(({ pixels, bands }) => new Uint16Array(bands.length * pixels * pixels)) };
    const preparation = createPreparation({ layout: LAYOUT, bands: ["B08", "B05"], inputPixels: 16 });
    expect(new Set(await on(name, () => preparation.prepare(raw)))).toEqual(new Set([0]));
    preparation.dispose();
  });
});

/** Constants that a preparation keeps: scale, shift and axis of each group. */
const tensorsOf = (groups: number) => 3 * groups;

describe("a preparation", () => {
  const failure = (bands: readonly BandName[], layout = LAYOUT): AppError => {
    try {
      createPreparation({ layout, bands, inputPixels: null });
    } catch (error) {
      return error as AppError;
    }
    throw new Error("nothing was thrown");
  };

  it("names the bands that the data set lacks", () => {
    const error = failure(["B04", "B12", "B06"]);
    expect(error).toBeInstanceOf(AppError);
    expect(error.code).toBe("BAD_ARGUMENT");
    expect(error.message).toContain("B12, B06");
    expect(error.data.missing).toEqual(["B12", "B06"]);
  });

  it("names the bands without statistics, and refuses a band given twice and no band", () => {
    expect(failure(["B03"]).message).toContain("B03");
    expect(failure(["B04", "B04"]).message).toContain("twice");
    expect(failure([]).code).toBe("BAD_ARGUMENT");
  });

  it("refuses raw tiles of another layout", async () => {
    await loadEngine("wasm");
    const preparation = createPreparation({ layout: LAYOUT, bands: ["B04"], inputPixels: null });
    expect(() => preparation.prepare({ count: 2, groups: [new Uint16Array(10)] })).toThrow(/group 0/);
    preparation.dispose();
  });
});
