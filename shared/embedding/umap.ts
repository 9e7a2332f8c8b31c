// UMAP in two dimensions over typed arrays, for up to 100,000 points (McInnes, Healy and Melville, arXiv 1802.03426): the weighted graph of
// neighbours, and a layout by stochastic gradients. Seeded: the same points give the same picture.
import { Random } from "../domain/random.ts";
import type { Matrix } from "./matrix.ts";
import type { Neighbours } from "./neighbours.ts";

export interface UmapOptions {
  /** Least distance of points in the picture, against a spread of 1. */
  readonly minDistance: number;
  readonly seed: number;
  /** Where points begin, such as their first two principal components. // [rows, 2] */
  readonly initial: Matrix;
  readonly epochs?: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Edges of the graph, both ways, with the probability that they are there. */
export interface UmapGraph {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly weights: Float32Array;
}

/** As umap-learn chooses: small data sets take longer to settle. */
const epochsFor = (rows: number) => (rows <= 10_000 ? 500 : 200);
const NEGATIVES = 5;
const BISECTIONS = 64;
const BISECTION_TOLERANCE = 1e-5;
/** Least scale of a point's distances, against their mean. */
const LEAST_SCALE = 1e-3;
/** Half the side of the square that the points begin in, and its blur. */
const START_SPAN = 10;
const START_NOISE = 1e-4;
/** Of one step along one axis. */
const MOST_STEP = 4;

/**
 * The graph: each point's distances scaled so that its neighbours weigh log2(count + 1) together, then either way or both ways.
 * @param neighbours without the point itself
 */
export function umapGraph({ rows, count, indices, distances }: Neighbours): UmapGraph {
  const weights = new Float32Array(rows * count);
  let mean = 0;
  for (const distance of distances) mean += distance / distances.length;
  const target = Math.log2(count + 1);
  for (let i = 0; i < rows; i++) {
    const own = distances.subarray(i * count, (i + 1) * count);
    const nearest = own.find((distance) => distance > 0) ?? 0;
    const sigma = Math.max(scaleOf(own, nearest, target), LEAST_SCALE * (nearest > 0 ? meanOf(own) : mean));
    for (let k = 0; k < count; k++) weights[i * count + k] = own[k]! <= nearest ? 1 : Math.exp(-(own[k]! - nearest) / sigma);
  }
  const from: number[] = [];
  const to: number[] = [];
  const joined: number[] = [];
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < count; k++) {
      const j = indices[i * count + k]!;
      const back = positionOf(indices, j, i, count);
      if (back >= 0 && j < i) continue; // told from the other end
      const there = weights[i * count + k]!;
      const again = back >= 0 ? weights[back]! : 0;
      const weight = there + again - there * again;
      from.push(i, j);
      to.push(j, i);
      joined.push(weight, weight);
    }
  return { from: Int32Array.from(from), to: Int32Array.from(to), weights: Float32Array.from(joined) };
}

const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

function positionOf(indices: Int32Array, row: number, wanted: number, count: number): number {
  for (let at = row * count; at < (row + 1) * count; at++) if (indices[at] === wanted) return at;
  return -1;
}

/** The scale by which weights sum up to the target. */
function scaleOf(distances: Float32Array, nearest: number, target: number): number {
  let [low, high, middle] = [0, Number.POSITIVE_INFINITY, 1];
  for (let i = 0; i < BISECTIONS; i++) {
    let sum = 0;
    for (const distance of distances) sum += distance <= nearest ? 1 : Math.exp(-(distance - nearest) / middle);
    if (Math.abs(sum - target) < BISECTION_TOLERANCE) break;
    if (sum > target) {
      high = middle;
      middle = (low + high) / 2;
    } else {
      low = middle;
      middle = high === Number.POSITIVE_INFINITY ? middle * 2 : (low + high) / 2;
    }
  }
  return middle;
}

const CURVE_POINTS = 300;
const CURVE_STEPS = 200;

/**
 * The curve 1 / (1 + a d^2b) nearest to one that is 1 up to the least distance and falls as exp(minDistance - d) beyond, by Levenberg and Marquardt.
 * A least distance of 0.1 gives a = 1.577, b = 0.895, as umap-learn finds.
 */
