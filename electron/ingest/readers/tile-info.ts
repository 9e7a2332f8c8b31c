// tileInfo.json, which stands beside the bands in the Sentinel-2 buckets of cloud providers.
import { isObject, readJson } from "./json-file.ts";
import { granuleIn, isoDateIn } from "./names.ts";

export interface TileInfo {
  /** ISO day. */
  readonly date: string | null;
  /** MGRS tile as `T19UDP`. */
  readonly granule: string | null;
  readonly epsg: number | null;
  /** Left and upper, right and lower edge of the tile, metres. Images may show it at any size. */
  readonly bounds: readonly [left: number, top: number, right: number, bottom: number] | null;
  readonly productName: string | null;
  /** Processing baseline as `02.05`. */
  readonly baseline: string | null;
  readonly cloudPercent: number | null;
}

/** They have 2 kB. */
const MAXIMUM_JSON_BYTES = 1024 * 1024;

/**
 * Reads a tileInfo.json; what it does not tell is null.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE
 */
export function readTileInfo(path: string): TileInfo {
  const info = readJson(path, MAXIMUM_JSON_BYTES);
  const at = (...keys: string[]) => keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), info);
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const zone = at("utmZone");
  const cloudPercent = at("cloudyPixelPercentage");
  const corner = /EPSG:(?:[\d.]*:)?(\d{4,6})$/.exec(text(at("tileGeometry", "crs", "properties", "name")));
  return {
    date: isoDateIn(text(at("timestamp"))),
    granule: granuleIn(`T${String(zone).padStart(2, "0")}${text(at("latitudeBand"))}${text(at("gridSquare"))}`),
    epsg: corner ? Number(corner[1]) : null,
    bounds: boundsOf(at("tileGeometry", "coordinates")),
    productName: text(at("productName")) || null,
    baseline: /_N(\d\d\.\d\d)$/.exec(text(at("datastrip", "id")))?.[1] ?? null,
    cloudPercent: typeof cloudPercent === "number" ? cloudPercent : null,
  };
}

/** The box around a GeoJSON polygon's outline. */
function boundsOf(coordinates: unknown): TileInfo["bounds"] {
  const ring: unknown = Array.isArray(coordinates) ? coordinates[0] : undefined;
  if (!Array.isArray(ring) || ring.length < 4) return null;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const point of ring as unknown[]) {
    const [x, y] = Array.isArray(point) ? (point as unknown[]) : [];
    if (typeof x !== "number" || typeof y !== "number") return null;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.max(top, y);
    bottom = Math.min(bottom, y);
  }
  return left < right && bottom < top ? [left, top, right, bottom] : null;
}
