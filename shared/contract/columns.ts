// Columns of all tiles as bytes, beside the contract: a map of a hundred thousand tiles takes megabytes of numbers, and not an object a tile.
// A message is the length of its head (uint32, little-endian), the head in JSON padded to 8 bytes, then the arrays, each padded to 8 bytes.
import { z } from "zod";

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array } as const;
type ArrayName = keyof typeof ARRAYS;
export type ColumnArray = InstanceType<(typeof ARRAYS)[ArrayName]>;

const Head = z.object({
  facts: z.record(z.string(), z.unknown()),
  arrays: z.array(z.object({ name: z.string(), type: z.enum(Object.keys(ARRAYS) as [ArrayName, ...ArrayName[]]), length: z.int().min(0) })),
});

export interface Columns {
  /** Small facts for the reader: the values that codes stand for. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, ColumnArray>>;
}

const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** Columns as one message. Numbers are as the machine has them, which is little-endian wherever this runs. */
export function encodeColumns({ facts, arrays }: Columns): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(arrays);
  const described = entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length }));
  const head = new TextEncoder().encode(JSON.stringify({ facts, arrays: described }));
  const start = padded(4 + head.length);
  const message = new Uint8Array(entries.reduce((sum, [, array]) => sum + padded(array.byteLength), start));
  new DataView(message.buffer).setUint32(0, head.length, true);
  message.set(head, 4);
  let at = start;
  for (const [, array] of entries) {
    message.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  return message;
}

/** The columns of a message; the arrays lie in it. @throws RangeError when the message is cut short, ZodError or SyntaxError for another head */
export function decodeColumns(message: ArrayBuffer): Columns {
  const length = new DataView(message).getUint32(0, true);
  const { facts, arrays } = Head.parse(JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length))));
  let at = padded(4 + length);
  const read = arrays.map(({ name, type, length: items }): [string, ColumnArray] => {
    const array = new ARRAYS[type](message, at, items);
    at += padded(array.byteLength);
    return [name, array];
  });
  return { facts, arrays: Object.fromEntries(read) };
}

function typeOf(array: ColumnArray): ArrayName {
  return (Object.keys(ARRAYS) as ArrayName[]).find((name) => array instanceof ARRAYS[name])!;
}

/** In `codes`: not known. */
export const NO_CODE = 0xffff;

/** What a tile has one of: `codes`, uint16 [tiles], of `values` in the facts. */
export const CODED_COLUMNS = ["date", "source", "split"] as const;
/** Shares of a tile's pixels, 0..1: `shares`, float32 [tiles]; NaN: not known. */
export const SHARE_COLUMNS = ["cloud", "nodata"] as const;

/**
 * Paths of columns under the page's origin, all in store order.
 * - `footprints`: `corners`, float32 [tiles, 8]: x and y of the corners as in `Tile.footprint`, in Web Mercator on a unit square, from `origin` in the
 *   facts; NaN where the place is not known
 * - `labels`: classes of a tile are `codes` (uint16) from `starts[tile]` to `starts[tile + 1]` (uint32 [tiles + 1])
 * - `parts`: `codes` of the parts that a study splits the tiles into, by its own settings or the usual ones; `rule` in the facts says how
 */
export const columnPaths = {
  column: (dataset: string, name: "footprints" | "labels" | (typeof CODED_COLUMNS)[number] | (typeof SHARE_COLUMNS)[number]) =>
    `/columns/${encodeURIComponent(dataset)}/${name}`,
  parts: (dataset: string, study: string | null) =>
    `/columns/${encodeURIComponent(dataset)}/parts${study === null ? "" : `?study=${encodeURIComponent(study)}`}`,
} as const;
