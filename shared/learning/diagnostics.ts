// Health of a representation on fixed probe tiles: spread, effective rank, alignment, uniformity, k-NN, and one verdict with its reason.
// Plain arrays, row by row: a probe is a few hundred tiles.
import { confusion, f1Score } from "../domain/metrics.ts";
import type { Health } from "../domain/run-state.ts";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/** Vectors of one width, one after the other. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  /** // [count, width] */
  readonly values: Float32Array;
}

/** Rows of length 1 (rows of zeros stay zero). */
export function unitRows({ count, width, values }: Rows): Rows {
  const unit = new Float32Array(values.length);
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let k = i * width; k < (i + 1) * width; k++) square += values[k]! ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let k = i * width; k < (i + 1) * width; k++) unit[k] = values[k]! * scale;
  }
  return { count, width, values: unit };
}

/**
 * Mean standard deviation of the dimensions, times sqrt(width): 1 when unit rows cover the sphere evenly, 0 when all are equal.
 * @param unit rows of length 1
 * @see SimSiam, arXiv 2011.10566, section 4.1
 */
export function embeddingStd({ count, width, values }: Rows): number {
  let total = 0;
  for (let k = 0; k < width; k++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[i * width + k]!;
    const mean = sum / count;
    let square = 0;
    for (let i = 0; i < count; i++) square += (values[i * width + k]! - mean) ** 2;
    total += Math.sqrt(square / count);
  }
  return (total / width) * Math.sqrt(width);
}

/** Inner products of every two rows, in double precision. // [count, count] */
export function gramMatrix({ count, width, values }: Rows): Float64Array {
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0, a = i * width, b = j * width; k < width; k++) dot += values[a + k]! * values[b + k]!;
      gram[i * count + j] = dot;
      gram[j * count + i] = dot;
    }
  return gram;
}

/**
 * RankMe: the exponential of the entropy of the singular values, between 1 and min(count, width).
 * @param gram of the rows as they are, not centred // [count, count]
 * @see RankMe, arXiv 2210.02885, equation 1
 */
export function effectiveRank(gram: Float64Array, count: number): number {
  const singular = symmetricEigenvalues(gram, count).map((value) => Math.sqrt(Math.max(0, value)));
  const total = singular.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 1;
  let entropy = 0;
  for (const value of singular) {
    const share = value / total;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return Math.exp(entropy);
}

/**
 * Mean squared distance of positive pairs, 0..4.
 * @param first unit rows of the first views; `second` of the second views
 * @see Wang and Isola, arXiv 2005.10242, equation 2 with alpha 2
 */
export function alignment(first: Rows, second: Rows): number {
  let sum = 0;
  for (let i = 0; i < first.values.length; i++) sum += (first.values[i]! - second.values[i]!) ** 2;
  return sum / first.count;
}

/** Mean squared distance of the first view of a tile and the second view of another, 0..4. */
export function meanPairDistance(first: Rows, second: Rows): number {
  // |a - b|^2 = 2 - 2 a.b for unit rows; the sum over all pairs is that of the sums' product.
  const { count, width } = first;
  let all = 0;
  for (let k = 0; k < width; k++) {
    let a = 0;
    let b = 0;
    for (let i = 0; i < count; i++) {
      a += first.values[i * width + k]!;
      b += second.values[i * width + k]!;
    }
    all += a * b;
  }
  let own = 0;
  for (let i = 0; i < first.values.length; i++) own += first.values[i]! * second.values[i]!;
  return 2 - (2 * (all - own)) / (count * (count - 1));
}

/**
 * Logarithm of the mean Gaussian potential of all pairs of unit rows: 0 when collapsed, about -4 + 8 / width ... when even.
 * @see Wang and Isola, arXiv 2005.10242, equation 3 with t = 2
 */
export function uniformity(unit: Rows): number {
  const { count } = unit;
  const gram = gramMatrix(unit);
  let sum = 0;
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) sum += Math.exp(-2 * Math.max(0, 2 - 2 * gram[i * count + j]!));
  return Math.log(sum / ((count * (count - 1)) / 2));
}

/** Neighbours that vote. */
export const NEIGHBOURS = 10;

/**
 * F1 of a leave-one-out vote of the nearest neighbours by cosine. A vote weighs the inverse of its class' frequency, so a rare class can win.
 * @param gram of the rows // [count, count]
 * @param labels 0 or 1 // [count]
 * @returns null with fewer than two of a class
 */
