// The paired bootstrap over test tiles: F1 of every arm on the same resampled tiles. Counts come from bits: 32 tiles a machine word, so that
// 41 arms on thousands of tiles take seconds.
import { AppError } from "./errors.ts";
import type { Random } from "./random.ts";
import type { ScoredCell } from "./scored-cell.ts";

/** A fine-tuning and its part in a weighted mean: that of its row. */
export interface WeightedCell {
  readonly cell: ScoredCell;
  readonly row: number;
  readonly weight: number;
}

export interface ResampleOptions {
  readonly rows: number;
  readonly threshold: number;
  readonly resamples: number;
  /** A stream of its own, so that the result replays. */
  readonly random: Random;
  /** Takes the weighted F1 of every row in a resample; the array is used again. */
  readonly take: (f1: Float64Array, round: number) => void;
}

/** A tile drawn more often than this counts so often: four bits. It happens once in 10^13 tiles. */
const MOST_DRAWN = 15;
const PLANES = 4;

/**
 * Resamples the test tiles with replacement, the same for every cell. Tiles are drawn within their kind (positive, negative or absent, by label
 * set), so every resample has the positives and negatives that balancing gave the test set.
 * Yields the number of resamples done, often. The same input gives the same resamples.
 * @returns how many distinct tiles there are
 * @throws AppError BAD_FILE when cells of a label set have different test tiles: they cannot be paired
 */
export function* resampleTiles(cells: readonly WeightedCell[], options: ResampleOptions): Generator<number, number> {
  const { rows, threshold, resamples, random, take } = options;
  const sets = [...new Set(cells.map(({ cell }) => cell.labelSet))];
  const firsts = sets.map((name) => cells.find(({ cell }) => cell.labelSet === name)!.cell);
  for (const { cell } of cells) checkPaired(cell, firsts[sets.indexOf(cell.labelSet)]!);
  yield 0;
  const tiles = Int32Array.from(new Set(firsts.flatMap((cell) => [...cell.tiles]))).sort();
  const placeOf = new Map(Array.from(tiles, (tile, place) => [tile, place]));
  const layouts = firsts.map((cell) => layoutOf(cell, placeOf));
  const kinds = kindsOf(firsts, placeOf);
  const packed: { called: Int32Array; set: number; row: number; weight: number }[] = [];
  for (const { cell, row, weight } of cells) {
    const set = sets.indexOf(cell.labelSet);
    packed.push({ called: packCalls(cell, threshold, layouts[set]!), set, row, weight });
    yield 0;
  }
  const f1 = new Float64Array(rows);
  const drawn = new Uint8Array(tiles.length);
  const planes = layouts.map(({ words }) => new Int32Array(words * PLANES));
  for (let round = 0; round < resamples; round++) {
    drawn.fill(0);
    for (const kind of kinds) {
      for (let i = 0; i < kind.length; i++) {
        const place = kind[random.below(kind.length)]!;
        if (drawn[place]! < MOST_DRAWN) drawn[place]!++;
      }
    }
    for (let set = 0; set < layouts.length; set++) fillPlanes(planes[set]!, layouts[set]!, drawn);
    f1.fill(0);
    for (let i = 0; i < packed.length; i++) {
      const { called, set, row, weight } = packed[i]!;
      const { positiveWords, words, positives } = layouts[set]!;
      const tp = countDrawn(called, planes[set]!, 0, positiveWords);
      const fp = countDrawn(called, planes[set]!, positiveWords, words);
      if (tp > 0) f1[row]! += (weight * 2 * tp) / (tp + fp + positives);
    }
    take(f1, round);
    yield round + 1;
  }
  return tiles.length;
}

