// The couplets as a matrix: lower triangle, main effects on the diagonal, specials and control as a strip in the free corner.
// One figure for choosing arms, for watching them run and for reading the result.
import { AUGMENTATIONS, type AugmentationName, familyOf } from "../domain/augmentations.ts";
import type { RunStatus } from "../domain/run-state.ts";
import type { Interval } from "../domain/statistics.ts";
import { ALL_ARMS, type ArmId, CONTROL_ARM, coupletId, coupletOf, FULL_ARM, SPECIAL_ARMS } from "../domain/study.ts";
import { type ArmResult, differenceDecimals, type OperationEffect, type StudyResult, scoreDecimals } from "../domain/study-result.ts";
import { percentText, signed } from "./f1-bars.ts";
import { armLabel, type FigureOptions, familyMark } from "./marks.ts";
import { extent, linearScale, type Scale } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { fitText, text, textWidth, wrapText } from "./text.ts";
import { divergingColour, type FigureTheme, inkOn, mixColours } from "./theme.ts";

export interface CoupletMatrixData {
  /** Null while a study is being made. */
  readonly result: StudyResult | null;
  /** Arms in the study; the others are hatched. */
  readonly arms: Iterable<ArmId>;
  /** Where the arms' runs stand; the result's own when left out. */
  readonly statuses?: ReadonlyMap<ArmId, RunStatus> | undefined;
  /** Reason of a failure per arm, for the tooltip. */
  readonly errors?: ReadonlyMap<ArmId, string> | undefined;
}

/** The 36 couplets, the operations' main effects, the special arms and the control. Cells carry `data-arm`, the diagonal `data-operation`. */
export function coupletMatrix(data: CoupletMatrixData, options: FigureOptions): Figure {
  const { theme } = options;
  const width = options.width;
  const frame = frameOf(data, width);
  const context = contextOf(data, options, frame);
  const cells = AUGMENTATIONS.flatMap((rowName, row) =>
    AUGMENTATIONS.slice(0, row + 1).map((columnName, column) => {
      const box = { x: frame.left + column * frame.cell, y: frame.top + row * frame.height, width: frame.cell, height: frame.height };
      return row === column ? diagonalCell(rowName, box, context) : armCell(coupletId([columnName, rowName]), box, context);
    }),
  );
  const matrixBottom = frame.top + AUGMENTATIONS.length * frame.height + frame.columnLabels;
  const corner = cornerOf(frame, matrixBottom);
  const legend = key({ ...corner, y: corner.y + frame.stripHeight + 18 }, context);
  const help = helpOf({ ...corner, y: corner.y + frame.stripHeight + 18 + legend.height }, matrixBottom, frame, context);
  const height = Math.max(matrixBottom + 6, help.bottom);
  const scored = context.results.size;
  return figureRoot(
    { width, height, label: `Matrix of the 36 couplets, ${scored} arms with a score. ${data.result?.headline ?? ""}`.trim() },
    h("rect", { width, height, fill: theme.ground }),
    hatch(context),
    crosshair(frame, context),
    cells,
    AUGMENTATIONS.map((name, i) => operationLabel(name, i, frame, context)),
    strip(frame, corner, context),
    legend.node,
    help.node,
  );
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly cell: number;
  readonly height: number;
  readonly width: number;
  readonly columnLabels: number;
  readonly areColumnsTurned: boolean;
  readonly stripArms: readonly ArmId[];
  readonly stripHeight: number;
  /** No room in the free corner: strip and key lie under the matrix. */
  readonly isNarrow: boolean;
}

