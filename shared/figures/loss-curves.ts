// Contrastive loss over training: one run large, many overlaid, or a small multiple for every arm, always with the line of chance.
import type { LossPoint, RunStatus } from "../domain/run-state.ts";
import { type ArmId, armFamily } from "../domain/study.ts";
import { curvePath, nearest, placesOf, smoothedOf, valuesOf, visibleRange, X_TITLES, type XAxis } from "./curve-values.ts";
import { armLabel, bottomAxis, emptyFigure, type FigureOptions, familyMark, leftAxis, leftAxisWidth } from "./marks.ts";
import { extent, linearScale, niceDomain, type Scale } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { fitText, text, textWidth, wrapText } from "./text.ts";
import type { FigureTheme } from "./theme.ts";

/** The curve of one run, as `RunState` keeps it. */
export interface LossCurve {
  readonly arm: ArmId;
  readonly seed: number;
  readonly points: readonly LossPoint[];
  /** Loss of equal embeddings, ln(2N - 1). */
  readonly chance: number | null;
  readonly status: RunStatus;
}

export type { XAxis };

export interface LossCurvesOptions extends FigureOptions {
  readonly height?: number;
  readonly x?: XAxis;
  /** Views of one step (twice the batch), for `views`. */
  readonly viewsPerStep?: number;
  /** Part of the x axis that is shown; all of it when left out. */
  readonly domain?: readonly [number, number] | undefined;
  /** Place on the x axis under the pointer: values are read off there. */
  readonly cursor?: number | null | undefined;
  /** Share of the curve that is averaged, 0..1. */
  readonly smoothing?: number | undefined;
}

interface Line {
  readonly curve: LossCurve;
  readonly x: readonly number[];
  readonly loss: readonly number[];
  readonly smooth: readonly number[];
}

function lineOf(curve: LossCurve, { x = "epoch", viewsPerStep = 1, smoothing = SMOOTHING }: LossCurvesOptions): Line {
  const points = finitePoints(curve.points);
  return {
    curve,
    x: placesOf(points, x, viewsPerStep),
    loss: valuesOf(points, "loss"),
    smooth: smoothedOf(points, "loss", smoothing),
  };
}

/** The list itself where all of it is finite, so that what was computed of it is found again. */
const finitePoints = (points: readonly LossPoint[]): readonly LossPoint[] =>
  points.every(({ loss }) => Number.isFinite(loss)) ? points : points.filter(({ loss }) => Number.isFinite(loss));

/** Share of a curve that is averaged. */
export const SMOOTHING = 1 / 30;

/** Loss against training progress. Up to three curves show raw values under the smooth line, and up to eight carry their names. */
export function lossCurves(curves: readonly LossCurve[], options: LossCurvesOptions): Figure {
  const { width, theme, height = 320, x = "epoch", highlight = null } = options;
  const lines = curves.map((curve) => lineOf(curve, options)).filter((line) => line.x.length > 0);
  const label = `Contrastive loss of ${lines.length} ${lines.length === 1 ? "run" : "runs"}`;
  if (lines.length === 0) return emptyFigure("No loss yet: it is recorded as soon as a run trains.", { width, theme });

  const named = lines.length <= 8 ? lines : lines.filter(({ curve }) => curve.arm === highlight);
  const name = ({ curve }: Line) =>
    new Set(lines.map((line) => line.curve.arm)).size < lines.length ? `${curve.arm}, seed ${curve.seed}` : curve.arm;
  const labelRoom = named.length > 0 ? Math.min(width * 0.25, Math.max(...named.map((line) => textWidth(name(line), 11, true))) + 17) : 16;
  const chances = [...new Set(lines.flatMap(({ curve }) => (curve.chance === null ? [] : [Math.round(curve.chance * 1000) / 1000])))];
  const domain = options.domain ?? extent([0, ...lines.map((line) => line.x.at(-1)!)])!;
  const showsRaw = (line: Line) => lines.length <= 3 || line.curve.arm === highlight;
  const spans = lines.flatMap((line) => extent(visible(line, showsRaw(line) ? line.loss : line.smooth, domain)) ?? []);
  // A part of the curve is looked at closely: chance need not be in it.
  const [low, high] = extent([...spans, ...(options.domain ? [] : chances)]) ?? [0, 1];
  const [top, bottom] = [28, height - 40];
  const y = linearScale(niceDomain([low - (high - low) * 0.04, high + (high - low) * 0.06], 6), [bottom, top]);
  const left = leftAxisWidth(y) + 6;
  const xScale = linearScale(domain, [left, width - labelRoom]);
  const clip = `loss-${theme.name}-${Math.round(width)}-${Math.round(height)}`;
  // The lit curve is drawn last, over the others.
  const ordered = [...lines].sort((a, b) => Number(a.curve.arm === highlight) - Number(b.curve.arm === highlight));
  return figureRoot(
    { width, height, label, attributes: { "data-plot": `${left} ${width - labelRoom}`, "data-domain": xScale.domain.join(" ") } },
    h("rect", { width, height, fill: theme.ground }),
    h(
      "defs",
      {},
      h(
        "clipPath",
        { id: clip },
        h("rect", { x: left, y: top - 8, width: Math.max(1, width - labelRoom - left), height: bottom - top + 8 }),
      ),
    ),
    leftAxis(y, { theme, left, right: width - labelRoom, title: "contrastive loss" }),
    bottomAxis(xScale, { theme, top: bottom, bottom, title: X_TITLES[x] }),
    h(
      "g",
      { "clip-path": `url(#${clip})` },
      ordered.map((line) => drawnLine(line, { x: xScale, y, theme, lines: lines.length, highlight })),
    ),
    chances
      .filter((chance) => chance <= y.domain[1] && chance >= y.domain[0])
      .map((chance) => chanceLine(chance, y, { left, right: width - labelRoom, theme })),
    endLabels(named, { x: xScale, y, theme, name, room: labelRoom, highlight }),
    options.cursor == null ? null : cursorMarks(named.length > 0 ? named : lines.slice(0, 1), options.cursor, { x: xScale, y, theme }),
  );
}

