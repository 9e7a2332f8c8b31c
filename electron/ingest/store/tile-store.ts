// Reads tiles of a finished data set by their rows, each with one pread.
import { close as closeFile, open as openFile, read as readFile } from "node:fs";
import { readFile as readText, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BandGroup, Dataset } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { RawTiles, TileReader } from "../../../shared/learning/tiles.ts";
import { fileError } from "../../files/byte-source.ts";
import { readDataset } from "../catalogue/dataset-folder.ts";
import { tileLength } from "../patches/patch.ts";
import { shardBytes, shardPath, storeFolder, tileBytes } from "./store-layout.ts";

/** The tiles of a data set on disk. */
export interface StoredTileReader extends TileReader {
  readonly dataset: Dataset;
  /** Rows in the store. */
  readonly tiles: number;
  readonly layout: Dataset;
  /** One tile in arrays of its own. */
  readTile(row: number, options?: { signal?: AbortSignal }): Promise<RawTiles>;
  close(): Promise<void>;
}

/** Open files that are kept; a data set of BigEarthNet's size has 3,500 shards. */
const OPEN_SHARDS = 512;
/** A read of neighbouring rows is cut at this size. */
const READ_BYTES = 16 * 1024 * 1024;

const ArrayMetadata = z.object({
  shape: z.tuple([z.int(), z.int(), z.int(), z.int()]),
  chunk_grid: z.object({ configuration: z.object({ chunk_shape: z.tuple([z.int().min(1), z.int(), z.int(), z.int()]) }) }),
});

/**
 * Opens the store of a data set and checks its files' sizes.
 * @throws AppError NOT_FOUND when there is no complete data set, BAD_FILE when its files do not fit each other
 */
export async function openTileStore(datasetFolder: string): Promise<StoredTileReader> {
  const dataset = await readDataset(datasetFolder);
  let shardTiles = 0;
  for (const group of dataset.groups) {
    const path = join(storeFolder(datasetFolder), group.name, "zarr.json");
    const { shape, chunk_grid } = await readMetadata(path);
    const expected = [dataset.tiles, group.bands.length, group.pixels, group.pixels];
    // Tiles are added behind those there are: until `dataset.json` counts them, the arrays may be longer.
    if (expected.some((value, i) => (i === 0 ? value > shape[i]! : value !== shape[i])))
      throw damaged(datasetFolder, `${path} describes [${shape}], dataset.json [${expected}]`);
    shardTiles = chunk_grid.configuration.chunk_shape[0];
    for (let shard = 0; shard * shardTiles < dataset.tiles; shard++) {
      const file = shardPath(datasetFolder, group, shard);
      const { size } = await stat(file).catch(() => ({ size: -1 }));
      const bytes = shardBytes(group, Math.min(shardTiles, dataset.tiles - shard * shardTiles), shardTiles);
      const isLonger = size > bytes && size <= shardBytes(group, shardTiles, shardTiles) && (size - bytes) % tileBytes(group) === 0;
      if (size !== bytes && !isLonger)
        throw damaged(datasetFolder, size < 0 ? `${file} is missing` : `${file} has ${size} bytes instead of ${bytes}`);
    }
  }
  return createReader(datasetFolder, dataset, shardTiles);
}

function damaged(datasetFolder: string, what: string): AppError {
  return new AppError(
    "BAD_FILE",
    `The data set ${datasetFolder} is damaged: ${what}. Restore it, or delete the data set and ingest its folders again.`,
  );
}

async function readMetadata(path: string): Promise<z.infer<typeof ArrayMetadata>> {
  try {
    return ArrayMetadata.parse(JSON.parse(await readText(path, "utf8")));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      throw new AppError("BAD_FILE", `${path} is no Zarr array of ours. Restore it, or delete the data set and ingest its folders again.`, {
        cause: error,
      });
    }
    throw fileError(path, error);
  }
}

