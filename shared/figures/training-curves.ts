// A run while it trains: loss, learning rate, throughput and the health of its representation, under one another on one x axis with one cursor.
import type { Health, LossPoint, RunStatus } from "../domain/run-state.ts";
import { type ArmId, armFamily } from "../domain/study.ts";
import {
  curvePath,
  nearest,
  type PointValue,
  placeOfStep,
  placesOf,
  smoothedOf,
  valuesOf,
  visibleRange,
  X_TITLES,
  type XAxis,
} from "./curve-values.ts";
import { cross, SMOOTHING } from "./loss-curves.ts";
import { bottomAxis, emptyFigure, type FigureOptions, leftAxis, leftAxisWidth } from "./marks.ts";
import { extent, linearScale, niceDomain, type Scale, tickLabels } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { fitText, text, textWidth } from "./text.ts";
import type { FigureTheme } from "./theme.ts";

/** A run as `RunState` keeps it. */
export interface TrainingCurve {
  readonly arm: ArmId;
  readonly seed: number;
  readonly points: readonly LossPoint[];
  readonly health: readonly (Health & { readonly step: number })[];
  /** Loss of equal embeddings, ln(2N - 1). */
  readonly chance: number | null;
  readonly status: RunStatus;
}

export interface TrainingCurvesOptions extends FigureOptions {
  readonly x?: XAxis;
  /** Views of one update, for `views`. */
  readonly viewsPerStep?: number;
  readonly domain?: readonly [number, number] | undefined;
  readonly cursor?: number | null | undefined;
  /** Share of the curve that is averaged, 0..1. */
  readonly smoothing?: number | undefined;
}

type Source =
  | { readonly kind: "points"; readonly value: PointValue }
  | { readonly kind: "health"; readonly value: (health: Health) => number | null };

interface Panel {
  readonly title: string;
  readonly source: Source;
  /** Decimals that its values support, for the reading. */
  readonly reading: (value: number) => string;
  readonly floor?: number;
  /** A value to read the curve against. */
  readonly reference?: { readonly at: number; readonly label: string };
}

const fixed = (decimals: number) => (value: number) => value.toFixed(decimals);
const LOSS: Panel = { title: "contrastive loss", source: { kind: "points", value: "loss" }, reading: fixed(2) };
const PANELS: readonly Panel[] = [
  { title: "learning rate", source: { kind: "points", value: "learningRate" }, reading: (value) => value.toExponential(1), floor: 0 },
  { title: "throughput, views/s", source: { kind: "points", value: "viewsPerSecond" }, reading: fixed(0), floor: 0 },
  { title: "wait for data, ms a step", source: { kind: "points", value: "feedWaitMs" }, reading: fixed(1), floor: 0 },
  {
    title: "embedding std, share of uniform",
    source: { kind: "health", value: ({ embeddingStd }) => embeddingStd },
    reading: fixed(2),
    floor: 0,
    reference: { at: 1, label: "uniform" },
  },
  { title: "effective rank of h", source: { kind: "health", value: ({ effectiveRank }) => effectiveRank }, reading: fixed(1), floor: 0 },
  { title: "k-NN F1 on h", source: { kind: "health", value: ({ knnF1 }) => knnF1 }, reading: fixed(2) },
  { title: "alignment, lower: closer pairs", source: { kind: "health", value: ({ alignment }) => alignment }, reading: fixed(2), floor: 0 },
  { title: "uniformity, lower: more spread", source: { kind: "health", value: ({ uniformity }) => uniformity }, reading: fixed(2) },
];

/** A curve of one panel, ready to draw. */
interface Track {
  readonly curve: TrainingCurve;
  readonly x: readonly number[];
  readonly raw: readonly number[];
  /** The raw values themselves where nothing is smoothed. */
  readonly smooth: readonly number[];
  readonly isMarked: boolean;
}

const LOSS_HEIGHT = 216;
const PANEL_HEIGHT = 78;
const AXIS_HEIGHT = 38;
/** From here on loss and the rest stand beside one another, px. */
const WIDE = 1080;
/** What marks at the end of a curve reach beyond the plot, px. */
const MARK_ROOM = 5;
/** Room for a reading at the right end of a panel, px. */
const READING_ROOM = 58;

/**
 * Curves of training. The first run is the one that is shown; the others (seeds of its arm) lie faint behind it.
 * `data-plot` tells the plots' left and right ends in pairs, one for a column.
 */
