// Arms by two scores: one on each axis, the control's values as dashed lines, the extremes named.
import { coupletOf } from "../domain/study.ts";
import type { ArmResult } from "../domain/study-result.ts";
import { bottomAxis, type FigureOptions, familyLegend, familyMark, leftAxis, leftAxisWidth, legend } from "./marks.ts";
import { extent, linearScale, niceDomain, type Scale } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { text, textWidth, wrapText } from "./text.ts";

export interface ScatterPoint {
  readonly arm: ArmResult;
  readonly x: number;
  readonly y: number;
}

export interface ArmScatter {
  readonly points: readonly ScatterPoint[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Decimals that the scores support. */
  readonly decimals: number;
  /** What the points say together; stands above them. */
  readonly sentence: string;
  /** What the figure shows, for those who can't see it. */
  readonly label: string;
  /** Draws the line of equal scores, and both axes over one range, unless the scores are too far apart for that. */
  readonly isOfOneKind?: boolean;
}

/** An arm a mark. @param scatter at least one point */
export function armScatter(
  { points, xTitle, yTitle, decimals, sentence, label, isOfOneKind = false }: ArmScatter,
  options: FigureOptions,
): Figure {
  const { width, theme, highlight = null } = options;
  const items = familyLegend(
    points.map(({ arm }) => arm.family),
    theme,
  );
  if (points.some(({ arm }) => arm.isDropped))
    items.push({
      label: "hollow: dropped",
      key: (x, y) => familyMark("mixed", x, y, 4.5, { fill: theme.ground, stroke: theme.mutedText, "stroke-width": 1.3 }),
    });
  const key = legend(items, { x: 8, y: 8, width: width - 16, theme });
  const lines = wrapText(sentence, width - 16, 12);
  const top = key.height + 38 + lines.length * 16;
  const height = top + Math.min(420, width * 0.8) + 42;
  const bottom = height - 42;
  const [[lowX, highX], [lowY, highY]] = [extent(points.map((point) => point.x))!, extent(points.map((point) => point.y))!];
  const hasDiagonal = isOfOneKind && lowX <= highY && lowY <= highX;
  const all = points.flatMap((point) => [point.x, point.y]);
  const y = linearScale(padded(hasDiagonal ? all : points.map((point) => point.y)), [bottom, top]);
  const left = leftAxisWidth(y) + 6;
  const x = linearScale(padded(hasDiagonal ? all : points.map((point) => point.x)), [left, width - 16]);
  const control = points.find(({ arm }) => arm.family === "control");
  return figureRoot(
    { width, height, label },
    h("rect", { width, height, fill: theme.ground }),
    key.node,
    lines.map((line, i) => text(8, key.height + 20 + i * 16, line, { fill: theme.text, size: 12 })),
    leftAxis(y, { theme, left, right: width - 16, title: yTitle }),
    bottomAxis(x, { theme, top, bottom, title: xTitle }),
    hasDiagonal
      ? [
          h("line", { x1: x.at(x.domain[0]), y1: y.at(x.domain[0]), x2: x.at(x.domain[1]), y2: y.at(x.domain[1]), stroke: theme.axis }),
          text(x.range[1] - 4, y.range[1] + 14, "equal", { fill: theme.mutedText, size: 10, anchor: "end", halo: theme.ground }),
        ]
      : null,
    control
      ? [
          h("line", { x1: x.at(control.x), x2: x.at(control.x), y1: top, y2: bottom, stroke: theme.text, "stroke-dasharray": "5 3" }),
          h("line", { x1: left, x2: width - 16, y1: y.at(control.y), y2: y.at(control.y), stroke: theme.text, "stroke-dasharray": "5 3" }),
          text(width - 20, y.at(control.y) - 8, "control", { fill: theme.text, size: 10, anchor: "end", halo: theme.ground }),
        ]
      : null,
    points.map(({ arm, x: a, y: b }) => {
      const isLit = arm.arm === highlight;
      const colour = theme.families[arm.family];
      return h(
        "g",
        { "data-arm": arm.arm },
        h("title", {}, `${arm.arm}\n${xTitle}: ${a.toFixed(decimals)}\n${yTitle}: ${b.toFixed(decimals)}`),
        familyMark(arm.family, x.at(a), y.at(b), isLit ? 6.5 : 4.5, {
          fill: arm.isDropped ? theme.ground : colour,
          stroke: isLit ? theme.accent : colour,
          "stroke-width": isLit ? 2 : 1.3,
        }),
      );
    }),
    placedLabels(points, {
      x,
      y,
      highlight,
      options,
      taken: control ? [{ x: width - 70, y: y.at(control.y) - 15, width: 60, height: 14 }] : [],
    }),
  );
}

function padded(values: readonly number[]): [number, number] {
  const [low, high] = extent(values)!;
  const margin = Math.max(0.005, (high - low) * 0.06);
  const [a, b] = niceDomain([low - margin, high + margin], 12);
  return [Math.max(0, a), Math.min(1, b)];
}

/** Names of the extremes and of what is lit, each where it covers no other mark or name. */
function placedLabels(
  points: readonly ScatterPoint[],
  {
    x,
    y,
    highlight,
    options,
    taken: named,
  }: { x: Scale; y: Scale; highlight: string | null; options: FigureOptions; taken: readonly Box[] },
): SvgNode {
  const { theme, width } = options;
  const byMean = [...points].sort((a, b) => b.x + b.y - a.x - a.y);
  const byGap = points.filter(({ arm }) => coupletOf(arm.arm)).sort((a, b) => Math.abs(b.x - b.y) - Math.abs(a.x - a.y));
  const wanted = [
    ...points.filter(({ arm }) => arm.arm === highlight),
    ...byMean.slice(0, 3),
    ...byMean.slice(-1),
    ...byGap.slice(0, 3),
    ...points.filter(({ arm }) => arm.family === "special"),
  ];
  const marks = points.map((point) => ({ x: x.at(point.x) - 6, y: y.at(point.y) - 6, width: 12, height: 12 }));
  const taken = [...named];
  const nodes: SvgNode[] = [];
  for (const point of new Set(wanted)) {
    const isLit = point.arm.arm === highlight;
    const labelWidth = textWidth(point.arm.arm, 10.5, isLit);
    const [cx, cy] = [x.at(point.x), y.at(point.y)];
    const gap = isLit ? 13 : 9;
    const places = [
      [cx + gap, cy],
      [cx - gap - labelWidth, cy],
      [cx - labelWidth / 2, cy - 13],
      [cx - labelWidth / 2, cy + 13],
    ] as const;
    const place = places.find(([left, middle]) => {
      const box = { x: left, y: middle - 6, width: labelWidth, height: 12 };
      return box.x > 2 && box.x + box.width < width - 2 && ![...taken, ...marks].some((other) => meets(box, other));
    });
    const at = place ?? (isLit ? places[0] : undefined);
    if (!at) continue;
    taken.push({ x: at[0], y: at[1] - 6, width: labelWidth, height: 12 });
    nodes.push(text(at[0], at[1], point.arm.arm, { fill: theme.text, size: 10.5, isBold: isLit, halo: theme.ground }));
  }
  return h("g", { "pointer-events": "none" }, nodes);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
const meets = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