function createReader(datasetFolder: string, dataset: Dataset, shardTiles: number): StoredTileReader {
  const files = new ShardFiles();
  let queue: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const checkRows = (rows: ArrayLike<number>) => {
    if (isClosed) throw new Error("the tile store is closed");
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (!(Number.isInteger(row) && row >= 0 && row < dataset.tiles)) {
        throw new AppError("BAD_ARGUMENT", `Row ${row} is not in the data set "${dataset.name}": its rows are 0 to ${dataset.tiles - 1}.`);
      }
    }
  };

  /** Reads rows into arrays, neighbours in one go. */
  const fill = async (rows: ArrayLike<number>, arrays: readonly Uint16Array[], signal: AbortSignal | undefined) => {
    signal?.throwIfAborted();
    const reads: Promise<void>[] = [];
    try {
      for (let g = 0; g < dataset.groups.length; g++) {
        const group = dataset.groups[g]!;
        const bytes = tileBytes(group);
        const target = new Uint8Array(arrays[g]!.buffer, arrays[g]!.byteOffset, rows.length * bytes);
        const longest = Math.max(1, Math.floor(READ_BYTES / bytes));
        for (let i = 0, n = 1; i < rows.length; i += n) {
          const row = rows[i]!;
          const shard = Math.floor(row / shardTiles);
          const room = Math.min(longest, (shard + 1) * shardTiles - row, rows.length - i);
          n = 1;
          while (n < room && rows[i + n] === row + n) n++;
          const part = target.subarray(i * bytes, (i + n) * bytes);
          reads.push(files.read(shardPath(datasetFolder, group, shard), part, (row - shard * shardTiles) * bytes));
        }
      }
      await Promise.all(reads);
    } finally {
      // Nothing may still write into the arrays when the caller goes on.
      await Promise.allSettled(reads);
    }
    signal?.throwIfAborted();
    return { count: rows.length, groups: arrays.map((array, g) => array.subarray(0, rows.length * tileLength(dataset.groups[g]!))) };
  };

  const arraysFor = (count: number) => dataset.groups.map((group: BandGroup) => new Uint16Array(count * tileLength(group)));

  return {
    dataset,
    tiles: dataset.tiles,
    layout: dataset,
    read(rows, options = {}) {
      const run = queue.then(() => {
        checkRows(rows);
        const { into, signal } = options;
        const fits = dataset.groups.every((group, g) => (into?.[g]?.length ?? -1) >= rows.length * tileLength(group));
        return fill(rows, fits ? into! : arraysFor(rows.length), signal);
      });
      queue = run.catch(() => {});
      return run;
    },
    async readTile(row, options = {}) {
      checkRows([row]);
      return fill([row], arraysFor(1), options.signal);
    },
    async close() {
      isClosed = true;
      await queue;
      await files.close();
    },
  };
}

/** Files opened on demand; the one used longest ago is closed first. */
class ShardFiles {
  private readonly open = new Map<string, { file: Promise<number>; readers: number }>();

  async read(path: string, target: Uint8Array, position: number): Promise<void> {
    let entry = this.open.get(path);
    if (entry) this.open.delete(path);
    else entry = { file: openForReading(path), readers: 0 };
    this.open.set(path, entry);
    entry.readers++;
    try {
      this.evict();
      const file = await entry.file;
      let got = 0;
      while (got < target.length) {
        const n = await pread(file, target, got, position + got);
        if (n === 0)
          throw new AppError("BAD_FILE", `${path} is cut short. Restore it, or delete the data set and ingest its folders again.`);
        got += n;
      }
    } catch (error) {
      if (this.open.get(path) === entry) this.open.delete(path);
      throw fileError(path, error);
    } finally {
      entry.readers--;
    }
  }

  async close(): Promise<void> {
    const files = [...this.open.values()].map(({ file }) => file);
    this.open.clear();
    await Promise.allSettled(files.map(async (file) => closeQuietly(await file)));
  }

  private evict(): void {
    if (this.open.size <= OPEN_SHARDS) return;
    for (const [path, { file, readers }] of this.open) {
      if (readers > 0) continue;
      this.open.delete(path);
      file.then(closeQuietly, () => {});
      return;
    }
  }
}

// Callbacks of node:fs instead of its promises: a FileHandle.read costs several times as much, and a batch has hundreds.
function openForReading(path: string): Promise<number> {
  return new Promise((resolve, reject) => openFile(path, "r", (error, file) => (error ? reject(error) : resolve(file))));
}

function pread(file: number, target: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    readFile(file, target, offset, target.length - offset, position, (error, n) => (error ? reject(error) : resolve(n))),
  );
}

function closeQuietly(file: number): void {
  closeFile(file, () => {});
}
