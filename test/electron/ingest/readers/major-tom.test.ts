import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseMajorTomPath } from "../../../../electron/ingest/readers/major-tom.ts";
import { cloudMaskKindOf, qa60KindOf } from "../../../../shared/domain/scene-classes.ts";

const product = "S2B_MSIL2A_20200223T032739_N9999_R018_T48QUE_20230924T183543";

describe("a Major TOM scene", () => {
  it("is told by its grid cell and product", () => {
    expect(parseMajorTomPath(join("data", "199U_1099R", product))).toEqual({
      cell: "199U_1099R",
      product,
      date: "2020-02-23",
      granule: "T48QUE",
      baseline: "99.99",
      radiometry: { offset: 0, quantification: 10_000, source: "Major TOM: processing baseline 99.99, without an offset" },
    });
  });

  it("of a baseline with offsets has one", () => {
    expect(parseMajorTomPath(join("0D_12L", product.replace("N9999", "N0509")))!.radiometry.offset).toBe(-1000);
    expect(parseMajorTomPath(join("0D_12L", product.replace("N9999", "N0213")))!.radiometry.offset).toBe(0);
  });

  it.each([product, join("a", product), join("199U_1099R", "B02"), join("199X_1R", product), ""])("is not seen in %s", (path) => {
    expect(parseMajorTomPath(path)).toBeNull();
  });
});

describe("masks", () => {
  it("of Major TOM tell thick and thin cloud, shadow, and nothing else", () => {
    expect([0, 1, 2, 3, 4, 255].map(cloudMaskKindOf)).toEqual(["clear", "cloud", "cloud", "shadow", "nodata", "nodata"]);
  });

  it("of Earth Engine's QA60 tell clouds by bits 10 and 11", () => {
    expect([0, 1024, 2048, 3072, 512].map(qa60KindOf)).toEqual(["clear", "cloud", "cloud", "cloud", "clear"]);
  });
});
