// Nearest neighbours: all by distance, exactly or by way of cells; those of one row by cosine, exactly.
import { Random } from "../domain/random.ts";
import type { Matrix } from "./matrix.ts";

/** For each row its nearest others, nearest first. */
export interface Neighbours {
  readonly rows: number;
  readonly count: number;
  /** // [rows, count] */
  readonly indices: Int32Array;
  /** Euclidean. // [rows, count] */
  readonly distances: Float32Array;
}

type Progress = ((done: number, total: number) => void) | undefined;

/** Rows up to which every pair is looked at: 12,000 of 50 numbers take about 6 s. */
const MOST_EXACT = 12_000;
/** Cells that are searched for a row's neighbours. 12 of 316 find more than 97 % of them in features of trained encoders. */
const SEARCHED_CELLS = 12;
const CELL_ITERATIONS = 6;
/** Rows a cell from which the cells' centres are found. */
const SAMPLE_PER_CELL = 40;

/** Nearest others of every row, exactly for few rows, else approximately. @param count at most rows - 1 */
export function nearestNeighbours(data: Matrix, count: number, onProgress?: Progress): Neighbours & { readonly isExact: boolean } {
  const isExact = data.rows <= MOST_EXACT;
  return { ...(isExact ? exactNeighbours(data, count, onProgress) : neighboursByCells(data, count, onProgress)), isExact };
}

/** The nearest of some rows' candidates so far, sorted. */
class Nearest {
  readonly indices: Int32Array;
  readonly squares: Float32Array;
  private readonly count: number;

  constructor(rows: number, count: number) {
    this.count = count;
    this.indices = new Int32Array(rows * count).fill(-1);
    this.squares = new Float32Array(rows * count).fill(Number.POSITIVE_INFINITY);
  }

  /** The square that a candidate has to be below. */
  limit(row: number): number {
    return this.squares[(row + 1) * this.count - 1]!;
  }

  add(row: number, index: number, square: number): void {
    const first = row * this.count;
    let at = first + this.count - 1;
    for (; at > first && this.squares[at - 1]! > square; at--) {
      this.squares[at] = this.squares[at - 1]!;
      this.indices[at] = this.indices[at - 1]!;
    }
    this.squares[at] = square;
    this.indices[at] = index;
  }

  result(rows: number): Neighbours {
    return { rows, count: this.count, indices: this.indices, distances: this.squares.map(Math.sqrt) };
  }
}

function squareBetween(a: Float32Array, from: number, b: Float32Array, at: number, columns: number): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) {
    const difference = a[from + c]! - b[at + c]!;
    sum += difference * difference;
  }
  return sum;
}

/** Every pair is looked at. */
export function exactNeighbours({ rows, columns, values }: Matrix, count: number, onProgress?: Progress): Neighbours {
  const nearest = new Nearest(rows, count);
  for (let i = 0; i < rows; i++) {
    for (let j = i + 1; j < rows; j++) {
      const square = squareBetween(values, i * columns, values, j * columns, columns);
      if (square < nearest.limit(i)) nearest.add(i, j, square);
      if (square < nearest.limit(j)) nearest.add(j, i, square);
    }
    if (i % 256 === 0) onProgress?.(i, rows);
  }
  return nearest.result(rows);
}

/**
 * Rows are put into cells around as many centres as the root of their number, found by k-means of a sample; a row's neighbours are looked for
 * in the cells whose centres are nearest to it. Seeded, so that it repeats.
 */
export function neighboursByCells({ rows, columns, values }: Matrix, count: number, onProgress?: Progress): Neighbours {
  const cells = Math.max(1, Math.round(Math.sqrt(rows)));
  const searched = Math.min(cells, SEARCHED_CELLS);
  const centres = findCentres({ rows, columns, values }, cells);
  const near = new Nearest(rows, searched);
  const sizes = new Int32Array(cells + 1);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < cells; c++) {
      const square = squareBetween(values, i * columns, centres, c * columns, columns);
      if (square < near.limit(i)) near.add(i, c, square);
    }
    sizes[near.indices[i * searched]! + 1]!++;
  }
  for (let c = 0; c < cells; c++) sizes[c + 1] = sizes[c + 1]! + sizes[c]!;
  const starts = sizes.slice();
  const members = new Int32Array(rows);
  const next = starts.slice(0, cells);
  for (let i = 0; i < rows; i++) members[next[near.indices[i * searched]!]!++] = i;
  // Copied cell by cell: a cell's rows are read one after another.
  const sorted = new Float32Array(values.length);
  for (const [at, row] of members.entries()) sorted.set(values.subarray(row * columns, (row + 1) * columns), at * columns);
  const nearest = new Nearest(rows, count);
  for (let at = 0; at < rows; at++) {
    const row = members[at]!;
    for (let s = 0; s < searched; s++) {
      const cell = near.indices[row * searched + s]!;
      for (let other = starts[cell]!; other < starts[cell + 1]!; other++) {
        if (other === at) continue;
        const square = squareBetween(sorted, at * columns, sorted, other * columns, columns);
        if (square < nearest.limit(row)) nearest.add(row, members[other]!, square);
      }
    }
    if (at % 256 === 0) onProgress?.(at, rows);
  }
  fillUp(nearest, rows, count);
  return nearest.result(rows);
}

