// Main effect of each operation: the mean F1 of the couplets that hold it, against the control and the mean of all couplets.
import { mean, supportedDecimals } from "../domain/statistics.ts";
import { coupletOf } from "../domain/study.ts";
import { type StudyResult, scoreDecimals } from "../domain/study-result.ts";
import { bottomAxis, emptyFigure, type FigureOptions, familyMark, whisker } from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h } from "./svg.ts";
import { text, wrapText } from "./text.ts";

/** A row for each operation, best first; small marks are its couplets. */
export function opEffects(result: StudyResult, { width, theme, highlight = null }: FigureOptions): Figure {
  const operations = result.operations.filter((operation) => operation.f1 !== null).sort((a, b) => b.f1! - a.f1!);
  const label = `Main effects of ${operations.length} operations`;
  if (operations.length === 0) return emptyFigure("No couplet has a score yet.", { width, theme });
  const couplets = result.arms.filter((arm) => arm.f1 !== null && coupletOf(arm.arm));
  const control = result.control?.f1 ?? null;
  const overall = mean(couplets.map(({ f1 }) => f1!));
  const intervals = operations.flatMap(({ interval }) => interval ?? []);
  const decimals = intervals.length > 0 ? supportedDecimals(intervals) : scoreDecimals(result);
  const [low, high] = extent([
    ...couplets.map(({ f1 }) => f1),
    ...operations.flatMap(({ interval }) => [interval?.low, interval?.high]),
    control,
  ])!;
  const margin = Math.max(0.005, (high - low) * 0.04);
  const [left, right] = [104, width - 96];
  const x = linearScale(niceDomain([Math.max(0, low - margin), Math.min(1, high + margin)], 10), [left, right]);
  const [top, row] = [36, 24];
  const bottom = top + operations.length * row + 2;
  const over = couplets.some(({ seeds }) => seeds.length > 1) ? "seeds" : "label draws";
  const notes = intervals.length > 0 ? wrapText(`Thin line: 95 % interval over ${over}; small marks: the couplets.`, width - 16, 11) : [];
  const height = bottom + 42 + notes.length * 16;
  return figureRoot(
    { width, height, label },
    h("rect", { width, height, fill: theme.ground }),
    bottomAxis(x, { theme, top, bottom, title: "F1, mean of the couplets that hold the operation" }),
    h("line", { x1: x.at(overall), x2: x.at(overall), y1: top, y2: bottom, stroke: theme.axis, "stroke-width": 1.2 }),
    control === null
      ? null
      : h("line", { x1: x.at(control), x2: x.at(control), y1: top - 16, y2: bottom, stroke: theme.text, "stroke-dasharray": "5 3" }),
    text(x.at(overall), top - 8, "all couplets", { fill: theme.mutedText, size: 10.5, anchor: "middle" }),
    control === null ? null : text(x.at(control), top - 22, "control", { fill: theme.text, size: 10.5, anchor: "middle" }),
    operations.map((operation, i) => {
      const y = top + (i + 0.5) * row;
      const own = couplets.filter(({ arm }) => coupletOf(arm)!.includes(operation.operation));
      const half = operation.interval ? ` ± ${((operation.interval.high - operation.interval.low) / 2).toFixed(decimals)}` : "";
      return h(
        "g",
        { "data-operation": operation.operation },
        h("title", {}, `${operation.operation}: mean F1 ${operation.f1!.toFixed(decimals)}${half} of ${operation.couplets} couplets`),
        text(left - 26, y, operation.operation, { fill: theme.text, anchor: "end" }),
        familyMark(operation.family, left - 14, y, 4, { fill: theme.families[operation.family] }),
        own.map(({ arm, f1, family }) =>
          h(
            "g",
            { "data-arm": arm },
            h("title", {}, `${arm}: F1 ${f1!.toFixed(decimals)}`),
            familyMark(family, x.at(f1!), y, arm === highlight ? 5 : 2.8, {
              fill: theme.families[family],
              "fill-opacity": arm === highlight ? 1 : 0.35,
              ...(arm === highlight ? { stroke: theme.accent, "stroke-width": 1.5 } : {}),
            }),
          ),
        ),
        operation.interval ? whisker(x.at(operation.interval.low), x.at(operation.interval.high), y, theme.text, 4) : null,
        h("line", {
          x1: x.at(operation.f1!),
          x2: x.at(operation.f1!),
          y1: y - 8,
          y2: y + 8,
          stroke: theme.families[operation.family],
          "stroke-width": 3.4,
        }),
        text(width - 10, y, `${operation.f1!.toFixed(decimals)}${half}`, { fill: theme.text, anchor: "end" }),
      );
    }),
    notes.map((line, i) => text(8, bottom + 46 + i * 16, line, { fill: theme.mutedText, size: 11 })),
  );
}
