// Health of the representation during training: four measures that share one x axis, each with the value that means trouble.
import type { Health } from "../domain/run-state.ts";
import { type ArmId, armFamily } from "../domain/study.ts";
import { bottomAxis, emptyFigure, type FigureOptions, leftAxis, leftAxisWidth } from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h, linePath, type SvgNode } from "./svg.ts";
import { text } from "./text.ts";
import type { FigureTheme } from "./theme.ts";

export interface HealthCurve {
  readonly arm: ArmId;
  readonly seed: number;
  readonly health: readonly (Health & { readonly step: number })[];
}

export interface HealthCurvesOptions extends FigureOptions {
  /** Turns steps into epochs; steps are shown without it. */
  readonly stepsPerEpoch?: number | undefined;
}

interface Panel {
  readonly title: string;
  readonly value: (health: Health) => number | null;
  /** A line to read the values against. */
  readonly reference?: { readonly at: number; readonly label: string };
  readonly floor?: number;
}

const PANELS: readonly Panel[] = [
  { title: "embedding std (share of uniform)", value: (h) => h.embeddingStd, reference: { at: 1, label: "uniform" }, floor: 0 },
  { title: "effective rank of h", value: (h) => h.effectiveRank, floor: 0 },
  { title: "k-NN F1 on h", value: (h) => h.knnF1 },
  { title: "alignment (lower: closer pairs)", value: (h) => h.alignment, floor: 0 },
  { title: "uniformity (lower: more spread)", value: (h) => h.uniformity },
];

/** Embedding spread, effective rank, k-NN F1, alignment and uniformity over training. Panels without values are left out. */
export function healthCurves(curves: readonly HealthCurve[], options: HealthCurvesOptions): Figure {
  const { width, theme, stepsPerEpoch } = options;
  const filled = curves.filter(({ health }) => health.length > 0);
  const panels = PANELS.filter(({ value }) => filled.some(({ health }) => health.some((point) => isNumber(value(point)))));
  const label = `Health of ${filled.length} ${filled.length === 1 ? "run" : "runs"}: ${panels.map(({ title }) => title).join(", ")}`;
  if (panels.length === 0) return emptyFigure("No health check yet.", { width, theme });
  const columns = width >= 780 ? 3 : width >= 480 ? 2 : 1;
  const panelWidth = width / columns;
  const panelHeight = 168;
  const rows = Math.ceil(panels.length / columns);
  const toX = (step: number) => (stepsPerEpoch ? step / stepsPerEpoch : step);
  const domain = extent([0, ...filled.flatMap(({ health }) => health.map(({ step }) => toX(step)))])!;
  return figureRoot(
    { width, height: rows * panelHeight + 4, label },
    h("rect", { width, height: rows * panelHeight + 4, fill: theme.ground }),
    panels.map((panel, i) => {
      const box = { x: (i % columns) * panelWidth, y: Math.floor(i / columns) * panelHeight, width: panelWidth, height: panelHeight };
      return drawnPanel(panel, filled, { ...options, box, domain, toX, xTitle: stepsPerEpoch ? "epochs" : "steps" });
    }),
  );
}

const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

interface PanelContext extends FigureOptions {
  readonly box: { x: number; y: number; width: number; height: number };
  readonly domain: readonly [number, number];
  readonly toX: (step: number) => number;
  readonly xTitle: string;
}

function drawnPanel(
  panel: Panel,
  curves: readonly HealthCurve[],
  { box, domain, toX, xTitle, theme, highlight = null }: PanelContext,
): SvgNode {
  const values = curves.flatMap(({ health }) => health.map(panel.value)).filter(isNumber);
  const [low, high] = extent([...values, panel.reference?.at, panel.floor])!;
  const [top, bottom] = [box.y + 26, box.y + box.height - 40];
  const y = linearScale(niceDomain([panel.floor ?? low - (high - low) * 0.1, high + (high - low) * 0.08], 4), [bottom, top]);
  const left = box.x + leftAxisWidth(y, 10) + 6;
  const right = box.x + box.width - 16;
  const x = linearScale(domain, [left, right]);
  return h(
    "g",
    {},
    leftAxis(y, { theme, left, right, title: panel.title, size: 10 }),
    bottomAxis(x, { theme, top: bottom, bottom, title: xTitle, size: 10, count: Math.max(2, Math.floor((right - left) / 60)) }),
    panel.reference ? reference(panel.reference, y.at(panel.reference.at), { left, right, theme }) : null,
    curves.map((curve) => {
      const points = curve.health.map((point) => {
        const value = panel.value(point);
        return isNumber(value) ? ([x.at(toX(point.step)), y.at(value)] as const) : null;
      });
      const stroke = theme.families[armFamily(curve.arm)];
      const isFaint = highlight !== null && curve.arm !== highlight;
      return h(
        "g",
        { "data-arm": curve.arm, "data-seed": curve.seed, opacity: isFaint ? 0.3 : 1 },
        h("title", {}, `${curve.arm}, seed ${curve.seed}`),
        h("path", { d: linePath(points), fill: "none", stroke, "stroke-width": curve.arm === highlight ? 2.4 : 1.6 }),
        curves.length <= 4 ? points.map((point) => point && h("circle", { cx: point[0], cy: point[1], r: 2.2, fill: stroke })) : null,
      );
    }),
  );
}

function reference(
  { label }: { label: string },
  at: number,
  { left, right, theme }: { left: number; right: number; theme: FigureTheme },
): SvgNode {
  return h(
    "g",
    { "pointer-events": "none" },
    h("line", { x1: left, x2: right, y1: at, y2: at, stroke: theme.text, "stroke-dasharray": "5 3" }),
    text(right, at - 7, label, { fill: theme.text, size: 10, anchor: "end", halo: theme.ground }),
  );
}
