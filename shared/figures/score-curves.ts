// How arms trade hits for false alarms: mean ROC or precision-recall curves, with the threshold in use as a mark on each.
import { CURVE_STEPS, type MeanCurve } from "../domain/scored-cell.ts";
import { CONTROL_ARM } from "../domain/study.ts";
import { armLabel, bottomAxis, emptyFigure, type FigureOptions, leftAxis, leftAxisWidth, legend } from "./marks.ts";
import { linearScale } from "./scale.ts";
import { type Figure, figureRoot, h, linePath } from "./svg.ts";
import { text } from "./text.ts";

export interface ScoreCurvesOptions extends FigureOptions {
  readonly kind: "roc" | "pr";
  readonly labelSet: string;
  /** Decimals that the scores support. */
  readonly decimals?: number;
  /** Share of positives among the test tiles: what precision is by chance. */
  readonly positiveShare?: number | null | undefined;
  /** Where each arm lies at the threshold in use. */
  readonly marks?:
    | ReadonlyMap<string, { readonly precision: number; readonly recall: number; readonly falsePositiveRate: number }>
    | undefined;
}

const DASHES = [undefined, "7 3", "2 2", "9 3 2 3", "4 4", "12 4", "1 3", "6 2 1 2 1 2"] as const;

/** A curve for each arm, in the order given. */
export function scoreCurves(curves: readonly MeanCurve[], options: ScoreCurvesOptions): Figure {
  const { width, theme, highlight = null, kind, labelSet, decimals = 2, positiveShare = null, marks } = options;
  const shown = curves.filter((curve) => curve.labelSet === labelSet);
  if (shown.length === 0) return emptyFigure("Pick arms whose test tiles have scores.", { width, theme });
  const isRoc = kind === "roc";
  const colour = (i: number, arm: string) => (arm === CONTROL_ARM ? theme.text : theme.series[i % theme.series.length]!);
  const area = (curve: MeanCurve) => (isRoc ? `AUC ${curve.auc.toFixed(decimals)}` : `AP ${curve.ap.toFixed(decimals)}`);
  const key = legend(
    shown.map((curve, i) => ({
      label: `${armLabel(curve.arm)}, ${area(curve)}`,
      key: (x: number, y: number) =>
        h("line", {
          x1: x - 9,
          x2: x + 9,
          y1: y,
          y2: y,
          stroke: colour(i, curve.arm),
          "stroke-width": 2.2,
          "stroke-dasharray": DASHES[i % 8],
        }),
    })),
    { x: 8, y: 8, width: width - 16, theme },
  );
  const top = key.height + 40;
  const bottom = top + Math.min(420, width * 0.75);
  const y = linearScale([0, 1], [bottom, top]);
  const left = leftAxisWidth(y) + 6;
  const x = linearScale([0, 1], [left, width - 16]);
  const name = isRoc ? "ROC" : "Precision-recall";
  const chance = isRoc ? [0, 1] : positiveShare === null ? null : [positiveShare, positiveShare];
  return figureRoot(
    {
      width,
      height: bottom + 42,
      label: `${name} curves on ${labelSet}: ${shown.map((curve) => `${curve.arm} ${area(curve)}`).join(", ")}`,
    },
    h("rect", { width, height: bottom + 42, fill: theme.ground }),
    key.node,
    leftAxis(y, { theme, left, right: width - 16, title: isRoc ? `true positive rate on ${labelSet}` : `precision on ${labelSet}` }),
    bottomAxis(x, { theme, top, bottom, title: isRoc ? "false positive rate" : "recall" }),
    chance && [
      h("line", { x1: x.at(0), x2: x.at(1), y1: y.at(chance[0]!), y2: y.at(chance[1]!), stroke: theme.axis, "stroke-dasharray": "3 3" }),
      text(x.at(1) - 4, y.at(chance[1]!) + (isRoc ? 22 : 10), "chance", {
        fill: theme.mutedText,
        size: 10.5,
        anchor: "end",
        halo: theme.ground,
      }),
    ],
    shown.map((curve, i) => {
      const values = isRoc ? curve.sensitivity : curve.precision;
      const points = values.map((value, k) => [x.at((isRoc ? k : k + 1) / CURVE_STEPS), y.at(value)] as const);
      const isLit = curve.arm === highlight;
      const at = marks?.get(curve.arm);
      const stroke = colour(i, curve.arm);
      return h(
        "g",
        { "data-arm": curve.arm },
        h(
          "title",
          {},
          `${curve.arm}: ${area(curve)}, mean of ${curve.fineTunings} ${curve.fineTunings === 1 ? "fine-tuning" : "fine-tunings"}`,
        ),
        // A wide invisible line, to be hit by a pointer.
        h("path", { d: linePath(points), fill: "none", stroke, "stroke-width": 10, "stroke-opacity": 0 }),
        h("path", { d: linePath(points), fill: "none", stroke, "stroke-width": isLit ? 3 : 1.8, "stroke-dasharray": DASHES[i % 8] }),
        at &&
          h("circle", {
            cx: x.at(isRoc ? at.falsePositiveRate : at.recall),
            cy: y.at(isRoc ? at.recall : at.precision),
            ...{ r: 4, fill: theme.ground, stroke, "stroke-width": 2 },
          }),
      );
    }),
  );
}
