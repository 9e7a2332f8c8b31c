// GeoJSON (RFC 7946) and its older form with a `crs` member. Features are cut out of the text one by one, so that memory holds one of them.
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { crsOfName, WGS84 } from "./crs.ts";
import { type Rings, textOfValue, type VectorFeature, type VectorFile } from "./vector-file.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Of one feature, and of what is around the features. JSON takes about ten times its size in memory. */
const MAXIMUM_PART_BYTES = 64 * 1024 * 1024;
/** Geometry collections inside each other. */
const MAXIMUM_DEPTH = 8;

type Json = Readonly<Record<string, unknown>>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Opens a GeoJSON file: a feature collection, a feature or a geometry. */
export function openGeoJson(source: ByteSource): VectorFile {
  const { path } = source;
  let frame: Json | undefined;
  return {
    format: "GeoJSON",
    *features() {
      let number = 0;
      const parts = partsOf(source);
      for (;;) {
        const next = parts.next();
        if (next.done) {
          frame = next.value;
          break;
        }
        const feature = featureOf(next.value, ++number);
        if (feature) yield feature;
      }
      const feature = number === 0 ? featureOf(frame, 1) : null;
      if (feature) yield feature;
    },
    crs() {
      const crs = crsOf(frame?.crs);
      if (typeof crs !== "string") return crs;
      throw new AppError(
        "UNSUPPORTED",
        `${path}: the coordinate reference system ${crs} is not known. Reproject the file to WGS 84 (EPSG:4326).`,
        {
          data: { path, crs },
        },
      );
    },
    close: () => source.close(),
  };
}

/** By the `crs` member of GeoJSON 2008; WGS 84 without one. A text is a system that is not known. */
function crsOf(member: unknown) {
  if (member === undefined || member === null) return crsOfName(WGS84)!;
  const { type, properties } = member as { type?: unknown; properties?: { name?: unknown } };
  const name = type === "name" && typeof properties?.name === "string" ? properties.name : JSON.stringify(member).slice(0, 100);
  return crsOfName(name) ?? name;
}

/**
 * The objects in arrays of the outermost object, one by one.
 * @returns the outermost object, a number in the place of each of those
 */
function* partsOf(source: ByteSource): Generator<Json, Json> {
  const frame: Buffer[] = [];
  let part: Buffer[] | null = null;
  let size = 0;
  let frameSize = 0;
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  /** Whether the open container at each of the first depths is an array. */
  const isArray = [false, false, false];
  const keep = (bytes: Buffer, at: number) => {
    if (bytes.length === 0) return;
    if (part) size += bytes.length;
    else frameSize += bytes.length;
    if (Math.max(size, frameSize) > MAXIMUM_PART_BYTES)
      throw new AppError(
        "UNSUPPORTED",
        `${source.path} has a feature of more than ${MAXIMUM_PART_BYTES / 1024 ** 2} MB near byte ${at}. Convert the file to a GeoPackage.`,
        { data: { path: source.path } },
      );
    (part ?? frame).push(bytes);
  };
  for (let at = 0; at < source.size; at += CHUNK_BYTES) {
    const chunk = Buffer.from(source.read(at, Math.min(CHUNK_BYTES, source.size - at)));
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (isText) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isText = false;
      } else if (byte === QUOTE) isText = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (byte === OPEN_BRACE && depth === 2 && isArray[1] && !isArray[0] && !part) {
          keep(chunk.subarray(start, i), at);
          start = i;
          part = [];
          size = 0;
        }
        if (depth < isArray.length) isArray[depth] = byte === OPEN_BRACKET;
        depth++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth--;
        if (part && depth === 2) {
          keep(chunk.subarray(start, i + 1), at);
          start = i + 1;
          const whole = Buffer.concat(part);
          part = null;
          size = 0;
          yield parse(source.path, whole, at + i - whole.length);
          keep(Buffer.from("0"), at);
        }
      }
    }
    keep(chunk.subarray(start), at);
  }
  return parse(source.path, Buffer.concat(part ?? frame), 0);
}

function parse(path: string, bytes: Buffer, at: number): Json {
  try {
    const json: unknown = JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
    if (typeof json === "object" && json !== null) return json as Json;
  } catch (cause) {
    throw new AppError("BAD_FILE", `${path} is not valid JSON, near byte ${Math.max(0, at)}. Copy or download it again.`, {
      data: { path },
      cause,
    });
  }
  throw new AppError("BAD_FILE", `${path} holds no GeoJSON object.`, { data: { path } });
}

/** The feature that an object is, a geometry being a feature without attributes; null when it is neither. */
function featureOf(json: Json | undefined, number: number): VectorFeature | null {
  if (!json || typeof json.type !== "string" || json.type === "FeatureCollection") return null;
  const isFeature = json.type === "Feature";
  const geometry = isFeature ? json.geometry : json;
  if (!isFeature && !GEOMETRIES.has(json.type)) return null;
  const properties: Json = isFeature && typeof json.properties === "object" && json.properties !== null ? (json.properties as Json) : {};
  return {
    name: `feature ${textOfValue(json.id) ?? number}`,
    polygons: polygonsOf(geometry),
    attributes: Object.keys(properties),
    value: (attribute) => (Object.hasOwn(properties, attribute) ? textOfValue(properties[attribute]) : null),
  };
}

const GEOMETRIES: ReadonlySet<string> = new Set([
  "Point",
  "MultiPoint",
  "LineString",
  "MultiLineString",
  "Polygon",
  "MultiPolygon",
  "GeometryCollection",
]);

function polygonsOf(geometry: unknown, depth = 0): Rings[] | string {
  if (typeof geometry !== "object" || geometry === null) return "no geometry";
  const { type, coordinates, geometries } = geometry as Json;
  if (type === "GeometryCollection") {
    if (!Array.isArray(geometries) || depth >= MAXIMUM_DEPTH) return "broken geometry";
    return geometries.flatMap((inner) => {
      const polygons = polygonsOf(inner, depth + 1);
      return typeof polygons === "string" ? [] : polygons;
    });
  }
  if (type !== "Polygon" && type !== "MultiPolygon")
    return typeof type === "string" && GEOMETRIES.has(type) ? `no polygon but a ${type}` : "broken geometry";
  const polygons: unknown = type === "Polygon" ? [coordinates] : coordinates;
  if (!Array.isArray(polygons)) return "broken geometry";
  const out: Rings[] = [];
  for (const rings of polygons) {
    if (!Array.isArray(rings)) return "broken geometry";
    const polygon: number[][] = [];
    for (const corners of rings) {
      if (!Array.isArray(corners)) return "broken geometry";
      const ring: number[] = [];
      for (const corner of corners) {
        if (!Array.isArray(corner) || typeof corner[0] !== "number" || typeof corner[1] !== "number") return "broken geometry";
        ring.push(corner[0], corner[1]);
      }
      polygon.push(ring);
    }
    out.push(polygon);
  }
  return out;
}
