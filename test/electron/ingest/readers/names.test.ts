import { describe, expect, it } from "vitest";
import { granuleIn, isoDateIn, parseBandFileName, sanitise } from "../../../../electron/ingest/readers/names.ts";

describe("parseBandFileName", () => {
  it.each([
    ["B02.tif", "B02", "", null],
    ["B2.tif", "B02", "", null],
    ["b8a.tiff", "B8A", "", null],
    ["scene_B02.tif", "B02", "scene", null],
    ["T33SVB_20181229T095411_B02_10m.tif", "B02", "T33SVB_20181229T095411", 10],
    ["S2A_MSIL2A_20170613T101031_87_48_B11.tif", "B11", "S2A_MSIL2A_20170613T101031_87_48", null],
    ["2020-06-04_Sentinel-2_L2A_B04_(Raw).tiff", "B04", "2020_06_04_Sentinel_2_L2A", null],
    ["B02", "B02", "", null],
    ["B02.jp2", "B02", "", null],
  ] as const)("reads %s", (name, band, scene, resolutionMetres) => {
    expect(parseBandFileName(name)).toMatchObject({ band, scene, resolutionMetres });
  });

  it("knows EO Browser's raw files", () => {
    expect(parseBandFileName("2020-06-04_B04_(Raw).tiff")?.isRaw).toBe(true);
    expect(parseBandFileName("2020-06-04_B04.tiff")?.isRaw).toBe(false);
  });

  it.each([
    "SCL.tif",
    "TCI.tif",
    "cloud_mask.tif",
    "B13.tif",
    "B0.tif",
    "AB02.tif",
    "B02x.tif",
    "B02.json",
    "B02.tif.aux.xml",
    "B02.png",
    ".B02.tif",
    "thumbnail.png",
  ])("leaves %s alone", (name) => {
    expect(parseBandFileName(name)).toBeNull();
  });
});

describe("isoDateIn", () => {
  it.each([
    ["20200604T054639_T43RCP", "2020-06-04"],
    ["2020-06-04", "2020-06-04"],
    ["2017-06-13 10:10:31", "2017-06-13"],
    ["S2B_MSIL2A_20180204T94161_57_38", "2018-02-04"],
    ["0000200/20201301", null],
    ["20200231", null],
    ["120200604", null],
    ["scene", null],
  ])("finds the day in %s", (text, day) => {
    expect(isoDateIn(text)).toBe(day);
  });
});

describe("granuleIn", () => {
  it.each([
    ["S2A_MSIL1C_20170613T101031_N0205_R022_T33UUP_20170613T101608.SAFE", "T33UUP"],
    ["S2A_29RKH_20200219_0_L2A", "T29RKH"],
    ["S2A_MSIL2A_20170613T101031_87_48", null],
    ["T61UUP", null],
    ["T33IUP", null],
  ])("finds the MGRS tile in %s", (text, granule) => {
    expect(granuleIn(text)).toBe(granule);
  });
});

describe("sanitise", () => {
  it.each([
    ["S2A_87_48", "S2A_87_48"],
    ["../../etc/passwd", "etc_passwd"],
    ["a b/c", "a_b_c"],
    ["...", "tile"],
    ["Größe 3", "Gr_e_3"],
  ])("makes %s safe", (name, safe) => {
    expect(sanitise(name)).toBe(safe);
  });
});
