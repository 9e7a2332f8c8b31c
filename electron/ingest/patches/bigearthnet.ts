// BigEarthNet v1: a folder a patch with `<patch>_B01.tif` to `_B12.tif` (no B10) and `<patch>_labels_metadata.json`.
// Sumbul et al., "BigEarthNet: a large-scale benchmark archive for remote sensing image understanding" (arXiv 1902.06148).
import { basename } from "node:path";
import { AppError } from "../../../shared/domain/errors.ts";
import { openByteSource, type ReadOptions, readWhole } from "../../files/byte-source.ts";
import { BIGEARTHNET_PIXELS } from "../readers/formats.ts";
import { fromSource, type GeoTiffHeads } from "../readers/geotiff.ts";
import { granuleIn, isoDateIn } from "../readers/names.ts";
import type { Affine, Raster } from "../readers/raster.ts";
import { checkBand, closeBands, fileOf, openBands, readDn, readTileBands, type TilePlace, tilesOf, tileTransform } from "./bands.ts";
import { StampSum, stampOf } from "./file-stamp.ts";
import type { PatchItem, TileBatch } from "./patch.ts";

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
export function readLabels(path: string, options: ReadOptions = {}): BigEarthNetLabels {
  const broken = (what: string, cause?: unknown) =>
    new AppError("BAD_FILE", `${path} ${what}. Copy or download the patch again.`, { data: { path }, cause });
  const text = readWhole(path, MAXIMUM_JSON_BYTES, options).toString("utf8");
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

/** What is kept from patch to patch. */
export interface BigEarthNetMemory {
  readonly scratch: { buffer: Buffer };
  readonly heads: GeoTiffHeads;
}

/**
 * Reads a patch into the batch. Labels, date and place are those of its labels json; without one, of the plan and the images.
 * @throws AppError when anything of the patch is missing or broken; the batch then holds nothing of it
 */
export async function readBigEarthNet(item: PatchItem, batch: TileBatch, { scratch, heads }: BigEarthNetMemory): Promise<void> {
  const { settings } = batch;
  const files = new StampSum();
  const told = toldOf(item, { scratch, onSource: (source) => files.add(source) });
  if (told.isSimulated) batch.markSimulated();
  const commit = (place: TilePlace, { crs, transform }: Pick<Raster, "crs" | "transform">, pixels: number) =>
    batch.commit({
      id: place.id,
      source: item.kind,
      path: item.path,
      labels: told.labels && [...told.labels],
      date: told.date,
      granule: told.granule,
      crs: told.crs ?? crs,
      transform: told.transform
        ? tileTransform(told.transform, settings.tilePixels, settings, place)
        : tileTransform(transform, pixels, settings, place),
      ...item.facts,
    });
  if (item.isCut) {
    batch.begin(stampOf(item, settings));
    const rasters = openBands(item, settings);
    try {
      for (const place of tilesOf(item)) {
        await readTileBands(rasters, item, place, batch);
        commit(place, rasters[0]!.raster, settings.groups[0]!.pixels);
      }
    } finally {
      closeBands(rasters);
    }
    return;
  }
  // The common case, one tile a patch: one small file after another through the same buffer.
  const { groups } = settings;
  let first: Pick<Raster, "crs" | "transform"> | undefined;
  for (let g = 0; g < groups.length; g++) {
    const { pixels, bands } = groups[g]!;
    for (let b = 0; b < bands.length; b++) {
      const band = bands[b]!;
      const source = openByteSource(fileOf(item, band), scratch);
      try {
        files.add(source);
        const raster = fromSource(source, heads);
        checkBand(item, settings, band, raster);
        first ??= { crs: raster.crs, transform: raster.transform };
        const { data, at } = batch.slot(g, b);
        const window = { x: 0, y: 0, width: pixels, height: pixels };
        await readDn({ band, raster, sample: 0 }, window, data, at, item.conversion);
      } finally {
        source.close();
      }
    }
  }
  batch.begin(files.stamp(item, settings));
  commit({ id: item.id, column: 0, row: 0 }, first!, groups[0]!.pixels);
}

function toldOf(
  { kind, path, labelsFile, labels, date, granule }: PatchItem,
  options: ReadOptions,
): Omit<BigEarthNetLabels, "labels"> & { readonly labels: readonly string[] | null } {
  if (labelsFile) return readLabels(labelsFile, options);
  if (kind === "bigearthnet-v1" && !labels)
    throw new AppError("BAD_FILE", `${basename(path)}_labels_metadata.json is missing. Copy or download the patch again.`);
  return { labels, date, granule, crs: null, transform: null, isSimulated: false };
}
