// Tiles that show the same: the same pixels, or hashes that differ in a few bits. Half a million tiles take seconds: only those that share a part of
// their hash, or a place, are compared.
import type { DuplicateGroup, DuplicateQuery } from "../../../shared/domain/tile-query.ts";
import { readStoredColumns, readTiles } from "../catalogue/catalogue.ts";
import { readDataset } from "../catalogue/dataset-folder.ts";

/** What is compared, by columns of one length. */
export interface Comparable {
  /** As in `Tile`. */
  readonly hash: readonly (string | null)[];
  readonly crc: readonly (number | null)[];
  readonly date: readonly (string | null)[];
  readonly footprint: readonly (readonly number[] | null)[];
}

/** Places are the same within so many degrees, about 110 m: two grids of one patch differ by less, neighbouring tiles by more. */
const SAME_PLACE_DEGREES = 0.001;
/** Hashes with fewer bits set, or fewer unset, are of water, snow, cloud or no data: they look alike anywhere. */
const PLAIN_BITS = 8;
/** Blocks of a hash: two hashes that differ in up to three bits have three of six blocks in common (Manku et al., WWW 2007). */
const BLOCK_STARTS = [0, 11, 22, 33, 44, 54, 64] as const;
/** A tile is compared with so many others of one part or place at most, so that a hostile archive takes no longer than another. */
const NEIGHBOURS = 256;

/**
 * Finds groups of duplicates.
 * @returns rows of each group in order; groups in the order of their first rows. `isExact`: all have the same pixels
 */
export function findDuplicates(tiles: Comparable, { distance, place, sameDate }: DuplicateQuery): { rows: number[]; isExact: boolean }[] {
  const count = tiles.hash.length;
  const high = new Uint32Array(count);
  const low = new Uint32Array(count);
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    const hash = tiles.hash[row];
    if (hash == null) continue;
    high[row] = Number.parseInt(hash.slice(0, 8), 16);
    low[row] = Number.parseInt(hash.slice(8), 16);
    rows.push(row);
  }
  const groups = new DisjointSets(count);
  // A CRC of 32 bits alone would make 40 pairs of half a million tiles by chance.
  const firstOf = new Map<string, number>();
  for (const row of rows) {
    if (tiles.crc[row] == null) continue;
    const key = `${tiles.hash[row]}${tiles.crc[row]}`;
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, row);
    else groups.join(first, row);
  }
  const isDated = (a: number, b: number) => !sameDate || (tiles.date[a] !== null && tiles.date[a] === tiles.date[b]);
  const isNear = (a: number, b: number) => bitsOf(high[a]! ^ high[b]!) + bitsOf(low[a]! ^ low[b]!) <= distance && isDated(a, b);
  if (place === "same") {
    const centres = tiles.footprint.map(centreOf);
    const placed = rows.filter((row) => centres[row] !== null);
    const isThere = (a: number, b: number) => isSamePlace(centres[a]!, centres[b]!);
    // Two places within a cell's half are in one cell of at least one of four grids, each moved by half a cell.
    for (const [x, y] of [
      [0, 0],
      [0.5, 0],
      [0, 0.5],
      [0.5, 0.5],
    ] as const) {
      const keyOf = (row: number) => cellOf(centres[row]!, x, y);
      comparePairs(placed, keyOf, (a, b) => isThere(a, b) && isNear(a, b) && groups.join(a, b));
    }
  } else {
    const distinct = distinctHashes(rows, high, low, sameDate ? tiles.date : null, groups);
    for (const blocks of choicesOfThree()) {
      const keyOf = (row: number) => keyOfBlocks(high[row]!, low[row]!, blocks);
      comparePairs(distinct, keyOf, (a, b) => isNear(a, b) && groups.join(a, b));
    }
  }
  return groups.all().map((members) => {
    const [first] = members as [number];
    const isExact = members.every(
      (row) => tiles.crc[row] !== null && tiles.crc[row] === tiles.crc[first] && tiles.hash[row] === tiles.hash[first],
    );
    return { rows: members, isExact };
  });
}

/** The groups of a data set. @throws AppError as `readDataset` */
export async function listDuplicates(
  datasetFolder: string,
  query: DuplicateQuery,
  { offset = 0, limit = Number.MAX_SAFE_INTEGER }: { offset?: number; limit?: number } = {},
): Promise<{ total: number; tiles: number; groups: DuplicateGroup[] }> {
  const { tiles: end } = await readDataset(datasetFolder);
  const columns = await readStoredColumns(datasetFolder, ["hash", "crc", "date", "footprint", "source", "root"], { end });
  const found = findDuplicates(columns, query).flatMap((group) => {
    const origins = new Set(group.rows.map((row) => `${columns.source[row]} ${columns.root[row]}`));
    const acrossSources = origins.size > 1;
    return acrossSources || !query.acrossSources ? [{ ...group, acrossSources }] : [];
  });
  const page = found.slice(offset, offset + limit);
  const listed = await readTiles(
    datasetFolder,
    page.flatMap(({ rows }) => rows),
  );
  let next = 0;
  return {
    total: found.length,
    tiles: found.reduce((sum, { rows }) => sum + rows.length, 0),
    groups: page.map(({ rows, isExact, acrossSources }) => ({
      kind: isExact ? "exact" : "near",
      acrossSources,
      tiles: rows.map(() => {
        const { index, id, source, path, date } = listed[next++]!;
        return { index, id, source, path, date };
      }),
    })),
  };
}