interface LineContext {
  readonly x: Scale;
  readonly y: Scale;
  readonly theme: FigureTheme;
  readonly lines: number;
  readonly highlight: ArmId | null;
}

const visible = (line: Line, values: readonly number[], domain: readonly [number, number]) => values.slice(...visibleRange(line.x, domain));

const pathOf = (line: Line, values: readonly number[], scales: Pick<LineContext, "x" | "y">): string => curvePath(line.x, values, scales);

function drawnLine(line: Line, context: LineContext): SvgNode {
  const { theme, lines, highlight } = context;
  const isLit = line.curve.arm === highlight;
  const isFaint = highlight !== null && !isLit && lines > 1;
  const stroke = theme.families[armFamily(line.curve.arm)];
  const showRaw = lines <= 3 || isLit;
  const smooth = pathOf(line, line.smooth, context);
  return h(
    "g",
    { "data-arm": line.curve.arm, "data-seed": line.curve.seed, "stroke-opacity": isFaint ? 0.3 : 1 },
    h("title", {}, lineTitle(line)),
    showRaw ? h("path", { d: pathOf(line, line.loss, context), fill: "none", stroke, "stroke-width": 1, "stroke-opacity": 0.32 }) : null,
    h("path", {
      d: smooth,
      fill: "none",
      stroke,
      "stroke-width": isLit ? 2.6 : lines > 8 ? 1.2 : 1.8,
      "stroke-linejoin": "round",
      "stroke-dasharray": line.curve.status === "failed" ? "5 3" : undefined,
    }),
    // A wide, unseen line, easier to meet with the pointer.
    h("path", { d: smooth, fill: "none", stroke, "stroke-opacity": 0, "stroke-width": 9 }),
    line.curve.status === "failed" ? cross(context.x.at(line.x.at(-1)!), context.y.at(line.smooth.at(-1)!), 5, theme.failure) : null,
  );
}

/** Where a run failed. */
export const cross = (x: number, y: number, r: number, stroke: string): SvgNode =>
  h("path", {
    d: `M${r2(x - r)} ${r2(y - r)}L${r2(x + r)} ${r2(y + r)}M${r2(x + r)} ${r2(y - r)}L${r2(x - r)} ${r2(y + r)}`,
    stroke,
    "stroke-width": 1.8,
  });
const r2 = (value: number) => Math.round(value * 100) / 100;

function lineTitle({ curve, smooth: values, x }: Line): string {
  const chance = curve.chance === null ? "" : `, chance ${curve.chance.toFixed(2)}`;
  return `${armLabel(curve.arm)}, seed ${curve.seed}: loss ${values.at(-1)!.toFixed(2)}${chance} (${x.length} points, ${curve.status})`;
}

function chanceLine(chance: number, y: Scale, { left, right, theme }: { left: number; right: number; theme: FigureTheme }): SvgNode {
  const at = y.at(chance);
  return h(
    "g",
    { "pointer-events": "none" },
    h("line", { x1: left, x2: right, y1: at, y2: at, stroke: theme.text, "stroke-dasharray": "5 3" }),
    text(right - 4, at - 8, `chance, ln(2N − 1) = ${chance.toFixed(2)}`, { fill: theme.text, size: 11, anchor: "end", halo: theme.ground }),
  );
}

/** The smooth value where the line leaves the plot. */
const lastShown = (line: Line, x: Scale): number => line.smooth[nearest(line.x, Math.min(x.domain[1], line.x.at(-1)!))]!;

