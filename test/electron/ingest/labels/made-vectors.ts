// Vector files that the tests make, written by hand: GeoPackages by SQLite, Shapefiles byte by byte, zips of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import initSqlJs from "sql.js";
import { ZipFile } from "yazl";
import { fixtures } from "../made-files.ts";

type Point = [number, number];

export interface MadeFeature {
  readonly properties: Readonly<Record<string, string | number | null>>;
  readonly geometry: { type: "Polygon"; coordinates: Point[][] } | { type: "MultiPolygon"; coordinates: Point[][][] } | null;
}

interface Fixture {
  readonly features: MadeFeature[];
  readonly tiles: { id: string; crs: string; transform: number[]; pixels: Record<string, number> }[];
}

/** Polygons, tiles and the pixels of each class on each tile, by rasterio. */
export const fixture = JSON.parse(readFileSync(join(fixtures, "labels.json"), "utf8")) as Fixture;

/** A square, counter-clockwise. */
export function square(west: number, south: number, size: number): Point[] {
  return [
    [west, south],
    [west + size, south],
    [west + size, south + size],
    [west, south + size],
    [west, south],
  ];
}

export function feature(properties: MadeFeature["properties"], ...rings: Point[][]): MadeFeature {
  return { properties, geometry: { type: "Polygon", coordinates: rings } };
}

export function geoJson(features: readonly MadeFeature[], members: object = {}): string {
  return JSON.stringify({ type: "FeatureCollection", ...members, features: features.map((own) => ({ type: "Feature", ...own })) });
}

export interface WkbOptions {
  readonly little?: boolean;
  /** Further values a corner. */
  readonly dimensions?: "" | "Z" | "M" | "ZM";
  /** Dimensions by flags instead of by thousands. */
  readonly extended?: boolean;
}

export function wkb(geometry: NonNullable<MadeFeature["geometry"]>, options: WkbOptions = {}): Buffer {
  const { little = true, dimensions = "", extended = false } = options;
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const f64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    if (little) bytes.writeDoubleLE(value);
    else bytes.writeDoubleBE(value);
    return bytes;
  };
  const flags = (dimensions.includes("Z") ? 0x8000_0000 : 0) + (dimensions.includes("M") ? 0x4000_0000 : 0) + 0x2000_0000;
  const thousands = { "": 0, Z: 1000, M: 2000, ZM: 3000 }[dimensions];
  const head = (type: number) =>
    Buffer.concat([Buffer.of(little ? 1 : 0), extended ? u32(type + flags) : u32(type + thousands), ...(extended ? [u32(4326)] : [])]);
  const polygon = (rings: Point[][]) =>
    Buffer.concat([
      head(3),
      u32(rings.length),
      ...rings.flatMap((ring) => [
        u32(ring.length),
        ...ring.flatMap(([x, y]) => [f64(x), f64(y), ...[...dimensions].map((_, i) => f64(-7 - i))]),
      ]),
    ]);
  if (geometry.type === "Polygon") return polygon(geometry.coordinates);
  return Buffer.concat([head(6), u32(geometry.coordinates.length), ...geometry.coordinates.map(polygon)]);
}

export interface GpkgOptions extends WkbOptions {
  readonly srs?: number;
  /** Row of the system's table; EPSG by its number when not given. */
  readonly organization?: string;
  readonly definition?: string;
  readonly layers?: readonly string[];
  /** Indicator of the envelope, 0 to 4. */
  readonly envelope?: 0 | 1 | 2 | 3 | 4;
  /** Run at the end. */
  readonly sql?: string;
}

