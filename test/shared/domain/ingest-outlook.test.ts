import { describe, expect, it } from "vitest";
import { BAND_NAMES } from "../../../shared/domain/bands.ts";
import { Source } from "../../../shared/domain/dataset.ts";
import { outlook, WHOLE } from "../../../shared/domain/ingest-outlook.ts";

const source = (changes: Partial<Source>): Source => ({
  ...Source.parse({
    kind: "safe-l2a",
    path: "/products",
    patches: 2,
    tiles: 2 * 91 ** 2,
    tilePixels: 120,
    bands: BAND_NAMES.filter((band) => band !== "B10"),
    labelled: 0,
    dates: null,
    crs: [],
    bytes: 1000,
    radiometry: { quantification: 10_000, offset: 0, source: "" },
    simulated: false,
  }),
  ...changes,
});

const cut = WHOLE;

describe("what an ingest will take", () => {
  it("is what the scan counted, where nothing else is chosen", () => {
    const patches = source({ kind: "bigearthnet-v1", patches: 10, tiles: 10 });
    const expected = outlook([source({}), patches], cut);
    expect(expected).toMatchObject({ tiles: 2 * 91 ** 2 + 10, isNear: false, readBytes: 2000, lacking: [] });
    // 4 bands at 10 m, 6 at 20 m, 2 at 60 m, 2 bytes each.
    expect(expected.storeBytes).toBe(expected.tiles * 2 * (4 * 120 ** 2 + 6 * 60 ** 2 + 2 * 20 ** 2));
  });

  it("is near for other sides and strides: 45 x 45 tiles of 240 px lie in a product, 181 x 181 overlap by half", () => {
    expect(outlook([source({})], { ...cut, tilePixels: 240 })).toMatchObject({ tiles: 2 * 45 ** 2, isNear: true });
    expect(outlook([source({})], { ...cut, stridePixels: 60 })).toMatchObject({ tiles: 2 * 181 ** 2, isNear: true });
  });

  it("makes one tile of a raster that is smaller", () => {
    const small = source({ kind: "eurosat-ms", patches: 7, tiles: 7, tilePixels: 64 });
    expect(outlook([small], cut)).toMatchObject({ tiles: 7, isNear: false });
    expect(outlook([small], { ...cut, tilePixels: 256 })).toMatchObject({ tiles: 7 });
  });

  it("is no more than the sample, and then exact", () => {
    const sample = { tiles: 100, by: "tile", seed: 0 } as const;
    expect(outlook([source({})], { ...cut, tilePixels: 60, sample })).toMatchObject({ tiles: 100, isNear: false });
    expect(outlook([source({ patches: 3, tiles: 3 })], { ...cut, sample })).toMatchObject({ tiles: 3 });
  });

  it("takes the bands in common, and names those that some lack", () => {
    const few = source({ bands: ["B02", "B03", "B04"] });
    expect(outlook([source({}), few], cut)).toMatchObject({ bands: ["B02", "B03", "B04"] });
    expect(outlook([source({}), few], cut).lacking).toContain("B08");
    expect(outlook([few], { ...cut, bands: ["B04", "B08"] })).toMatchObject({ bands: ["B04"], lacking: [] });
  });

  it("leaves out sources that no data set can hold beside the one with most tiles, and says why", () => {
    const scenes = source({ ratios: { B02: 1, B8A: 2, B01: 6 } });
    const small = source({
      kind: "eurosat-ms",
      path: "/eurosat",
      patches: 7,
      tiles: 7,
      tilePixels: 64,
      ratios: { B02: 1, B8A: 1, B01: 1 },
    });
    const coarse = source({ path: "/coarse", patches: 1, tiles: 4, ratios: { B02: 1, B8A: 1, B01: 6 } });
    const expected = outlook([small, scenes, coarse], cut);
    expect(expected.misfits).toEqual([
      { source: small, reason: expect.stringMatching(/^its tiles are 64 px, not 120 px like those of \/products \(.+\)\. Ingest it/) },
      { source: coarse, reason: expect.stringMatching(/^its B8A is at another resolution than those of \/products/) },
    ]);
    expect(expected).toMatchObject({ tiles: scenes.tiles, readBytes: 1000, triedTiles: 0 });
    expect(outlook([small], cut)).toMatchObject({ misfits: [], tiles: 7 });
  });

  it("is nothing of no source", () => {
    expect(outlook([], cut)).toMatchObject({ tiles: 0, isNear: false, bands: [], lacking: [], readBytes: 0, storeBytes: 0, triedTiles: 0 });
  });

  it("takes the time that the trials tell, in parallel, and needs room for the records, too", () => {
    const tried = source({ trial: { bytesPerSecond: 1e6, shares: [[0, 0]] } });
    const other = source({ tiles: 100, trial: { bytesPerSecond: 1e5, shares: [] } });
    const { storeBytes, diskBytes, seconds, tiles } = outlook([tried], cut);
    expect(seconds).toBeCloseTo(storeBytes / 1e6, 6);
    expect(diskBytes).toBe(storeBytes + 600 * tiles);
    expect(outlook([tried], cut, 2).seconds).toBeCloseTo(seconds! / 1.7, 6);
    expect(outlook([tried, other], cut).seconds).toBeCloseTo(seconds! + (100 * storeBytes) / tiles / 1e5, 6);
    expect(outlook([tried, source({})], cut).seconds).toBeNull();
  });

  it("keeps the share of tiles that the trials keep; unknown clouds pass, and what was not tried is kept", () => {
    const shares: [number | null, number][] = [
      [0, 0],
      [0.1, 0.5],
      [0.9, 0],
      [null, 0],
    ];
    const tried = source({ tiles: 1000, trial: { bytesPerSecond: 1e6, shares } });
    expect(outlook([tried], { ...cut, maxCloud: 0.2 })).toMatchObject({ tiles: 750, readTiles: 1000, isNear: true, triedTiles: 4 });
    expect(outlook([tried], { ...cut, maxCloud: 0.2, maxNodata: 0.05 })).toMatchObject({ tiles: 500 });
    expect(outlook([tried], { ...cut, maxCloud: 0.9 })).toMatchObject({ tiles: 1000, isNear: false });
    expect(outlook([tried, source({ tiles: 10 })], { ...cut, maxNodata: 0 })).toMatchObject({ tiles: 760 });
    const sample = { tiles: 100, by: "tile", seed: 0 } as const;
    expect(outlook([tried], { ...cut, maxCloud: 0.2, sample })).toMatchObject({ tiles: 75, readTiles: 100, isNear: true });
  });
});
