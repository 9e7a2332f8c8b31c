// What rasterio and zarr read in a data set and in the files that it was made of.

import { sampleOf, tilesOf } from "../../../electron/ingest/patches/bands.ts";
import type { Conversion } from "../../../electron/ingest/patches/patch.ts";
import type { Plan } from "../../../electron/ingest/plan.ts";
import { openRaster } from "../../../electron/ingest/readers/open-raster.ts";
import type { BandName } from "../../../shared/domain/bands.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { runPython } from "../../python.ts";

/** Opens the store by Python's zarr and compares every tile with its files as rasterio reads them. Prints the tiles that differ. */
const COMPARE = `
import sys, json, os, glob, re
import numpy as np, rasterio, zarr
job = json.load(sys.stdin)
store = zarr.open_group(job["store"], mode="r")
arrays = {group["name"]: store[group["name"]] for group in job["groups"]}
eurosat = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A"]
opened, differing = {}, []

def raster(tile, band):
    if tile["source"] == "eurosat-ms":
        return tile["path"], eurosat.index(band) + 1
    short = re.sub("^B0", "B", band)
    names = [n for n in os.listdir(tile["path"]) if n.endswith(".tif") and re.search(rf"(^|_)({band}|{short})\\.tif$", n)]
    assert len(names) == 1, names
    return os.path.join(tile["path"], names[0]), 1

def read(path, index):
    if (path, index) not in opened:
        with rasterio.open(path) as file:
            opened[path, index] = file.read(index)
    return opened[path, index]

for tile in job["tiles"]:
    column, row = tile["place"]
    for group in job["groups"]:
        pixels = group["pixels"]
        stored = arrays[group["name"]][tile["index"]]
        for i, band in enumerate(group["bands"]):
            truth = read(*raster(tile, band))[row * pixels : (row + 1) * pixels, column * pixels : (column + 1) * pixels]
            if not np.array_equal(stored[i], truth):
                differing.append([tile["id"], band])
describe = {name: {"shape": array.shape, "dtype": str(array.dtype), "chunks": array.chunks, "shards": array.shards, "bands": array.attrs["bands"]} for name, array in arrays.items()}
json.dump({"differing": differing, "arrays": describe}, sys.stdout)
`;

export interface Comparison {
  readonly differing: readonly (readonly [id: string, band: string])[];
  readonly arrays: Readonly<Record<string, { shape: number[]; dtype: string; chunks: number[]; shards: number[]; bands: string[] }>>;
}

/** @param tiles rows to compare; the place of a cut tile is told by its id */
export function compareWithRasterio(
  python: string,
  store: string,
  groups: readonly object[],
  tiles: readonly Tile[],
  isCut: boolean,
): Comparison {
  const placed = tiles.map((tile) => ({ ...tile, place: isCut ? tile.id.split("_").slice(-2).map(Number) : [0, 0] }));
  return runPython(python, COMPARE, { store, groups, tiles: placed }) as Comparison;
}

/** A stored tile, and the files that it must equal. */
export interface ExpectedTile extends Pick<Tile, "index" | "id" | "crs" | "transform" | "offset" | "quantification"> {
  readonly column: number;
  readonly row: number;
  readonly files: Readonly<Partial<Record<BandName, { readonly path: string; readonly sample: number }>>>;
  readonly conversion: Conversion | null;
}

/** The files of stored tiles, by the plan of their ingest. */
export async function expectedTiles(plan: Plan, tiles: readonly Tile[]): Promise<ExpectedTile[]> {
  const byId = new Map(tiles.map((tile) => [tile.id, tile]));
  return plan.batches.flatMap((batch) =>
    plan.itemsOf(batch).flatMap((item) => {
      const files: Partial<Record<BandName, { path: string; sample: number }>> = {};
      for (const [band, path] of Object.entries(item.files) as [BandName, string][]) {
        const raster = openRaster(path);
        files[band] = { path, sample: sampleOf(item, band, raster) };
        raster.close();
      }
      return [...tilesOf(item)].flatMap(({ id, column, row }) => {
        const tile = byId.get(id);
        return tile ? [{ ...tile, column, row, files, conversion: item.conversion }] : [];
      });
    }),
  );
}

