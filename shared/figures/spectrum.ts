// A spectral profile: reflectance against wavelength, mean of the tile with its range as a ribbon; before and after on one pair of axes.
import { bottomAxis, emptyFigure, type FigureOptions, type LegendItem, leftAxis, leftAxisWidth, legend } from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h, linePath, type SvgNode } from "./svg.ts";
import { text, textWidth } from "./text.ts";

/** A band's values, reflectance. The contract's BandProfile fits. */
export interface SpectrumPoint {
  readonly band: string;
  readonly wavelengthNm: number;
  readonly mean: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface SpectrumSeries {
  readonly name: string;
  readonly points: readonly SpectrumPoint[];
}

export interface SpectrumOptions extends FigureOptions {
  readonly height?: number;
  /** Ribbon from least to largest value; on with up to three series. */
  readonly showRange?: boolean;
}

const DASHES = ["", "6 3", "2 3", "8 3 2 3"] as const;

/** Reflectance against wavelength. Series differ by colour, dash and mark. */
export function spectrum(series: readonly SpectrumSeries[], options: SpectrumOptions): Figure {
  const { width, theme, height = 260, showRange = series.length <= 3 } = options;
  const filled = series
    .map(({ name, points }) => ({
      name,
      points: points.filter(({ mean }) => Number.isFinite(mean)).sort((a, b) => a.wavelengthNm - b.wavelengthNm),
    }))
    .filter(({ points }) => points.length > 0);
  const label = `Reflectance against wavelength: ${filled.map(({ name }) => name).join(", ")}`;
  if (filled.length === 0) return emptyFigure("No valid pixels: no spectrum.", { width, theme });
  const key =
    filled.length > 1
      ? legend(
          filled.map(({ name }, i) => seriesKey(name, i, theme)),
          { x: 8, y: 6, width: width - 16, theme },
        )
      : null;
  const bands = new Map(filled.flatMap(({ points }) => points.map((point) => [point.band, point.wavelengthNm] as const)));
  const top = (key?.height ?? 0) + 58;
  const bottom = height - 42;
  const values = filled.flatMap(({ points }) =>
    points.flatMap((point) => (showRange ? [point.minimum, point.maximum, point.mean] : [point.mean])),
  );
  const [low, high] = extent(values)!;
  const y = linearScale(niceDomain([Math.min(0, low), Math.max(high, 0.05)], 5), [bottom, top]);
  const left = leftAxisWidth(y) + 6;
  const x = linearScale([400, Math.max(2300, ...bands.values())], [left, width - 14]);
  return figureRoot(
    { width, height, label },
    h("rect", { width, height, fill: theme.ground }),
    key?.node ?? null,
    leftAxis(y, { theme, left, right: width - 14, title: "" }),
    text(left, top - 44, "reflectance", { fill: theme.text, size: 11 }),
    bottomAxis(x, { theme, top: bottom, bottom, title: "wavelength, nm" }),
    bandLabels(bands, { x: (nm) => x.at(nm), top, bottom, theme }),
    y.domain[0] < 0 ? h("line", { x1: left, x2: width - 14, y1: y.at(0), y2: y.at(0), stroke: theme.axis }) : null,
    showRange
      ? filled.map(({ points }, i) => {
          if (points.every(({ minimum, maximum }) => minimum === maximum)) return null;
          const upper = points.map((point) => [x.at(point.wavelengthNm), y.at(finite(point.maximum, point.mean))] as const);
          const lower = points.map((point) => [x.at(point.wavelengthNm), y.at(finite(point.minimum, point.mean))] as const);
          return h("path", {
            d: `${linePath([...upper, ...lower.reverse()])}Z`,
            fill: colour(theme, i),
            "fill-opacity": filled.length > 1 ? 0.12 : 0.18,
          });
        })
      : null,
    filled.map(({ name, points }, i) =>
      h(
        "g",
        {},
        h("path", {
          d: linePath(points.map((point) => [x.at(point.wavelengthNm), y.at(point.mean)])),
          fill: "none",
          stroke: colour(theme, i),
          "stroke-width": 1.8,
          "stroke-dasharray": DASHES[i % DASHES.length] || undefined,
        }),
        points.map((point) =>
          h(
            "circle",
            {
              cx: x.at(point.wavelengthNm),
              cy: y.at(point.mean),
              r: 3,
              fill: i === 0 ? colour(theme, i) : theme.ground,
              stroke: colour(theme, i),
              "stroke-width": 1.5,
            },
            h(
              "title",
              {},
              `${name}, ${point.band} (${point.wavelengthNm} nm): ${point.minimum === point.maximum ? point.mean.toFixed(4) : `mean ${point.mean.toFixed(3)}, ${point.minimum.toFixed(3)} to ${point.maximum.toFixed(3)}`}`,
            ),
          ),
        ),
      ),
    ),
  );
}

const finite = (value: number, fallback: number) => (Number.isFinite(value) ? value : fallback);
const colour = (theme: FigureOptions["theme"], i: number) => theme.series[i % theme.series.length]!;

function seriesKey(name: string, i: number, theme: FigureOptions["theme"]): LegendItem {
  return {
    label: name,
    key: (x, y) =>
      h("line", {
        x1: x - 9,
        x2: x + 9,
        y1: y,
        y2: y,
        stroke: colour(theme, i),
        "stroke-width": 2,
        "stroke-dasharray": DASHES[i % DASHES.length] || undefined,
      }),
  };
}

/** Band names over their wavelengths, in two rows where neighbours would meet. */
function bandLabels(
  bands: ReadonlyMap<string, number>,
  { x, top, bottom, theme }: { x: (nm: number) => number; top: number; bottom: number; theme: FigureOptions["theme"] },
): SvgNode {
  const ends = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const sorted = [...bands].sort((a, b) => a[1] - b[1]);
  return h(
    "g",
    { "pointer-events": "none" },
    sorted.map(([band, nm]) => {
      const at = x(nm);
      const labelWidth = textWidth(band, 9);
      const found = ends.findIndex((end) => at - labelWidth / 2 > end + 2);
      const row = Math.max(0, found);
      // No row is free: the mark at the line stays, the name gives way.
      if (found >= 0) ends[row] = at + labelWidth / 2;
      return h(
        "g",
        {},
        h("line", { x1: at, x2: at, y1: top - 4 - row * 10, y2: bottom, stroke: theme.gridline }),
        found < 0 ? null : text(at, top - 9 - row * 10, band, { fill: theme.mutedText, size: 9, anchor: "middle" }),
      );
    }),
  );
}
