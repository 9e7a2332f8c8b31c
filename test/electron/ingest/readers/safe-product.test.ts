import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { gridTransform } from "../../../../electron/ingest/readers/safe-metadata.ts";
import { isSafeProduct, readSafeProduct } from "../../../../electron/ingest/readers/safe-product.ts";
import { BAND_NAMES, type BandName } from "../../../../shared/domain/bands.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";
import { zipFolder } from "../made-zips.ts";

const metadata = join(fixtures, "data", "safe-metadata");
const N0400 = "S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454";
const N0211 = "S2A_MSIL2A_20181229T095411_N0211_R079_T33SVB_20181229T112231";

const all = (value: number) => Object.fromEntries(BAND_NAMES.map((band) => [band, value]));
const NATIVE: Readonly<Record<string, readonly BandName[]>> = {
  "10": ["B02", "B03", "B04", "B08"],
  "20": ["B05", "B06", "B07", "B8A", "B11", "B12"],
  "60": ["B01", "B09"],
};

/** Writes empty files, or those with a text. */
function write(root: string, files: Readonly<Record<string, string>> | readonly string[]): string {
  for (const [name, text] of Array.isArray(files) ? files.map((file) => [file, ""] as const) : Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** The images of a Level-2A granule, resampled copies and others among them. */
function level2Images(stem: (name: string, metres: string) => string): string[] {
  const copies: Readonly<Record<string, readonly string[]>> = {
    "10": [...NATIVE["10"]!, "TCI", "AOT", "WVP"],
    "20": ["B01", "B02", "B03", "B04", ...NATIVE["20"]!, "SCL", "TCI"],
    "60": [...NATIVE["60"]!, "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12", "SCL"],
  };
  return Object.entries(copies).flatMap(([metres, names]) => names.map((name) => `IMG_DATA/R${metres}m/${stem(name, metres)}.jp2`));
}

const GRANULE = "GRANULE/L2A_T29UNU_A038058_20221005T115407";

/** A product as the real metadata of baseline 04.00 describes it. */
function made0400(): string {
  const root = join(temporaryFolder(), `${N0400}.SAFE`);
  write(root, [
    ...level2Images((name, metres) => `T29UNU_20221005T115411_${name}_${metres}m`).map((file) => `${GRANULE}/${file}`),
    ...[
      "MSK_CLDPRB_20m.jp2",
      "MSK_CLDPRB_60m.jp2",
      "MSK_SNWPRB_20m.jp2",
      "MSK_CLASSI_B00.jp2",
      "MSK_DETFOO_B02.jp2",
      "MSK_QUALIT_B12.jp2",
    ].map((file) => `${GRANULE}/QI_DATA/${file}`),
    `${GRANULE}/QI_DATA/T29UNU_20221005T115411_PVI.jp2`,
    "INSPIRE.xml",
    "manifest.safe",
  ]);
  cpSync(join(metadata, "n0400", "MTD_MSIL2A.xml"), join(root, "MTD_MSIL2A.xml"));
  cpSync(join(metadata, "n0400", "MTD_TL.xml"), join(root, GRANULE, "MTD_TL.xml"));
  return root;
}

const only = (path: string) => {
  const granules = readSafeProduct(path);
  expect(granules).toHaveLength(1);
  return granules[0]!;
};
const change = (path: string, from: string | RegExp, to: string) => writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, to));
const reasons = (path: string) => only(path).problems.map(({ reason }) => reason);

const oldTile = (tile: string) => `S2A_OPER_MSI_L1C_TL_SGS__20160605T161234_A004981_${tile}`;

