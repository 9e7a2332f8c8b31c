import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelsByPolygons } from "../../../../electron/ingest/labels/polygon-labels.ts";
import { readPolygons } from "../../../../electron/ingest/labels/polygon-set.ts";
import { Skips } from "../../../../electron/ingest/labels/skips.ts";
import { polygonsOfWkb } from "../../../../electron/ingest/labels/wkb.ts";
import { Pace } from "../../../../electron/ingest/readers/pace.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { temporaryFolder } from "../made-files.ts";
import {
  feature,
  fixture,
  geoJson,
  geoPackage,
  type MadeFeature,
  shapefile,
  square,
  WGS84_PRJ,
  wkb,
  writeShapefile,
  zipOf,
} from "./made-vectors.ts";

const folder = temporaryFolder();
let files = 0;

function write(bytes: Buffer | string, extension = "bin"): string {
  const path = join(folder, `file-${++files}.${extension}`);
  writeFileSync(path, bytes);
  return path;
}

const TILES = {
  id: fixture.tiles.map(({ id }) => id),
  crs: fixture.tiles.map(({ crs }) => crs),
  transform: fixture.tiles.map(({ transform }) => transform),
};

interface ReadOptions {
  readonly attribute?: string | null;
  readonly layer?: string | null;
  readonly map?: Record<string, string>;
  readonly skips?: Skips;
}

function read(path: string, { attribute = "crop", layer = null, map = {}, skips = new Skips() }: ReadOptions = {}) {
  return readPolygons({ path, layer, attribute, map, skips, pace: new Pace() });
}

async function labels(
  path: string,
  {
    minimumShare = 0.05,
    skips = new Skips(),
    tiles = TILES,
    ...options
  }: ReadOptions & { minimumShare?: number; tiles?: typeof TILES } = {},
) {
  const set = await read(path, { ...options, skips });
  const { classes, used } = await labelsByPolygons(set, tiles, { tilePixels: 120, minimumShare, skips, pace: new Pace() });
  return {
    used,
    skips: skips.list(),
    notes: set.notes,
    classes: classes.map((own) => own?.map((number) => set.classNames[number]!).sort() ?? null),
  };
}

/** What rasterio's counts give at a least share. */
function expected(minimumShare: number): (string[] | null)[] {
  return fixture.tiles.map(({ pixels }) => {
    const present = Object.entries(pixels).filter(([, count]) => count > 0);
    return present.length === 0 ? null : present.flatMap(([name, count]) => (count >= minimumShare * 14_400 ? [name] : [])).sort();
  });
}

