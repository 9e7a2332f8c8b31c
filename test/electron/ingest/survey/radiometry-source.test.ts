// Whether pixels agree with what metadata tell. The numbers are those of real scenes: of one in a thousand and one in a hundred, lowest first.
import { describe, expect, it } from "vitest";
import type { SceneRadiometry } from "../../../../electron/ingest/readers/scene.ts";
import type { DarkEnd, PixelSample } from "../../../../electron/ingest/survey/open-patch.ts";
import { disagreement } from "../../../../electron/ingest/survey/radiometry-source.ts";
import { BAND_NAMES, type BandName } from "../../../../shared/domain/bands.ts";

type Ends = Readonly<Partial<Record<BandName, readonly [permille: number, percentile: number]>>>;

/** sentinel-cogs 29RKH, 2020: the Sahara, without an offset. */
const DESERT: Ends = { B02: [672, 1012], B04: [1376, 2108], B12: [1712, 2698], B09: [1677, 2598] };
/** Brighter still: dunes without a shadow. */
const DUNES: Ends = { B02: [1290, 1348], B04: [2050, 2210], B12: [3900, 4100], B09: [3000, 3200] };
/** Major TOM 0U_199R, 2022, baseline 04.00: savanna under haze, with its offset. */
const HAZE: Ends = { B02: [1791, 2012], B04: [1682, 1864], B12: [1597, 1710], B09: [3429, 4687] };
/** Major TOM 199U_1099R, 2020: land and water, without an offset. */
const WATER: Ends = { B02: [238, 258], B04: [173, 196], B12: [43, 80], B09: [79, 302] };
/** SSL4EO 0000200, 2020, Level-1C: fields, without an offset. */
const LEVEL_1C: Ends = { B02: [1137, 1149], B04: [758, 785], B12: [592, 670], B09: [311, 334], B10: [6, 7] };

const raised = (ends: Ends, by: number): Ends =>
  Object.fromEntries(Object.entries(ends).map(([band, [permille, percentile]]) => [band, [permille + by, percentile + by]]));

const sample = (ends: Ends): PixelSample => ({
  maximum: 10_000,
  nodata: 0,
  darkest: Object.entries(ends).map(([band, [permille, percentile]]): DarkEnd => ({ band: band as BandName, permille, percentile })),
});

const told = (offset: number, isTold = true): SceneRadiometry => ({
  offsets: offset === 0 ? {} : Object.fromEntries(BAND_NAMES.map((band) => [band, offset])),
  quantification: 10_000,
  source: "test",
  isTold,
});

const doubt = (radiometry: SceneRadiometry, ...scenes: Ends[]) => disagreement(radiometry, scenes.map(sample), null);
const STILL_IN = /an offset of -1000 were still in them. If so, set the offset to -1000\.$/;
const APPLIED = /the offset of -1000 were applied already. If so, set the offset to 0\.$/;

describe("the darkest pixels", () => {
  it.each([
    ["desert", DESERT],
    ["water", WATER],
    ["Level-1C", LEVEL_1C],
  ])("of %s agree with no offset, told or assumed; with one, when it was added to them", (_, ends) => {
    expect(doubt(told(0), ends)).toBeNull();
    expect(doubt(told(0, false), ends)).toBeNull();
    expect(doubt(told(-1000), raised(ends, 1000))).toBeNull();
  });

  it("of a hazy scene of baseline 04.00 agree with its offset", () => {
    expect(doubt(told(-1000), HAZE)).toBeNull();
  });

  it.each([
    ["water", WATER],
    ["Level-1C, which sees no ground in B10", LEVEL_1C],
  ])("of %s tell that an offset is still in, whatever metadata say", (_, ends) => {
    for (const isTold of [true, false])
      expect(doubt(told(0, isTold), raised(ends, 1000))).toEqual({ kind: "warning", text: expect.stringMatching(STILL_IN) });
  });

  it.each([
    ["water", WATER],
    ["Level-1C", LEVEL_1C],
  ])("of %s tell that an offset is applied already", (_, ends) => {
    expect(doubt(told(-1000), ends)).toEqual({ kind: "warning", text: expect.stringMatching(APPLIED) });
  });

  it("of bright land are a note where metadata tell that there is no offset, and a warning where nothing does", () => {
    for (const ends of [DUNES, HAZE]) {
      expect(doubt(told(0), ends)).toEqual({ kind: "note", text: expect.stringMatching(/as on bright land, or with an offset/) });
      expect(doubt(told(0, false), ends)).toEqual({ kind: "warning", text: expect.stringMatching(STILL_IN) });
    }
  });

  it("of snow and clouds tell nothing", () => {
    expect(doubt(told(0, false), { B02: [6000, 6500], B04: [5900, 6300], B12: [2100, 2400] })).toBeNull();
  });

  it("count by the middle one of the scenes", () => {
    expect(doubt(told(0), WATER, raised(WATER, 1000), WATER)).toBeNull();
    expect(doubt(told(0), raised(WATER, 1000), raised(WATER, 1000), WATER)).toMatchObject({ kind: "warning" });
  });

  it("are none where a scene has no data, or another scale", () => {
    expect(doubt(told(0, false))).toBeNull();
    expect(doubt(told(0, false), {})).toBeNull();
    expect(doubt({ ...told(0, false), quantification: 65_535 }, raised(WATER, 1000))).toBeNull();
  });

  it("of reflectance are counted as DN", () => {
    const reflectance = sample(
      Object.fromEntries(Object.entries(raised(WATER, 1000)).map(([band, [a, b]]) => [band, [a / 10_000, b / 10_000]])),
    );
    expect(disagreement(told(0), [reflectance], 10_000)).toMatchObject({ kind: "warning", text: expect.stringMatching(/DN 1043/) });
  });
});
