import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findStacItem, readStacItem } from "../../../../electron/ingest/readers/stac.ts";
import { BAND_NAMES, BANDS, type BandName } from "../../../../shared/domain/bands.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

const root = temporaryFolder();
const path = join(root, "item.json");
const v1 = join(fixtures, "data", "stac", "v1", "S2A_29RKH_20200219_0_L2A.json");
const v0 = join(fixtures, "data", "stac", "v0", "S2A_31NBJ_20190524_0_L2A.json");
const l2aBands = BAND_NAMES.filter((band) => band !== "B10");

interface Made {
  readonly id?: string;
  readonly properties?: object;
  /** Asset of a band, by its key. */
  readonly asset?: (band: BandName) => readonly [key: string, asset: object];
}

const plain: NonNullable<Made["asset"]> = (band) => [band, { href: `https://a.b/c/${band}.tif` }];

function made({ id = "made", properties = {}, asset = plain }: Made) {
  const assets: Record<string, object> = Object.fromEntries(l2aBands.map(asset));
  return { type: "Feature", stac_version: "1.0.0", id, properties: { datetime: "2022-05-06T10:00:00Z", ...properties }, assets };
}

const write = (item: object, file = path) => writeFileSync(file, JSON.stringify(item));
const read = (item: object, files?: string[]) => {
  write(item);
  return readStacItem(path, files)!;
};
const radiometryOf = (item: object, files?: string[]) => {
  const { radiometry } = read(item, files);
  return radiometry && { offset: radiometry.offset, quantification: radiometry.quantification };
};
const scaled = (offset: number) => (band: BandName) =>
  [band, { href: `${band}.tif`, "raster:bands": [{ scale: 0.0001, offset, nodata: 0 }] }] as const;
const esas = (extension: string) => (band: BandName) =>
  [band, { href: `https://a.b/T33UUP_20220506T101559_${band}_${BANDS[band].gsdMetres}m.${extension}?sig=x` }] as const;