/** Names at the ends of the lines, moved apart where they would meet. */
function endLabels(
  lines: readonly Line[],
  { x, y, theme, name, room, highlight }: Omit<LineContext, "lines"> & { name: (line: Line) => string; room: number },
): SvgNode {
  const gap = 13;
  const ends = lines
    .map((line) => ({
      line,
      from: Math.min(x.range[1], x.at(line.x.at(-1)!)),
      at: y.at(lastShown(line, x)),
      y: y.at(lastShown(line, x)),
    }))
    .sort((a, b) => a.at - b.at);
  for (let i = 1; i < ends.length; i++) ends[i]!.y = Math.max(ends[i]!.y, ends[i - 1]!.y + gap);
  const excess = (ends.at(-1)?.y ?? 0) - y.range[0];
  if (excess > 0) for (let i = ends.length - 1; i >= 0; i--) ends[i]!.y = Math.min(ends[i]!.y, y.range[0] - (ends.length - 1 - i) * gap);
  return h(
    "g",
    { "pointer-events": "none" },
    ends.map(({ line, y: at }) =>
      text(x.range[1] + 8, at, fitText(name(line), room - 10, 11, line.curve.arm === highlight), {
        fill: theme.families[armFamily(line.curve.arm)],
        size: 11,
        isBold: line.curve.arm === highlight,
      }),
    ),
  );
}

function cursorMarks(lines: readonly Line[], cursor: number, { x, y, theme }: Pick<LineContext, "x" | "y" | "theme">): SvgNode | null {
  if (cursor < x.domain[0] || cursor > x.domain[1]) return null;
  const at = x.at(cursor);
  const isRight = at > (x.range[0] + x.range[1]) / 2;
  return h(
    "g",
    { "pointer-events": "none" },
    h("line", { x1: at, x2: at, y1: y.range[1] - 6, y2: y.range[0], stroke: theme.axis }),
    lines.map((line) => {
      const i = nearest(line.x, cursor);
      const value = line.smooth[i]!;
      return h(
        "g",
        {},
        h("circle", { cx: x.at(line.x[i]!), cy: y.at(value), r: 3, fill: theme.families[armFamily(line.curve.arm)], stroke: theme.ground }),
        text(at + (isRight ? -8 : 8), y.at(value) - 8, value.toFixed(2), {
          fill: theme.text,
          size: 11,
          anchor: isRight ? "end" : "start",
          halo: theme.ground,
        }),
      );
    }),
  );
}

/** A cell of the small multiples: the runs of one arm. */
export interface LossCell {
  readonly arm: ArmId;
  readonly status: RunStatus;
  readonly curves: readonly LossCurve[];
  /** Shown in the corner once there is one. */
  readonly f1: number | null;
  readonly error?: string | undefined;
}

/** Width of a cell that shows a curve and a part of its arm's name, px. */
const LEAST_CELL = 118;
/** On a wide screen cells grow rather than rows. */
const MOST_COLUMNS = 14;

/** Loss of every arm in a grid of small cells with the same axes; arms without pretraining keep an empty cell that says so. */
export function lossMultiples(cells: readonly LossCell[], options: LossCurvesOptions): Figure {
  const { width, theme, x = "epoch", highlight = null } = options;
  const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.floor((width - 34) / LEAST_CELL)));
  const cellWidth = (width - 34) / columns;
  const cellHeight = Math.max(84, Math.min(140, Math.round(cellWidth * 0.58)));
  const rows = Math.ceil(cells.length / columns);
  const height = Math.max(80, rows * cellHeight + 34);
  const label = `Contrastive loss of ${cells.length} arms, one cell each, same axes`;
  if (cells.length === 0) return emptyFigure("No arms.", { width, theme });
  const lines = new Map(
    cells.map((cell) => [cell.arm, cell.curves.map((curve) => lineOf(curve, options)).filter((line) => line.x.length > 0)]),
  );
  const every = [...lines.values()].flat();
  const chance = cells.flatMap(({ curves }) => curves.map((curve) => curve.chance)).find((value) => value !== null) ?? null;
  const [low, high] = extent([...every.flatMap((line) => extent(line.smooth) ?? []), chance]) ?? [0, 1];
  const xDomain = options.domain ?? extent([0, ...every.map((line) => line.x.at(-1)!)]) ?? [0, 1];
  const yDomain = niceDomain([low, high], 4);
  return figureRoot(
    { width, height, label },
    h("rect", { width, height, fill: theme.ground }),
    cells.map((cell, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const box = { x: 30 + column * cellWidth, y: row * cellHeight, width: cellWidth - 8, height: cellHeight - 8 };
      const xScale = linearScale(xDomain, [box.x, box.x + box.width]);
      const yScale = linearScale(yDomain, [box.y + box.height, box.y + 18]);
      return multiple(cell, {
        box,
        x: xScale,
        y: yScale,
        lines: lines.get(cell.arm)!,
        chance,
        theme,
        isLit: cell.arm === highlight,
        hasLabels: column === 0,
        hasBottom: i + columns >= cells.length,
      });
    }),
    text(30 + (width - 34) / 2, height - 8, `${X_TITLES[x]}; upright: contrastive loss, dashed: chance`, {
      fill: theme.mutedText,
      size: 11,
      anchor: "middle",
    }),
  );
}