/** A row whose cells hold too few others has fewer neighbours than asked for: the last one found stands for the rest. */
function fillUp({ indices, squares }: Nearest, rows: number, count: number): void {
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < count; k++) {
      const at = i * count + k;
      if (indices[at]! >= 0) continue;
      indices[at] = k > 0 ? indices[at - 1]! : (i + 1) % rows;
      squares[at] = k > 0 ? squares[at - 1]! : 0;
    }
}

function findCentres({ rows, columns, values }: Matrix, cells: number): Float32Array {
  const order = Random.of("cells of neighbours").shuffled(Array.from({ length: rows }, (_, i) => i));
  const sample = order.slice(0, cells * SAMPLE_PER_CELL);
  const centres = new Float32Array(cells * columns);
  for (let c = 0; c < cells; c++) centres.set(values.subarray(sample[c]! * columns, (sample[c]! + 1) * columns), c * columns);
  for (let iteration = 0; iteration < CELL_ITERATIONS; iteration++) {
    const sums = new Float64Array(cells * columns);
    const counts = new Int32Array(cells);
    for (const row of sample) {
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let c = 0; c < cells; c++) {
        const square = squareBetween(values, row * columns, centres, c * columns, columns);
        if (square < least) [best, least] = [c, square];
      }
      counts[best]!++;
      for (let c = 0; c < columns; c++) sums[best * columns + c] = sums[best * columns + c]! + values[row * columns + c]!;
    }
    for (let c = 0; c < cells; c++)
      if (counts[c]! > 0) for (let d = 0; d < columns; d++) centres[c * columns + d] = sums[c * columns + d]! / counts[c]!;
  }
  return centres;
}

/** The rows whose vectors point most nearly where one row's does, itself left out. Exact. @returns nearest first, cosine -1..1 */
export function nearestByCosine({ rows, columns, values }: Matrix, row: number, count: number): { row: number; cosine: number }[] {
  const lengthOf = (at: number) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += values[at + c]! ** 2;
    return Math.sqrt(sum);
  };
  const own = row * columns;
  const ownLength = lengthOf(own);
  const cosines = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    let dot = 0;
    for (let c = 0; c < columns; c++) dot += values[own + c]! * values[at + c]!;
    const length = ownLength * lengthOf(at);
    cosines[i] = length > 0 ? Math.min(1, dot / length) : 0;
  }
  const nearest = new Nearest(1, Math.min(count, rows - 1));
  for (let i = 0; i < rows; i++) if (i !== row && -cosines[i]! < nearest.limit(0)) nearest.add(0, i, -cosines[i]!);
  return [...nearest.indices].filter((i) => i >= 0).map((i) => ({ row: i, cosine: cosines[i]! }));
}

/** Of the true nearest neighbours of some rows, drawn by a seed, the share that was found. */
export function recallOf(data: Matrix, found: Neighbours, probes = 200): number {
  const { rows, columns, values } = data;
  const random = Random.of("probes of recall");
  let hits = 0;
  const asked = Math.min(probes, rows);
  for (let probe = 0; probe < asked; probe++) {
    const row = random.below(rows);
    const truth = new Nearest(1, found.count);
    for (let i = 0; i < rows; i++) {
      const square = squareBetween(values, row * columns, values, i * columns, columns);
      if (i !== row && square < truth.limit(0)) truth.add(0, i, square);
    }
    // By distance: of equals, either is right.
    const limit = Math.sqrt(truth.limit(0)) * (1 + 1e-6);
    for (let k = 0; k < found.count; k++) if (found.distances[row * found.count + k]! <= limit) hits++;
  }
  return hits / (asked * found.count);
}
