// Scores of a binary classifier: the confusion matrix and everything made from it, ROC AUC and average precision.

export interface ConfusionMatrix {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

export interface Metrics extends ConfusionMatrix {
  readonly accuracy: number;
  /** tp / (tp + fp); 0 when nothing was called positive. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Area under the ROC curve, ties counted half (Mann-Whitney); NaN is never given: 0.5 with one class only. */
  readonly auc: number;
  /** Average precision as scikit-learn defines it: sum of (R_n - R_{n-1}) P_n over distinct thresholds. */
  readonly ap: number;
}

/** Counts at a threshold: positive when score >= threshold. Scores and labels (0 or 1) are of one length. */
export function confusion(scores: ArrayLike<number>, labels: ArrayLike<number>, threshold = 0.5): ConfusionMatrix {
  if (scores.length !== labels.length) throw new RangeError(`${scores.length} scores for ${labels.length} labels`);
  let tp = 0;
  let fp = 0;
  let tn = 0;
  let fn = 0;
  for (let i = 0; i < scores.length; i++) {
    const called = scores[i]! >= threshold;
    if (labels[i]! > 0) called ? tp++ : fn++;
    else called ? fp++ : tn++;
  }
  return { tp, fp, tn, fn };
}

const ratio = (numerator: number, denominator: number) => (denominator === 0 ? 0 : numerator / denominator);

/** F1 = 2 tp / (2 tp + fp + fn), in [0, 1]; 0 when there is neither a positive nor a call. */
export function f1Score({ tp, fp, fn }: ConfusionMatrix): number {
  return ratio(2 * tp, 2 * tp + fp + fn);
}

/** tp / (tp + fp); 0 when nothing was called positive. */
export const precisionOf = ({ tp, fp }: ConfusionMatrix): number => ratio(tp, tp + fp);

/** tp / (tp + fn); 0 without a positive. */
export const recallOf = ({ tp, fn }: ConfusionMatrix): number => ratio(tp, tp + fn);

/** All metrics at a threshold. */
export function computeMetrics(scores: ArrayLike<number>, labels: ArrayLike<number>, threshold = 0.5): Metrics {
  const counts = confusion(scores, labels, threshold);
  const { tp, fp, tn, fn } = counts;
  return {
    ...counts,
    accuracy: ratio(tp + tn, tp + fp + tn + fn),
    precision: precisionOf(counts),
    recall: recallOf(counts),
    f1: f1Score(counts),
    ...rankMetrics(scores, labels),
  };
}

/** AUC and AP in one descending pass over the distinct scores. */
function rankMetrics(scores: ArrayLike<number>, labels: ArrayLike<number>): { auc: number; ap: number } {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i]! > 0) positives++;
  const negatives = labels.length - positives;
  let tp = 0;
  let fp = 0;
  let area = 0;
  let ap = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]!]!;
    let tiedPositives = 0;
    let tied = 0;
    for (; i < order.length && scores[order[i]!]! === score; i++, tied++) if (labels[order[i]!]! > 0) tiedPositives++;
    const tiedNegatives = tied - tiedPositives;
    area += tiedNegatives * (tp + tiedPositives / 2);
    tp += tiedPositives;
    fp += tiedNegatives;
    ap += ratio(tiedPositives, positives) * ratio(tp, tp + fp);
  }
  return { auc: positives === 0 || negatives === 0 ? 0.5 : area / (positives * negatives), ap };
}
