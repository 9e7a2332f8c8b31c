// Polygons with attributes, whatever file they come from. The format is told by the content, never by the name.
import { AppError } from "../../../shared/domain/errors.ts";
import { openByteSource } from "../readers/byte-source.ts";
import type { Crs } from "./crs.ts";
import { openGeoJson } from "./geojson.ts";
import { isGeoPackage, openGeoPackage } from "./geopackage.ts";
import { isShapefile, openShapefile, openZippedShapefile } from "./shapefile.ts";

/** Corners of a ring: x, y, x, y ... The last may repeat the first. */
export type Ring = readonly number[];

/** Rings of one area, filled by the even-odd rule: the outline and its holes. */
export type Rings = readonly Ring[];

/** A thing on a map. */
export interface VectorFeature {
  /** For messages: its number or id in the file. */
  readonly name: string;
  /** Its areas; a text says why there is none. */
  readonly polygons: readonly Rings[] | string;
  readonly attributes: readonly string[];
  /** The value of an attribute as a text; null when it has none. */
  value(attribute: string): string | null;
}

export interface VectorFile {
  readonly format: string;
  /** The features in the order of the file. May be gone through once. @throws AppError BAD_FILE while reading */
  features(): Iterable<VectorFeature>;
  /** The file's system; known after all features were read. @throws AppError BAD_FILE without one, UNSUPPORTED when it is unknown */
  crs(): Crs;
  close(): void;
}

/**
 * Opens a file of polygons.
 * @param layer of a file with several
 * @throws AppError NOT_FOUND, BAD_FILE, UNSUPPORTED, BAD_ARGUMENT (no such layer), NO_DATA (empty file)
 */
export async function openVector(path: string, layer: string | null): Promise<VectorFile> {
  const source = openByteSource(path);
  try {
    if (source.size === 0) throw new AppError("NO_DATA", `${path} is empty. Copy or download it again.`, { data: { path } });
    const head = Buffer.alloc(HEAD_BYTES);
    source.read(0, Math.min(source.size, HEAD_BYTES)).copy(head);
    if (head.readUInt32BE(0) === ZIP_MAGIC) return await openZippedShapefile(path, layer);
    if (isGeoPackage(head)) return await openGeoPackage(source, layer);
    if (isShapefile(head)) return openShapefile(path, source);
    if (/^(\uFEFF)?\s*\{/.test(head.toString("utf8"))) return openGeoJson(source);
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  throw unknown(path);
}

/** Long enough for every format's mark. */
const HEAD_BYTES = 100;
const ZIP_MAGIC = 0x504b0304;

function unknown(path: string): AppError {
  return new AppError(
    "UNSUPPORTED",
    `${path} is neither GeoJSON, GeoPackage, a Shapefile (its .shp) nor a zip with one. Convert it to one of them.`,
    {
      data: { path },
    },
  );
}

/** An attribute's value as a text. Null, empty and structured values are none. */
export function textOfValue(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text === "" ? null : text;
}