describe("a STAC item", () => {
  it("of Earth Search v1 (a real one) tells scene, files and radiometry", () => {
    expect(readStacItem(v1)).toEqual({
      path: v1,
      id: "S2A_29RKH_20200219_0_L2A",
      product: "S2A_MSIL2A_20200219T112111_N0214_R037_T29RKH_20200219T123947",
      date: "2020-02-19",
      granule: "T29RKH",
      baseline: "02.14",
      epsg: 32629,
      cloudPercent: 4.051854,
      nodata: 0,
      assetFiles: Object.fromEntries(l2aBands.map((band) => [band, `${band}.tif`])),
      sclFile: "SCL.tif",
      radiometry: {
        offset: 0,
        quantification: 10_000,
        isTold: true,
        source: "S2A_29RKH_20200219_0_L2A.json: scale and offset of each band",
        bands: Object.fromEntries(l2aBands.map((band) => [band, { offset: 0, quantification: 10_000 }])),
      },
    });
  });

  it("of Earth Search v0 (a real one) tells less, and its invalid cloud cover is none", () => {
    expect(readStacItem(v0)).toMatchObject({
      product: "S2A_MSIL2A_20190524T101031_N0212_R022_T31NBJ_20190524T130304",
      date: "2019-05-24",
      granule: "T31NBJ",
      baseline: "02.12",
      epsg: 32631,
      cloudPercent: null,
      nodata: null,
      assetFiles: Object.fromEntries(l2aBands.map((band) => [band, `${band}.tif`])),
      sclFile: "SCL.tif",
      radiometry: { offset: 0, quantification: 10_000, source: expect.stringContaining("processing baseline 02.12, before offsets") },
    });
  });

  it.each<[string, Made, { offset: number } | null]>([
    [
      "applied, though its bands still name it",
      { properties: { "earthsearch:boa_offset_applied": true }, asset: scaled(-0.1) },
      { offset: 0 },
    ],
    [
      "applied in Earth Search v0",
      { properties: { "sentinel:boa_offset_applied": true, "sentinel:processing_baseline": "04.00" } },
      { offset: 0 },
    ],
    ["not applied", { properties: { "earthsearch:boa_offset_applied": false }, asset: scaled(-0.1) }, { offset: -1000 }],
    ["of the bands, whatever the baseline", { properties: { "s2:processing_baseline": "02.14" }, asset: scaled(-0.1) }, { offset: -1000 }],
    ["none by the bands, whatever the baseline", { properties: { "s2:processing_baseline": "05.00" }, asset: scaled(0) }, { offset: 0 }],
    ["of Planetary Computer's COGs", { properties: { "s2:processing_baseline": "04.00" }, asset: esas("tif") }, { offset: -1000 }],
    ["of Planetary Computer's COGs before 04.00", { properties: { "s2:processing_baseline": "02.12" }, asset: esas("tif") }, { offset: 0 }],
    [
      "of JPEG 2000 files",
      { properties: { "s2:processing_baseline": "05.10" }, asset: (band) => [band, { href: `${band}.jp2` }] },
      { offset: -1000 },
    ],
    ["not told of converted images", { properties: { "s2:processing_baseline": "04.00" } }, null],
    ["not told by trial processings", { properties: { "s2:processing_baseline": "99.99" }, asset: esas("tif") }, null],
    ["not told at all", { asset: esas("tif") }, null],
  ])("has an offset: %s", (_, item, expected) => {
    expect(radiometryOf(made(item))).toEqual(expected && { quantification: 10_000, ...expected });
  });

  it("of STAC 1.1 has scale and offset in its bands or assets", () => {
    const inBands = made({
      asset: (band) => [band, { href: `${band}.tif`, bands: [{ name: band, "raster:scale": 0.0001, "raster:offset": -0.1, nodata: 0 }] }],
    });
    const inAsset = made({
      asset: (band) => [`${band}_10m`, { href: `${band}.jp2`, "raster:scale": 0.0001, "raster:offset": -0.1, nodata: 0 }],
    });
    for (const item of [inBands, inAsset])
      expect(read(item)).toMatchObject({ nodata: 0, radiometry: { offset: -1000, quantification: 10_000 } });
  });

  it("tells each band's own scale and offset", () => {
    const { radiometry } = read(
      made({
        asset: (band) => [
          band,
          { href: `${band}.tif`, "raster:bands": [band === "B09" ? { scale: 0.0002, offset: -0.2 } : { scale: 0.0001, offset: -0.1 }] },
        ],
      }),
    );
    expect(radiometry).toMatchObject({
      offset: -1000,
      quantification: 10_000,
      bands: { B02: { offset: -1000, quantification: 10_000 }, B09: { offset: -1000, quantification: 5000 } },
    });
  });

  it("with an offset applied to its COGs has it still in its JPEG 2000 files", () => {
    const item = made({ properties: { "earthsearch:boa_offset_applied": true } });
    for (const band of l2aBands) {
      const raster = { "raster:bands": [{ scale: 0.0001, offset: -0.1 }] };
      Object.assign(item.assets, { [band]: { href: `${band}.tif`, ...raster }, [`${band}-jp2`]: { href: `${band}.jp2`, ...raster } });
    }
    expect(read(item).assetFiles.B02).toBe("B02.tif");
    expect(radiometryOf(item)).toMatchObject({ offset: 0 });
    const jpegs = l2aBands.map((band) => `${band}.jp2`);
    expect(read(item, jpegs).assetFiles.B02).toBe("B02.jp2");
    expect(radiometryOf(item, jpegs)).toMatchObject({ offset: -1000 });
  });

  it("names of several resolutions the native file, whatever the order", () => {
    const asset = (band: string, metres: number) =>
      [`${band}_${metres}m`, { href: `s3://eodata/T33UUP_x_${band}_${metres}m.jp2` }] as const;
    const item = {
      ...made({}),
      assets: Object.fromEntries([
        asset("B02", 60),
        asset("B02", 10),
        asset("B02", 20),
        asset("B11", 60),
        asset("B11", 20),
        asset("SCL", 20),
      ]),
    };
    expect(read(item)).toMatchObject({
      assetFiles: { B02: "T33UUP_x_B02_10m.jp2", B11: "T33UUP_x_B11_20m.jp2" },
      sclFile: "T33UUP_x_SCL_20m.jp2",
    });
  });

  it.each([
    [{ "s2:mgrs_tile": "5QKB" }, "T05QKB"],
    [{ "grid:code": "MGRS-33UUP" }, "T33UUP"],
    [{ "mgrs:utm_zone": 5, "mgrs:latitude_band": "Q", "mgrs:grid_square": "KB" }, "T05QKB"],
    [{ "s2:mgrs_tile": "99XXX" }, null],
  ])("tells its granule: %j", (properties, granule) => {
    expect(read(made({ properties })).granule).toBe(granule);
  });

  it("tells the reference system of the item or of its assets", () => {
    expect(read(made({ properties: { "proj:code": "EPSG:32633" } })).epsg).toBe(32633);
    expect(read(made({ asset: (band) => [band, { href: `${band}.tif`, "proj:epsg": 32734 }] })).epsg).toBe(32734);
  });

  it.each(["https://a.b/..", "../../%2e%2e%2fetc", "a/..%2F..%2Fx.tif", "https://a.b/", ".hidden", 7])("has no file at %s", (href) => {
    expect(read(made({ asset: (band) => [band, { href }] })).assetFiles).toEqual({});
  });

  it.each(["{}", "[]", "null", '{"type":"FeatureCollection","features":[]}', '{"stac_version":"1.0.0","assets":[],"properties":{}}'])(
    "is not seen in %s",
    (text) => {
      writeFileSync(path, text);
      expect(readStacItem(path)).toBeNull();
    },
  );

  it("changed or cut short anywhere gives an item, nothing or an error", () => {
    const bytes = readFileSync(v1);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (changes, isCut) => {
          const hostile = Buffer.from(bytes);
          for (const [at, value] of changes) hostile[at] = value;
          writeFileSync(path, isCut ? hostile.subarray(0, changes[0]![0]) : hostile);
          try {
            readStacItem(path);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
      { numRuns: 500, seed: 20210401 },
    );
  });

  it("of any values anywhere does no harm", () => {
    const item = JSON.parse(readFileSync(v1, "utf8")) as { properties: object; assets: Record<string, object> };
    const keys = Object.keys(item.properties);
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom("href", "raster:bands", "eo:bands", "gsd", "bands"),
        (key, value, field) => {
          const changed = {
            ...item,
            properties: { ...item.properties, [key]: value },
            assets: { ...item.assets, red: { ...item.assets.red, [field]: value }, blue: value },
          };
          const { radiometry, assetFiles } = read(changed);
          expect(radiometry === null || Number.isFinite(radiometry.offset)).toBe(true);
          for (const file of Object.values(assetFiles)) expect(file).toMatch(/^[^/\\]+$/);
        },
      ),
      { numRuns: 500, seed: 20210401 },
    );
  });
});

