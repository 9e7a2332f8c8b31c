// Two studies arm by arm: how far F1 differs between them, with intervals, around the line of no difference.
import { supportedDecimals } from "../domain/statistics.ts";
import type { StudyPair } from "../domain/study-pair.ts";
import { signed } from "./f1-bars.ts";
import { armLabel, bottomAxis, emptyFigure, type FigureOptions, familyLegend, familyMark, legend, whisker } from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h } from "./svg.ts";
import { fitText, text, textWidth } from "./text.ts";

const ROW = 20;

/** A row an arm, the largest gain of the first study on top. */
export function studyDifferences(pair: StudyPair, { width, theme, highlight = null }: FigureOptions): Figure {
  const { arms, names } = pair;
  if (arms.length === 0) return emptyFigure(pair.headline, { width, theme });
  const decimals = supportedDecimals(arms.map(({ interval }) => interval));
  const items = familyLegend(
    arms.map(({ first }) => first.family),
    theme,
  );
  if (arms.some(({ interval }) => interval)) items.push({ label: "95 % interval", key: (x, y) => whisker(x - 8, x + 8, y, theme.text) });
  const key = legend(items, { x: 8, y: 8, width: width - 16, theme });
  const top = key.height + 42;
  const labels = Math.min(width * 0.3, 10 + Math.max(...arms.map(({ arm }) => textWidth(armLabel(arm), 12, true))));
  const [low, high] = extent(arms.flatMap(({ difference, interval }) => [0, difference, interval?.low, interval?.high]))!;
  const margin = Math.max(0.005, (high - low) * 0.04);
  const x = linearScale(niceDomain([low - margin, high + margin], 8), [labels + 30, width - 60]);
  const bottom = top + arms.length * ROW + 2;
  const room = (width - 24) / 2 - textWidth("← higher in ", 11);
  const side = (name: string, isRight: boolean) => {
    const fitted = fitText(name, room, 11);
    return text(isRight ? width - 8 : 8, top - 10, isRight ? `higher in ${fitted} →` : `← higher in ${fitted}`, {
      ...{ fill: theme.mutedText, size: 11, anchor: isRight ? "end" : "start" },
    });
  };
  return figureRoot(
    { width, height: bottom + 42, label: `Difference of F1 between ${names[0]} and ${names[1]}, ${arms.length} arms. ${pair.headline}` },
    h("rect", { width, height: bottom + 42, fill: theme.ground }),
    key.node,
    bottomAxis(x, { theme, top: top - 2, bottom, title: `F1 in ${names[0]} minus F1 in ${names[1]}` }),
    h("line", { x1: x.at(0), x2: x.at(0), y1: top - 18, y2: bottom, stroke: theme.text, "stroke-width": 1.2, "stroke-dasharray": "5 3" }),
    side(names[0], true),
    side(names[1], false),
    arms.map(({ arm, first, second, difference, interval }, i) => {
      const y = top + (i + 0.5) * ROW;
      const isLit = arm === highlight;
      const isTold = interval !== null && (interval.low > 0 || interval.high < 0);
      const colour = theme.families[first.family];
      const range = interval ? ` (${signed(interval.low, decimals)} to ${signed(interval.high, decimals)})` : "";
      return h(
        "g",
        { "data-arm": arm },
        h(
          "title",
          {},
          `${arm}: ${signed(difference, decimals)}${range}\n${names[0]} ${first.f1.toFixed(decimals)}, ${names[1]} ${second.f1.toFixed(decimals)}`,
        ),
        h("rect", { x: 0, y: y - ROW / 2, width, height: ROW, fill: theme.highlight, "fill-opacity": isLit ? 1 : 0 }),
        text(labels, y, fitText(armLabel(arm), labels - 4, 12, isLit), { fill: theme.text, anchor: "end", isBold: isLit }),
        interval ? whisker(x.at(interval.low), x.at(interval.high), y, theme.text) : null,
        // Filled where the interval leaves out 0.
        familyMark(first.family, x.at(difference), y, 4.5, { fill: isTold ? colour : theme.ground, stroke: colour, "stroke-width": 1.4 }),
        text(width - 8, y, signed(difference, decimals), { fill: isTold ? theme.text : theme.mutedText, anchor: "end" }),
      );
    }),
  );
}
