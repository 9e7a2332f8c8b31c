// GeoPackage (OGC 12-128r19): a SQLite database with layers of geometries. It is read in memory, by SQLite compiled to WebAssembly.
import type { Database } from "sql.js";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { type Crs, crsOfEpsg, crsOfWkt } from "./crs.ts";
import { textOfValue, type VectorFeature, type VectorFile } from "./vector-file.ts";
import { polygonsOfWkb } from "./wkb.ts";

/** It lies in memory twice while it is opened. */
const MAXIMUM_BYTES = 1024 ** 3;
const HEADER_BYTES = 100;
/** Bytes of the envelope by its indicator in the flags of a geometry's header (section 2.1.3). */
const ENVELOPE_BYTES = [0, 32, 48, 48, 64] as const;

/** Whether a file begins as a SQLite database. */
export function isGeoPackage(head: Buffer): boolean {
  return head.subarray(0, 16).equals(Buffer.from("SQLite format 3\0"));
}

/** @throws AppError BAD_FILE, UNSUPPORTED, BAD_ARGUMENT when the layer is not named or not there */
export async function openGeoPackage(source: ByteSource, layer: string | null): Promise<VectorFile> {
  const { path, size } = source;
  if (size > MAXIMUM_BYTES)
    throw new AppError(
      "UNSUPPORTED",
      `${path} has ${(size / 1e9).toFixed(1)} GB; GeoPackages are read up to 1 GiB. Cut the part with your tiles out of it (ogr2ogr -spat), or convert it to a Shapefile or GeoJSON.`,
      { data: { path } },
    );
  if (size < pagesEnd(source.read(0, Math.min(size, HEADER_BYTES))))
    throw new AppError("BAD_FILE", `${path} is cut short. Copy or download it again.`, { data: { path } });
  const { default: initSqlJs } = await import("sql.js");
  const { Database } = await initSqlJs();
  const database = new Database(source.read(0, size));
  source.close();
  const broken = (error: unknown) =>
    error instanceof AppError
      ? error
      : new AppError("BAD_FILE", `${path} is a broken database, or no GeoPackage (${messageOf(error)}). Copy or download it again.`, {
          data: { path },
          cause: error,
        });
  try {
    const chosen = chooseLayer(path, database, layer);
    return {
      format: "GeoPackage",
      *features() {
        try {
          yield* featuresOf(database, chosen);
        } catch (error) {
          throw broken(error);
        }
      },
      crs: () => chosen.crs,
      close: () => closeQuietly(database),
    };
  } catch (error) {
    closeQuietly(database);
    throw broken(error);
  }
}

function closeQuietly(database: Database): void {
  try {
    database.close();
  } catch {
    // A broken database may not even close.
  }
}

/** Where the database ends by its header (sqlite.org/fileformat.html, 1.3); 0 when it doesn't say. */
function pagesEnd(header: Buffer): number {
  if (header.length < HEADER_BYTES) return HEADER_BYTES;
  // The number of pages counts only if it was written by the last change.
  const isCurrent = header.readUInt32BE(24) === header.readUInt32BE(92);
  const page = header.readUInt16BE(16);
  return isCurrent ? (page === 1 ? 65_536 : page) * header.readUInt32BE(28) : 0;
}

interface Layer {
  readonly table: string;
  readonly geometry: string;
  readonly crs: Crs;
}

const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;

function chooseLayer(path: string, database: Database, asked: string | null): Layer {
  // Views would run what the file says, however long that takes.
  const tables = new Set(
    (database.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")[0]?.values ?? []).map(([name]) =>
      String(name),
    ),
  );
  const missing = ["gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"].find((name) => !tables.has(name));
  if (missing)
    throw new AppError("BAD_FILE", `${path} is a SQLite database, but no GeoPackage with features: it has no table ${missing}.`, {
      data: { path },
    });
  const layers = (database.exec(
    "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c JOIN gpkg_geometry_columns g ON g.table_name = c.table_name WHERE c.data_type = 'features' ORDER BY 1 LIMIT 1000",
  )[0]?.values ?? []) as [string, string, number][];
  const names = layers.map(([table]) => table).join(", ");
  if (layers.length === 0) throw new AppError("NO_DATA", `${path} has no layer with features.`, { data: { path } });
  if (asked === null && layers.length > 1)
    throw new AppError("BAD_ARGUMENT", `${path} has several layers: ${names}. Choose one.`, { data: { path, layers: names } });
  const found = asked === null ? layers[0]! : layers.find(([table]) => table === asked);
  if (!found)
    throw new AppError("BAD_ARGUMENT", `${path} has no layer "${asked}". Its layers are: ${names}.`, { data: { path, layers: names } });
  const [table, geometry, srs] = found;
  if (!tables.has(table))
    throw new AppError("UNSUPPORTED", `${path}: the layer "${table}" is a view. Save it as a layer of its own.`, { data: { path } });
  return { table, geometry, crs: crsOf(path, database, Number(srs)) };
}

function crsOf(path: string, database: Database, srs: number): Crs {
  const [row] =
    database.exec(
      "SELECT organization, organization_coordsys_id, definition, srs_name FROM gpkg_spatial_ref_sys WHERE srs_id = ? LIMIT 1",
      [srs],
    )[0]?.values ?? [];
  const [organization, code, definition, name] = row ?? [];
  const epsg = String(organization).toUpperCase() === "EPSG" ? Number(code) : Number.NaN;
  const crs = (Number.isFinite(epsg) ? crsOfEpsg(epsg) : null) ?? crsOfWkt(String(definition ?? ""));
  if (crs) return crs;
  // 0 and -1 stand for "undefined" (section 1.1.2).
  const what =
    srs <= 0 || !row
      ? "has no coordinate reference system"
      : `has a coordinate reference system that is not known (${name}, ${organization}:${code})`;
  throw new AppError(
    srs <= 0 || !row ? "BAD_FILE" : "UNSUPPORTED",
    `${path} ${what}. Assign the right one, or reproject the file to WGS 84 (EPSG:4326).`,
    {
      data: { path },
    },
  );
}

function* featuresOf(database: Database, { table, geometry }: Layer): Generator<VectorFeature> {
  const statement = database.prepare(`SELECT * FROM ${quoteName(table)}`);
  try {
    const columns = statement.getColumnNames();
    const geometryAt = columns.findIndex((name) => name.toLowerCase() === geometry.toLowerCase());
    if (geometryAt < 0) throw new Error(`the layer ${table} has no column ${geometry}`);
    const attributes = columns.filter((_, at) => at !== geometryAt);
    for (let number = 1; statement.step(); number++) {
      const row = statement.get();
      yield {
        name: `feature ${number}`,
        polygons: polygonsOf(row[geometryAt]),
        attributes,
        value: (attribute) => textOfValue(row[columns.indexOf(attribute)]),
      };
    }
  } finally {
    statement.free();
  }
}

/** GeoPackage binary: `GP`, version, flags, srs id, envelope, then WKB. */
function polygonsOf(value: unknown) {
  if (value === null || value === undefined) return "no geometry";
  if (!(value instanceof Uint8Array) || value.length < 8 || value[0] !== 0x47 || value[1] !== 0x50) return "broken geometry";
  const flags = value[3]!;
  const envelope = ENVELOPE_BYTES[(flags >> 1) & 7];
  if (envelope === undefined) return "broken geometry";
  const isEmpty = (flags & 0x10) !== 0;
  return isEmpty ? "no geometry" : polygonsOfWkb(value.subarray(8 + envelope));
}
