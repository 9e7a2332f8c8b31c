import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTileInfo } from "../../../../electron/ingest/readers/tile-info.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

const path = join(temporaryFolder(), "tileInfo.json");
const read = (text: string) => {
  writeFileSync(path, text);
  return readTileInfo(path);
};
const nothing = { date: null, granule: null, epsg: null, bounds: null, productName: null, baseline: null, cloudPercent: null };

describe("a tileInfo.json", () => {
  it("of a real bucket tells date, tile, place, product and baseline", () => {
    expect(readTileInfo(join(fixtures, "data", "safe-metadata", "bucket", "tileInfo.json"))).toEqual({
      date: "2017-07-29",
      granule: "T19UDP",
      epsg: 32619,
      bounds: [399_960, 5_400_000, 509_760, 5_290_200],
      productName: "S2A_MSIL1C_20170729T153601_N0205_R111_T19UDP_20170729T153557",
      baseline: "02.05",
      cloudPercent: 24.48,
    });
  });

  it("names zones below 10 as products do", () => {
    expect(read('{"utmZone":5,"latitudeBand":"Q","gridSquare":"KB"}').granule).toBe("T05QKB");
  });

  it.each(["{}", "[]", "null", "7", '{"utmZone":{},"tileGeometry":{"coordinates":[[1,2,3,4]]},"timestamp":9,"cloudyPixelPercentage":"x"}'])(
    "that says nothing (%s) tells nothing",
    (text) => {
      expect(read(text)).toEqual(nothing);
    },
  );

  it("that is broken is refused", () => {
    expect(() => read('{"utmZone":')).toThrow(/not valid JSON/);
  });
});
