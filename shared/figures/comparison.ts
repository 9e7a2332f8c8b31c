// Every chart of a comparison by its name, and the table of exactly what it shows: the window, the command line and copied commands mean the same.
import { armTable, curveTable, labelSetTable, operationTable, pairTable, type Table } from "../domain/result-tables.ts";
import type { ComparisonFigure } from "../domain/results-command.ts";
import type { MeanCurve } from "../domain/scored-cell.ts";
import { supportedDecimals } from "../domain/statistics.ts";
import type { StudyPair } from "../domain/study-pair.ts";
import { type ArmResult, type StudyResult, scoreDecimals } from "../domain/study-result.ts";
import { armScatter } from "./arm-scatter.ts";
import { coupletMatrix } from "./couplet-matrix.ts";
import { f1Bars } from "./f1-bars.ts";
import { agreementText, labelSetsScatter } from "./label-sets-scatter.ts";
import { emptyFigure, type FigureOptions } from "./marks.ts";
import { opEffects } from "./op-effects.ts";
import { scoreCurves } from "./score-curves.ts";
import { studyDifferences } from "./study-differences.ts";
import type { Figure } from "./svg.ts";

/** What a comparison's charts are drawn from. */
export interface ComparisonData {
  readonly result: StudyResult;
  /** The published values as diamonds. */
  readonly showPublished: boolean;
  /** Reason of a failure per arm, for the matrix. */
  readonly errors?: ReadonlyMap<string, string> | undefined;
  /** Curves of the picked arms; empty where there are none, left out where they are still to come. */
  readonly curves?: readonly MeanCurve[] | undefined;
  /** Label set of the curves; the first when left out. */
  readonly labelSet?: string | undefined;
  /** The study beside another one. */
  readonly pair?: StudyPair | null | undefined;
}

/** Width of a chart as a file, px. */
export const figureWidth = (name: ComparisonFigure): number => (name === "f1" || name === "matrix" || name === "differences" ? 960 : 640);

/** Draws a chart. */
export function drawComparison(name: ComparisonFigure, data: ComparisonData, options: FigureOptions): Figure {
  const { result, showPublished, errors, curves, pair = null } = data;
  switch (name) {
    case "f1":
      return f1Bars(result, { ...options, showPublished });
    case "matrix":
      return coupletMatrix({ result, arms: result.arms.map(({ arm }) => arm), errors }, options);
    case "effects":
      return opEffects(result, options);
    case "label-sets":
      return labelSetsScatter(result, options);
    case "roc":
    case "pr": {
      if (!curves) return emptyFigure("Reading the scores of the test tiles.", options);
      const labelSet = data.labelSet ?? result.labelSets[0] ?? "";
      return scoreCurves(curves, {
        ...options,
        kind: name,
        labelSet,
        decimals: scoreDecimals(result),
        ...operatingPoints(result, labelSet),
      });
    }
    case "studies":
      return pair && pair.arms.length > 0 ? studiesScatter(pair, options) : emptyFigure(pair?.headline ?? NO_OTHER, options);
    case "differences":
      return pair ? studyDifferences(pair, options) : emptyFigure(NO_OTHER, options);
  }
}

/** The numbers that a chart shows. */
export function comparisonTable(name: ComparisonFigure, { result, curves = [], labelSet, pair = null }: ComparisonData): Table {
  switch (name) {
    case "f1":
    case "matrix":
      return armTable(result);
    case "effects":
      return operationTable(result);
    case "label-sets":
      return labelSetTable(result);
    case "roc":
    case "pr":
      return curveTable(curves, name, labelSet ?? result.labelSets[0] ?? "");
    case "studies":
    case "differences":
      return pairTable(pair);
  }
}

const NO_OTHER = "Choose a second study to compare with.";

/** Two studies' F1 against each other. */
function studiesScatter(pair: StudyPair, options: FigureOptions): Figure {
  const [first, second] = pair.names;
  const points = pair.arms.map((arm): { arm: ArmResult; x: number; y: number } => ({ arm: arm.first, x: arm.first.f1, y: arm.second.f1 }));
  const sentence = agreementText(pair.agreement);
  const label = `F1 in ${first} against F1 in ${second}, ${points.length} arms. ${sentence}`;
  const decimals = supportedDecimals(pair.arms.map(({ interval }) => interval));
  return armScatter({ points, xTitle: `F1 in ${first}`, yTitle: `F1 in ${second}`, decimals, sentence, label, isOfOneKind: true }, options);
}

/** Where each arm lies at the threshold in use, on a label set. */
function operatingPoints(result: StudyResult, labelSet: string) {
  const scored = result.arms.flatMap((arm) => {
    const { precision, recall, falsePositiveRate } = arm.byLabelSet[labelSet] ?? {};
    return precision != null && recall != null && falsePositiveRate != null
      ? [[arm.arm, { precision, recall, falsePositiveRate }] as const]
      : [];
  });
  const share = result.arms.find((arm) => arm.byLabelSet[labelSet]?.positiveShare != null)?.byLabelSet[labelSet]?.positiveShare;
  return { marks: new Map(scored), positiveShare: share ?? null };
}