function frameOf(data: CoupletMatrixData, width: number): Frame {
  const left = Math.ceil(Math.max(...AUGMENTATIONS.map((name) => textWidth(name, 12, true)))) + 28;
  const cell = Math.min(96, Math.max(24, Math.floor((width - left - 8) / AUGMENTATIONS.length)));
  const areColumnsTurned = cell < 66;
  const height = Math.min(56, Math.max(30, Math.round(cell * 0.62)));
  return {
    left,
    top: 8,
    cell,
    height,
    width,
    columnLabels: areColumnsTurned ? 62 : 30,
    areColumnsTurned,
    stripArms: [...SPECIAL_ARMS, CONTROL_ARM, ...(data.result?.full ? [FULL_ARM] : [])],
    stripHeight: height + 12,
    isNarrow: cell < 50,
  };
}

/** Where strip and key go: the free corner above the diagonal, or under the matrix. */
function cornerOf({ left, top, cell, width, isNarrow }: Frame, matrixBottom: number): { x: number; y: number; width: number } {
  if (isNarrow) return { x: 8, y: matrixBottom + 8, width: width - 16 };
  const x = left + 3.4 * cell;
  return { x, y: top, width: left + AUGMENTATIONS.length * cell - x };
}

interface Context {
  readonly theme: FigureTheme;
  readonly highlight: ArmId | null;
  readonly results: ReadonlyMap<ArmId, ArmResult & { readonly f1: number }>;
  readonly operations: ReadonlyMap<AugmentationName, OperationEffect>;
  readonly controlF1: number | null;
  readonly isInStudy: (arm: ArmId) => boolean;
  readonly statusOf: (arm: ArmId) => RunStatus;
  readonly errors: ReadonlyMap<ArmId, string>;
  readonly decimals: number;
  readonly differenceDecimals: number;
  /** Difference to the control that has the full colour. */
  readonly span: number;
  /** F1 across a cell, for the interval bars. */
  readonly inCell: Scale;
  readonly hatchId: string;
  readonly hasIntervals: boolean;
  readonly fontSize: number;
}

function contextOf(data: CoupletMatrixData, { theme, highlight = null }: FigureOptions, frame: Frame): Context {
  const all = data.result ? [...data.result.arms, ...(data.result.full ? [data.result.full] : [])] : [];
  const results = new Map(all.flatMap((arm) => (arm.f1 === null ? [] : [[arm.arm, arm as ArmResult & { f1: number }] as const])));
  const scored = [...results.values()];
  const inStudy = new Set(data.arms);
  const controlF1 = data.result?.control?.f1 ?? null;
  const differences = controlF1 === null ? [] : scored.map(({ f1 }) => Math.abs(f1 - controlF1));
  return {
    theme,
    highlight,
    results,
    operations: new Map(data.result?.operations.map((operation) => [operation.operation, operation]) ?? []),
    controlF1,
    isInStudy: (arm) => inStudy.has(arm) || arm === CONTROL_ARM || arm === FULL_ARM,
    statusOf: (arm) => data.statuses?.get(arm) ?? all.find((result) => result.arm === arm)?.status ?? "queued",
    errors: data.errors ?? new Map(),
    decimals: data.result ? scoreDecimals(data.result) : 2,
    differenceDecimals: data.result ? differenceDecimals(data.result) : 2,
    span: Math.max(0.02, ...differences),
    inCell: linearScale(extent(scored.flatMap((arm) => [arm.f1, arm.interval?.low, arm.interval?.high])) ?? [0, 1], [0, 1]),
    hatchId: `hatch-${theme.name}-${frame.width}`,
    hasIntervals: scored.some(({ interval }) => interval),
    fontSize: frame.cell < 50 ? 10 : frame.cell < 66 ? 12 : 13,
  };
}

/** Colour of a score: by its difference to the control, near the ground where the interval of the difference holds 0. */
function colourOf(f1: number, isClear: boolean | null, { controlF1, span, theme }: Context): string {
  if (controlF1 === null) return theme.diverging[2];
  const share = (f1 - controlF1) / span;
  return divergingColour(theme, isClear === false ? Math.max(-0.14, Math.min(0.14, share * 0.3)) : share);
}

const isClear = ({ beatsControl, trailsControl }: ArmResult): boolean | null =>
  beatsControl === null ? null : beatsControl || trailsControl === true;