interface MultipleContext {
  readonly box: { x: number; y: number; width: number; height: number };
  readonly x: Scale;
  readonly y: Scale;
  readonly lines: readonly Line[];
  readonly chance: number | null;
  readonly theme: FigureTheme;
  readonly isLit: boolean;
  readonly hasLabels: boolean;
  readonly hasBottom: boolean;
}

function multiple(cell: LossCell, { box, x, y, lines, chance, theme, isLit, hasLabels, hasBottom }: MultipleContext): SvgNode {
  const family = armFamily(cell.arm);
  const colour = theme.families[family];
  const [bottom, top] = y.range;
  const score = cell.f1 === null ? "" : cell.f1.toFixed(2);
  const scoreRoom = score ? 28 : 0;
  const word = emptyWord(cell, lines.length > 0);
  const reason = cell.status === "failed" && cell.error ? wrapText(cell.error, box.width - 8, 9).slice(0, REASON_LINES) : [];
  return h(
    "g",
    { "data-arm": cell.arm, "data-state": cell.status },
    h("title", {}, `${armLabel(cell.arm)}: ${cell.status}${cell.error ? `. ${cell.error}` : ""}${score ? `, F1 ${score}` : ""}`),
    h("rect", {
      x: box.x - 4,
      y: box.y + 1,
      width: box.width + 8,
      height: box.height + 4,
      rx: 3,
      fill: isLit ? theme.highlight : theme.ground,
    }),
    familyMark(family, box.x + 4, box.y + 10, 3.4, { fill: colour }),
    text(box.x + 11, box.y + 10, fitText(cell.arm, box.width - 13 - scoreRoom, 10.5, isLit), {
      fill: theme.text,
      size: 10.5,
      isBold: isLit,
    }),
    score ? text(box.x + box.width, box.y + 10, score, { fill: theme.text, size: 10.5, anchor: "end" }) : null,
    h("rect", {
      x: box.x,
      y: top,
      width: box.width,
      height: bottom - top,
      fill: "none",
      stroke: cell.status === "running" ? theme.families.geometric : theme.gridline,
      "stroke-width": cell.status === "running" ? 1.6 : 1,
      "data-pulse": cell.status === "running" ? "running" : undefined,
    }),
    hasLabels
      ? y.domain.map((value, i) =>
          text(box.x - 5, i === 0 ? bottom - 4 : top + 4, shortNumber(value), { fill: theme.mutedText, size: 9, anchor: "end" }),
        )
      : null,
    hasBottom ? text(box.x + box.width, bottom + 9, shortNumber(x.domain[1]), { fill: theme.mutedText, size: 9, anchor: "end" }) : null,
    chance === null
      ? null
      : h("line", { x1: box.x, x2: box.x + box.width, y1: y.at(chance), y2: y.at(chance), stroke: theme.axis, "stroke-dasharray": "3 2" }),
    lines.map((line) =>
      h("path", {
        d: pathOf(line, line.smooth, { x, y }),
        fill: "none",
        stroke: colour,
        "stroke-width": 1.4,
        "data-seed": line.curve.seed,
      }),
    ),
    cell.status === "failed"
      ? h("path", {
          d: `M${box.x} ${top}L${box.x + box.width} ${bottom}M${box.x + box.width} ${top}L${box.x} ${bottom}`,
          stroke: theme.failure,
          "stroke-width": 1.2,
        })
      : null,
    reason.map((line, i) =>
      text(box.x + box.width / 2, top + 10 + i * 11, i === REASON_LINES - 1 ? fitText(`${line} …`, box.width - 8, 9) : line, {
        fill: theme.failure,
        size: 9,
        anchor: "middle",
        halo: theme.ground,
      }),
    ),
    word && reason.length === 0
      ? text(box.x + box.width / 2, (top + bottom) / 2, word, { fill: theme.mutedText, size: 10, anchor: "middle", halo: theme.ground })
      : null,
  );
}

/** Lines of a failure's reason that a cell has room for. */
const REASON_LINES = 4;

function emptyWord(cell: LossCell, hasLine: boolean): string {
  if (cell.status === "failed") return "failed";
  if (hasLine) return "";
  return cell.status === "finished" ? "not pretrained" : cell.status;
}

const shortNumber = (value: number) => String(Number(value.toPrecision(3)));
