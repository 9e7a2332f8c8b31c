// The marks that figures share: a shape for every family, so that no meaning rests on colour alone; legends; axes.
import type { ArmFamily, ArmId } from "../domain/study.ts";
import { type Scale, tickLabels, ticks } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { text, textWidth, wrapText } from "./text.ts";
import { FAMILY_LABELS, type FigureTheme } from "./theme.ts";

/** What every figure takes. */
export interface FigureOptions {
  /** Width of the whole figure, px. */
  readonly width: number;
  readonly theme: FigureTheme;
  /** Arm that is hovered or picked elsewhere: drawn lit. */
  readonly highlight?: ArmId | null | undefined;
}

/** The name of an arm on an axis. */
export const armLabel = (arm: ArmId): string =>
  arm === "random-init" ? "random-init (control)" : arm === "full" ? "full (second stage)" : arm;

/** The family's shape about a point. @param r half of its extent, px */
export function familyMark(
  family: ArmFamily,
  x: number,
  y: number,
  r: number,
  attributes: Readonly<Record<string, string | number>>,
): SvgNode {
  switch (family) {
    case "geometric":
      return h("rect", { x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8, ...attributes });
    case "pixel":
      return h("circle", { cx: x, cy: y, r, ...attributes });
    case "mixed":
      return polygon(
        [
          [x, y - r * 1.1],
          [x + r * 1.1, y + r * 0.85],
          [x - r * 1.1, y + r * 0.85],
        ],
        attributes,
      );
    case "special":
      return polygon(
        [
          [x, y + r * 1.1],
          [x + r * 1.1, y - r * 0.85],
          [x - r * 1.1, y - r * 0.85],
        ],
        attributes,
      );
    case "full":
      return polygon(
        Array.from({ length: 6 }, (_, i) => [x + r * 1.15 * Math.cos((i * Math.PI) / 3), y + r * 1.15 * Math.sin((i * Math.PI) / 3)]),
        attributes,
      );
    case "control":
      return h("rect", { x: x - r * 1.1, y: y - r * 0.35, width: r * 2.2, height: r * 0.7, ...attributes });
  }
}

/** A hollow diamond: published values. */
export const diamond = (x: number, y: number, r: number, attributes: Readonly<Record<string, string | number>>): SvgNode =>
  polygon(
    [
      [x, y - r],
      [x + r, y],
      [x, y + r],
      [x - r, y],
    ],
    attributes,
  );

function polygon(points: readonly (readonly number[])[], attributes: Readonly<Record<string, string | number>>): SvgNode {
  return h("polygon", {
    points: points.map(([x, y]) => `${Math.round(x! * 100) / 100},${Math.round(y! * 100) / 100}`).join(" "),
    ...attributes,
  });
}

/** A horizontal interval with caps. */
export function whisker(x1: number, x2: number, y: number, stroke: string, cap = 3): SvgNode {
  return h("path", {
    d: `M${r2(x1)} ${r2(y - cap)}V${r2(y + cap)}M${r2(x1)} ${r2(y)}H${r2(x2)}M${r2(x2)} ${r2(y - cap)}V${r2(y + cap)}`,
    stroke,
    "stroke-width": 1.2,
    fill: "none",
  });
}
const r2 = (value: number) => Math.round(value * 100) / 100;

export interface LegendItem {
  readonly label: string;
  /** Draws the key about a point; it is 18 px wide. */
  readonly key: (x: number, y: number) => SvgNode | readonly SvgNode[];
}

/** Legend entries in rows from the left; gives the height that they take. */
export function legend(
  items: readonly LegendItem[],
  options: { x: number; y: number; width: number; theme: FigureTheme },
): { node: SvgNode; height: number } {
  const rowHeight = 18;
  let x = options.x;
  let y = options.y + rowHeight / 2;
  const nodes: SvgNode[] = [];
  for (const item of items) {
    const width = 22 + textWidth(item.label, 11) + 14;
    if (x > options.x && x + width - 14 > options.x + options.width) {
      x = options.x;
      y += rowHeight;
    }
    nodes.push(h("g", {}, item.key(x + 9, y), text(x + 22, y, item.label, { fill: options.theme.text, size: 11 })));
    x += width;
  }
  return { node: h("g", {}, nodes), height: items.length > 0 ? y + rowHeight / 2 - options.y : 0 };
}

/** Legend entries of the families that are present, in a fixed order. */
export function familyLegend(families: Iterable<ArmFamily>, theme: FigureTheme): LegendItem[] {
  const present = new Set(families);
  return (["geometric", "pixel", "mixed", "special", "full"] as const)
    .filter((family) => present.has(family))
    .map((family) => ({ label: FAMILY_LABELS[family], key: (x, y) => familyMark(family, x, y, 4.5, { fill: theme.families[family] }) }));
}

/** Vertical gridlines with labels beneath, and the axis' title. */
export function bottomAxis(
  scale: Scale,
  options: { theme: FigureTheme; top: number; bottom: number; title: string; count?: number; size?: number },
): SvgNode {
  const { theme, top, bottom, title, size = 11 } = options;
  const [left, right] = scale.range;
  const values = ticks(scale.domain, options.count ?? Math.max(2, Math.floor((right - left) / 70)));
  const labels = tickLabels(values);
  return h(
    "g",
    {},
    values.map((value) => h("line", { x1: scale.at(value), x2: scale.at(value), y1: top, y2: bottom, stroke: theme.gridline })),
    h("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: theme.axis }),
    values.map((value, i) => text(scale.at(value), bottom + size, labels[i]!, { fill: theme.mutedText, size, anchor: "middle" })),
    title ? text((left + right) / 2, bottom + size * 2.6, title, { fill: theme.text, size, anchor: "middle" }) : null,
  );
}

/** Horizontal gridlines with labels at the left, and the axis' title above them (nothing is turned on its side). */
export function leftAxis(
  scale: Scale,
  options: { theme: FigureTheme; left: number; right: number; title: string; count?: number; size?: number },
): SvgNode {
  const { theme, left, right, title, size = 11 } = options;
  const [bottom, top] = scale.range;
  const values = ticks(scale.domain, options.count ?? Math.max(2, Math.floor((bottom - top) / 45)));
  const labels = tickLabels(values);
  return h(
    "g",
    {},
    values.map((value) => h("line", { x1: left, x2: right, y1: scale.at(value), y2: scale.at(value), stroke: theme.gridline })),
    values.map((value, i) => text(left - 6, scale.at(value), labels[i]!, { fill: theme.mutedText, size, anchor: "end" })),
    title ? text(left, top - size - 1, title, { fill: theme.text, size }) : null,
  );
}

/** Room that the labels of a left axis need, px. */
export function leftAxisWidth(scale: Scale, size = 11, count?: number): number {
  const [bottom, top] = scale.range;
  const values = ticks(scale.domain, count ?? Math.max(2, Math.floor((bottom - top) / 45)));
  return Math.ceil(Math.max(14, ...tickLabels(values).map((label) => textWidth(label, size))) + 10);
}

/** What stands in a figure that has nothing to show yet: the reason, and with it what comes next. */
export function emptyFigure(message: string, { width, theme }: Pick<FigureOptions, "width" | "theme">): Figure {
  const lines = wrapText(message, width - 32, 13);
  const height = 62 + lines.length * 18;
  return figureRoot(
    { width, height, label: message },
    h("rect", { width, height, fill: theme.ground }),
    lines.map((line, i) => text(width / 2, 40 + i * 18, line, { fill: theme.mutedText, size: 13, anchor: "middle" })),
  );
}