export function trainingCurves(runs: readonly TrainingCurve[], options: TrainingCurvesOptions): Figure {
  const { width, theme, x: axis = "epoch", viewsPerStep = 1 } = options;
  const begun = runs.filter(({ points }) => points.length > 0);
  const [shown] = begun;
  if (!shown) return emptyFigure("No loss yet: it is recorded as soon as a run trains.", { width, theme });
  const domain = options.domain ?? extent([0, ...begun.map(({ points }) => placesOf(points, axis, viewsPerStep).at(-1)!)])!;
  const panels = [LOSS, ...PANELS].flatMap((panel) => {
    const tracks = begun.flatMap((curve) => trackOf(panel, curve, options) ?? []);
    if (tracks.some(({ curve }) => curve === shown)) return [{ panel, tracks }];
    // The place of what is measured later is kept, so that nothing below moves then.
    return panel.source.kind === "health" && shown.status === "running" && shown.health.length === 0 ? [{ panel, tracks: [] }] : [];
  });
  const columns = width >= WIDE ? 2 : 1;
  const small = panels.length - 1;
  const height =
    columns === 2 ? Math.max(LOSS_HEIGHT, small * PANEL_HEIGHT) + AXIS_HEIGHT : LOSS_HEIGHT + small * PANEL_HEIGHT + AXIS_HEIGHT;
  const columnWidth = width / columns;
  const boxOf = (i: number) => {
    const top = columns === 2 ? (i === 0 ? 0 : (i - 1) * PANEL_HEIGHT) : i === 0 ? 0 : LOSS_HEIGHT + (i - 1) * PANEL_HEIGHT;
    const bottom = i > 0 ? top + PANEL_HEIGHT : columns === 2 ? height - AXIS_HEIGHT : LOSS_HEIGHT;
    return { x: columns === 2 && i > 0 ? columnWidth : 0, top: top + 24, bottom: bottom - 6 };
  };
  const scales = panels.map(({ panel, tracks }, i) => {
    const { top, bottom } = boxOf(i);
    return linearScale(yDomain(panel, tracks, domain, options.domain !== undefined), [bottom, top]);
  });
  const left = Math.max(...scales.map((scale, i) => leftAxisWidth(scale, 10, tickCount(i)))) + 6;
  const clip = `training-${theme.name}-${Math.round(width)}-${panels.length}`;
  const ends = Array.from({ length: columns }, (_, column) => [column * columnWidth + left, (column + 1) * columnWidth - READING_ROOM]);
  const isLast = (i: number) => (columns === 2 && i === 0) || i === panels.length - 1;
  return figureRoot(
    {
      width,
      height,
      label: `Training of ${shown.arm}, seed ${shown.seed}: ${panels.map(({ panel }) => panel.title).join("; ")}`,
      attributes: { "data-plot": ends.flat().map(Math.round).join(" "), "data-domain": domain.join(" ") },
    },
    h("rect", { width, height, fill: theme.ground }),
    h(
      "defs",
      {},
      ends.map(([from, to], column) =>
        h("clipPath", { id: `${clip}-${column}` }, h("rect", { x: from, y: 0, width: Math.max(1, to! - from! + MARK_ROOM), height })),
      ),
    ),
    panels.map(({ panel, tracks }, i) => {
      const column = columns === 2 && i > 0 ? 1 : 0;
      const x = linearScale(domain, ends[column] as [number, number]);
      return drawnPanel(panel, tracks, {
        x,
        y: scales[i]!,
        theme,
        axisTitle: isLast(i) ? X_TITLES[axis] : null,
        clip: `url(#${clip}-${column})`,
        cursor: options.cursor ?? null,
        ticks: tickCount(i),
        isLoss: i === 0,
      });
    }),
  );
}

const tickCount = (i: number) => (i === 0 ? 5 : 2);

function trackOf(
  panel: Panel,
  curve: TrainingCurve,
  { x: axis = "epoch", viewsPerStep = 1, smoothing = SMOOTHING }: TrainingCurvesOptions,
): Track | null {
  const { points, health } = curve;
  const places = placesOf(points, axis, viewsPerStep);
  if (panel.source.kind === "points") {
    const { value } = panel.source;
    const raw = valuesOf(points, value);
    return { curve, x: places, raw, smooth: value === "learningRate" ? raw : smoothedOf(points, value, smoothing), isMarked: false };
  }
  const { value } = panel.source;
  const measured = health.flatMap((check) => {
    const found = value(check);
    return found !== null && Number.isFinite(found) ? [{ x: placeOfStep(points, places, check.step), value: found }] : [];
  });
  if (measured.length === 0) return null;
  const values = measured.map((check) => check.value);
  return { curve, x: measured.map((check) => check.x), raw: values, smooth: values, isMarked: measured.length <= 60 };
}

/** The span of what is seen; of the raw values of the shown run, and the smooth ones of those behind it. */
function yDomain(panel: Panel, tracks: readonly Track[], domain: readonly [number, number], isZoomed: boolean): [number, number] {
  const seen = tracks.flatMap((track, i) => extent((i === 0 ? track.raw : track.smooth).slice(...visibleRange(track.x, domain))) ?? []);
  const others = isZoomed ? [] : [panel.reference?.at, ...(panel === LOSS ? tracks.map(({ curve }) => curve.chance) : [])];
  const [low, most] = extent([...seen, ...others, panel.floor]) ?? [0, 1];
  // Nothing but zeros still has an axis that begins at zero.
  const high = most === panel.floor ? panel.floor + 1 : most;
  return niceDomain([panel.floor ?? low - (high - low) * 0.04, high + (high - low) * 0.06], panel === LOSS ? 5 : 2);
}