function hatch({ theme, hatchId }: Context): SvgNode {
  return h(
    "defs",
    {},
    h(
      "pattern",
      { id: hatchId, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      h("rect", { width: 6, height: 6, fill: theme.ground }),
      h("line", { x1: 0, x2: 0, y1: 0, y2: 6, stroke: theme.gridline, "stroke-width": 3 }),
    ),
  );
}

/** A cell of an arm. @param caption name of the arm inside the cell, for the strip */
function armCell(arm: ArmId, box: Box, context: Context, caption?: string): SvgNode {
  const { theme, hatchId } = context;
  const result = context.results.get(arm);
  const status = context.statusOf(arm);
  const isLit = context.highlight === arm;
  const inner = { x: box.x + 1, y: box.y + 1, width: box.width - 2, height: box.height - 2 };
  const isAbsent = !context.isInStudy(arm);
  const fill = isAbsent ? `url(#${hatchId})` : result ? colourOf(result.f1, isClear(result), context) : theme.ground;
  const ink = result && !isAbsent ? inkOn(fill) : theme.mutedText;
  return h(
    "g",
    { "data-arm": arm, "data-state": isAbsent ? "absent" : status },
    h("title", {}, cellTitle(arm, isAbsent, context)),
    h("rect", { ...inner, rx: 2, fill, stroke: theme.gridline, "stroke-width": 1 }),
    isAbsent ? null : stateMarks(arm, inner, context),
    result && !isAbsent ? scoreMarks(result, inner, ink, context, caption !== undefined) : null,
    caption === undefined ? null : text(inner.x + 4, inner.y + 9, fitText(caption, inner.width - 6, 10), { fill: ink, size: 10 }),
    isLit ? h("rect", { ...inner, rx: 2, fill: "none", stroke: theme.accent, "stroke-width": 2.5 }) : null,
  );
}

/** What tells where an arm without (or with a part of its) scores stands. */
function stateMarks(arm: ArmId, box: Box, context: Context): SvgNode | null {
  const { theme, results } = context;
  const status = context.statusOf(arm);
  const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
  if (status === "running")
    return h(
      "g",
      { "data-pulse": "running" },
      h("rect", {
        x: box.x + 1,
        y: box.y + 1,
        width: box.width - 2,
        height: box.height - 2,
        rx: 2,
        fill: "none",
        stroke: theme.families.geometric,
        "stroke-width": 2,
      }),
      results.has(arm) ? null : text(cx, cy, box.width < 48 ? "run" : "running", { fill: theme.text, size: 10, anchor: "middle" }),
    );
  if (results.has(arm)) return null;
  if (status === "failed")
    return h("path", {
      d: `M${box.x + 5} ${box.y + 5}L${box.x + box.width - 5} ${box.y + box.height - 5}M${box.x + box.width - 5} ${box.y + 5}L${box.x + 5} ${box.y + box.height - 5}`,
      stroke: theme.failure,
      "stroke-width": 1.6,
    });
  const word = status === "queued" ? null : status === "finished" ? "no labels" : status;
  if (word && box.width >= 48) return text(cx, cy, word, { fill: theme.mutedText, size: 10, anchor: "middle" });
  return h("circle", { cx, cy, r: 2, fill: status === "queued" ? "none" : theme.mutedText, stroke: theme.axis });
}

/** F1, rank in the corner, interval as a thin bar at the bottom with the control's place ticked. */
function scoreMarks(result: ArmResult & { readonly f1: number }, box: Box, ink: string, context: Context, hasCaption: boolean): SvgNode {
  const { decimals, fontSize, controlF1 } = context;
  const isSmall = box.width < 46;
  const isTight = box.width < 66;
  const barY = box.y + box.height - 6;
  const middle = box.y + box.height / 2 + (hasCaption ? 4 : context.hasIntervals ? -1.5 : 0);
  // Leaves the corner to the rank.
  const x = box.x + box.width / 2 - (isTight && !isSmall && !hasCaption ? 5 : 0);
  return h(
    "g",
    {},
    text(x, middle, scoreText(result.f1, decimals, isSmall), {
      fill: ink,
      size: fontSize,
      anchor: "middle",
      isBold: result.rank === 1,
    }),
    result.rank === null || isSmall
      ? null
      : text(box.x + box.width - 4, box.y + 8, String(result.rank), { fill: ink, size: 9, anchor: "end" }),
    result.isDropped
      ? h("path", {
          d: `M${box.x} ${box.y + 12}V${box.y + 2}Q${box.x} ${box.y} ${box.x + 2} ${box.y}H${box.x + 12}Z`,
          fill: ink,
          "fill-opacity": 0.75,
        })
      : null,
    intervalBar(result.interval, result.f1, { ...box, y: barY }, ink, context.inCell, controlF1),
  );
}

/** `.79` where a cell has no room for `0.79`. */
const scoreText = (f1: number, decimals: number, isSmall: boolean) => (isSmall ? f1.toFixed(2).replace(/^0/, "") : f1.toFixed(decimals));

function intervalBar(interval: Interval | null, f1: number, box: Box, ink: string, scale: Scale, controlF1: number | null): SvgNode | null {
  if (!interval) return null;
  const [from, span] = [box.x + 5, box.width - 10];
  const at = (value: number) => from + span * Math.min(1, Math.max(0, scale.at(value)));
  return h(
    "g",
    { "pointer-events": "none" },
    controlF1 === null
      ? null
      : h("line", {
          x1: at(controlF1),
          x2: at(controlF1),
          y1: box.y - 3.5,
          y2: box.y + 3.5,
          stroke: ink,
          "stroke-width": 1,
          "stroke-opacity": 0.6,
        }),
    h("line", { x1: at(interval.low), x2: at(interval.high), y1: box.y, y2: box.y, stroke: ink, "stroke-width": 1.6 }),
    h("circle", { cx: at(f1), cy: box.y, r: 2, fill: ink }),
  );
}

/** Main effect of an operation: no arm, so it is drawn as a rounded, framed cell. */
function diagonalCell(operation: AugmentationName, box: Box, context: Context): SvgNode {
  const { theme, operations, decimals, differenceDecimals: finer, fontSize, controlF1 } = context;
  const effect = operations.get(operation);
  const f1 = effect?.f1 ?? null;
  const inner = { x: box.x + 2, y: box.y + 2, width: box.width - 4, height: box.height - 4 };
  const holdsControl =
    effect?.interval && controlF1 !== null ? effect.interval.low <= controlF1 && controlF1 <= effect.interval.high : null;
  const fill = f1 === null ? theme.ground : colourOf(f1, holdsControl === null ? null : !holdsControl, context);
  const ink = f1 === null ? theme.mutedText : inkOn(fill);
  const title =
    f1 === null
      ? `${operation}: main effect, no couplet with it has a score yet`
      : `${operation}: mean F1 ${f1.toFixed(decimals)} of ${effect!.couplets} couplets that hold it${effect!.effect === null ? "" : `, ${signed(effect!.effect, finer)} against the mean of all couplets`}`;
  return h(
    "g",
    { "data-operation": operation },
    h("title", {}, title),
    h("rect", {
      ...inner,
      rx: Math.min(inner.height / 2, 12),
      fill,
      stroke: theme.text,
      "stroke-width": 1.2,
      "stroke-dasharray": f1 === null ? "2 3" : undefined,
    }),
    f1 === null
      ? null
      : text(box.x + box.width / 2, box.y + box.height / 2, scoreText(f1, decimals, box.width < 46), {
          fill: ink,
          size: fontSize,
          anchor: "middle",
          isItalic: true,
        }),
  );
}

function cellTitle(arm: ArmId, isAbsent: boolean, context: Context): string {
  if (isAbsent) return `${armLabel(arm)}: not in the study`;
  const result = context.results.get(arm);
  const status = context.statusOf(arm);
  if (!result) return `${armLabel(arm)}: ${status}${context.errors.has(arm) ? `. ${context.errors.get(arm)}` : ""}`;
  const { decimals } = context;
  const lines = [
    `${armLabel(arm)}: F1 ${result.f1.toFixed(decimals)}${result.rank === null ? "" : `, rank ${result.rank} of ${context.results.size}`}`,
  ];
  if (result.interval)
    lines.push(
      `95 % interval ${result.interval.low.toFixed(decimals)} to ${result.interval.high.toFixed(decimals)}, over ${result.intervalOf}`,
    );
  if (result.difference)
    lines.push(
      `${signed(result.difference.mean, context.differenceDecimals)} against the control: ${result.beatsControl ? "better" : result.trailsControl ? "worse" : "cannot be told apart"}`,
    );
  if (result.probabilityBottomQuarter !== null)
    lines.push(`in the bottom quarter with probability ${percentText(result.probabilityBottomQuarter)}`);
  if (result.isDropped) lines.push("dropped before the second stage");
  if (status !== "finished") lines.push(`${result.finished} of ${result.runs} runs finished, ${status}`);
  return lines.join("\n");
}

/** Row and column of the lit cell. */
function crosshair(frame: Frame, { theme, highlight }: Context): SvgNode | null {
  const couplet = highlight === null ? undefined : coupletOf(highlight);
  if (!couplet) return null;
  const [column, row] = couplet.map((name) => AUGMENTATIONS.indexOf(name)) as [number, number];
  const bottom = frame.top + AUGMENTATIONS.length * frame.height;
  return h(
    "g",
    { "pointer-events": "none" },
    h("rect", {
      x: 0,
      y: frame.top + row * frame.height,
      width: frame.left + (row + 1) * frame.cell,
      height: frame.height,
      fill: theme.highlight,
    }),
    h("rect", {
      x: frame.left + column * frame.cell,
      y: frame.top + column * frame.height,
      width: frame.cell,
      height: bottom - frame.top - column * frame.height + frame.columnLabels,
      fill: theme.highlight,
    }),
  );
}

/** An operation's name at its row and under its column, with the mark of its family. */
function operationLabel(name: AugmentationName, i: number, frame: Frame, { theme, highlight }: Context): SvgNode {
  const isBold = highlight !== null && (coupletOf(highlight)?.includes(name) ?? false);
  const family = familyOf(name);
  const style = { fill: theme.text, isBold };
  const y = frame.top + (i + 0.5) * frame.height;
  const x = frame.left + (i + 0.5) * frame.cell;
  const below = frame.top + AUGMENTATIONS.length * frame.height;
  return h(
    "g",
    {},
    familyMark(family, 10, y, 4, { fill: theme.families[family] }),
    text(frame.left - 8, y, name, { ...style, anchor: "end" }),
    frame.areColumnsTurned
      ? text(x + 3, below + 10, name, { ...style, size: 11, anchor: "end", rotate: -45 })
      : text(x, below + 14, name, { ...style, anchor: "middle" }),
  );
}

/** Specials and control: the arms that are no couplets. */
function strip(
  { stripArms, stripHeight, cell, isNarrow }: Frame,
  corner: { x: number; y: number; width: number },
  context: Context,
): SvgNode {
  const width = isNarrow ? corner.width / stripArms.length : Math.min(cell, corner.width / stripArms.length);
  const start = corner.x + corner.width - width * stripArms.length;
  return h(
    "g",
    {},
    stripArms.map((arm, i) =>
      armCell(arm, { x: start + i * width, y: corner.y, width, height: stripHeight }, context, stripCaption(arm, width)),
    ),
  );
}

function stripCaption(arm: ArmId, width: number): string {
  if (arm === CONTROL_ARM) return width < 76 ? "control" : "random-init";
  if (arm === "geometric" && width < 70) return "geom.";
  if (arm === FULL_ARM) return width < 64 ? "full" : "2nd stage";
  return arm;
}

/** Width of the colour key, within what is free. */
const keyWidth = (available: number) => Math.min(available * 0.82, 420);

/** The colour key; nothing before the control has a score. */
function key(
  { x, y, width: available }: { x: number; y: number; width: number },
  { theme, controlF1, span, decimals, differenceDecimals: finer }: Context,
): { node: SvgNode | null; height: number } {
  if (controlF1 === null) return { node: null, height: 5 };
  const right = x + available - 2;
  const width = keyWidth(available);
  const left = right - width;
  const spanText = span.toFixed(finer);
  const steps = 40;
  const node = h(
    "g",
    {},
    text((left + right) / 2, y + 5, `F1 against the control (${controlF1.toFixed(decimals)})`, {
      fill: theme.text,
      size: 11,
      anchor: "middle",
    }),
    Array.from({ length: steps }, (_, i) =>
      h("rect", {
        x: left + (i * width) / steps,
        y: y + 14,
        width: width / steps + (i < steps - 1 ? 0.5 : 0),
        height: 8,
        fill: divergingColour(theme, (2 * (i + 0.5)) / steps - 1),
      }),
    ),
    text(left, y + 31, `−${spanText} worse`, { fill: theme.mutedText, size: 10 }),
    text(right, y + 31, `better +${spanText}`, { fill: theme.mutedText, size: 10, anchor: "end" }),
  );
  return { node, height: 48 };
}

const HELP_SIZE = 10;
const HELP_LINE = 13;

/** How to read it: flush right below the key, since the free corner narrows downwards at its left; under the matrix where it would reach a cell. */
function helpOf(
  { x, y, width: available }: { x: number; y: number; width: number },
  matrixBottom: number,
  frame: Frame,
  context: Context,
): { node: SvgNode; bottom: number } {
  const { theme } = context;
  const sentences = helpSentences(context);
  const right = x + available - 2;
  const beside = sentences.flatMap((line) => wrapText(line, keyWidth(available) * 0.86, HELP_SIZE));
  const isFree = beside.every((line, i) => {
    const row = Math.floor((y + i * HELP_LINE + HELP_SIZE / 2 - frame.top) / frame.height);
    return right - textWidth(line, HELP_SIZE) > frame.left + (row + 1) * frame.cell;
  });
  const isBeside = frame.isNarrow || isFree;
  const lines = isBeside ? beside : wrapText(sentences.join(" "), frame.width - 16, HELP_SIZE);
  const top = isBeside ? y : matrixBottom + 14;
  const nodes = lines.map((line, i) =>
    text(right, top + i * HELP_LINE, line, { fill: mixColours(theme.mutedText, theme.text, 0.2), size: HELP_SIZE, anchor: "end" }),
  );
  return { node: h("g", {}, nodes), bottom: top + lines.length * HELP_LINE };
}

function helpSentences({ controlF1, hasIntervals, results, isInStudy }: Context): string[] {
  const scored = [...results.values()];
  const out: string[] = [];
  if (controlF1 === null && scored.length > 0) out.push("Colours follow when the control has a score.");
  if (controlF1 !== null && scored.some(({ beatsControl }) => beatsControl !== null)) out.push("Pale: not told apart from the control.");
  if (scored.length > 0) out.push("Framed diagonal: mean of the couplets with the operation.");
  if (ALL_ARMS.some((arm) => !isInStudy(arm))) out.push("Hatched: not in the study.");
  if (hasIntervals) out.push("Bar in a cell: 95 % interval; tick: control.");
  if (scored.some(({ rank }) => rank !== null)) out.push("Small number: rank among all arms.");
  if (scored.some(({ isDropped }) => isDropped)) out.push("Cut corner: dropped.");
  return out;
}