describe("labels by polygons", () => {
  it("have the classes whose share of pixels GDAL counts, to the pixel, in two zones", async () => {
    const set = await read(write(geoJson(fixture.features)));
    const skips = new Skips();
    for (const name of set.classNames) {
      for (const [i, { pixels }] of fixture.tiles.entries()) {
        const count = pixels[name]!;
        const tile = { id: [TILES.id[i]!], crs: [TILES.crs[i]!], transform: [TILES.transform[i]!] };
        const has = async (least: number) => {
          const { classes } = await labelsByPolygons(set, tile, { tilePixels: 120, minimumShare: least / 14_400, skips, pace: new Pace() });
          return classes[0]?.some((number) => set.classNames[number] === name) ?? false;
        };
        if (Object.values(pixels).every((value) => value === 0)) continue;
        expect([name, TILES.id[i], count, count > 0 && (await has(count)), await has(count + 1)]).toEqual([
          name,
          TILES.id[i],
          count,
          count > 0,
          false,
        ]);
      }
    }
  });

  it.each([
    ["GeoJSON", async () => write(geoJson(fixture.features))],
    ["GeoPackage", async () => write(await geoPackage(fixture.features), "gpkg")],
    [
      "GeoPackage, big endian with Z and M",
      async () => write(await geoPackage(fixture.features, { little: false, dimensions: "ZM", envelope: 4 })),
    ],
    ["Shapefile", async () => writeShapefile(folder, "plain", shapefile(fixture.features))],
    ["Shapefile with Z", async () => writeShapefile(folder, "high", shapefile(fixture.features, { kind: 15 }))],
    [
      "Shapefile in a zip",
      async () => {
        const { shp, dbf, prj } = shapefile(fixture.features);
        return write(
          await zipOf({ "a/Fields.SHP": shp, "a/Fields.dbf": dbf, "a/Fields.PRJ": prj, "__MACOSX/a/._Fields.shp": Buffer.of(1) }),
        );
      },
    ],
  ])("are the same from a %s", async (_, make) => {
    const { classes, used, skips } = await labels(await make());
    expect(classes).toEqual(expected(0.05));
    expect(used + skips.reduce((sum, { count }) => sum + count, 0)).toBe(42);
    expect(skips.map(({ reason }) => reason)).toEqual(["polygon outside all tiles"]);
  });

  it("leave tiles that no polygon touches unknown, and those touched a little without a class", async () => {
    const { classes } = await labels(write(geoJson(fixture.features)), { minimumShare: 0.9 });
    expect(classes.slice(0, 6)).toEqual(Array(6).fill([]));
    expect(classes.slice(10)).toEqual([null, null]);
  });

  it("count overlapping polygons of a class once, and each class for itself", async () => {
    const own = { id: ["t"], crs: ["EPSG:32632"], transform: [[10, 0, 500_000, 0, -10, 5_000_000]] };
    const crs = { crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::32632" } } };
    const half = (west: number, crop: string) => feature({ crop }, square(500_000 + west, 4_998_800, 600));
    const path = write(geoJson([half(0, "A"), half(0, "A"), half(0, "B"), half(600, "B")], crs));
    for (const [share, names] of [
      [0.25, ["A", "B"]],
      [0.2501, ["B"]],
      [0.5, ["B"]],
      [0.5001, []],
    ] as const)
      expect((await labels(path, { tiles: own, minimumShare: share })).classes).toEqual([names]);
  });

  it("map values to classes, keep the others, and leave out what is mapped to nothing", async () => {
    const path = write(geoJson(fixture.features));
    const { classes, skips, notes } = await labels(path, {
      map: { Alfalfa: "Irrigated; by pivots", Maize: "Irrigated; by pivots", Water: "" },
      minimumShare: 0.001,
    });
    expect(new Set(classes.flatMap((own) => own ?? []))).toEqual(new Set(["Irrigated, by pivots", "Wheat"]));
    expect(skips[0]).toMatchObject({ reason: "polygon outside all tiles" });
    expect(skips).toContainEqual({ reason: "polygon whose value the map leaves out", count: 1, examples: ["feature 41: Water"] });
    expect(notes).toEqual(["Values that the map does not name are classes of their own: Wheat."]);
  });

  it("skip what is no polygon, with the reason and where", async () => {
    const skips = new Skips();
    const far = feature({ crop: "A" }, square(170, -40, 0.01));
    const features = [
      ...fixture.features,
      { properties: { crop: "A" }, geometry: null },
      { properties: { crop: "A" }, geometry: { type: "Point", coordinates: [1, 2] } },
      { properties: { crop: "A" }, geometry: { type: "Polygon", coordinates: [[[1, "2"]]] } },
      { properties: { crop: "A" }, geometry: { type: "Polygon", coordinates: [square(1, 1, 0)] } },
      feature({ crop: null }, square(1, 1, 1)),
      far,
    ] as MadeFeature[];
    await labels(write(geoJson(features)), { skips });
    const reasons = Object.fromEntries(skips.list().map(({ reason, examples }) => [reason, examples.at(-1)]));
    expect(reasons).toEqual({
      "no geometry": "feature 43",
      "no polygon but a Point": "feature 44",
      "broken geometry": "feature 45",
      "polygon with fewer than three different corners": "feature 46",
      'polygon without a value of "crop"': "feature 47",
      "polygon outside all tiles": expect.stringMatching(/^feature/),
    });
  });

  it("are refused where all polygons lie elsewhere, with where, and whether x and y are swapped", async () => {
    const there = write(geoJson([feature({ crop: "A" }, square(10, 47, 1))]));
    await expect(labels(there)).rejects.toThrow(
      /outside every tile: the polygons at longitude 10\.00 to 11\.00, latitude 47\.00 to 48\.00; the tiles at .* Check that/,
    );
    const swapped = fixture.features.map(({ properties, geometry }) => ({
      properties,
      geometry: JSON.parse(JSON.stringify(geometry), (_, value) =>
        Array.isArray(value) && typeof value[0] === "number" ? [value[1], value[0]] : value,
      ),
    })) as MadeFeature[];
    await expect(labels(write(geoJson(swapped)))).rejects.toThrow(/seem to be swapped/);
  });

  it("need a tile with a place", async () => {
    const none = { id: ["a", "b"], crs: [null, "EPSG:32632"], transform: [[10, 0, 0, 0, -10, 0], null] };
    await expect(labels(write(geoJson(fixture.features)), { tiles: none as never })).rejects.toMatchObject({ code: "NO_DATA" });
  });
});

describe("a file of polygons", () => {
  it("names its attributes, with values, when none or a wrong one is asked for", async () => {
    const path = writeShapefile(folder, "attributes", shapefile(fixture.features));
    for (const attribute of [null, "Crop"])
      await expect(read(path, { attribute })).rejects.toMatchObject({
        code: "BAD_ARGUMENT",
        message: expect.stringMatching(/There are: crop \((Wheat|Maize|Alfalfa), .*\); code \(1, 2, 3\)\./),
      });
  });

  it("is refused by its layers where there are several", async () => {
    const gpkg = write(await geoPackage(fixture.features, { layers: ["fields", "paths"] }));
    await expect(read(gpkg)).rejects.toThrow(/several layers: fields, paths\. Choose one/);
    await expect(read(gpkg, { layer: "roads" })).rejects.toThrow(/no layer "roads"/);
    expect((await read(gpkg, { layer: "paths" })).read).toBe(42);
    const { shp, dbf, prj } = shapefile(fixture.features);
    const zip = write(await zipOf({ "a.shp": shp, "a.dbf": dbf, "a.prj": prj, "b.shp": shp, "b.dbf": dbf, "b.prj": prj }));
    await expect(read(zip)).rejects.toThrow(/several Shapefiles: a, b/);
    expect((await read(zip, { layer: "b" })).read).toBe(42);
  });

  it("says its system by EPSG code, WKT or name", async () => {
    const name = (crs: string) => write(geoJson(fixture.features, { crs: { type: "name", properties: { name: crs } } }));
    expect((await read(write(geoJson(fixture.features)))).crs.name).toBe("EPSG:4326");
    expect((await read(name("urn:ogc:def:crs:OGC:1.3:CRS84"))).crs.isGeographic).toBe(true);
    expect((await read(name("EPSG:25832"))).crs).toMatchObject({ name: "EPSG:25832", isGeographic: false, note: null });
    expect((await read(name("urn:ogc:def:crs:EPSG::3035"))).crs.name).toBe("EPSG:3035");
    await expect(read(name("EPSG:999999"))).rejects.toThrow(/EPSG:999999 is not known/);
    const wkt = await geoPackage(fixture.features, { srs: 990001, organization: "NONE", definition: WGS84_PRJ });
    expect((await read(write(wkt))).crs).toMatchObject({ name: "GCS_WGS_1984", isGeographic: true, note: null });
    await expect(read(write(await geoPackage(fixture.features, { srs: -1, organization: "NONE" })))).rejects.toThrow(
      /no coordinate reference system/,
    );
    await expect(read(write(await geoPackage(fixture.features, { srs: 7, organization: "NONE" })))).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    const { shp, dbf } = shapefile(fixture.features);
    await expect(read(writeShapefile(folder, "nowhere", { shp, dbf }))).rejects.toThrow(
      /no coordinate reference system: its \.prj is missing/,
    );
    await expect(read(writeShapefile(folder, "odd", { shp, dbf, prj: Buffer.from("what[") }))).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    const old = 'GEOGCS["Old",DATUM["D_Old",SPHEROID["Old",6377397.155,299.15]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]';
    expect((await read(writeShapefile(folder, "old", { shp, dbf, prj: Buffer.from(old) }))).notes[0]).toMatch(
      /shift to WGS 84 is not known/,
    );
  });

  it("has attributes in the encoding that it says, or in the common ones", async () => {
    const crops = [feature({ crop: "Maïs" }, square(1, 1, 1)), feature({ crop: "Färberdistel" }, square(1, 1, 1))];
    for (const [name, encoding, cpg] of [
      ["said", "latin1", "ISO 88591"],
      ["unsaid", "latin1", undefined],
      ["utf", "utf8", "UTF-8"],
    ] as const) {
      const path = writeShapefile(folder, name, { ...shapefile(crops, { encoding }), ...(cpg ? { cpg: Buffer.from(cpg) } : {}) });
      expect((await read(path)).classNames).toEqual(["Maïs", "Färberdistel"]);
    }
  });

  it("may hold numbers as classes", async () => {
    expect(
      (await read(writeShapefile(folder, "codes", shapefile(fixture.features)), { attribute: "code" })).classNames.slice(0, 2),
    ).toEqual(["1", "2"]);
  });

  it("is refused when its attribute has as many values as polygons", async () => {
    const many = Array.from({ length: 1001 }, (_, id) => feature({ id }, square(1, 1, 1)));
    await expect(read(write(geoJson(many)), { attribute: "id" })).rejects.toThrow(/more than 1000 different values/);
  });

  it("may be a single feature or geometry, or features in any order of members", async () => {
    const [first] = fixture.features;
    expect((await read(write(JSON.stringify({ type: "Feature", ...first })))).read).toBe(1);
    const late = `\uFEFF {"features": [${JSON.stringify({ type: "Feature", ...first })}, {"type":"Feature","properties":{"crop":"}]\\"{"},"geometry":null}],
      "crs": {"type":"name","properties":{"name":"EPSG:25832"}}, "type": "FeatureCollection"}`;
    expect(await read(write(late))).toMatchObject({ read: 2, crs: { name: "EPSG:25832" } });
    const collection = { type: "GeometryCollection", geometries: [first!.geometry, { type: "Point", coordinates: [1, 2] }] };
    expect((await read(write(JSON.stringify({ type: "Feature", properties: { crop: "A" }, geometry: collection })))).pieces).toHaveLength(
      1,
    );
    await expect(read(write(JSON.stringify(first!.geometry)))).rejects.toThrow(/no attributes at all/);
  });

  it.each([
    ["", "NO_DATA"],
    ["hello", "UNSUPPORTED"],
    ["{", "BAD_FILE"],
    ["{}", "NO_DATA"],
    ["[1]", "UNSUPPORTED"],
    ['{"type":"FeatureCollection","features":[]}', "NO_DATA"],
    ['{"type":"FeatureCollection","features":[{]}', "BAD_FILE"],
    ["PK\u0003\u0004", "BAD_FILE"],
    ["SQLite format 3\0", "BAD_FILE"],
  ])("of %j is refused as %s", async (text, code) => {
    await expect(read(write(text))).rejects.toMatchObject({ code });
  });

  it("that is not there, or an index, or a view, is refused", async () => {
    await expect(read(join(folder, "gone.geojson"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { shp } = shapefile(fixture.features);
    await expect(read(write(shp, "shx"))).rejects.toThrow(/Give the \.shp/);
    const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, NULL AS geom, i AS crop FROM n";
    const view = await geoPackage(fixture.features, { sql: `DROP TABLE fields; CREATE VIEW fields AS ${endless}` });
    await expect(read(write(view))).rejects.toThrow(/"fields" is a view/);
  });
});

describe("well-known binary", () => {
  const polygon = {
    type: "MultiPolygon",
    coordinates: [[square(0, 0, 4), square(1, 1, 1)], [square(9, 9, 1)]],
  } as const satisfies MadeFeature["geometry"];
  const rings = polygon.coordinates.map((own) => own.map((ring) => ring.flat()));

  it("is read in both byte orders, with Z and M, extended or not", () => {
    for (const little of [true, false])
      for (const dimensions of ["", "Z", "M", "ZM"] as const)
        for (const extended of [true, false]) expect(polygonsOfWkb(wkb(polygon, { little, dimensions, extended }))).toEqual(rings);
  });

  it("says what is no polygon", () => {
    expect(polygonsOfWkb(Buffer.from(`0101000000${"00".repeat(16)}`, "hex"))).toBe("no polygon but a Point");
    expect(polygonsOfWkb(Buffer.from("010a00000000000000", "hex"))).toBe("no polygon but a CurvePolygon");
    for (const hex of ["", "01", "0203000000", "0103000000ffffffff", "010300000001000000ffffffff", "0110270000"])
      expect(polygonsOfWkb(Buffer.from(hex, "hex"))).toBe("broken geometry");
  });

  it("ends on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const out = polygonsOfWkb(bytes);
        return typeof out === "string" || Array.isArray(out);
      }),
      { seed: 5, numRuns: 2000 },
    );
  });
});