export function curveOf(minDistance: number): { a: number; b: number } {
  const xs = Array.from({ length: CURVE_POINTS }, (_, i) => (3 * i) / (CURVE_POINTS - 1));
  const ys = xs.map((x) => (x < minDistance ? 1 : Math.exp(minDistance - x)));
  const errorOf = (a: number, b: number) => xs.reduce((sum, x, i) => sum + (1 / (1 + a * x ** (2 * b)) - ys[i]!) ** 2, 0);
  let [a, b, damping] = [1, 1, 1e-3];
  let error = errorOf(a, b);
  for (let step = 0; step < CURVE_STEPS; step++) {
    let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
    for (let i = 1; i < xs.length; i++) {
      const power = xs[i]! ** (2 * b);
      const value = 1 / (1 + a * power);
      const da = -power * value * value;
      const db = da * a * 2 * Math.log(xs[i]!);
      const rest = ys[i]! - value;
      aa += da * da;
      ab += da * db;
      bb += db * db;
      ra += da * rest;
      rb += db * rest;
    }
    const [p, q] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = p * q - ab * ab;
    const [nextA, nextB] = [a + (q * ra - ab * rb) / determinant, b + (p * rb - ab * ra) / determinant];
    const nextError = errorOf(nextA, nextB);
    if (nextA > 0 && nextB > 0 && nextError <= error) [a, b, error, damping] = [nextA, nextB, nextError, damping / 10];
    else damping *= 10;
  }
  return { a, b };
}

/** Lays the points of a graph out. @returns their places, as far apart as they came out // [rows, 2] */
export function umapLayout(graph: UmapGraph, options: UmapOptions): Matrix {
  const { initial, seed, onProgress } = options;
  const { rows } = initial;
  const epochs = options.epochs ?? epochsFor(rows);
  const { a, b } = curveOf(options.minDistance);
  const places = startingPlaces(initial, seed);
  const { from, to, every } = sampled(graph, epochs);
  const due = every.slice();
  const negativesDue = every.map((gap) => gap / NEGATIVES);
  let state = Random.of(seed, "negative samples").nextInt32() || 1;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 1 - epoch / epochs;
    for (let e = 0; e < from.length; e++) {
      if (due[e]! > epoch) continue;
      const i = 2 * from[e]!;
      const j = 2 * to[e]!;
      let x = places[i]!;
      let y = places[i + 1]!;
      const dx = x - places[j]!;
      const dy = y - places[j + 1]!;
      const square = dx * dx + dy * dy;
      if (square > 0) {
        const power = square ** b;
        const pull = (-2 * a * b * power) / (square * (a * power + 1));
        const [mx, my] = [rate * clipped(pull * dx), rate * clipped(pull * dy)];
        x += mx;
        y += my;
        places[j] = places[j]! - mx;
        places[j + 1] = places[j + 1]! - my;
      }
      due[e] = due[e]! + every[e]!;
      const gap = every[e]! / NEGATIVES;
      const negatives = Math.floor((epoch - negativesDue[e]!) / gap);
      for (let n = 0; n < negatives; n++) {
        // xorshift32 (Marsaglia 2003), written out: a call for each would double the time.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const k = 2 * ((state >>> 0) % rows);
        if (k === i) continue;
        const ex = x - places[k]!;
        const ey = y - places[k + 1]!;
        const distance = ex * ex + ey * ey;
        if (distance > 0) {
          const push = (2 * b) / ((0.001 + distance) * (a * distance ** b + 1));
          x += rate * clipped(push * ex);
          y += rate * clipped(push * ey);
        } else {
          x += rate * MOST_STEP;
          y += rate * MOST_STEP;
        }
      }
      negativesDue[e] = negativesDue[e]! + negatives * gap;
      places[i] = x;
      places[i + 1] = y;
    }
    onProgress?.(epoch + 1, epochs);
  }
  return { rows, columns: 2, values: places };
}

const clipped = (step: number) => Math.max(-MOST_STEP, Math.min(MOST_STEP, step));

/** Edges that are sampled at all, and every how many epochs. */
function sampled({ from, to, weights }: UmapGraph, epochs: number) {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  const kept: number[] = [];
  weights.forEach((weight, e) => {
    if (weight >= largest / epochs) kept.push(e);
  });
  return {
    from: Int32Array.from(kept, (e) => from[e]!),
    to: Int32Array.from(kept, (e) => to[e]!),
    every: Float32Array.from(kept, (e) => largest / weights[e]!),
  };
}

function startingPlaces({ rows, values }: Matrix, seed: number): Float32Array {
  const random = Random.of(seed, "start of the layout");
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = largest > 0 ? START_SPAN / largest : 0;
  return Float32Array.from({ length: 2 * rows }, (_, i) => values[i]! * scale + START_NOISE * random.normal());
}
