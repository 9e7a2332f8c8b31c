// Checks every file of a data set: the catalogue, the arrays' descriptions, every shard's index by its CRC-32C, every tile's pixels by its CRC-32.
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { BandGroup, Dataset } from "../../../shared/domain/dataset.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import type { VerifyReport } from "../../../shared/domain/tile-query.ts";
import { readStoredColumns, readTiles } from "../catalogue/catalogue.ts";
import { readDataset, tilesFile } from "../catalogue/dataset-folder.ts";
import { arrayMetadata, shardBytes, shardIndex, shardPath, shardTilesFor, storeFolder, tileBytes } from "../store/store-layout.ts";

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tiles so far. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

const LISTED_TILES = 1_000;
const RESTORE = "Restore it from a copy, or delete the data set and ingest its folders again.";

/**
 * Reads all of a data set and compares it with its checksums.
 * @throws AppError NOT_FOUND without a complete data set, BAD_FILE when its record cannot be read; the signal's reason
 */
export async function verifyDataset(datasetFolder: string, { signal, onProgress }: VerifyOptions = {}): Promise<VerifyReport> {
  const dataset = await readDataset(datasetFolder);
  const problems: { path: string; reason: string }[] = [];
  const notes: string[] = [];
  const damaged = new Map<number, string>();
  const crcs = await checkCatalogue(datasetFolder, dataset, problems);
  if (crcs?.some((crc) => crc === null))
    notes.push("An earlier version made this data set, which kept no checksums of tiles: of their pixels only the place was checked.");
  const shardTiles = shardTilesFor(dataset.groups);
  for (const group of dataset.groups) await checkMetadata(datasetFolder, dataset, group, shardTiles, problems);
  let bytes = 0;
  for (let first = 0; first < dataset.tiles; first += shardTiles) {
    const count = Math.min(shardTiles, dataset.tiles - first);
    const shard = { folder: datasetFolder, dataset, number: first / shardTiles, first, count, shardTiles };
    bytes += await checkShard({ shard, crcs, problems, damaged, signal });
    onProgress?.({ done: first + count, total: dataset.tiles });
  }
  const listed = [...damaged].sort(([a], [b]) => a - b).slice(0, LISTED_TILES);
  const tiles =
    crcs && listed.length > 0
      ? await readTiles(
          datasetFolder,
          listed.map(([index]) => index),
        )
      : [];
  return {
    tiles: dataset.tiles,
    bytes,
    damagedTiles: damaged.size,
    damaged: listed.map(([index, reason], i) => ({ index, id: tiles[i]?.id ?? null, path: tiles[i]?.path ?? null, reason })),
    problems,
    notes,
  };
}

type Problems = VerifyReport["problems"];

/** @returns checksums by row; null when the catalogue is of no use */
async function checkCatalogue(datasetFolder: string, dataset: Dataset, problems: Problems): Promise<(number | null)[] | null> {
  const path = tilesFile(datasetFolder);
  try {
    // Rows behind the last belong to an addition that was not finished.
    const { index, crc } = await readStoredColumns(datasetFolder, ["index", "crc"], { end: dataset.tiles });
    if (index.length === dataset.tiles && index.every((row, i) => row === i)) return crc;
    problems.push({ path, reason: `has ${index.length} rows of ${dataset.tiles} tiles, or not one for each. ${RESTORE}` });
  } catch (error) {
    problems.push({ path, reason: `cannot be read: ${messageOf(error)}` });
  }
  return null;
}

async function checkMetadata(folder: string, dataset: Dataset, group: BandGroup, shardTiles: number, problems: Problems): Promise<void> {
  const path = join(storeFolder(folder), group.name, "zarr.json");
  try {
    const found = JSON.parse(await readFile(path, "utf8")) as { shape?: unknown[] };
    // While tiles are added the array may be longer than the data set.
    const tiles = Math.max(dataset.tiles, Number(found.shape?.[0]) || 0);
    if (JSON.stringify(found) === JSON.stringify(arrayMetadata(group, tiles, shardTiles))) return;
    problems.push({ path, reason: `does not describe the array of the data set. ${RESTORE}` });
  } catch (error) {
    problems.push({ path, reason: `cannot be read: ${messageOf(error)}. ${RESTORE}` });
  }
}

interface Shard {
  readonly folder: string;
  readonly dataset: Dataset;
  readonly number: number;
  /** Its first row, and how many of its rows belong to the data set. */
  readonly first: number;
  readonly count: number;
  readonly shardTiles: number;
}

interface CheckShard {
  readonly shard: Shard;
  readonly crcs: readonly (number | null)[] | null;
  readonly problems: Problems;
  readonly damaged: Map<number, string>;
  readonly signal: AbortSignal | undefined;
}

/** @returns bytes read */
async function checkShard({ shard, crcs, problems, damaged, signal }: CheckShard): Promise<number> {
  const { first, count, dataset } = shard;
  const files: FileHandle[] = [];
  const lose = (row: number, reason: string) => {
    if (!damaged.has(row)) damaged.set(row, reason);
  };
  let bytes = 0;
  try {
    const whole: boolean[] = [];
    for (const group of dataset.groups) {
      const path = shardPath(shard.folder, group, shard.number);
      const file = await open(path, "r").catch(() => null);
      if (file) files.push(file);
      const reason = file ? await indexProblem(file, group, shard) : `is missing. ${RESTORE}`;
      if (reason) problems.push({ path, reason });
      whole.push(file !== null);
      if (!file) for (let i = 0; i < count; i++) lose(first + i, `its ${group.name} bands are gone: ${path} is missing`);
    }
    if (whole.includes(false)) return 0;
    const tiles = dataset.groups.map((group) => Buffer.alloc(tileBytes(group)));
    for (let i = 0; i < count; i++) {
      if (i % 16 === 0) signal?.throwIfAborted();
      let crc = 0;
      let isWhole = true;
      for (let g = 0; g < files.length; g++) {
        const pixels = tiles[g]!;
        const got = (await files[g]!.read(pixels, 0, pixels.length, i * pixels.length)).bytesRead;
        bytes += got;
        isWhole &&= got === pixels.length;
        crc = crc32(pixels, crc);
      }
      const expected = crcs?.[first + i];
      if (!isWhole) lose(first + i, "its shard is cut short");
      else if (expected != null && crc !== expected) lose(first + i, "its pixels are not those that were stored");
    }
    return bytes;
  } finally {
    await Promise.allSettled(files.map((file) => file.close()));
  }
}

/** What is wrong with a shard's size and index; null: nothing. */
async function indexProblem(file: FileHandle, group: BandGroup, { count, shardTiles }: Shard): Promise<string | null> {
  const { size } = await file.stat();
  // The last shard may have grown already by tiles that are being added.
  const own = count + (size - shardBytes(group, count, shardTiles)) / tileBytes(group);
  if (!(Number.isInteger(own) && own >= count && own <= shardTiles)) {
    return `has ${size} bytes instead of ${shardBytes(group, count, shardTiles)}. ${RESTORE}`;
  }
  const expected = shardIndex(group, own, shardTiles);
  const index = Buffer.alloc(expected.length);
  await file.read(index, 0, index.length, own * tileBytes(group));
  return index.equals(expected) ? null : `has a broken index (CRC-32C). The tiles are read without it here, but not by Zarr. ${RESTORE}`;
}