function checkPaired(cell: ScoredCell, first: ScoredCell): void {
  const isSame =
    cell.tiles.length === first.tiles.length &&
    cell.tiles.every((tile, i) => tile === first.tiles[i] && cell.labels[i] === first.labels[i]);
  if (isSame) return;
  throw new AppError(
    "BAD_FILE",
    `${cell.arm}, seed ${cell.seed} was scored on other test tiles of ${cell.labelSet} than ${first.arm}, seed ${first.seed}: the data set or its labels changed in between, so arms cannot be compared tile by tile. Run the older of the two again.`,
  );
}

/** Where the tiles of a label set lie in its bits: positives first, negatives from a new word on. */
interface Layout {
  /** Place among all tiles of each bit; -1 where there is none. */
  readonly placeOfBit: Int32Array;
  /** Bit of each tile, in the cells' order. */
  readonly bitOfTile: Int32Array;
  readonly positiveWords: number;
  readonly words: number;
  readonly positives: number;
}

function layoutOf({ tiles, labels }: ScoredCell, placeOf: ReadonlyMap<number, number>): Layout {
  let positives = 0;
  for (const label of labels) if (label > 0) positives++;
  const positiveWords = Math.ceil(positives / 32);
  const words = positiveWords + Math.ceil((labels.length - positives) / 32);
  const placeOfBit = new Int32Array(words * 32).fill(-1);
  let nextPositive = 0;
  let nextNegative = positiveWords * 32;
  const bitOfTile = Int32Array.from(labels, (label, i) => {
    const bit = label > 0 ? nextPositive++ : nextNegative++;
    placeOfBit[bit] = placeOf.get(tiles[i]!)!;
    return bit;
  });
  return { placeOfBit, bitOfTile, positiveWords, words, positives };
}

/** Places of the tiles that have the same label in every label set. */
function kindsOf(firsts: readonly ScoredCell[], placeOf: ReadonlyMap<number, number>): Int32Array[] {
  const kindOf = new Array<string>(placeOf.size).fill("");
  for (const { tiles, labels } of firsts) {
    const inSet = new Map(Array.from(tiles, (tile, i) => [tile, labels[i]! > 0 ? "+" : "-"]));
    for (const [tile, place] of placeOf) kindOf[place] += inSet.get(tile) ?? "0";
  }
  return [...new Set(kindOf)].sort().map((kind) => Int32Array.from(kindOf.flatMap((other, place) => (other === kind ? [place] : []))));
}

function packCalls({ scores }: ScoredCell, threshold: number, { bitOfTile, words }: Layout): Int32Array {
  const called = new Int32Array(words);
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= threshold) called[bitOfTile[i]! >>> 5]! |= 1 << (bitOfTile[i]! & 31);
  return called;
}

/** How often each tile was drawn, as four planes of bits, the planes of a word side by side. */
function fillPlanes(planes: Int32Array, { placeOfBit, words }: Layout, drawn: Uint8Array): void {
  for (let word = 0; word < words; word++) {
    let [one, two, four, eight] = [0, 0, 0, 0];
    for (let bit = 0; bit < 32; bit++) {
      const place = placeOfBit[word * 32 + bit]!;
      if (place < 0) break;
      const times = drawn[place]!;
      one |= (times & 1) << bit;
      two |= ((times >>> 1) & 1) << bit;
      four |= ((times >>> 2) & 1) << bit;
      eight |= (times >>> 3) << bit;
    }
    planes[word * PLANES] = one;
    planes[word * PLANES + 1] = two;
    planes[word * PLANES + 2] = four;
    planes[word * PLANES + 3] = eight;
  }
}

/** How many of the called tiles were drawn, each as often as it was. */
function countDrawn(called: Int32Array, planes: Int32Array, from: number, to: number): number {
  let count = 0;
  for (let word = from; word < to; word++) {
    const calls = called[word]!;
    if (calls === 0) continue;
    const at = word * PLANES;
    count += ones(calls & planes[at]!) + 2 * ones(calls & planes[at + 1]!) + 4 * ones(calls & planes[at + 2]!);
    if (planes[at + 3] !== 0) count += 8 * ones(calls & planes[at + 3]!);
  }
  return count;
}

/** Bits that are set in 32. */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
