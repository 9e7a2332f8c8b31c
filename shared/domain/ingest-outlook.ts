// What an ingest will take, told from the scan before anything is read: tiles, bytes, time.
import { BAND_NAMES, BANDS, type BandName } from "./bands.ts";
import type { ReadingTrial, Source } from "./dataset.ts";
import type { IngestSettings } from "./ingest-settings.ts";
import { misfit, nameOfSource, referenceOf } from "./source-fit.ts";

/** Side of the tiles that a scan counts, px of the 10 m grid. */
const SCANNED_TILE_PIXELS = 120;
/** What the catalogue and the journal take for a tile, bytes, about. */
export const RECORD_BYTES = 600;
/** Of what each of several threads reads, so much is left when all do: memory and the writing thread are shared (2 threads, measured). */
const SHARED_RATE = 0.85;

export type Cut = Pick<IngestSettings, "tilePixels" | "stridePixels" | "sample" | "bands" | "maxCloud" | "maxNodata">;

/** As scanned: everything. */
export const WHOLE: Cut = {
  tilePixels: SCANNED_TILE_PIXELS,
  stridePixels: null,
  sample: null,
  bands: null,
  maxCloud: null,
  maxNodata: null,
};

/** A source that cannot be in one data set with the others, and why. */
export interface Misfit {
  readonly source: Source;
  readonly reason: string;
}

export interface Outlook {
  /** Sources that are left out; nothing else here counts them. */
  readonly misfits: readonly Misfit[];
  /** That are stored. */
  readonly tiles: number;
  /** That are read: more where some are left out for their clouds or for lack of data. */
  readonly readTiles: number;
  /** The scan counted other tiles, or a trial stands for all: the number is near. */
  readonly isNear: boolean;
  readonly bands: readonly BandName[];
  /** Bands of some sources that others lack. */
  readonly lacking: readonly BandName[];
  /** Of the sources on the disk. */
  readonly readBytes: number;
  /** Of the tiles in the store. */
  readonly storeBytes: number;
  /** Of the store and what is recorded of each tile. */
  readonly diskBytes: number;
  /** null: some source was not tried. */
  readonly seconds: number | null;
  /** Tiles that were read to tell time and limits by. */
  readonly triedTiles: number;
}

/** What will come of the sources taken. @param threads that read */
export function outlook(given: readonly Source[], cut: Cut, threads = 1): Outlook {
  const { tilePixels, stridePixels, sample, bands } = cut;
  const misfits = misfitsOf(given, cut);
  const sources = given.filter((source) => !misfits.some((misfit) => misfit.source === source));
  const all = BAND_NAMES.filter((band) => sources.some((source) => source.bands.includes(band)));
  const common = all.filter((band) => sources.every((source) => source.bands.includes(band)));
  const taken = bands ? common.filter((band) => bands.includes(band)) : common;
  const counts = sources.map((source) => tilesOf(source, tilePixels, stridePixels));
  const whole = counts.reduce((a, b) => a + b, 0);
  const readTiles = sample ? Math.min(sample.tiles, whole) : whole;
  const drawn = whole > 0 ? readTiles / whole : 0;
  const kept = counts.map((count, i) => count * drawn * keptShare(sources[i]!.trial, cut));
  const isLimited = cut.maxCloud !== null || cut.maxNodata !== null;
  const tiles = isLimited ? Math.round(kept.reduce((a, b) => a + b, 0)) : readTiles;
  const side = Math.max(0, ...sources.map((source) => sideOf(source, tilePixels)));
  const tileBytes = taken.reduce((sum, band) => sum + 2 * ((side * 10) / BANDS[band].gsdMetres) ** 2, 0);
  const seconds = sources.map(({ trial }, i) => (trial ? (counts[i]! * drawn * tileBytes) / trial.bytesPerSecond : Number.NaN));
  const rate = threads > 1 ? threads * SHARED_RATE : 1;
  const total = seconds.reduce((a, b) => a + b, 0) / rate;
  return {
    misfits,
    tiles,
    readTiles,
    isNear: (isLimited && tiles !== readTiles) || (counts.some((count, i) => count !== sources[i]!.tiles) && readTiles !== sample?.tiles),
    bands: taken,
    lacking: all.filter((band) => !common.includes(band)),
    readBytes: sources.reduce((sum, source) => sum + source.bytes, 0),
    storeBytes: tiles * tileBytes,
    diskBytes: tiles * (tileBytes + RECORD_BYTES),
    seconds: Number.isFinite(total) ? total : null,
    triedTiles: sources.reduce((sum, { trial }) => sum + (trial?.shares.length ?? 0), 0),
  };
}

function misfitsOf(sources: readonly Source[], { tilePixels, stridePixels }: Cut): Misfit[] {
  if (sources.length === 0) return [];
  const shape = (source: Source) => ({
    ...source,
    tilePixels: sideOf(source, tilePixels),
    tiles: tilesOf(source, tilePixels, stridePixels),
  });
  const reference = referenceOf(sources.map(shape));
  return sources.flatMap((source) => {
    const reason = misfit(shape(source), { name: nameOfSource(reference), ...reference });
    return reason === null ? [] : [{ source, reason }];
  });
}

/** The share of a source's tiles that the limits keep, by those that were tried; all where none was. */
function keptShare(trial: ReadingTrial | null, { maxCloud, maxNodata }: Cut): number {
  if (!trial || trial.shares.length === 0) return 1;
  const isKept = ([cloud, nodata]: readonly [number | null, number]) =>
    (maxCloud === null || cloud === null || cloud <= maxCloud) && (maxNodata === null || nodata <= maxNodata);
  return trial.shares.filter(isKept).length / trial.shares.length;
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
