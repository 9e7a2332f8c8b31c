// Histograms of reflectance, before and after an augmentation on one pair of axes.
import { bottomAxis, emptyFigure, type FigureOptions, leftAxis, leftAxisWidth, legend } from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h, linePath } from "./svg.ts";

/** Counts over equal bins of a range. */
export interface HistogramSeries {
  readonly name: string;
  readonly counts: readonly number[];
  readonly range: readonly [number, number];
}

export interface HistogramOptions extends FigureOptions {
  readonly height?: number;
  readonly xTitle?: string;
}

/** Share of the pixels per 0.01 of the x axis, so that histograms of unlike ranges compare; the first is filled, the others are outlines. */
export function histogram(series: readonly HistogramSeries[], options: HistogramOptions): Figure {
  const { width, theme, height = 200, xTitle = "reflectance" } = options;
  const filled = series.flatMap(({ name, counts, range }) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const bin = (range[1] - range[0]) / counts.length;
    return total > 0 && bin > 0 && Number.isFinite(bin)
      ? [{ name, range, bin, shares: counts.map((count) => ((count / total) * 100 * 0.01) / bin) }]
      : [];
  });
  const label = `Histogram of ${xTitle}: ${filled.map(({ name }) => name).join(", ")}`;
  if (filled.length === 0) return emptyFigure("No valid pixels: no histogram.", { width, theme });
  const colour = (i: number) => theme.series[i % theme.series.length]!;
  const dash = (i: number) => [undefined, undefined, "5 3", "2 2"][i % 4];
  const key =
    filled.length > 1
      ? legend(
          filled.map(({ name }, i) => ({
            label: name,
            key: (x: number, y: number) =>
              i === 0
                ? h("rect", { x: x - 8, y: y - 5, width: 16, height: 10, fill: colour(i), "fill-opacity": 0.35 })
                : h("line", { x1: x - 9, x2: x + 9, y1: y, y2: y, stroke: colour(i), "stroke-width": 2, "stroke-dasharray": dash(i) }),
          })),
          { x: 8, y: 6, width: width - 16, theme },
        )
      : null;
  const top = (key?.height ?? 0) + 28;
  const bottom = height - 42;
  const y = linearScale(niceDomain([0, Math.max(...filled.flatMap(({ shares }) => shares))], 4), [bottom, top]);
  const left = leftAxisWidth(y) + 6;
  const x = linearScale(extent(filled.flatMap(({ range }) => [...range]))!, [left, width - 14]);
  return figureRoot(
    { width, height, label },
    h("rect", { width, height, fill: theme.ground }),
    key?.node ?? null,
    leftAxis(y, { theme, left, right: width - 14, title: `% of pixels per 0.01 of ${xTitle}` }),
    bottomAxis(x, { theme, top: bottom, bottom, title: xTitle }),
    filled.map(({ name, shares, range, bin }, i) => {
      const steps = shares.flatMap((share, j) => [
        [x.at(range[0] + j * bin), y.at(share)] as const,
        [x.at(range[0] + (j + 1) * bin), y.at(share)] as const,
      ]);
      const outline = linePath([[x.at(range[0]), bottom], ...steps, [x.at(range[1]), bottom]]);
      return h(
        "path",
        i === 0
          ? { d: `${outline}Z`, fill: colour(i), "fill-opacity": 0.35 }
          : { d: outline, fill: "none", stroke: colour(i), "stroke-width": 1.6, "stroke-dasharray": dash(i) },
        h("title", {}, name),
      );
    }),
  );
}
