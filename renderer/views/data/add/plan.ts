// What an ingest will take, told from the scan before anything is read.
import { BAND_NAMES, BANDS, type BandName } from "../../../../shared/domain/bands.ts";
import type { Source } from "../../../../shared/domain/dataset.ts";
import type { TileSample } from "../../../../shared/domain/ingest-settings.ts";

/** Side of the tiles that a scan counts, px of the 10 m grid. */
const SCANNED_TILE_PIXELS = 120;

export interface Cut {
  readonly tilePixels: number;
  /** null: the tile's side. */
  readonly stridePixels: number | null;
  readonly sample: TileSample | null;
  /** null: all. */
  readonly bands: readonly BandName[] | null;
}

export interface Outlook {
  readonly tiles: number;
  /** The scan counted other tiles, and edges of scenes are not known: the number is near. */
  readonly isNear: boolean;
  readonly bands: readonly BandName[];
  /** Bands of some sources that others lack. */
  readonly lacking: readonly BandName[];
  /** Of the sources on the disk. */
  readonly readBytes: number;
  /** Of the tiles in the store. */
  readonly storeBytes: number;
}

/** What will come of the sources taken. */
export function outlook(sources: readonly Source[], { tilePixels, stridePixels, sample, bands }: Cut): Outlook {
  const all = BAND_NAMES.filter((band) => sources.some((source) => source.bands.includes(band)));
  const common = all.filter((band) => sources.every((source) => source.bands.includes(band)));
  const taken = bands ? common.filter((band) => bands.includes(band)) : common;
  const counts = sources.map((source) => tilesOf(source, tilePixels, stridePixels));
  const whole = counts.reduce((a, b) => a + b, 0);
  const tiles = sample ? Math.min(sample.tiles, whole) : whole;
  const side = Math.max(0, ...sources.map((source) => sideOf(source, tilePixels)));
  const tileBytes = taken.reduce((sum, band) => sum + 2 * ((side * 10) / BANDS[band].gsdMetres) ** 2, 0);
  return {
    tiles,
    isNear: counts.some((count, i) => count !== sources[i]!.tiles) && tiles !== sample?.tiles,
    bands: taken,
    lacking: all.filter((band) => !common.includes(band)),
    readBytes: sources.reduce((sum, source) => sum + source.bytes, 0),
    storeBytes: tiles * tileBytes,
  };
}

/** A raster smaller than a tile is one. */
function sideOf(source: Source, tilePixels: number): number {
  return source.tilePixels < SCANNED_TILE_PIXELS ? Math.min(source.tilePixels, tilePixels) : tilePixels;
}

/** Tiles of a source, from those of the scan: square scenes without the rest at their edges. */
function tilesOf(source: Source, tilePixels: number, stridePixels: number | null): number {
  const side = sideOf(source, tilePixels);
  const stride = stridePixels ?? side;
  if (side === source.tilePixels && stride === side) return source.tiles;
  const extent = Math.sqrt(source.tiles / source.patches) * source.tilePixels;
  const along = Math.max(1, (extent - side) / stride + 1);
  return source.patches * Math.floor(along + 1e-9) ** 2;
}

/** A name that a folder suggests. */
export function nameFor(folder: string): string {
  const base = folder.split(/[\\/]/).filter(Boolean).at(-1) ?? "";
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 64);
  return name === "" ? "tiles" : name;
}
