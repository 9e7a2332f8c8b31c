// Prepared tiles, a batch at a time: held on the device when they fit in memory, else read ahead of the step that needs them.
import * as tf from "@tensorflow/tfjs-core";
import type { Preparation } from "./prepare.ts";
import type { RawTiles, TileReader } from "./tiles.ts";

export interface Batch {
  /** The consumer frees it. // [n, S, S, C] */
  readonly tiles: tf.Tensor4D;
  /** How long the consumer waited for the data. */
  readonly waitMs: number;
}

export interface TileFeed {
  /** Whether all tiles are held on the device. */
  readonly isResident: boolean;
  /**
   * Batches in the order asked. While the consumer works on one, the next is being read.
   * @param order for each batch the positions of its tiles among `rows`
   */
  batches(order: Iterable<Int32Array>, options?: { signal?: AbortSignal | undefined }): AsyncGenerator<Batch, void>;
  dispose(): void;
}

export interface FeedOptions {
  readonly reader: TileReader;
  readonly preparation: Preparation;
  /** Rows of the store. */
  readonly rows: Int32Array;
  /** Prepared tiles are held when they need no more than this; filling takes up to twice as much for a moment. */
  readonly memoryBudgetBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Tiles that are read and prepared at once when the feed is filled. */
const FILL_TILES = 128;

/** A feed of the tiles in `rows`. Reads them all now when they fit. */
export async function createTileFeed({ reader, preparation, rows, memoryBudgetBytes, signal }: FeedOptions): Promise<TileFeed> {
  const bytes = rows.length * preparation.pixels ** 2 * preparation.channels * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= memoryBudgetBytes) return residentFeed(await fill({ reader, preparation, rows, signal }));
  return streamedFeed(reader, preparation, rows);
}

async function fill({ reader, preparation, rows, signal }: Omit<FeedOptions, "memoryBudgetBytes">): Promise<tf.Tensor4D> {
  const parts: tf.Tensor4D[] = [];
  try {
    for await (const { tiles } of streamedFeed(reader, preparation, rows).batches(consecutive(rows.length, FILL_TILES), { signal })) {
      parts.push(tiles);
      await tf.nextFrame();
      signal?.throwIfAborted();
    }
    return tf.concat4d(parts, 0);
  } finally {
    tf.dispose(parts);
  }
}

function residentFeed(all: tf.Tensor4D): TileFeed {
  return {
    isResident: true,
    async *batches(order) {
      for (const positions of order) yield { tiles: tf.tidy(() => tf.gather(all, tf.tensor1d(positions, "int32"))), waitMs: 0 };
    },
    dispose: () => all.dispose(),
  };
}

function streamedFeed(reader: TileReader, preparation: Preparation, rows: Int32Array): TileFeed {
  return {
    isResident: false,
    async *batches(order, { signal } = {}) {
      const queue = order[Symbol.iterator]();
      const readNext = (): Promise<RawTiles> | undefined => {
        const next = queue.next();
        if (next.done) return undefined;
        const read = reader.read(
          next.value.map((position) => rows[position]!),
          signal ? { signal } : {},
        );
        read.catch(() => {}); // a failure is thrown where it is awaited, if it still is
        return read;
      };
      let pending = readNext();
      while (pending) {
        const asked = performance.now();
        const raw = await pending;
        const waitMs = performance.now() - asked;
        const tiles = tf.tidy(() => preparation.prepare(raw));
        pending = readNext();
        yield { tiles, waitMs };
      }
    },
    dispose: () => {},
  };
}

/** Positions 0 .. count - 1 in order, in batches of `size`; the last may be smaller. */
export function* consecutive(count: number, size: number): Generator<Int32Array, void> {
  for (let from = 0; from < count; from += size) yield Int32Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
}
