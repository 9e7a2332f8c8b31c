// What rasterio and zarr read in a data set and in the files that it was made of.
import type { Tile } from "../../../shared/domain/dataset.ts";
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
