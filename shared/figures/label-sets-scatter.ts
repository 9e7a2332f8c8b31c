// How far two label sets agree on the ranking of the couplets: F1 against F1, and the rank correlation in words.
import { type RankAgreement, type StudyResult, scoreDecimals } from "../domain/study-result.ts";
import { armScatter, type ScatterPoint } from "./arm-scatter.ts";
import { emptyFigure, type FigureOptions } from "./marks.ts";
import type { Figure } from "./svg.ts";

export interface ScatterOptions extends FigureOptions {
  /** The two label sets; the study's first two when left out. */
  readonly labelSets?: readonly [string, string] | undefined;
}

/** F1 on one label set against F1 on the other, an arm a mark; the control's values as dashed lines. */
export function labelSetsScatter(result: StudyResult, options: ScatterOptions): Figure {
  const [first, second] = options.labelSets ?? [result.labelSets[0], result.labelSets[1]];
  const points: ScatterPoint[] = result.arms.flatMap((arm) => {
    const [x, y] = [arm.byLabelSet[first ?? ""]?.f1, arm.byLabelSet[second ?? ""]?.f1];
    return x != null && y != null ? [{ arm, x, y }] : [];
  });
  if (first === undefined || second === undefined || points.length === 0) {
    const message =
      second === undefined ? "The study has one label set: nothing to compare." : "No arm has a score on both label sets yet.";
    return emptyFigure(message, options);
  }
  const sentence = agreementText(
    result.agreement.labelSets.find(({ between }) => between.includes(first) && between.includes(second)) ?? null,
  );
  const label = `F1 on ${first} against F1 on ${second}, ${points.length} arms. ${sentence}`;
  return armScatter(
    { points, xTitle: `F1 on ${first}`, yTitle: `F1 on ${second}`, decimals: scoreDecimals(result), sentence, label },
    options,
  );
}

/** A rank agreement as a sentence. */
export function agreementText(found: RankAgreement | null): string {
  if (!found) return "Too few couplets for a rank agreement.";
  const interval = found.interval ? ` (95 % interval ${minus(found.interval.low)} to ${minus(found.interval.high)})` : "";
  return `Rank agreement: Spearman ${minus(found.spearman)}${interval}, ${found.couplets} couplets`;
}

const minus = (value: number) => value.toFixed(2).replace("-", "−");