interface PanelContext {
  readonly x: Scale;
  readonly y: Scale;
  readonly theme: FigureTheme;
  readonly axisTitle: string | null;
  readonly clip: string;
  readonly cursor: number | null;
  readonly ticks: number;
  readonly isLoss: boolean;
}

function drawnPanel(panel: Panel, tracks: readonly Track[], context: PanelContext): SvgNode {
  const { x, y, theme, axisTitle, clip, ticks } = context;
  const [left, right] = x.range;
  const [bottom, top] = y.range;
  const [shown] = tracks;
  const chance = context.isLoss && shown ? shown.curve.chance : null;
  const lines = [
    ...(chance === null ? [] : [{ at: chance, label: `chance, ln(2N − 1) = ${chance.toFixed(2)}` }]),
    ...(panel.reference ? [panel.reference] : []),
  ].filter(({ at }) => at >= y.domain[0] && at <= y.domain[1]);
  return h(
    "g",
    {},
    leftAxis(y, { theme, left, right, title: "", count: ticks, size: 10 }),
    text(left, top - 12, panel.title, { fill: theme.text, size: 11 }),
    axisTitle === null
      ? h("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: theme.gridline })
      : bottomAxis(x, { theme, top, bottom, title: axisTitle, size: 11 }),
    h(
      "g",
      { "clip-path": clip },
      tracks.toReversed().map((track) => drawnTrack(track, track === shown, context)),
    ),
    lines.map(({ at, label }) =>
      h(
        "g",
        { "pointer-events": "none" },
        h("line", { x1: left, x2: right, y1: y.at(at), y2: y.at(at), stroke: theme.text, "stroke-dasharray": "5 3" }),
        text(right - 4, y.at(at) + (y.at(at) - top < 12 ? 8 : -7), label, {
          fill: theme.text,
          size: 10,
          anchor: "end",
          halo: theme.ground,
        }),
      ),
    ),
    shown
      ? reading(panel, shown, context)
      : text((left + right) / 2, (top + bottom) / 2, "after the first health check", {
          fill: theme.mutedText,
          size: 10,
          anchor: "middle",
          halo: theme.ground,
        }),
  );
}

function drawnTrack({ curve, x: places, raw, smooth, isMarked }: Track, isShown: boolean, { x, y, theme }: PanelContext): SvgNode {
  const stroke = theme.families[armFamily(curve.arm)];
  const last = places.length - 1;
  return h(
    "g",
    { "data-seed": curve.seed, "stroke-opacity": isShown ? 1 : 0.3 },
    h("title", {}, `${curve.arm}, seed ${curve.seed}`),
    isShown && raw !== smooth
      ? h("path", { d: curvePath(places, raw, { x, y }), fill: "none", stroke, "stroke-width": 1, "stroke-opacity": 0.32 })
      : null,
    h("path", {
      d: curvePath(places, smooth, { x, y }),
      fill: "none",
      stroke,
      "stroke-width": isShown ? 1.8 : 1.2,
      "stroke-linejoin": "round",
    }),
    isMarked && isShown ? places.map((place, i) => h("circle", { cx: x.at(place), cy: y.at(smooth[i]!), r: 2.2, fill: stroke })) : null,
    curve.status === "failed" && isShown && !isMarked ? cross(x.at(places[last]!), y.at(smooth[last]!), 5, theme.failure) : null,
  );
}

/** The value at the cursor, or the last one, at the right end of the panel. */
function reading(panel: Panel, track: Track, { x, y, theme, cursor, isLoss }: PanelContext): SvgNode {
  const [left, right] = x.range;
  const [bottom, top] = y.range;
  const isInside = cursor !== null && cursor >= x.domain[0] && cursor <= x.domain[1];
  const i = isInside ? nearest(track.x, cursor) : track.x.length - 1;
  const value = track.smooth[i]!;
  const at = x.at(track.x[i]!);
  const place = isInside && isLoss ? `at ${tickLabels([Number(cursor.toPrecision(3))])[0]}` : "";
  return h(
    "g",
    { "pointer-events": "none" },
    isInside ? h("line", { x1: x.at(cursor), x2: x.at(cursor), y1: top, y2: bottom, stroke: theme.axis }) : null,
    isInside && at >= left && at <= right
      ? h("circle", { cx: at, cy: y.at(value), r: 3, fill: theme.families[armFamily(track.curve.arm)], stroke: theme.ground })
      : null,
    text(right + 6, Math.min(bottom - 5, Math.max(top + 5, y.at(value))), fitText(panel.reading(value), READING_ROOM - 8, 12, true), {
      fill: theme.text,
      size: 12,
      isBold: true,
    }),
    place
      ? text(right, top - 12, fitText(place, Math.max(20, right - left - textWidth(panel.title, 11) - 12), 10), {
          fill: theme.mutedText,
          size: 10,
          anchor: "end",
        })
      : null,
  );
}
