// Tiles, a batch at a time, as a program takes them: prepared ones held on the device when they fit in memory, else raw ones that are read
// ahead of the step that needs them and prepared within it.
import * as tf from "@tensorflow/tfjs-core";
import type { Preparation } from "./prepare.ts";
import type { TensorSpecification, Tensors } from "./program.ts";
import type { RawTiles, TileReader } from "./tiles.ts";

export interface Batch {
  /** By the names of `TileFeed.specifications`. The consumer frees them. */
  readonly inputs: Tensors;
  /** How long the consumer waited for the data. */
  readonly waitMs: number;
}

export interface TileFeed {
  /** Whether all tiles are held on the device. */
  readonly isResident: boolean;
  /** A batch's tensors, for a batch of `count` tiles. */
  specifications(count: number): Readonly<Record<string, TensorSpecification>>;
  /** The network's input of a batch's tensors: a pure function, part of a program. // [n, S, S, C] */
  tiles(inputs: Tensors): tf.Tensor4D;
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
  const feed = streamedFeed(reader, preparation, rows);
  try {
    for await (const { inputs } of feed.batches(consecutive(rows.length, FILL_TILES), { signal })) {
      parts.push(feed.tiles(inputs));
      tf.dispose(Object.values(inputs));
      await tf.nextFrame();
      signal?.throwIfAborted();
    }
    return tf.concat4d(parts, 0);
  } finally {
    tf.dispose(parts);
  }
}

function residentFeed(all: tf.Tensor4D): TileFeed {
  const [, ...tileShape] = all.shape;
  return {
    isResident: true,
    specifications: (count) => ({ tiles: { shape: [count, ...tileShape], dtype: "float32" } }),
    tiles: ({ tiles }) => tiles as tf.Tensor4D,
    async *batches(order) {
      for (const positions of order) {
        const tiles = tf.tidy(() => tf.gather(all, tf.tensor1d(positions, "int32")));
        yield { inputs: { tiles }, waitMs: 0 };
      }
    },
    dispose: () => all.dispose(),
  };
}

function streamedFeed(reader: TileReader, preparation: Preparation, rows: Int32Array): TileFeed {
  return {
    isResident: false,
    specifications: preparation.specifications,
    tiles: preparation.standardise,
    async *batches(order, { signal } = {}) {
      const queue = order[Symbol.iterator]();
      let into: readonly Uint16Array[] | undefined; // `upload` copies, so the same arrays serve from batch to batch
      const readNext = (): Promise<RawTiles> | undefined => {
        const next = queue.next();
        if (next.done) return undefined;
        const read = reader.read(
          next.value.map((position) => rows[position]!),
          { ...(signal ? { signal } : {}), into },
        );
        read.catch(() => {}); // a failure is thrown where it is awaited, if it still is
        return read;
      };
      let pending = readNext();
      while (pending) {
        const asked = performance.now();
        const raw = await pending;
        const waitMs = performance.now() - asked;
        const inputs = preparation.upload(raw);
        if (raw.groups.every((group, g) => group.length >= (into?.[g]?.length ?? 0))) into = raw.groups;
        pending = readNext();
        yield { inputs, waitMs };
      }
    },
    dispose: () => {},
  };
}

/** Positions 0 .. count - 1 in order, in batches of `size`; the last may be smaller. */
export function* consecutive(count: number, size: number): Generator<Int32Array, void> {
  for (let from = 0; from < count; from += size) yield Int32Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
}

/** The same from one on, in batches that all have `size` positions, so that one program takes them all: the last position is repeated. */
export function* padded(count: number, size: number, first = 0): Generator<Int32Array, void> {
  for (let from = first; from < count; from += size) yield Int32Array.from({ length: size }, (_, i) => Math.min(from + i, count - 1));
}