/**
 * Reads the windows of the tiles by rasterio. Reflectance is compared as (value x factor + offset) / quantification of the file with
 * (DN + offset) / quantification of the data set; the place with that of the finest
 * images, in pixels of the 10 m grid.
 */
const COMPARE_FILES = `
import sys, json
import numpy as np, rasterio, zarr
from rasterio.windows import Window
job = json.load(sys.stdin)
store = zarr.open_group(job["store"], mode="r")
stored_radiometry = job["radiometry"]
opened, differing, reflectance, place, compared, placed = {}, [], 0.0, 0.0, 0, 0
for tile in job["tiles"]:
    for group in job["groups"]:
        pixels = group["pixels"]
        stored = store[group["name"]][tile["index"]]
        stride = job["stride"] * pixels // job["tilePixels"]
        for i, band in enumerate(group["bands"]):
            path, sample = tile["files"][band]["path"], tile["files"][band]["sample"]
            file = opened.get(path) or opened.setdefault(path, rasterio.open(path))
            raw = file.read(sample + 1, window=Window(tile["column"] * stride, tile["row"] * stride, pixels, pixels)).astype(np.float64)
            conversion = tile["conversion"] or dict(factor=1, offsets={}, scale=1, shift=0)
            offset = conversion["offsets"].get(band, 0)
            value = raw * conversion["factor"]
            missing = np.isnan(raw) | (raw == 0) | (value <= -2000)
            if file.nodata is not None:
                missing |= raw == file.nodata
            saturated = ~missing & (value >= 65535)
            dn = np.where(missing, 0, (value + offset) * conversion["scale"] + conversion["shift"])
            whole = np.where(missing, 0, np.where(saturated, 65535, np.clip(np.floor(dn + 0.5), 1, 65534)))
            if tile["conversion"] is None:
                whole = np.where(missing, 0, raw)
            compared += 1
            if not np.array_equal(stored[i], whole):
                differing.append([tile["id"], band])
            valid = ~missing & ~saturated & (dn > 1)
            if valid.any():
                own_offset = offset if tile["conversion"] else tile["offset"]
                truth = (value + own_offset) / tile["quantification"]
                ours = (stored[i].astype(np.float64) + stored_radiometry["offset"]) / stored_radiometry["quantification"]
                slack = 0 if tile["conversion"] is None else 0.5 / stored_radiometry["quantification"]
                reflectance = max(reflectance, float(np.abs(ours - truth)[valid].max()) - slack)
            if group is job["groups"][0] and file.crs and tile["transform"]:
                scale = pixels / job["tilePixels"]
                at = file.transform * rasterio.Affine.translation(tile["column"] * stride, tile["row"] * stride) * rasterio.Affine.scale(scale)
                if file.crs.to_string() != tile["crs"]:
                    differing.append([tile["id"], "crs"])
                place = max(place, max(abs(x - y) for x, y in zip(tuple(at)[:6], tile["transform"])) / abs(at.a))
                placed += 1
json.dump(dict(differing=differing, reflectance=reflectance, place=place, compared=compared, placed=placed), sys.stdout)
`;

/** Largest differences of stored tiles from their files. */
export interface FileComparison {
  readonly differing: readonly (readonly [id: string, what: string])[];
  readonly reflectance: number;
  /** Pixels of the 10 m grid. */
  readonly place: number;
  /** Bands of tiles. */
  readonly compared: number;
  readonly placed: number;
}

export function compareWithFiles(python: string, store: string, dataset: Dataset, tiles: readonly ExpectedTile[]): FileComparison {
  const { groups, radiometry, tilePixels } = dataset;
  return runPython(python, COMPARE_FILES, { store, groups, radiometry, tilePixels, stride: tilePixels, tiles }) as FileComparison;
}
