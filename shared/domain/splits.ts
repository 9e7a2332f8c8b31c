// Training, validation and test tiles: by blocks of land, so that no part sees the neighbours of another's tiles, or at random as the study did.
import type { Tile } from "./dataset.ts";
import { isPositive, type LabelSet } from "./labels.ts";
import { Random } from "./random.ts";
import type { FinetuneSettings } from "./run-config.ts";

/** What a split looks at. A `Tile` of the catalogue is one. */
export type PlacedTile = Pick<Tile, "index" | "crs" | "transform" | "granule" | "labels">;

export const PARTS = ["train", "validation", "test"] as const;
export type Part = (typeof PARTS)[number];

/** Rows of the store in each part, ascending. Every tile is in exactly one. */
export type Split = Readonly<Record<Part, Int32Array>>;

export type SplitSettings = Pick<FinetuneSettings, "split" | "blockMetres" | "trainShare" | "validationShare"> & {
  /** Their positives are spread over all parts. */
  readonly labelSets: readonly LabelSet[];
};

/** All arms, seeds and label draws of a study are tested on the same tiles. */
export const SPLIT_SEED = 0;

/**
 * Splits tiles near the shares asked for, with positives of every label set in every part where there are enough blocks.
 * `spatial`: whole blocks of `blockMetres` (by coordinate reference system and upper left corner), whole granules where a tile has no
 * coordinates; tiles with neither count as blocks of their own. Blocks on both sides of a border between UTM zones are told apart.
 */
export function splitTiles(tiles: readonly PlacedTile[], settings: SplitSettings, seed: number = SPLIT_SEED): Split {
  const shares = [settings.trainShare, settings.validationShare, Math.max(0, 1 - settings.trainShare - settings.validationShare)];
  const parts = settings.split === "spatial" ? splitBlocks(tiles, settings, shares, seed) : splitSingly(tiles, settings, shares, seed);
  const [train, validation, test] = parts.map((rows) => Int32Array.from(rows).sort()) as [Int32Array, Int32Array, Int32Array];
  return { train, validation, test };
}

/** Tiles that carry the same label sets are shuffled and dealt by the shares. */
function splitSingly(tiles: readonly PlacedTile[], settings: SplitSettings, shares: readonly number[], seed: number): number[][] {
  const strata = new Map<string, number[]>();
  for (const { index, labels } of tiles) {
    const key = settings.labelSets.map((set) => Number(labels !== null && isPositive(labels, set))).join("");
    const stratum = strata.get(key);
    if (stratum) stratum.push(index);
    else strata.set(key, [index]);
  }
  const parts: number[][] = shares.map(() => []);
  for (const [key, rows] of [...strata].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shuffled = Random.of(seed, "split", key).shuffled(rows.sort((a, b) => a - b));
    let from = 0;
    let share = 0;
    shares.forEach((part, i) => {
      share += part;
      const to = i === shares.length - 1 ? shuffled.length : Math.min(shuffled.length, Math.round(shuffled.length * share));
      for (; from < to; from++) parts[i]!.push(shuffled[from]!);
    });
  }
  return parts;
}

function splitBlocks(tiles: readonly PlacedTile[], settings: SplitSettings, shares: readonly number[], seed: number): number[][] {
  const blocks = new Map<string, Block>();
  for (const tile of tiles) {
    const key = blockOf(tile, settings.blockMetres);
    let block = blocks.get(key);
    if (!block) {
      block = { key, rows: [], counts: new Float64Array(1 + settings.labelSets.length) };
      blocks.set(key, block);
    }
    block.rows.push(tile.index);
    block.counts[0]!++;
    settings.labelSets.forEach((set, k) => {
      if (tile.labels && isPositive(tile.labels, set)) block.counts[k + 1]!++;
    });
  }
  return assign([...blocks.values()], shares, seed).map((part) => part.flatMap(({ rows }) => rows));
}

/** The block of land of a tile. Two tiles of one block never part. */
export function blockOf({ index, crs, transform, granule }: PlacedTile, blockMetres: number): string {
  if (crs !== null && transform !== null)
    return `${crs} ${Math.floor(transform[2]! / blockMetres)} ${Math.floor(transform[5]! / blockMetres)}`;
  return granule !== null ? `granule ${granule}` : `tile ${index}`;
}