describe("the item of a scene", () => {
  const folder = (...names: string[]) => {
    const place = join(root, "scenes", ...names);
    mkdirSync(place, { recursive: true });
    return place;
  };

  it("is the one in its folder, whatever other JSON files there are", () => {
    const scene = folder("one");
    writeFileSync(join(scene, "a.json"), "{");
    writeFileSync(join(scene, "tileInfo.json"), "{}");
    expect(findStacItem(scene)).toBeNull();
    write(made({ id: "x" }), join(scene, "b.json"));
    expect(findStacItem(scene)!.id).toBe("x");
  });

  it("is among several the one that names its files, or that they are named by", () => {
    const scenes = folder("several");
    for (const id of ["S2A_1", "S2A_2"]) {
      write(made({ id, asset: (band) => [band, { href: `${id}_${band}.tif` }] }), join(scenes, `${id}.json`));
      write(made({ id: `${id}-plain` }), join(scenes, `${id}-plain.json`));
    }
    expect(findStacItem(scenes, ["S2A_2_B02.tif"])!.id).toBe("S2A_2");
    expect(findStacItem(scenes, ["S2A_2-plain_B02.tif"])!.id).toBe("S2A_2-plain");
    expect(findStacItem(scenes, ["B02.tif"])).toBeNull();
  });

  it("may lie in the folder above, if it bears the scene's name or there is no other scene", () => {
    const scene = folder("above", "S2A_9_L2A");
    write(made({ id: "other" }), join(scene, "..", "other.json"));
    expect(findStacItem(scene, ["B02.tif"])!.id).toBe("other");
    folder("above", "S2A_8_L2A");
    expect(findStacItem(scene, ["B02.tif"])).toBeNull();
    write(made({ id: "S2A_9" }), join(scene, "..", "S2A_9.json"));
    expect(findStacItem(scene, ["B02.tif"])!.id).toBe("S2A_9");
  });
});
