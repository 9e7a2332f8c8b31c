import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeBands, suggestedOrders } from "../../../../electron/ingest/readers/band-descriptions.ts";
import { BAND_NAMES, isBandName } from "../../../../shared/domain/bands.ts";

/** The descriptions of an Earth Engine export of 12 months as CropHarvest makes them (Sentinel-1, Sentinel-2, weather, then the terrain). */
const monthly = [
  "VV",
  "VH",
  "B1",
  "B2",
  "B3",
  "B4",
  "B5",
  "B6",
  "B7",
  "B8",
  "B8A",
  "B9",
  "B10",
  "B11",
  "B12",
  "temperature_2m",
  "total_precipitation",
];
const cropHarvest = [
  ...Array.from({ length: 12 }, (_, i) => monthly.map((name) => (i === 0 ? name : `${name}_${i}`))).flat(),
  "elevation",
  "slope",
];

describe("band descriptions", () => {
  it("of an Earth Engine time stack give the bands of each month, the rest is listed", () => {
    const { timeSteps, ignored, missing } = describeBands(cropHarvest);
    expect(missing).toBeNull();
    expect(timeSteps.map(({ label }) => label)).toEqual(["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    timeSteps.forEach(({ bands, date }, i) => {
      expect(date).toBeNull();
      expect(Object.keys(bands).sort()).toEqual([...BAND_NAMES].sort());
      expect(bands).toMatchObject({ B01: i * 17 + 2, B8A: i * 17 + 10, B12: i * 17 + 14 });
    });
    expect(ignored).toHaveLength(4 * 12 + 2);
    expect(ignored).toEqual(expect.arrayContaining(["VV_11", "total_precipitation", "slope"]));
  });

  it.each([
    [["B2", "B03", "b8a", "B12"], { B02: 0, B03: 1, B8A: 2, B12: 3 }],
    [["blue", "Red", "rededge1", "nir", "nir08", "swir16", "swir22"], { B02: 0, B04: 1, B05: 2, B08: 3, B8A: 4, B11: 5, B12: 6 }],
    [["B4, central wavelength 665 nm", "B8A, central wavelength 865 nm"], { B04: 0, B8A: 1 }],
    [["rededge", "B13", "", "NDVI", "B4_stdDev", "TCI_B", "B4 B3"], undefined],
  ])("%j", (descriptions, bands) => {
    expect(describeBands(descriptions).timeSteps[0]?.bands).toEqual(bands);
  });

  it.each([
    ["B4_1", "1", null],
    ["1_B4", "1", null],
    ["B4.2", "2", null],
    ["20190206_B4", "20190206", "2019-02-06"],
    ["B4_2019-02-06", "2019-02-06", "2019-02-06"],
    ["20190206T101031_20190206T101029_T31NBJ_B4", "20190206T101031_20190206T101029_T31NBJ", "2019-02-06"],
    ["B4_median", "median", null],
    ["red_p25", "p25", null],
  ])("%s is band 4 of a step", (description, label, date) => {
    expect(describeBands([description]).timeSteps).toEqual([{ label, date, bands: { B04: 0 }, masks: {} }]);
  });

  it("tell masks from bands, step by step", () => {
    expect(describeBands(["B4", "QA60", "SCL", "MSK_CLDPRB", "B4_1", "QA60_1", "SCL_2"])).toEqual({
      timeSteps: [
        { label: "", date: null, bands: { B04: 0 }, masks: { QA60: 1, SCL: 2, MSK_CLDPRB: 3 } },
        { label: "1", date: null, bands: { B04: 4 }, masks: { QA60: 5 } },
      ],
      ignored: ["SCL_2"],
      missing: null,
    });
  });

  it("that repeat are those of the next step", () => {
    expect(describeBands(["B2", "B3", "B2", "B3"]).timeSteps.map(({ label, bands }) => [label, bands])).toEqual([
      ["", { B02: 0, B03: 1 }],
      ["#2", { B02: 2, B03: 3 }],
    ]);
  });

  it("that are not there are asked for", () => {
    expect(describeBands([null, "", " "])).toEqual({ timeSteps: [], ignored: ["band 1", "band 2", " "], missing: "no-descriptions" });
    expect(describeBands(["VV", "VH"])).toMatchObject({ timeSteps: [], missing: null });
  });

  it("of any text give each sample once", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("B4", "_", "1", "red", "20190206", "SCL", "B8A", "."));
    fc.assert(
      fc.property(
        fc.array(
          fc.option(
            fc.array(word, { maxLength: 4 }).map((words) => words.join("")),
            { nil: null },
          ),
          { maxLength: 40 },
        ),
        (descriptions) => {
          const { timeSteps, ignored } = describeBands(descriptions);
          const samples = timeSteps.flatMap(({ bands, masks }) => [...Object.values(bands), ...Object.values(masks)]);
          expect(new Set(samples).size).toBe(samples.length);
          expect(samples.length + ignored.length).toBe(descriptions.length);
        },
      ),
      { numRuns: 1000, seed: 20210401 },
    );
  });
});

describe("suggested orders", () => {
  it("name each band once, as many as the file has", () => {
    for (const samples of [3, 4, 6, 10, 11, 12, 13]) {
      const orders = suggestedOrders(samples);
      expect(orders.length).toBeGreaterThan(0);
      for (const { bands } of orders) {
        expect(new Set(bands).size).toBe(samples);
        expect(bands.every((band) => band !== null && isBandName(band))).toBe(true);
      }
    }
    expect(suggestedOrders(13).map(({ bands }) => bands.at(-1))).toEqual(["B12", "B8A"]);
    expect(suggestedOrders(7)).toEqual([]);
  });
});