export function knnF1(gram: Float64Array, labels: ArrayLike<number>, neighbours = NEIGHBOURS): number | null {
  const count = labels.length;
  let positives = 0;
  for (let i = 0; i < count; i++) if (labels[i]! > 0) positives++;
  if (positives < 2 || count - positives < 2) return null;
  const norms = Float64Array.from({ length: count }, (_, i) => Math.sqrt(gram[i * count + i]!) || 1);
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const isOwnPositive = labels[i]! > 0;
    const weightPositive = 1 / (positives - (isOwnPositive ? 1 : 0));
    const weightNegative = 1 / (count - positives - (isOwnPositive ? 0 : 1));
    const others = Array.from({ length: count }, (_, j) => j).filter((j) => j !== i);
    others.sort((a, b) => gram[i * count + b]! / norms[b]! - gram[i * count + a]! / norms[a]! || a - b);
    let forPositive = 0;
    let all = 0;
    for (const j of others.slice(0, neighbours)) {
      const weight = labels[j]! > 0 ? weightPositive : weightNegative;
      if (labels[j]! > 0) forPositive += weight;
      all += weight;
    }
    scores[i] = forPositive / all;
  }
  return f1Score(confusion(scores, labels));
}

/** Below it all embeddings point the same way, whatever the loss. A uniform sphere has 1. */
export const COLLAPSED_STD = 0.1;
/** Above it two views of a tile are hardly closer than views of two tiles. */
export const UNLEARNED_CONTRAST = 0.9;
/** Share of the chance loss above which nothing is told apart. */
export const CHANCE_SHARE = 0.98;

export interface Evidence {
  readonly embeddingStd: number;
  readonly effectiveRank: number;
  readonly alignment: number;
  /** Mean squared distance of views of different tiles. */
  readonly meanPairDistance: number;
  /** Mean training loss of late. */
  readonly loss: number;
  /** Loss of equal embeddings. */
  readonly chance: number;
}

/** The verdict. The spread is judged before the loss: a loss may fall while the embedding collapses. */
export function judge(evidence: Evidence): Pick<Health, "verdict" | "reason"> {
  const spread = evidence.embeddingStd.toFixed(2);
  const loss = `loss ${evidence.loss.toFixed(2)}, chance ${evidence.chance.toFixed(2)}`;
  if (evidence.embeddingStd < COLLAPSED_STD)
    return {
      verdict: "collapsing",
      reason: `all tiles get nearly the same embedding (spread ${spread}, 1 is even, 0 collapsed; ${loss}); lower the learning rate`,
    };
  const contrast = evidence.alignment / evidence.meanPairDistance;
  if (contrast > UNLEARNED_CONTRAST)
    return {
      verdict: "not learning",
      reason: `two views of a tile are no closer than views of different tiles (distance ratio ${contrast.toFixed(2)}; ${loss}); train longer or use milder augmentations`,
    };
  if (evidence.loss > evidence.chance * CHANCE_SHARE)
    return {
      verdict: "not learning",
      reason: `the spread is healthy (${spread}) but the loss is at chance (${loss}); train longer, or change the learning rate`,
    };
  if (evidence.alignment < 1e-9)
    return { verdict: "learning", reason: `spread ${spread}, ${loss}; both views of a tile are alike, as they are without augmentation` };
  return {
    verdict: "learning",
    reason: `views of a tile are ${(1 / contrast).toFixed(1)} times closer than those of different tiles; spread ${spread}, ${loss}`,
  };
}

/** Probe tiles that take part in rank and k-NN, whose cost grows with the cube of their number. */
export const MAX_RANK_ROWS = 512;

/**
 * Everything at once.
 * @param h encoder outputs of the probe tiles as they are; `first`, `second`: embeddings z of their two fixed views
 * @param labels of the first label set; null without
 */
export function assessHealth(probe: {
  h: Rows;
  first: Rows;
  second: Rows;
  labels: ArrayLike<number> | null;
  loss: number;
  chance: number;
}): Health {
  const first = unitRows(probe.first);
  const second = unitRows(probe.second);
  const count = Math.min(probe.h.count, MAX_RANK_ROWS);
  const gram = gramMatrix({ ...probe.h, count });
  const measures = {
    embeddingStd: embeddingStd(first),
    effectiveRank: effectiveRank(gram, count),
    alignment: alignment(first, second),
    uniformity: uniformity(first),
  };
  const verdict = judge({ ...measures, meanPairDistance: meanPairDistance(first, second), loss: probe.loss, chance: probe.chance });
  return { ...measures, knnF1: probe.labels ? knnF1(gram, Array.from(probe.labels).slice(0, count)) : null, ...verdict };
}
