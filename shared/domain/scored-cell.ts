// Scores of test tiles: one fine-tuning is a cell. Counts at every threshold and mean ROC and precision-recall curves are made from them.
import { z } from "zod";
import type { ArmId } from "./study.ts";

/** Which fine-tuning of a study. */
export interface CellKey {
  readonly arm: ArmId;
  readonly seed: number;
  readonly labelSet: string;
  readonly percent: number;
  readonly draw: number;
}

/** Scores of all test tiles of one fine-tuning. */
export interface ScoredCell extends CellKey {
  /** Rows of the store. */
  readonly tiles: Int32Array;
  /** 1 positive, 0 negative. */
  readonly labels: Uint8Array;
  /** 0..1; positive from the threshold on. */
  readonly scores: Float64Array;
}

/** Where a score counts as positive, unless something else is asked for; scores of metrics.json are at it. */
export const DEFAULT_THRESHOLD = 0.5;
/** Steps of the thresholds that counts are made for: 0, 0.01, ..., 1. */
export const THRESHOLD_STEPS = 100;

/** Calls of one fine-tuning at each threshold k / 100, k = 0..100. */
export const ThresholdCounts = z.object({
  arm: z.string(),
  seed: z.int(),
  labelSet: z.string(),
  percent: z.number(),
  draw: z.int(),
  positives: z.int(),
  negatives: z.int(),
  tp: z.array(z.int()).length(THRESHOLD_STEPS + 1),
  fp: z.array(z.int()).length(THRESHOLD_STEPS + 1),
});
export type ThresholdCounts = z.infer<typeof ThresholdCounts>;

/** Index of the largest threshold k / 100 that a score reaches. */
function lastReached(score: number): number {
  let k = Math.max(0, Math.min(THRESHOLD_STEPS, Math.floor(score * THRESHOLD_STEPS)));
  // The product may be rounded over or under a threshold; the comparison decides, as in `confusion`.
  while (k < THRESHOLD_STEPS && score >= (k + 1) / THRESHOLD_STEPS) k++;
  while (k > 0 && score < k / THRESHOLD_STEPS) k--;
  return k;
}

/** What is called positive, rightly and wrongly, at each threshold. */
export function thresholdCounts({ tiles: _, labels, scores, ...key }: ScoredCell): ThresholdCounts {
  const tp = new Array<number>(THRESHOLD_STEPS + 1).fill(0);
  const fp = new Array<number>(THRESHOLD_STEPS + 1).fill(0);
  for (let i = 0; i < scores.length; i++) (labels[i]! > 0 ? tp : fp)[lastReached(scores[i]!)]!++;
  for (let k = THRESHOLD_STEPS - 1; k >= 0; k--) {
    tp[k]! += tp[k + 1]!;
    fp[k]! += fp[k + 1]!;
  }
  return { ...key, positives: tp[0]!, negatives: fp[0]!, tp, fp };
}

/** The threshold at which fine-tunings have the highest mean F1: on these tiles, so it looks better than it will be on others. The lowest of several. */
export function bestThreshold(counts: readonly ThresholdCounts[]): { readonly threshold: number; readonly f1: number } | null {
  if (counts.length === 0) return null;
  const f1 = Array.from({ length: THRESHOLD_STEPS + 1 }, (_, k) => {
    const sum = counts.reduce((total, { tp, fp, positives }) => total + (2 * tp[k]!) / (tp[k]! + fp[k]! + positives), 0);
    return sum / counts.length;
  });
  const best = f1.indexOf(Math.max(...f1));
  return { threshold: best / THRESHOLD_STEPS, f1: f1[best]! };
}

/** One curve of an arm on a label set: the mean over its fine-tunings at each place of the x axis. */
export const MeanCurve = z.object({
  arm: z.string(),
  labelSet: z.string(),
  fineTunings: z.int(),
  /** Precision at the recalls 1 / n, ..., 1. */
  precision: z.array(z.number()),
  /** True positive rate at the false positive rates 0, 1 / n, ..., 1. */
  sensitivity: z.array(z.number()),
  ap: z.number(),
  auc: z.number(),
});
export type MeanCurve = z.infer<typeof MeanCurve>;

/** Arms whose curves are drawn in one chart: as many as there are colours to tell them apart. */
export const MOST_CURVES = 8;

/** Places of a mean curve along its x axis. */
export const CURVE_STEPS = 100;

/**
 * Mean curves of the cells of one arm and label set, averaged upwards (Fawcett 2006, "vertical averaging"): sensitivity on the straight lines of the
 * ROC, precision where the recall is first reached, as average precision takes it.
 * @param areas AUC and AP of the cells
 */
export function meanCurve(cells: readonly ScoredCell[], areas: readonly { readonly auc: number; readonly ap: number }[]): MeanCurve {
  const precision = new Array<number>(CURVE_STEPS).fill(0);
  const sensitivity = new Array<number>(CURVE_STEPS + 1).fill(0);
  for (const cell of cells) {
    const points = rocPoints(cell);
    const { tp: positives, fp: negatives } = points.at(-1)!;
    let at = 1;
    for (let k = 1; k <= CURVE_STEPS; k++) {
      while (points[at]!.tp * CURVE_STEPS < k * positives) at++;
      precision[k - 1]! += points[at]!.tp / (points[at]!.tp + points[at]!.fp) / cells.length;
    }
    let right = 0;
    for (let k = 0; k <= CURVE_STEPS; k++) {
      const wanted = (k * negatives) / CURVE_STEPS;
      // The last point of a vertical rise counts.
      while (right + 1 < points.length && points[right + 1]!.fp <= wanted) right++;
      const [a, b] = [points[right]!, points[Math.min(right + 1, points.length - 1)]!];
      const share = b.fp > a.fp ? (wanted - a.fp) / (b.fp - a.fp) : 0;
      sensitivity[k]! += (a.tp + share * (b.tp - a.tp)) / positives / cells.length;
    }
  }
  const [first] = cells;
  const meanOf = (name: "auc" | "ap") => areas.reduce((sum, area) => sum + area[name], 0) / areas.length;
  return {
    arm: first!.arm,
    labelSet: first!.labelSet,
    fineTunings: cells.length,
    precision,
    sensitivity,
    ap: meanOf("ap"),
    auc: meanOf("auc"),
  };
}

/** Calls after each distinct score, highest first; begins at nothing called. */
function rocPoints({ scores, labels }: ScoredCell): { tp: number; fp: number }[] {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const points = [{ tp: 0, fp: 0 }];
  let [tp, fp] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    if (labels[order[i]!]! > 0) tp++;
    else fp++;
    if (i + 1 === order.length || scores[order[i + 1]!]! !== scores[order[i]!]!) points.push({ tp, fp });
  }
  return points;
}