interface Block {
  readonly key: string;
  readonly rows: number[];
  /** Tiles, then positives of each label set. */
  readonly counts: Float64Array;
}

/**
 * Greedy: the blocks with most positives, then the largest, each to the part where it brings tiles and positives nearest to the shares
 * (least squares). Then single blocks move while that helps.
 */
function assign(blocks: readonly Block[], shares: readonly number[], seed: number): Block[][] {
  const kinds = blocks[0]?.counts.length ?? 1;
  const totals = new Float64Array(kinds);
  for (const { counts } of blocks) for (let k = 0; k < kinds; k++) totals[k] = totals[k]! + counts[k]!;
  const have = shares.map(() => new Float64Array(kinds));
  const weight = (block: Block) => block.counts.reduce((sum, count, k) => sum + (totals[k]! > 0 ? count / totals[k]! : 0), 0);
  // Names sorted first: the result does not hang on the order of the catalogue.
  const sorted = [...blocks].sort((a, b) => (a.key < b.key ? -1 : 1));
  const order = Random.of(seed, "split").shuffled(sorted);
  order.sort((a, b) => weight(b) - weight(a));

  /** Squared distance of a part to its share, with a heavy penalty for a part that lacks a label set's positives. */
  const distance = (part: number, counts: Float64Array) => {
    let sum = 0;
    for (let k = 0; k < kinds; k++) {
      if (totals[k] === 0) continue;
      sum += (counts[k]! / totals[k]! - shares[part]!) ** 2 / Math.max(0.02, shares[part]!);
      if (k > 0 && counts[k] === 0) sum += 10;
    }
    return sum;
  };
  const gain = (part: number, block: Block, sign: 1 | -1) =>
    distance(
      part,
      have[part]!.map((count, k) => count + sign * block.counts[k]!),
    ) - distance(part, have[part]!);
  const add = (part: number, block: Block, sign: 1 | -1) => {
    for (let k = 0; k < kinds; k++) have[part]![k] = have[part]![k]! + sign * block.counts[k]!;
  };

  const placeOf = order.map((block) => {
    const costs = shares.map((_, part) => gain(part, block, 1));
    const best = costs.indexOf(Math.min(...costs));
    add(best, block, 1);
    return best;
  });
  for (let pass = 0, moved = true; moved && pass < 10; pass++) {
    moved = false;
    order.forEach((block, i) => {
      const from = placeOf[i]!;
      const leaving = gain(from, block, -1);
      const costs = shares.map((_, part) => (part === from ? 0 : leaving + gain(part, block, 1)));
      const best = costs.indexOf(Math.min(...costs));
      if (best === from || costs[best]! > -1e-12) return;
      add(from, block, -1);
      add(best, block, 1);
      placeOf[i] = best;
      moved = true;
    });
  }
  return shares.map((_, part) => order.filter((_, i) => placeOf[i] === part));
}

/**
 * The tiles a study pretrains on: at most `count` drawn from `rows`, ascending. The draw hangs on nothing but rows and count,
 * so all arms and seeds see the same tiles.
 */
export function drawPretrainingRows(rows: Int32Array, count: number | null): Int32Array {
  if (count === null || count >= rows.length) return rows.slice().sort();
  return Int32Array.from(
    Random.of(SPLIT_SEED, "pretraining tiles")
      .shuffled([...rows].sort((a, b) => a - b))
      .slice(0, count),
  ).sort();
}

/** The probe tiles of the health checks: `count` of `rows`, half of them positives where there are enough. */
export function drawProbeRows(rows: Int32Array, count: number, isPositiveRow: ((row: number) => boolean) | null): Int32Array {
  const shuffled = Random.of(SPLIT_SEED, "probe tiles").shuffled([...rows].sort((a, b) => a - b));
  if (!isPositiveRow) return Int32Array.from(shuffled.slice(0, count)).sort();
  const positives = shuffled.filter(isPositiveRow).slice(0, Math.floor(count / 2));
  const negatives = shuffled.filter((row) => !isPositiveRow(row)).slice(0, count - positives.length);
  return Int32Array.from([...positives, ...negatives]).sort();
}