describe("broken files of polygons", () => {
  const few = fixture.features.slice(0, 5);
  const made: [string, () => Promise<Buffer>][] = [
    ["GeoJSON", async () => Buffer.from(geoJson(few))],
    ["GeoPackage", () => geoPackage(few)],
    [
      "zip",
      async () => {
        const { shp, dbf, prj } = shapefile(few);
        return zipOf({ "a.shp": shp, "a.dbf": dbf, "a.prj": prj });
      },
    ],
  ];
  const outcome = (path: string) =>
    read(path).then(
      () => "read",
      (error: unknown) => (error instanceof AppError ? error.code : `bug: ${(error as Error).stack}`),
    );
  const CODES = /^(read|BAD_FILE|UNSUPPORTED|NO_DATA|BAD_ARGUMENT)$/;

  it.each(made)("%s cut short at every fiftieth is read or refused", async (_, make) => {
    const whole = await make();
    for (let part = 0; part < 50; part++)
      expect(await outcome(write(whole.subarray(0, Math.floor((whole.length * part) / 50))))).toMatch(/^(BAD_FILE|UNSUPPORTED|NO_DATA)$/);
  });

  it.each(["shp", "dbf", "prj"] as const)("a Shapefile whose .%s is cut short is read or refused", async (extension) => {
    const whole = shapefile(few);
    for (let part = 0; part < 50; part++) {
      const cut = whole[extension].subarray(0, Math.floor((whole[extension].length * part) / 50));
      expect(await outcome(writeShapefile(folder, "cut", { ...whole, [extension]: cut }))).toMatch(CODES);
    }
  });

  it("with bytes changed are read or refused", async () => {
    const parts = shapefile(few);
    const wholes = await Promise.all(made.map(([, make]) => make()));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        async (which, changes) => {
          const change = (bytes: Buffer) => {
            const out = Buffer.from(bytes);
            for (const [at, value] of changes) out[Math.floor(at * out.length)] = value;
            return out;
          };
          const whole = wholes[which];
          const path = whole
            ? join(folder, "changed")
            : writeShapefile(folder, "changed", { shp: change(parts.shp), dbf: change(parts.dbf), prj: change(parts.prj) });
          if (whole) writeFileSync(path, change(whole));
          expect(await outcome(path)).toMatch(CODES);
        },
      ),
      { seed: 11, numRuns: 400 },
    );
  });

  it("of random bytes behind each magic number are read or refused", async () => {
    const heads = [Buffer.from("{"), Buffer.from("SQLite format 3\0"), Buffer.from("PK\u0003\u0004"), shapefile([]).shp];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 4096 }), async (head, bytes) => {
        writeFileSync(join(folder, "random.shp"), Buffer.concat([head, bytes]));
        expect(await outcome(join(folder, "random.shp"))).toMatch(CODES);
      }),
      { seed: 13, numRuns: 300 },
    );
  });
});
