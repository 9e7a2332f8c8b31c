// metadata.json beside images of Earth Engine, as SSL4EO-S12 keeps it: the properties of the Sentinel-2 image that was exported.
// Wang et al., "SSL4EO-S12" (arXiv 2211.07044). Its images are in EPSG:4326, a GeoTIFF a band, named B1 to B12.
import { BAND_NAMES, type BandName, parseBandName } from "../../../shared/domain/bands.ts";
import { offsetOfBaseline } from "./baseline.ts";
import { isObject, type JsonObject, readJson } from "./json-file.ts";
import { granuleIn, isoDateIn } from "./names.ts";

export const METADATA_FILE = "metadata.json";

export interface EarthEngineMetadata {
  /** ESA's product. */
  readonly product: string | null;
  readonly level: "L1C" | "L2A" | null;
  /** ISO day. */
  readonly date: string | null;
  readonly granule: string | null;
  /** Processing baseline as `02.09`. */
  readonly baseline: string | null;
  readonly cloudPercent: number | null;
  /** Of the image in Earth Engine; an export may be in another system. */
  readonly epsg: number | null;
  /** Reflectance is (DN + offset of the band) / quantification; null: not told. */
  readonly radiometry: {
    readonly offsets: Readonly<Record<BandName, number>>;
    readonly quantification: number;
    readonly source: string;
    /** The collection or the properties name it; else it follows from the processing baseline. */
    readonly isTold: boolean;
  } | null;
}

/** They have 8 kB. */
const MAXIMUM_JSON_BYTES = 1024 * 1024;
/** All of Earth Engine's Sentinel-2 collections. */
const QUANTIFICATION = 10_000;

/**
 * Reads a metadata.json; null when the JSON is something else.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE
 */
export function readEarthEngineMetadata(path: string): EarthEngineMetadata | null {
  const properties = readJson(path, MAXIMUM_JSON_BYTES);
  if (!isObject(properties)) return null;
  const text = (key: string) => (typeof properties[key] === "string" ? properties[key] : "");
  const product = text("PRODUCT_ID") || null;
  const id = text("system:id");
  if (!product && !/^COPERNICUS\/S2/.test(id)) return null;
  const index = text("system:index") || id;
  const time = properties["system:time_start"];
  const level = /MSIL(1C|2A)/.exec(product ?? "")?.[1] ?? (/\/S2_SR/.test(id) ? "2A" : id ? "1C" : undefined);
  const baseline = /^\d\d\.\d\d$/.test(text("PROCESSING_BASELINE")) ? text("PROCESSING_BASELINE") : null;
  const cloud = properties.CLOUDY_PIXEL_PERCENTAGE ?? properties.CLOUD_COVERAGE_ASSESSMENT;
  return {
    product,
    level: level ? (`L${level}` as "L1C" | "L2A") : null,
    date: isoDateIn(product ?? "") ?? isoDateIn(index) ?? (isTime(time) ? new Date(time).toISOString().slice(0, 10) : null),
    granule: granuleIn(text("MGRS_TILE")) ?? granuleIn(product ?? "") ?? granuleIn(index),
    baseline,
    cloudPercent: typeof cloud === "number" && cloud >= 0 && cloud <= 100 ? cloud : null,
    epsg: epsgOf(properties["system:bands"]),
    radiometry: radiometryOf(properties, id, baseline),
  };
}

/** Milliseconds of a day that a satellite saw. */
const isTime = (value: unknown): value is number => typeof value === "number" && value > 0 && value < 1e13;

function epsgOf(bands: unknown): number | null {
  for (const band of isObject(bands) ? Object.values(bands) : []) {
    const code = isObject(band) && typeof band.crs === "string" ? /^EPSG:(\d{4,6})$/.exec(band.crs) : null;
    if (code) return Number(code[1]);
  }
  return null;
}

/** The harmonised collections have no offset in the pixels, though images keep the properties that name it; the others have what those say. */
function radiometryOf(properties: JsonObject, id: string, baseline: string | null): EarthEngineMetadata["radiometry"] {
  const all = (offset: (band: BandName) => number, source: string, isTold = true) => ({
    offsets: Object.fromEntries(BAND_NAMES.map((band) => [band, offset(band)])) as Record<BandName, number>,
    quantification: QUANTIFICATION,
    source: `metadata.json: ${source}`,
    isTold,
  });
  if (/_HARMONIZED(\/|$)/.test(id)) return all(() => 0, `${id.split("/").slice(0, 2).join("/")} has no offset`);
  if (!id) return null;
  const told = new Map<BandName, number>();
  for (const [key, value] of Object.entries(properties)) {
    const band = parseBandName(/^(?:BOA|RADIO)_ADD_OFFSET_(B\w{1,2})$/.exec(key)?.[1] ?? "");
    if (band && typeof value === "number" && Math.abs(value) <= 10_000) told.set(band, value);
  }
  if (told.size > 0) return all((band) => told.get(band) ?? 0, "ADD_OFFSET of each band");
  const offset = offsetOfBaseline(baseline);
  if (offset === null) return null;
  return all(
    () => offset,
    `processing baseline ${baseline}, ${offset === 0 ? "before offsets" : "and the collection is not harmonised"}`,
    false,
  );
}