describe("a product of processing baseline 04.00", () => {
  it("tells all of itself, from the tags of its metadata", () => {
    const root = made0400();
    const granule = only(root);
    expect(granule).toMatchObject({
      path: join(root, GRANULE),
      productName: N0400,
      level: "L2A",
      baseline: "04.00",
      date: "2022-10-05",
      granule: "T29UNU",
      offsets: all(-1000),
      quantification: 10_000,
      radiometrySource: "MTD_MSIL2A.xml: BOA_ADD_OFFSET -1000, BOA_QUANTIFICATION_VALUE 10000",
      isRadiometryTold: true,
      nodata: 0,
      saturated: 65_535,
      cloudPercent: 59.769726,
      problems: [],
    });
    expect(granule.geocoding).toEqual({
      epsg: 32629,
      grids: Object.fromEntries(
        [10, 20, 60].map((metres) => [
          metres,
          { nrows: 109_800 / metres, ncols: 109_800 / metres, ulx: 499_980, uly: 5_900_040, xdim: metres, ydim: -metres },
        ]),
      ),
    });
    expect(gridTransform(granule.geocoding!.grids[20]!)).toEqual([20, 0, 499_980, 0, -20, 5_900_040]);
    expect(granule.footprint).toHaveLength(12);
    expect(granule.footprint![0]).toEqual([-7.7604675, 53.24107326120979]);
    expect(granule.footprint!.at(-1)).toEqual(granule.footprint![0]);
  });

  it("gives each band at its native resolution, and the masks", () => {
    const root = made0400();
    const { files, masks } = only(root);
    const expected = Object.entries(NATIVE).flatMap(([metres, bands]) =>
      bands.map((band) => [band, join(root, GRANULE, "IMG_DATA", `R${metres}m`, `T29UNU_20221005T115411_${band}_${metres}m.jp2`)]),
    );
    expect(files).toEqual(Object.fromEntries(expected));
    expect(Object.fromEntries(Object.entries(masks).map(([name, path]) => [name, path && relative(join(root, GRANULE), path)]))).toEqual({
      scl: join("IMG_DATA", "R20m", "T29UNU_20221005T115411_SCL_20m.jp2"),
      cloudProbability: join("QI_DATA", "MSK_CLDPRB_20m.jp2"),
      snowProbability: join("QI_DATA", "MSK_SNWPRB_20m.jp2"),
      classification: join("QI_DATA", "MSK_CLASSI_B00.jp2"),
      cloudsGml: null,
    });
  });

  it.each([false, true])("is the same in a zip archive (deflated: %s)", async (compress) => {
    const root = made0400();
    const zip = join(temporaryFolder(), "download.zip");
    await zipFolder(root, zip, { compress, prefix: `${N0400}.SAFE/` });
    const inZip = join(zip, `${N0400}.SAFE`);
    expect(JSON.stringify(readSafeProduct(inZip)).replaceAll(inZip, "")).toBe(JSON.stringify(readSafeProduct(root)).replaceAll(root, ""));
  });

  it("is found by one of its granules, too", () => {
    const root = made0400();
    expect(readSafeProduct(join(root, GRANULE))).toEqual(readSafeProduct(root));
  });

  it("prefers the files that its metadata lists to others of the band", () => {
    const root = made0400();
    write(root, [`${GRANULE}/IMG_DATA/R10m/A_copy_B02_10m.jp2`]);
    expect(only(root).files.B02).toMatch(/T29UNU_20221005T115411_B02_10m\.jp2$/);
  });

  it("names what is missing, and takes no resampled copy for it", () => {
    const root = made0400();
    const images = join(root, GRANULE, "IMG_DATA");
    rmSync(join(images, "R10m", "T29UNU_20221005T115411_B02_10m.jp2"));
    rmSync(join(images, "R10m", "T29UNU_20221005T115411_B08_10m.jp2"));
    const { files, problems } = only(root);
    expect(files.B02).toBeUndefined();
    expect(problems.map(({ reason }) => reason)).toEqual([
      "B02 (only a copy resampled to 20 m is there, none at 10 m), B08 are missing. Download the product again.",
    ]);
    rmSync(join(root, "GRANULE"), { recursive: true });
    mkdirSync(join(root, "GRANULE"));
    expect(() => readSafeProduct(root)).toThrow(/neither a Sentinel-2 product's metadata nor images/);
  });

  it("has offsets when its metadata has them, whatever its baseline and day", () => {
    const root = made0400();
    change(join(root, "MTD_MSIL2A.xml"), /<BOA_ADD_OFFSET_VALUES_LIST>[\s\S]*<\/BOA_ADD_OFFSET_VALUES_LIST>/g, "");
    expect(only(root)).toMatchObject({
      offsets: all(0),
      radiometrySource: "MTD_MSIL2A.xml: no BOA_ADD_OFFSET, BOA_QUANTIFICATION_VALUE 10000",
      isRadiometryTold: true,
      problems: [],
    });
  });

  it("gives each band the offset with its number", () => {
    const root = made0400();
    change(join(root, "MTD_MSIL2A.xml"), 'band_id="8">-1000', 'band_id="8">-1008');
    expect(only(root).offsets).toEqual({ ...all(-1000), B8A: -1008 });
    change(join(root, "MTD_MSIL2A.xml"), /<BOA_ADD_OFFSET band_id="(8|12)">.*\n/g, "");
    expect(only(root).offsets).toEqual({ ...all(-1000), B8A: 0, B12: 0 });
    expect(reasons(root)).toEqual([expect.stringMatching(/no BOA_ADD_OFFSET of B8A, B12, while other bands have one/)]);
  });

  it.each(["1e300", "-70000", "none", ""])("takes no offset of %j", (offset) => {
    const root = made0400();
    change(join(root, "MTD_MSIL2A.xml"), 'band_id="1">-1000', `band_id="1">${offset}`);
    expect(only(root).offsets.B02).toBe(0);
    expect(reasons(root)).toEqual([expect.stringContaining("no BOA_ADD_OFFSET of B02")]);
  });

  it("without a quantification assumes and says so", () => {
    const root = made0400();
    change(join(root, "MTD_MSIL2A.xml"), ">10000</BOA_Q", ">0</BOA_Q");
    expect(only(root)).toMatchObject({ quantification: 10_000, isRadiometryTold: false });
    expect(reasons(root)).toEqual([expect.stringContaining("no BOA_QUANTIFICATION_VALUE")]);
  });

  it.each([
    ["missing", (path: string) => rmSync(path)],
    ["cut short", (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
  ])("whose product metadata is %s has the offset that its baseline brings, as an assumption", (_, spoil) => {
    const root = made0400();
    spoil(join(root, "MTD_MSIL2A.xml"));
    const granule = only(root);
    expect(granule).toMatchObject({ offsets: all(-1000), isRadiometryTold: false, baseline: "04.00", level: "L2A", productName: N0400 });
    expect(granule.radiometrySource).toBe("assumed: (DN - 1000) / 10000 (processing baseline 04.00)");
    expect(Object.keys(granule.files)).toHaveLength(12);
    expect(granule.problems.at(-1)!.reason).toContain("no readable product metadata");
  });

  it("whose granule metadata is missing has no place, but a tile and a date", () => {
    const root = made0400();
    rmSync(join(root, GRANULE, "MTD_TL.xml"));
    expect(only(root)).toMatchObject({ geocoding: null, granule: "T29UNU", date: "2022-10-05", isRadiometryTold: true });
    expect(reasons(root)).toEqual([expect.stringContaining("no readable granule metadata")]);
  });

  it.each(["mtd_msil2a.xml", "MTD_MSIL2A.XML", "S2A_OPER_MTD_SAFL2A_PDMC_20221005T164454.xml"])("may call its metadata %s", (name) => {
    const root = made0400();
    renameSync(join(root, "MTD_MSIL2A.xml"), join(root, name));
    expect(only(root).radiometrySource).toMatch(/^.*: BOA_ADD_OFFSET -1000/);
  });

  it("may lie in one folder, without any other", () => {
    const root = made0400();
    const flat = temporaryFolder();
    cpSync(join(root, GRANULE, "IMG_DATA", "R10m"), flat, { recursive: true });
    cpSync(join(root, GRANULE, "IMG_DATA", "R20m"), flat, { recursive: true });
    cpSync(join(root, "MTD_MSIL2A.xml"), join(flat, "MTD_MSIL2A.xml"));
    cpSync(join(root, GRANULE, "MTD_TL.xml"), join(flat, "MTD_TL.xml"));
    expect(only(flat)).toMatchObject({ path: flat, offsets: all(-1000), granule: "T29UNU", productName: N0400 });
    expect(Object.keys(only(flat).files)).toHaveLength(10);
  });

  it("with metadata of nonsense gives a granule with problems, or none, never another failure", () => {
    for (const text of [
      "",
      "<a/>",
      "<n1:Level-2A_User_Product xmlns:n1='x'/>",
      "<Level-2A_Tile_ID><Tile_Geocoding>7</Tile_Geocoding></Level-2A_Tile_ID>",
      "<!DOCTYPE a><a/>",
    ]) {
      const root = made0400();
      writeFileSync(join(root, "MTD_MSIL2A.xml"), text);
      writeFileSync(join(root, GRANULE, "MTD_TL.xml"), text);
      const granule = only(root);
      expect(granule).toMatchObject({ geocoding: null, footprint: null, quantification: 10_000, isRadiometryTold: false });
      expect(granule.problems.length).toBeGreaterThan(0);
    }
  });
});

describe("other products", () => {
  it("of baseline 02.11 whose MTD_MSIL2A.xml is a granule's: told by its root", () => {
    const root = join(temporaryFolder(), `${N0211}.SAFE`);
    const granule = "GRANULE/L2A_T33SVB_A018380_20181229T095413";
    write(
      root,
      level2Images((name, metres) => `T33SVB_20181229T095411_${name}_${metres}m`).map((file) => `${granule}/${file}`),
    );
    mkdirSync(join(root, granule, "QI_DATA"));
    cpSync(join(metadata, "n0211", "MTD_MSIL2A.xml"), join(root, "MTD_MSIL2A.xml"));
    cpSync(join(metadata, "n0211", "MSK_CLOUDS_B00.gml"), join(root, granule, "QI_DATA", "MSK_CLOUDS_B00.gml"));
    expect(only(root)).toMatchObject({
      baseline: "02.11",
      date: "2018-12-29",
      granule: "T33SVB",
      offsets: all(0),
      isRadiometryTold: false,
      radiometrySource: "assumed: DN / 10000 (processing baseline 02.11)",
      cloudPercent: 4.202743,
      geocoding: { epsg: 32633 },
      masks: { cloudsGml: join(root, granule, "QI_DATA", "MSK_CLOUDS_B00.gml") },
    });
    expect(Object.keys(only(root).files)).toHaveLength(12);
  });

  it("of Level-1C before December 2016: several granules, names of old", () => {
    const name = "S2A_OPER_PRD_MSIL1C_PDMC_20160606T051123_R051_V20160605T104027_20160605T104027";
    const root = join(temporaryFolder(), `${name}.SAFE`);
    const tiles = ["T31UFS", "T31UGS"];
    const images = (tile: string) => BAND_NAMES.map((band) => `${oldTile(tile)}_${band}`);
    write(root, {
      "S2A_OPER_MTD_SAFL1C_PDMC_20160606T051123_R051_V20160605T104027.xml": `<n1:Level-1C_User_Product xmlns:n1="x"><General_Info><PRODUCT_URI>http://localhost</PRODUCT_URI>
        <PROCESSING_BASELINE>N02.02</PROCESSING_BASELINE><PRODUCT_START_TIME>2016-06-05T10:40:27.456Z</PRODUCT_START_TIME>
        ${tiles
          .map(
            (tile) =>
              `<Granule_List><Granules>${images(tile)
                .map((image) => `<IMAGE_ID>${image}</IMAGE_ID>`)
                .join("")}</Granules></Granule_List>`,
          )
          .join("")}
        <QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE></General_Info></n1:Level-1C_User_Product>`,
      ...Object.fromEntries(
        tiles.flatMap((tile) => [
          ...images(tile).map((image) => [`GRANULE/${oldTile(tile)}_N02.02/IMG_DATA/${image}.jp2`, ""]),
          [`GRANULE/${oldTile(tile)}_N02.02/QI_DATA/S2A_OPER_MSK_CLOUDS_SGS__20160605T161234_A004981_${tile}_B00_MSIL1C.gml`, ""],
          [`GRANULE/${oldTile(tile)}_N02.02/QI_DATA/S2A_OPER_MSK_DETFOO_SGS__20160605T161234_A004981_${tile}_B02_MSIL1C.gml`, ""],
        ]),
      ),
    });
    write(root, {
      [`GRANULE/${oldTile("T31UFS")}_N02.02/S2A_OPER_MTD_L1C_TL_SGS__20160605T161234_A004981_T31UFS.xml`]: `<n1:Level-1C_Tile_ID xmlns:n1="x"><TILE_ID>${oldTile("T31UFS")}_N02.02</TILE_ID><SENSING_TIME>2016-06-05T10:40:30Z</SENSING_TIME>
        <Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32631</HORIZONTAL_CS_CODE></Tile_Geocoding></n1:Level-1C_Tile_ID>`,
    });
    const [first, second, ...rest] = readSafeProduct(root);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      productName: name,
      level: "L1C",
      granule: "T31UFS",
      date: "2016-06-05",
      baseline: "02.02",
      geocoding: { epsg: 32631, grids: {} },
      problems: [],
    });
    expect(first!.radiometrySource).toBe(
      "S2A_OPER_MTD_SAFL1C_PDMC_20160606T051123_R051_V20160605T104027.xml: no RADIO_ADD_OFFSET, QUANTIFICATION_VALUE 10000",
    );
    expect(Object.keys(first!.files)).toEqual(BAND_NAMES);
    expect(first!.masks.cloudsGml).toMatch(/MSK_CLOUDS.*T31UFS_B00_MSIL1C\.gml$/);
    expect(second).toMatchObject({ granule: "T31UGS", date: "2016-06-05", geocoding: null });
    expect(second!.problems).toHaveLength(1);
  });

  it("of Level-1C with offsets, by the real metadata of baseline 05.10", () => {
    const name = "S2A_MSIL1C_20240101T102431_N0510_R065_T30NWM_20240101T122107";
    const root = join(temporaryFolder(), `${name}.SAFE`);
    const granule = "GRANULE/L1C_T30NWM_A044535_20240101T102736";
    write(
      root,
      [...BAND_NAMES, "TCI"].map((band) => `${granule}/IMG_DATA/T30NWM_20240101T102431_${band}.jp2`),
    );
    cpSync(join(metadata, "l1c-n0510", "MTD_MSIL1C.xml"), join(root, "MTD_MSIL1C.xml"));
    expect(only(root)).toMatchObject({
      productName: name,
      level: "L1C",
      offsets: all(-1000),
      quantification: 10_000,
      radiometrySource: "MTD_MSIL1C.xml: RADIO_ADD_OFFSET -1000, QUANTIFICATION_VALUE 10000",
      isRadiometryTold: true,
      date: "2024-01-01",
      granule: "T30NWM",
      baseline: "05.10",
      cloudPercent: 16.896532105784,
      saturated: 65_535,
    });
    expect(Object.keys(only(root).files)).toEqual(BAND_NAMES);
    expect(only(root).footprint).toHaveLength(11);
  });

  it("of Level-1C without offsets, by the real metadata of baseline 03.01: the granule's cloud masks are outlines", () => {
    const name = "S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248";
    const root = join(temporaryFolder(), `${name}.SAFE`);
    const granule = "GRANULE/L1C_T46RER_A032448_20210908T043714";
    write(root, [
      ...BAND_NAMES.map((band) => `${granule}/IMG_DATA/T46RER_20210908T042701_${band}.jp2`),
      `${granule}/QI_DATA/MSK_CLOUDS_B00.gml`,
    ]);
    cpSync(join(metadata, "l1c-n0301", "MTD_MSIL1C.xml"), join(root, "MTD_MSIL1C.xml"));
    cpSync(join(metadata, "l1c-n0301", "MTD_TL.xml"), join(root, granule, "MTD_TL.xml"));
    expect(only(root)).toMatchObject({
      productName: name,
      offsets: all(0),
      radiometrySource: "MTD_MSIL1C.xml: no RADIO_ADD_OFFSET, QUANTIFICATION_VALUE 10000",
      isRadiometryTold: true,
      date: "2021-09-08",
      granule: "T46RER",
      baseline: "03.01",
      cloudPercent: 88.2972,
      geocoding: { epsg: 32646, grids: { 10: { nrows: 10_980, ulx: 499_980 } } },
      masks: { cloudsGml: join(root, granule, "QI_DATA", "MSK_CLOUDS_B00.gml"), classification: null },
      problems: [],
    });
  });

  it("of the first Level-2A processors: names with a prefix, SCL without a folder of its resolution", () => {
    const root = join(temporaryFolder(), "S2A_USER_PRD_MSIL2A_PDMC_20160606T051123_R051_V20160605T104027_20160605T104027.SAFE");
    const granule = "GRANULE/S2A_USER_MSI_L2A_TL_SGS__20160605T161234_A004981_T31UFS_N02.02";
    write(root, {
      "S2A_USER_MTD_SAFL2A_PDMC_20160606T051123.xml": `<n1:Level-2A_User_Product xmlns:n1="x"><QUANTIFICATION_VALUE>1</QUANTIFICATION_VALUE>
        <L1C_L2A_Quantification_Values_List><L1C_TOA_QUANTIFICATION_VALUE>1000</L1C_TOA_QUANTIFICATION_VALUE><L2A_BOA_QUANTIFICATION_VALUE>10000</L2A_BOA_QUANTIFICATION_VALUE>
        </L1C_L2A_Quantification_Values_List></n1:Level-2A_User_Product>`,
      ...Object.fromEntries(
        level2Images((name, metres) => `L2A_T31UFS_20160605T104027_${name}_${metres}m`)
          .filter((file) => !file.includes("SCL"))
          .map((file) => [`${granule}/${file}`, ""]),
      ),
      [`${granule}/IMG_DATA/S2A_USER_SCL_L2A_TL_SGS__20160605T161234_A004981_T31UFS_20m.jp2`]: "",
      [`${granule}/QI_DATA/S2A_USER_CLD_L2A_TL_SGS__20160605T161234_A004981_T31UFS_20m.jp2`]: "",
    });
    expect(only(root)).toMatchObject({
      level: "L2A",
      quantification: 10_000,
      isRadiometryTold: true,
      date: "2016-06-05",
      baseline: "02.02",
    });
    expect(Object.keys(only(root).files)).toHaveLength(12);
    expect(only(root).masks.scl).toMatch(/SCL_L2A.*_20m\.jp2$/);
    expect(only(root).masks.cloudProbability).toMatch(/CLD_L2A.*_20m\.jp2$/);
  });

  it("of a bucket: bands beside tileInfo.json, previews left alone", () => {
    const root = temporaryFolder();
    write(root, [...BAND_NAMES.map((band) => `${band}.jp2`), ...BAND_NAMES.map((band) => `preview/${band}.jp2`), "qi/MSK_CLOUDS_B00.gml"]);
    cpSync(join(metadata, "bucket", "tileInfo.json"), join(root, "tileInfo.json"));
    const granule = only(root);
    expect(granule).toMatchObject({
      level: "L1C",
      date: "2017-07-29",
      granule: "T19UDP",
      baseline: "02.05",
      productName: "S2A_MSIL1C_20170729T153601_N0205_R111_T19UDP_20170729T153557",
      cloudPercent: 24.48,
      masks: { cloudsGml: join(root, "qi", "MSK_CLOUDS_B00.gml") },
    });
    expect(granule.files).toEqual(Object.fromEntries(BAND_NAMES.map((band) => [band, join(root, `${band}.jp2`)])));
    writeFileSync(join(root, "tileInfo.json"), "{");
    expect(only(root).problems.map(({ reason }) => reason)).toContainEqual(expect.stringContaining("is not valid JSON"));
  });

  it("of a Level-2A bucket: resolutions by folder, the granule's metadata as metadata.xml", () => {
    const root = temporaryFolder();
    write(root, [
      ...Object.entries(NATIVE).flatMap(([metres, bands]) => bands.map((band) => `R${metres}m/${band}.jp2`)),
      "R20m/B02.jp2",
      "R20m/SCL.jp2",
      "R60m/SCL.jp2",
    ]);
    cpSync(join(metadata, "n0400", "MTD_TL.xml"), join(root, "metadata.xml"));
    const granule = only(root);
    expect(granule).toMatchObject({
      level: "L2A",
      baseline: "04.00",
      granule: "T29UNU",
      geocoding: { epsg: 32629 },
      isRadiometryTold: false,
      offsets: all(-1000),
    });
    expect(granule.files.B02).toBe(join(root, "R10m", "B02.jp2"));
    expect(granule.masks.scl).toBe(join(root, "R20m", "SCL.jp2"));
  });

  it("of a bucket whose product's metadata lie beside the granule's: its offsets are told", () => {
    const root = temporaryFolder();
    write(
      root,
      Object.entries(NATIVE).flatMap(([metres, bands]) => bands.map((band) => `R${metres}m/${band}.jp2`)),
    );
    cpSync(join(metadata, "n0400", "MTD_TL.xml"), join(root, "metadata.xml"));
    cpSync(join(metadata, "n0400", "MTD_MSIL2A.xml"), join(root, "product_metadata.xml"));
    expect(only(root)).toMatchObject({
      productName: N0400,
      isRadiometryTold: true,
      radiometrySource: "product_metadata.xml: BOA_ADD_OFFSET -1000, BOA_QUANTIFICATION_VALUE 10000",
      geocoding: { epsg: 32629 },
      problems: [],
    });
  });

  it("are told by what their folder holds", () => {
    expect(isSafeProduct({ files: [], folders: ["GRANULE"] })).toBe(true);
    expect(isSafeProduct({ files: ["mtd_msil1c.xml"], folders: [] })).toBe(true);
    expect(isSafeProduct({ files: ["S2A_OPER_MTD_SAFL1C_PDMC_2016.xml"], folders: [] })).toBe(true);
    expect(isSafeProduct({ files: ["MTD_TL.xml"], folders: ["IMG_DATA"] })).toBe(true);
    expect(isSafeProduct({ files: ["B02.tif", "INSPIRE.xml"], folders: ["data"] })).toBe(false);
  });

  it("that hold nothing are refused", () => {
    expect(() => readSafeProduct(temporaryFolder())).toThrow(/neither/);
    expect(() => readSafeProduct(join(temporaryFolder(), "gone"))).toThrow(/does not exist/);
  });
});
