// The figures of a report, in the order in which it shows them.
import { curveTable, type StudyRun, type Table } from "../../shared/domain/result-tables.ts";
import type { RunStatus } from "../../shared/domain/run-state.ts";
import type { MeanCurve } from "../../shared/domain/scored-cell.ts";
import { CONTROL_ARM, FULL_ARM } from "../../shared/domain/study.ts";
import type { StudyResult } from "../../shared/domain/study-result.ts";
import type { Study } from "../../shared/domain/workspace.ts";
import { drawComparison } from "../../shared/figures/comparison.ts";
import { coupletMatrix } from "../../shared/figures/couplet-matrix.ts";
import { f1Bars } from "../../shared/figures/f1-bars.ts";
import { healthCurves } from "../../shared/figures/health-curves.ts";
import { labelSetsScatter } from "../../shared/figures/label-sets-scatter.ts";
import { lossCurves, lossMultiples } from "../../shared/figures/loss-curves.ts";
import { opEffects } from "../../shared/figures/op-effects.ts";
import type { Figure } from "../../shared/figures/svg.ts";
import type { FigureTheme } from "../../shared/figures/theme.ts";

export interface ReportFigure {
  /** File name without suffix. */
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly figure: Figure;
  /** Its numbers, where no table of the report has them. */
  readonly table?: Table;
}

const WIDTH = 900;
const NARROW = 640;

/** All figures of a study in one theme. Those that the study has nothing for are left out. */
export function reportFigures(
  { study, result, runs, curves }: { study: Study; result: StudyResult; runs: readonly StudyRun[]; curves: readonly MeanCurve[] },
  theme: FigureTheme,
): ReportFigure[] {
  const wide = { width: WIDTH, theme };
  const figures: ReportFigure[] = [
    {
      name: "f1-bars",
      title: "F1 of every arm",
      caption: `Mean of the label sets ${result.labelSets.join(" and ")}. Hollow marks: couplets dropped before the second stage.`,
      figure: f1Bars(result, wide),
    },
    {
      name: "couplet-matrix",
      title: "The couplets",
      caption: "Each cell is a couplet of augmentations; the diagonal is the mean of the couplets that hold the operation.",
      figure: coupletMatrix({ result, arms: study.config.arms, statuses: statusesOf(result), errors: errorsOf(runs) }, wide),
    },
    {
      name: "operations",
      title: "Main effect of each operation",
      caption: "Thick mark: mean of the couplets that hold the operation; small marks: those couplets.",
      figure: opEffects(result, { width: NARROW, theme }),
    },
  ];
  if (result.labelSets.length > 1)
    figures.push({
      name: "label-sets",
      title: `Do ${result.labelSets[0]} and ${result.labelSets[1]} labels agree?`,
      caption:
        "Where two label sets rank the couplets alike, the ranking says something about the augmentations; where they do not, it may be noise.",
      figure: labelSetsScatter(result, { width: NARROW, theme }),
    });
  if (curves.length > 0) figures.push(...curveFigures(result, curves, theme));
  const pretrained = runs.filter(({ arm, state }) => arm !== CONTROL_ARM && state.curve.length > 0);
  if (pretrained.length > 0) figures.push(...trainingFigures(pretrained, study, result, theme));
  return figures;
}

function curveFigures(result: StudyResult, curves: readonly MeanCurve[], theme: FigureTheme): ReportFigure[] {
  return result.labelSets.flatMap((labelSet) =>
    (["pr", "roc"] as const).map((kind) => ({
      name: `${kind}-${labelSet.replaceAll(/[^\w-]+/g, "-")}`,
      title: `${kind === "pr" ? "Precision and recall" : "ROC"} on ${labelSet}`,
      caption: `Mean over label draws and seeds, of the best arm and the control. Circle: scores count as positive from ${result.threshold} on.`,
      figure: drawComparison(kind, { result, showPublished: false, curves, labelSet }, { width: NARROW, theme }),
      table: curveTable(curves, kind, labelSet),
    })),
  );
}

function trainingFigures(pretrained: readonly StudyRun[], study: Study, result: StudyResult, theme: FigureTheme): ReportFigure[] {
  const wide = { width: WIDTH, theme };
  const curveOf = ({ arm, seed, state }: StudyRun) => ({ arm, seed, points: state.curve, chance: state.chance, status: state.status });
  const best = result.arms.find(({ rank, arm }) => rank === 1 && arm !== CONTROL_ARM)?.arm ?? result.alike?.best ?? null;
  const arms = [...study.config.arms, ...(result.full ? [FULL_ARM] : [])].filter((arm) => arm !== CONTROL_ARM);
  const f1 = new Map([...result.arms, ...(result.full ? [result.full] : [])].map((arm) => [arm.arm, arm.f1]));
  const statuses = statusesOf(result);
  const figures: ReportFigure[] = [
    {
      name: "loss-curves",
      title: "Contrastive loss",
      caption: "A falling loss alone does not show a good representation: it may fall while the embeddings collapse.",
      figure: lossCurves(pretrained.map(curveOf), { ...wide, highlight: best }),
    },
    {
      name: "loss-multiples",
      title: "Contrastive loss, arm by arm",
      caption: "All runs of an arm in its cell; the number is its F1.",
      figure: lossMultiples(
        arms.map((arm) => ({
          arm,
          status: statuses.get(arm) ?? "queued",
          curves: pretrained.filter((run) => run.arm === arm).map(curveOf),
          f1: f1.get(arm) ?? null,
        })),
        wide,
      ),
    },
  ];
  const checked = pretrained.filter(({ state }) => state.health.length > 0);
  if (checked.length > 0)
    figures.push({
      name: "health",
      title: "Health of the representations",
      caption: "Measured on fixed probe tiles: spread of the embeddings, effective rank, k-nearest-neighbour F1, alignment and uniformity.",
      figure: healthCurves(
        checked.map(({ arm, seed, state }) => ({ arm, seed, health: state.health })),
        { ...wide, highlight: best, stepsPerEpoch: stepsPerEpoch(checked) },
      ),
    });
  return figures;
}

/** From the last recorded step of any run. */
function stepsPerEpoch(runs: readonly StudyRun[]): number | undefined {
  const last = runs.flatMap(({ state }) => state.curve.at(-1) ?? [])[0];
  return last && last.epoch > 0 ? last.step / last.epoch : undefined;
}

const statusesOf = (result: StudyResult): Map<string, RunStatus> =>
  new Map([...result.arms, ...(result.full ? [result.full] : [])].map(({ arm, status }) => [arm, status]));

const errorsOf = (runs: readonly StudyRun[]): Map<string, string> =>
  new Map(runs.flatMap(({ arm, state }) => (state.error ? [[arm, state.error.message] as const] : [])));
