// How far a picture of features can be trusted: whether neighbours share a label, in the features and in the picture, and whether they stay neighbours.
import { type Matrix, unitRows } from "./matrix.ts";
import { exactNeighbours } from "./neighbours.ts";

export interface Separation {
  /** Of the points of a class, the share whose nearest neighbours are mostly of it; mean over the classes, 0..1. Chance is 1 / classes. */
  readonly accuracy: number;
  /** Mean silhouette, -1..1: 0 where classes lie across each other. */
  readonly silhouette: number;
}

export interface PictureQuality {
  readonly points: number;
  readonly classes: number;
  /** Neighbours that vote. */
  readonly neighbours: number;
  /** By cosine, in all dimensions. */
  readonly features: Separation;
  /** By distance in the picture. */
  readonly picture: Separation;
  /** Of the nearest neighbours in the features, the share that are among the nearest in the picture. */
  readonly kept: number;
}

/**
 * Measures points against their labels, every one against all others.
 * @param codes class of each point
 * @param neighbours at most points - 1
 */
export function pictureQuality(features: Matrix, picture: Matrix, codes: ArrayLike<number>, neighbours: number): PictureQuality {
  const n = features.rows;
  const unit = unitRows(features);
  const near = [exactNeighbours(unit, neighbours).indices, exactNeighbours(picture, neighbours).indices] as const;
  let both = 0;
  for (let i = 0; i < n; i++) {
    const own = new Set(near[1].subarray(i * neighbours, (i + 1) * neighbours));
    for (let k = 0; k < neighbours; k++) if (own.has(near[0][i * neighbours + k]!)) both++;
  }
  const separation = (distances: Float32Array, nearest: Int32Array): Separation => ({
    accuracy: balancedAccuracy(nearest, codes, n, neighbours),
    silhouette: silhouetteOf(distances, codes, n),
  });
  return {
    points: n,
    classes: new Set(Array.from(codes)).size,
    neighbours,
    features: separation(distancesOf(unit, "cosine"), near[0]),
    picture: separation(distancesOf(picture, "euclidean"), near[1]),
    kept: both / (n * neighbours),
  };
}

function distancesOf({ rows, columns, values }: Matrix, metric: "cosine" | "euclidean"): Float32Array {
  const out = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = i + 1; j < rows; j++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += (values[i * columns + c]! - values[j * columns + c]!) ** 2;
      const distance = metric === "cosine" ? sum / 2 : Math.sqrt(sum);
      out[i * rows + j] = distance;
      out[j * rows + i] = distance;
    }
  return out;
}

/** A vote of the neighbours; of classes with as many votes, that of the nearest wins. */
function balancedAccuracy(nearest: Int32Array, codes: ArrayLike<number>, n: number, count: number): number {
  const hits = new Map<number, [right: number, all: number]>();
  for (let i = 0; i < n; i++) {
    const votes = new Map<number, number>();
    for (let k = 0; k < count; k++) {
      const code = codes[nearest[i * count + k]!]!;
      votes.set(code, (votes.get(code) ?? 0) + 1);
    }
    const [winner] = [...votes].reduce((best, next) => (next[1] > best[1] ? next : best));
    const [right, all] = hits.get(codes[i]!) ?? [0, 0];
    hits.set(codes[i]!, [right + (winner === codes[i] ? 1 : 0), all + 1]);
  }
  return [...hits.values()].reduce((sum, [right, all]) => sum + right / all, 0) / hits.size;
}

/** @see Rousseeuw 1987, doi 10.1016/0377-0427(87)90125-7; a class of one point counts as 0 */
function silhouetteOf(distances: Float32Array, codes: ArrayLike<number>, n: number): number {
  const names = [...new Set(Array.from(codes))];
  if (names.length < 2) return 0;
  const code = Int32Array.from(codes, (value) => names.indexOf(value));
  const sizes = new Int32Array(names.length);
  for (const value of code) sizes[value]!++;
  let sum = 0;
  const sums = new Float64Array(names.length);
  for (let i = 0; i < n; i++) {
    const own = code[i]!;
    if (sizes[own] === 1) continue;
    sums.fill(0);
    for (let j = 0; j < n; j++) sums[code[j]!] = sums[code[j]!]! + distances[i * n + j]!;
    const within = sums[own]! / (sizes[own]! - 1);
    let between = Number.POSITIVE_INFINITY;
    sums.forEach((total, c) => {
      if (c !== own) between = Math.min(between, total / sizes[c]!);
    });
    const larger = Math.max(within, between);
    if (larger > 0) sum += (between - within) / larger;
  }
  return sum / n;
}