function bitsOf(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** One row of each hash that tells something (and of each date, if dates are given); rows of the same hash are joined. */
function distinctHashes(
  rows: readonly number[],
  high: Uint32Array,
  low: Uint32Array,
  dates: Comparable["date"] | null,
  groups: DisjointSets,
): number[] {
  const firstOf = new Map<string, number>();
  for (const row of rows) {
    const bits = bitsOf(high[row]!) + bitsOf(low[row]!);
    if (bits < PLAIN_BITS || bits > 64 - PLAIN_BITS || (dates && dates[row] === null)) continue;
    const key = `${high[row]} ${low[row]} ${dates ? dates[row] : ""}`;
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, row);
    else groups.join(first, row);
  }
  return [...firstOf.values()];
}

/** Calls `compare` for pairs of rows with one key. @param keyOf 32 bits; rows of different keys may be compared, too, by chance */
function comparePairs(rows: readonly number[], keyOf: (row: number) => number, compare: (a: number, b: number) => void): void {
  // Keys and places in one double: sorting numbers is several times as fast as sorting by a function.
  const placeBits = Math.max(1, Math.ceil(Math.log2(rows.length + 1)));
  const dropped = 2 ** Math.max(0, 32 + placeBits - 53);
  const size = 2 ** placeBits;
  const sorted = Float64Array.from(rows, (row, i) => Math.floor(keyOf(row) / dropped) * size + i).sort();
  const keys = sorted.map((value) => Math.floor(value / size));
  for (let i = 0; i < sorted.length; i++) {
    const a = rows[sorted[i]! % size]!;
    for (let j = i + 1; j < sorted.length && j - i <= NEIGHBOURS && keys[j] === keys[i]; j++) compare(a, rows[sorted[j]! % size]!);
  }
}

/** All ways to take three of the six blocks. */
function choicesOfThree(): number[][] {
  const out: number[][] = [];
  for (let a = 0; a < 6; a++) for (let b = a + 1; b < 6; b++) for (let c = b + 1; c < 6; c++) out.push([a, b, c]);
  return out;
}

function keyOfBlocks(high: number, low: number, blocks: readonly number[]): number {
  let key = 0;
  for (const block of blocks) key = mix(key ^ bitsBetween(high, low, BLOCK_STARTS[block]!, BLOCK_STARTS[block + 1]!));
  return key >>> 0;
}

/** Bits `start` to `end` of 64, at most 11 of them. */
function bitsBetween(high: number, low: number, start: number, end: number): number {
  const mask = 2 ** (end - start) - 1;
  if (end <= 32) return (low >>> start) & mask;
  if (start >= 32) return (high >>> (start - 32)) & mask;
  return ((low >>> start) | (high << (32 - start))) & mask;
}

/** Spreads 32 bits. @see the finalizer of MurmurHash3 */
function mix(value: number): number {
  let v = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  v = Math.imul(v ^ (v >>> 13), 0xc2b2ae35);
  return v ^ (v >>> 16);
}

type Place = readonly [longitude: number, latitude: number];

/** The middle of a footprint; between the corners across the antimeridian, too. */
function centreOf(footprint: readonly number[] | null): Place | null {
  if (!footprint) return null;
  const [west, north, , , east, south] = footprint as [number, number, number, number, number, number];
  const middle = (west + east) / 2 + (Math.abs(west - east) > 180 ? 180 : 0);
  return [middle > 180 ? middle - 360 : middle, (north + south) / 2];
}

function isSamePlace(a: Place, b: Place): boolean {
  const scale = Math.cos((Math.PI / 180) * a[1]);
  return Math.abs(a[1] - b[1]) <= SAME_PLACE_DEGREES && Math.abs(a[0] - b[0]) * scale <= SAME_PLACE_DEGREES;
}

/** A square of two by two such distances, of a grid moved by `x` and `y` squares. Degrees of longitude are shorter away from the equator. */
function cellOf([longitude, latitude]: Place, x: number, y: number): number {
  const side = 2 * SAME_PLACE_DEGREES;
  const row = Math.floor(latitude / side + y);
  const column = Math.floor((longitude * Math.cos((Math.PI / 180) * row * side)) / side + x);
  return (mix(column) ^ mix(row ^ 0x9e3779b9)) >>> 0;
}

/** Rows that belong together: union-find. */
class DisjointSets {
  private readonly parent: Uint32Array;

  constructor(count: number) {
    this.parent = Uint32Array.from({ length: count }, (_, i) => i);
  }

  join(a: number, b: number): void {
    const [first, second] = [this.rootOf(a), this.rootOf(b)];
    // The lowest row is the root, so that groups begin with it.
    this.parent[Math.max(first, second)] = Math.min(first, second);
  }

  /** Sets of two and more, rows in order. */
  all(): number[][] {
    const sets = new Map<number, number[]>();
    for (let row = 0; row < this.parent.length; row++) {
      const root = this.rootOf(row);
      if (root === row) continue;
      const set = sets.get(root);
      if (set) set.push(row);
      else sets.set(root, [root, row]);
    }
    return [...sets].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  }

  private rootOf(row: number): number {
    let at = row;
    while (this.parent[at] !== at) {
      this.parent[at] = this.parent[this.parent[at]!]!;
      at = this.parent[at]!;
    }
    return at;
  }
}
