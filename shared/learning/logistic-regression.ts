// L2 logistic regression by L-BFGS in plain TypeScript: the linear probe on cached features.
import type { Features } from "./features.ts";

/** A fitted probe: score = sigmoid(weights . x + bias) on features as they come (the standardisation is folded in). */
export interface LinearProbe {
  /** // [width] */
  readonly weights: Float64Array;
  readonly bias: number;
  /** Iterations of the solver. */
  readonly iterations: number;
  /** Mean log-loss on the training rows, without the penalty. */
  readonly loss: number;
}

export interface ProbeOptions {
  /** Rows of the features. */
  readonly rows: ArrayLike<number>;
  /** 0 or 1, one a row. */
  readonly labels: ArrayLike<number>;
  /** Penalty strength lambda: minimises mean log-loss + lambda / 2 |w|^2; the bias is free. */
  readonly strength: number;
  readonly maxIterations?: number;
}

/** Pairs that L-BFGS keeps. */
const HISTORY = 10;
const TOLERANCE = 1e-6;

/** Fits the probe on features that are standardised by the mean and standard deviation of the training rows. Convex: the minimum is the only one. */
export function fitLinearProbe(features: Features, { rows, labels, strength, maxIterations = 200 }: ProbeOptions): LinearProbe {
  const { width } = features;
  const { x, means, scales } = standardise(features, rows);
  const evaluate = (w: Float64Array, gradient: Float64Array) => penalisedLoss(x, labels, width, strength, w, gradient);
  const { point, iterations } = minimise(evaluate, width + 1, maxIterations);
  const weights = new Float64Array(width);
  let bias = point[width]!;
  let penalty = 0;
  for (let k = 0; k < width; k++) {
    weights[k] = point[k]! * scales[k]!;
    bias -= weights[k]! * means[k]!;
    penalty += (strength / 2) * point[k]! ** 2;
  }
  return { weights, bias, iterations, loss: evaluate(point, new Float64Array(width + 1)) - penalty };
}

/** Scores in 0..1 of rows of the features. */
export function scoreLinearProbe({ weights, bias }: LinearProbe, features: Features, rows: ArrayLike<number>): Float32Array {
  const scores = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    let sum = bias;
    const at = rows[i]! * features.width;
    for (let k = 0; k < features.width; k++) sum += weights[k]! * features.values[at + k]!;
    scores[i] = sigmoid(sum);
  }
  return scores;
}

/** Mean negative log-likelihood of scores in 0..1. */
export function logLoss(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum -= Math.log(Math.max(1e-7, labels[i]! > 0 ? scores[i]! : 1 - scores[i]!));
  return sum / scores.length;
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

function standardise({ width, values }: Features, rows: ArrayLike<number>) {
  const means = new Float64Array(width);
  const scales = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) for (let k = 0; k < width; k++) means[k] = means[k]! + values[rows[i]! * width + k]! / rows.length;
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) scales[k] = scales[k]! + (values[rows[i]! * width + k]! - means[k]!) ** 2 / rows.length;
  // A feature that hardly changes on the training rows says nothing; dividing by its deviation would blow it up elsewhere.
  for (let k = 0; k < width; k++) scales[k] = scales[k]! > 1e-12 * (1 + means[k]! ** 2) ? 1 / Math.sqrt(scales[k]!) : 0;
  const x = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) x[i * width + k] = (values[rows[i]! * width + k]! - means[k]!) * scales[k]!;
  return { x, means, scales };
}

/** Mean log-loss + strength / 2 |w|^2 at w = [weights, bias]; writes its gradient. */
function penalisedLoss(
  x: Float64Array,
  labels: ArrayLike<number>,
  width: number,
  strength: number,
  w: Float64Array,
  gradient: Float64Array,
): number {
  const count = labels.length;
  gradient.fill(0);
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const at = i * width;
    let sum = w[width]!;
    for (let k = 0; k < width; k++) sum += w[k]! * x[at + k]!;
    const y = labels[i]! > 0 ? 1 : 0;
    loss += Math.max(sum, 0) - sum * y + Math.log1p(Math.exp(-Math.abs(sum)));
    const slope = (sigmoid(sum) - y) / count;
    for (let k = 0; k < width; k++) gradient[k] = gradient[k]! + slope * x[at + k]!;
    gradient[width] = gradient[width]! + slope;
  }
  loss /= count;
  for (let k = 0; k < width; k++) {
    loss += (strength / 2) * w[k]! ** 2;
    gradient[k] = gradient[k]! + strength * w[k]!;
  }
  return loss;
}

type Evaluate = (point: Float64Array, gradient: Float64Array) => number;

/** L-BFGS with backtracking (Nocedal and Wright, Numerical Optimization, algorithm 7.5), from the origin. */
function minimise(evaluate: Evaluate, size: number, maxIterations: number): { point: Float64Array; iterations: number } {
  let point = new Float64Array(size);
  let gradient = new Float64Array(size);
  let value = evaluate(point, gradient);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  let iterations = 0;
  while (iterations < maxIterations && maxAbs(gradient) > TOLERANCE) {
    const direction = newtonDirection(gradient, steps, changes);
    const slope = dot(direction, gradient);
    let length = iterations === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const nextGradient = new Float64Array(size);
    let next = advance(point, direction, length);
    let nextValue = evaluate(next, nextGradient);
    while (nextValue > value + 1e-4 * length * slope && length > 1e-10) {
      length /= 2;
      next = advance(point, direction, length);
      nextValue = evaluate(next, nextGradient);
    }
    if (!(nextValue < value)) break; // at the limit of double precision
    const step = next.map((v, k) => v - point[k]!);
    const change = nextGradient.map((v, k) => v - gradient[k]!);
    if (dot(step, change) > 1e-14 * dot(change, change)) {
      steps.push(step);
      changes.push(change);
      if (steps.length > HISTORY) {
        steps.shift();
        changes.shift();
      }
    }
    point = next;
    gradient = nextGradient;
    value = nextValue;
    iterations++;
  }
  return { point, iterations };
}

/** The two-loop recursion: -H gradient. */
function newtonDirection(gradient: Float64Array, steps: readonly Float64Array[], changes: readonly Float64Array[]): Float64Array {
  const q = gradient.map((v) => -v);
  const alphas: number[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const alpha = dot(steps[i]!, q) / dot(steps[i]!, changes[i]!);
    alphas[i] = alpha;
    for (let k = 0; k < q.length; k++) q[k] = q[k]! - alpha * changes[i]![k]!;
  }
  const last = steps.length - 1;
  const scale = last >= 0 ? dot(steps[last]!, changes[last]!) / dot(changes[last]!, changes[last]!) : 1;
  for (let k = 0; k < q.length; k++) q[k] = q[k]! * scale;
  for (let i = 0; i < steps.length; i++) {
    const beta = dot(changes[i]!, q) / dot(steps[i]!, changes[i]!);
    for (let k = 0; k < q.length; k++) q[k] = q[k]! + (alphas[i]! - beta) * steps[i]![k]!;
  }
  return q;
}

const advance = (point: Float64Array, direction: Float64Array, length: number) => point.map((v, k) => v + length * direction[k]!);

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function maxAbs(values: Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}