export async function geoPackage(features: readonly MadeFeature[], options: GpkgOptions = {}): Promise<Buffer> {
  const { srs = 4326, organization = "EPSG", definition = "undefined", layers = ["fields"], envelope = 1, sql = "" } = options;
  const { Database } = await initSqlJs();
  const database = new Database();
  database.run(`CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT);
    CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);
    CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);`);
  database.run("INSERT INTO gpkg_spatial_ref_sys VALUES ('made', ?, ?, ?, ?)", [srs, organization, srs, definition]);
  const names = Object.keys(features[0]?.properties ?? {});
  for (const layer of layers) {
    database.run("INSERT INTO gpkg_contents VALUES (?, 'features', ?)", [layer, srs]);
    database.run("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', ?, 0, 0)", [layer, srs]);
    database.run(`CREATE TABLE "${layer}" (fid INTEGER PRIMARY KEY, geom BLOB${names.map((name) => `, "${name}"`).join("")})`);
    for (const { properties, geometry } of features) {
      const header = Buffer.alloc(8 + [0, 32, 48, 48, 64][envelope]!);
      header.write("GP", "latin1");
      header[3] = 1 + 2 * envelope;
      header.writeInt32LE(srs, 4);
      const blob = geometry && Buffer.concat([header, wkb(geometry, options)]);
      database.run(`INSERT INTO "${layer}" VALUES (NULL, ?${", ?".repeat(names.length)})`, [
        blob,
        ...names.map((name) => properties[name] ?? null),
      ]);
    }
  }
  database.run(sql);
  const bytes = Buffer.from(database.export());
  database.close();
  return bytes;
}

export interface MadeShapefile {
  readonly shp: Buffer;
  readonly dbf: Buffer;
  readonly prj: Buffer;
  readonly cpg?: Buffer;
}

export const WGS84_PRJ =
  'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]';

/** @param kind 5 Polygon, 15 PolygonZ, 25 PolygonM */
export function shapefile(
  features: readonly MadeFeature[],
  { kind = 5, prj = WGS84_PRJ, encoding = "utf8" as BufferEncoding } = {},
): MadeShapefile {
  const records = features.map(({ geometry }, i) => {
    const rings = geometry === null ? [] : geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
    const points = rings.flat();
    const content = Buffer.alloc(
      geometry === null ? 4 : 44 + 4 * rings.length + 16 * points.length + (kind > 5 ? 16 + 8 * points.length : 0),
    );
    if (geometry !== null) {
      content.writeInt32LE(kind, 0);
      content.writeInt32LE(rings.length, 36);
      content.writeInt32LE(points.length, 40);
      let first = 0;
      for (const [part, ring] of rings.entries()) {
        content.writeInt32LE(first, 44 + 4 * part);
        first += ring.length;
      }
      for (const [p, value] of points.flat().entries()) content.writeDoubleLE(value, 44 + 4 * rings.length + 8 * p);
    }
    const head = Buffer.alloc(8);
    head.writeInt32BE(i + 1, 0);
    head.writeInt32BE(content.length / 2, 4);
    return Buffer.concat([head, content]);
  });
  const header = Buffer.alloc(100);
  header.writeInt32BE(9994, 0);
  header.writeInt32BE((100 + records.reduce((sum, record) => sum + record.length, 0)) / 2, 24);
  header.writeInt32LE(1000, 28);
  header.writeInt32LE(kind, 32);
  return { shp: Buffer.concat([header, ...records]), dbf: dbf(features, encoding), prj: Buffer.from(prj) };
}

function dbf(features: readonly MadeFeature[], encoding: BufferEncoding): Buffer {
  const names = Object.keys(features[0]?.properties ?? {});
  const isNumber = (name: string) => features.every(({ properties }) => typeof properties[name] === "number");
  const width = 20;
  const header = Buffer.alloc(32 + 32 * names.length + 1);
  header[0] = 3;
  header.writeUInt32LE(features.length, 4);
  header.writeUInt16LE(header.length, 8);
  header.writeUInt16LE(1 + width * names.length, 10);
  for (const [i, name] of names.entries()) {
    header.write(name, 32 + 32 * i, 10, encoding);
    header.write(isNumber(name) ? "N" : "C", 32 + 32 * i + 11);
    header[32 + 32 * i + 16] = width;
  }
  header[header.length - 1] = 0x0d;
  const rows = features.map(({ properties }) =>
    Buffer.concat([
      Buffer.from(" "),
      ...names.map((name) => {
        const cell = Buffer.alloc(width, " ");
        const value = properties[name] ?? "";
        cell.write(typeof value === "number" ? value.toFixed(3).padStart(width) : value, encoding);
        return cell;
      }),
    ]),
  );
  return Buffer.concat([header, ...rows, Buffer.of(0x1a)]);
}

export function writeShapefile(folder: string, name: string, parts: Partial<MadeShapefile>): string {
  for (const [extension, bytes] of Object.entries(parts)) writeFileSync(join(folder, `${name}.${extension}`), bytes);
  return join(folder, `${name}.shp`);
}

export async function zipOf(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
