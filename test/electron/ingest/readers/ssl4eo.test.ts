import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEarthEngineMetadata } from "../../../../electron/ingest/readers/ssl4eo.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

const real = join(fixtures, "data", "ssl4eo", "metadata.json");
const path = join(temporaryFolder(), "metadata.json");
const read = (json: unknown) => {
  writeFileSync(path, JSON.stringify(json));
  return readEarthEngineMetadata(path);
};

describe("the metadata of an Earth Engine image", () => {
  it("(a real one) tells product, day, granule, clouds, place and radiometry", () => {
    const { radiometry, ...rest } = readEarthEngineMetadata(real)!;
    expect(rest).toEqual({
      product: "S2B_MSIL1C_20200604T054639_N0209_R048_T43RCP_20200604T083537",
      level: "L1C",
      date: "2020-06-04",
      granule: "T43RCP",
      baseline: "02.09",
      cloudPercent: 0.8438,
      epsg: 32643,
    });
    expect(radiometry).toMatchObject({
      quantification: 10_000,
      offsets: { B01: 0, B8A: 0 },
      source: "metadata.json: processing baseline 02.09, before offsets",
    });
  });

  it.each([
    ["COPERNICUS/S2_SR_HARMONIZED/x", { PROCESSING_BASELINE: "05.09", BOA_ADD_OFFSET_B2: -1000 }, 0],
    ["COPERNICUS/S2_SR/x", { PROCESSING_BASELINE: "04.00", BOA_ADD_OFFSET_B2: -1000 }, -1000],
    ["COPERNICUS/S2/x", { PROCESSING_BASELINE: "04.00" }, -1000],
    ["COPERNICUS/S2/x", { PROCESSING_BASELINE: "02.09" }, 0],
    ["COPERNICUS/S2/x", {}, undefined],
  ])("of %s %j has the offset %s", (id, properties, offset) => {
    expect(read({ "system:id": id, ...properties })!.radiometry?.offsets.B02).toBe(offset);
  });

  it("is told by names and times where properties are missing", () => {
    expect(read({ "system:id": "COPERNICUS/S2_SR/20200604T054639_20200604T054831_T43RCP" })).toMatchObject({
      level: "L2A",
      date: "2020-06-04",
      granule: "T43RCP",
      product: null,
    });
    expect(read({ "system:id": "COPERNICUS/S2/x", "system:time_start": 1591250441044 })!.date).toBe("2020-06-04");
  });

  it.each([{}, [], null, 7, { labels: [] }])("is not seen in %j", (json) => {
    expect(read(json)).toBeNull();
  });

  it("changed or cut short anywhere, or of any values, does no harm", () => {
    const bytes = readFileSync(real);
    const properties = JSON.parse(bytes.toString()) as object;
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.constantFrom(...Object.keys(properties)),
        fc.jsonValue({ maxDepth: 2 }),
        (at, value, key, json) => {
          const changed = Buffer.from(bytes);
          changed[at] = value;
          for (const hostile of [bytes.subarray(0, at), changed]) {
            writeFileSync(path, hostile);
            try {
              readEarthEngineMetadata(path);
            } catch (error) {
              expect(error).toBeInstanceOf(AppError);
            }
          }
          expect(read({ ...properties, [key]: json })).not.toBeUndefined();
        },
      ),
      { numRuns: 300, seed: 20210401 },
    );
  });
});
