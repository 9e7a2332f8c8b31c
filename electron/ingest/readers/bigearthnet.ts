// BigEarthNet v1: a folder a patch with `<patch>_B01.tif` to `_B12.tif` (no B10) and `<patch>_labels_metadata.json`.
// Sumbul et al., "BigEarthNet: a large-scale benchmark archive for remote sensing image understanding" (arXiv 1902.06148).
import { basename } from "node:path";
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { PatchItem, TileBatch } from "../patch.ts";
import { checkBand, fileOf, openBands, readDn, readTileBands, type TilePlace, tilesOf, tileTransform } from "./bands.ts";
import { readWhole } from "./byte-source.ts";
import { type GeoTiff, openGeoTiff } from "./geotiff.ts";
import { granuleIn, isoDateIn } from "./names.ts";
import type { Affine } from "./raster.ts";

/** The 12 bands of a patch, at 120, 60 or 20 px. */
export const BIGEARTHNET_BANDS = [
  "B01",
  "B02",
  "B03",
  "B04",
  "B05",
  "B06",
  "B07",
  "B08",
  "B8A",
  "B09",
  "B11",
  "B12",
] as const satisfies readonly BandName[];

/** Side of a patch on the 10 m grid, px. */
export const BIGEARTHNET_PIXELS = 120;

export const BIGEARTHNET_RADIOMETRY = {
  quantification: 10_000,
  offset: 0,
  source: "BigEarthNet v1: Level-2A of 2017 and 2018, before processing baseline 04.00, so without an offset",
} as const;

/** The name of the labels file; its first group is the patch's. */
export const LABELS_FILE = /^(.+)_labels_metadata\.json$/;

/** What the labels json says. */
export interface BigEarthNetLabels {
  readonly labels: readonly string[];
  /** ISO day. */
  readonly date: string | null;
  readonly granule: string | null;
  readonly crs: string | null;
  /** Of the 10 m grid. */
  readonly transform: Affine | null;
  /** It says itself that no satellite took the patch, wherever it was copied to. */
  readonly isSimulated: boolean;
}

/** How the name of a simulated patch's product begins. */
export const SIMULATED_SOURCE = "SIMULATION_";

/** Labels files are about 1 kB. */
const MAXIMUM_JSON_BYTES = 1024 * 1024;

/**
 * Reads a labels json.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE
 */
export function readLabels(path: string): BigEarthNetLabels {
  const broken = (what: string, cause?: unknown) =>
    new AppError("BAD_FILE", `${path} ${what}. Copy or download the patch again.`, { data: { path }, cause });
  const text = readWhole(path, MAXIMUM_JSON_BYTES).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw broken("is not valid JSON", error);
  }
  if (typeof json !== "object" || json === null) throw broken("is not a JSON object");
  const { labels, acquisition_date: date, tile_source: source, projection, coordinates } = json as Record<string, unknown>;
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string" && label !== ""))
    throw broken('has no list of class names under "labels"');
  const epsg = typeof projection === "string" ? /AUTHORITY\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$/.exec(projection)?.[1] : undefined;
  return {
    labels: [...new Set(labels as string[])],
    date: typeof date === "string" ? isoDateIn(date) : null,
    granule: typeof source === "string" ? granuleIn(source) : null,
    crs: epsg ? `EPSG:${epsg}` : null,
    transform: transformOf(coordinates),
    isSimulated: typeof source === "string" && source.startsWith(SIMULATED_SOURCE),
  };
}

function transformOf(coordinates: unknown): Affine | null {
  if (typeof coordinates !== "object" || coordinates === null) return null;
  const { ulx, uly, lrx, lry } = coordinates as Record<string, unknown>;
  if (![ulx, uly, lrx, lry].every((value) => typeof value === "number" && Number.isFinite(value))) return null;
  const [left, top, right, bottom] = [ulx, uly, lrx, lry] as [number, number, number, number];
  const a = (right - left) / BIGEARTHNET_PIXELS;
  const e = (bottom - top) / BIGEARTHNET_PIXELS;
  return a > 0 && e < 0 ? [a, 0, left, 0, e, top] : null;
}

/**
 * Reads a patch into the batch.
 * @param scratch reused from patch to patch
 * @throws AppError when anything of the patch is missing or broken; the batch then holds nothing of it
 */
export async function readBigEarthNet(item: PatchItem, batch: TileBatch, scratch: { buffer: Buffer }): Promise<void> {
  if (!item.labelsFile)
    throw new AppError("BAD_FILE", `${basename(item.path)}_labels_metadata.json is missing. Copy or download the patch again.`);
  const labels = readLabels(item.labelsFile);
  const commit = (place: TilePlace, { crs, transform }: Pick<GeoTiff, "crs" | "transform">, pixels: number) =>
    batch.commit({
      id: place.id,
      source: item.kind,
      path: item.path,
      labels: [...labels.labels],
      date: labels.date,
      granule: labels.granule,
      crs: labels.crs ?? crs,
      transform: labels.transform
        ? tileTransform(labels.transform, batch.settings.tilePixels, batch.settings.tilePixels, place)
        : tileTransform(transform, pixels, batch.settings.tilePixels, place),
    });
  if (item.isCut) {
    const rasters = openBands(item, batch.settings, () => 0);
    try {
      for (const place of tilesOf(item)) {
        await readTileBands(rasters, item, place, batch);
        commit(place, rasters[0]!.tiff, batch.settings.groups[0]!.pixels);
      }
    } finally {
      for (const { tiff } of rasters) tiff.close();
    }
    return;
  }
  // The common case, one tile a patch: one small file after another through the same buffer.
  const { groups } = batch.settings;
  let first: Pick<GeoTiff, "crs" | "transform"> | undefined;
  for (let g = 0; g < groups.length; g++) {
    const { pixels, bands } = groups[g]!;
    for (let b = 0; b < bands.length; b++) {
      const band = bands[b]!;
      const tiff = openGeoTiff(fileOf(item, band), { scratch });
      try {
        checkBand(item, batch.settings, band, tiff);
        first ??= { crs: tiff.crs, transform: tiff.transform };
        const { data, at } = batch.slot(g, b);
        const raster = { band, tiff, sample: 0 };
        const window = { x: 0, y: 0, width: pixels, height: pixels };
        await readDn(raster, window, data, at, item.dnScale);
      } finally {
        tiff.close();
      }
    }
  }
  commit({ id: item.id, column: 0, row: 0 }, first!, groups[0]!.pixels);
}
