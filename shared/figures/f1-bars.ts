// The hero: F1 of every arm as sorted bars, with intervals, seeds, the control, published values and the dropped quarter.
import { CONTROL_ARM, coupletOf, FULL_ARM } from "../domain/study.ts";
import { type ArmResult, type Difference, differenceDecimals, type StudyResult, scoreDecimals } from "../domain/study-result.ts";
import {
  armLabel,
  bottomAxis,
  diamond,
  emptyFigure,
  type FigureOptions,
  familyLegend,
  familyMark,
  type LegendItem,
  legend,
  whisker,
} from "./marks.ts";
import { extent, linearScale, niceDomain } from "./scale.ts";
import { type Figure, figureRoot, h, type SvgNode } from "./svg.ts";
import { fitText, text, textWidth, wrapText } from "./text.ts";
import { type FigureTheme, mixColours } from "./theme.ts";

export interface F1BarsOptions extends FigureOptions {
  /** Draws the published values as hollow diamonds; on by default. */
  readonly showPublished?: boolean;
}

const ROW = 20;
const BAR = 11;
/** Room for the line between kept and dropped couplets. */
const DIVIDER = 18;

type Scored = ArmResult & { readonly f1: number };

/** Horizontal bars of all arms with a score, best first. */
export function f1Bars(result: StudyResult, options: F1BarsOptions): Figure {
  const { width, theme, highlight = null, showPublished = true } = options;
  const all = result.full ? [...result.arms, result.full] : result.arms;
  const arms = all.filter((arm): arm is Scored => arm.f1 !== null).sort((a, b) => b.f1 - a.f1);
  const waiting = waitingSentence(all);
  const label = `F1 of ${arms.length} arms, best first. ${result.headline}`;
  if (arms.length === 0) return emptyFigure(waiting || "no arms", { width, theme });

  const layout = layOut(arms, width, {
    showPublished,
    decimals: scoreDecimals(result),
    differenceDecimals: differenceDecimals(result),
  });
  const { columns, scale, decimals } = layout;
  const items = legendItems(arms, result, options);
  const key = legend(items, { x: 8, y: 8, width: width - 16, theme });
  const top = 8 + key.height + 30;
  const couplets = arms.flatMap((arm, i) => (coupletOf(arm.arm) ? [i] : []));
  const firstDropped = dropRow(arms);
  const rowY = (i: number) => top + i * ROW + ROW / 2 + (firstDropped !== null && i >= firstDropped ? DIVIDER : 0);
  const bottom = rowY(arms.length - 1) + ROW / 2 + 2;
  const notes = waiting ? wrapText(waiting, width - 16, 11) : [];
  const height = bottom + 40 + notes.length * 16;

  // Where the line would lie with 0, 1, ... couplets under it: what a hand that drags it needs to know.
  const stops = [...couplets, arms.length].reverse().map((row) => Math.round(top + row * ROW + DIVIDER / 2));
  return figureRoot(
    { width, height, label, attributes: firstDropped === null ? {} : { "data-drop-stops": stops.join(" ") } },
    ground(theme, width, height),
    h("defs", {}, fades(theme, width, columns.plot, layout.startsAtZero)),
    key.node,
    controlBand(result, scale, { theme, top: top - 6, bottom }),
    bottomAxis(scale, {
      theme,
      top,
      bottom,
      title: layout.startsAtZero ? "F1" : `F1, mean of ${listOf(result.labelSets)} (axis starts at ${scale.domain[0]})`,
    }),
    columnTitles(layout, { theme, y: top - 9 }),
    arms.map((arm, i) => row(arm, { i, y: rowY(i), layout, theme, width, isLit: arm.arm === highlight, showPublished, decimals })),
    firstDropped === null ? null : dropLine(top + firstDropped * ROW + DIVIDER / 2, result.selection.dropped.length, { theme, width }),
    controlLine(result, scale, { theme, top: top - 6, bottom }),
    alikeBracket(arms, result, { layout, theme, rowY }),
    notes.map((line, i) => text(8, bottom + 46 + i * 16, line, { fill: theme.mutedText, size: 11 })),
  );
}

const ground = (theme: FigureTheme, width: number, height: number) => h("rect", { width, height, fill: theme.ground });
const listOf = (names: readonly string[]) => (names.length === 0 ? "label sets" : names.join(" and "));

interface Layout {
  readonly columns: {
    readonly rank: number;
    readonly label: readonly [number, number];
    readonly plot: readonly [number, number];
    readonly bracket: number;
    readonly value: number;
    readonly chance: number | null;
  };
  readonly scale: ReturnType<typeof linearScale>;
  readonly decimals: number;
  readonly differenceDecimals: number;
  readonly startsAtZero: boolean;
}

function layOut(
  arms: readonly Scored[],
  width: number,
  { showPublished, ...precision }: { readonly showPublished: boolean } & Pick<Layout, "decimals" | "differenceDecimals">,
): Layout {
  const { decimals } = precision;
  const hasIntervals = arms.some(({ interval }) => interval);
  const hasChance = width >= 520 && arms.some(({ probabilityBottomQuarter }) => probabilityBottomQuarter !== null);
  const labelWidth = Math.min(width * 0.27, 6 + Math.max(...arms.map(({ arm }) => textWidth(armLabel(arm), 12, arm === CONTROL_ARM))));
  const label: [number, number] = [30, 30 + labelWidth];
  const chance = hasChance ? width - 8 : null;
  const value = hasChance ? width - 62 : width - 8;
  const bracket =
    value - textWidth(hasIntervals ? `0.${"0".repeat(decimals)} ± 0.${"0".repeat(decimals)}` : `0.${"0".repeat(decimals)}`, 12) - 12;
  const plot: [number, number] = [label[1] + 24, bracket - 14];
  const values = arms.flatMap((arm) => [
    arm.f1,
    arm.interval?.low,
    arm.interval?.high,
    ...arm.seeds.map(({ f1 }) => f1),
    showPublished ? arm.publishedF1 : null,
  ]);
  const [low, high] = extent(values)!;
  const margin = Math.max(0.01, (high - low) * 0.06);
  const from = Math.max(0, low - margin);
  const startsAtZero = from < 0.15;
  const domain = niceDomain([startsAtZero ? 0 : from, Math.min(1, high + margin)], 10);
  return {
    columns: { rank: 24, label, plot, bracket, value, chance },
    scale: linearScale([Math.max(0, domain[0]), Math.min(1, domain[1])], plot),
    ...precision,
    startsAtZero: startsAtZero || domain[0] <= 0,
  };
}

/** Bars that do not start at zero fade in, so that their length is not read as the value. */
function fades(theme: FigureTheme, width: number, [left, right]: readonly [number, number], startsAtZero: boolean): SvgNode[] {
  return Object.entries(theme.families).map(([family, colour]) =>
    h(
      "linearGradient",
      { id: fadeId(theme, width, family), gradientUnits: "userSpaceOnUse", x1: left, x2: left + (right - left) * 0.25, y1: 0, y2: 0 },
      h("stop", { offset: 0, "stop-color": colour, "stop-opacity": startsAtZero ? 0.85 : 0.08 }),
      h("stop", { offset: 1, "stop-color": colour, "stop-opacity": 0.85 }),
    ),
  );
}
const fadeId = (theme: FigureTheme, width: number, family: string) => `f1-${theme.name}-${Math.round(width)}-${family}`;

interface RowOptions {
  readonly i: number;
  readonly y: number;
  readonly layout: Layout;
  readonly theme: FigureTheme;
  readonly width: number;
  readonly isLit: boolean;
  readonly showPublished: boolean;
  readonly decimals: number;
}

function row(arm: Scored, { y, layout, theme, width, isLit, showPublished, decimals }: RowOptions): SvgNode {
  const { columns, scale } = layout;
  const isControl = arm.arm === CONTROL_ARM;
  const colour = theme.families[arm.family];
  const end = scale.at(arm.f1);
  const ink = arm.isDropped ? theme.mutedText : theme.text;
  const bar = { x: columns.plot[0], y: y - BAR / 2, width: Math.max(0, end - columns.plot[0]), height: BAR };
  const dots = arm.seeds.length > 1 ? arm.seeds : [];
  return h(
    "g",
    { "data-arm": arm.arm },
    h("title", {}, rowTitle(arm, layout)),
    h("rect", { x: 0, y: y - ROW / 2, width, height: ROW, fill: isLit ? theme.highlight : theme.ground, "fill-opacity": isLit ? 1 : 0 }),
    arm.rank === null ? null : text(columns.rank, y, String(arm.rank), { fill: theme.mutedText, size: 10, anchor: "end" }),
    text(columns.label[1], y, fitText(armLabel(arm.arm), columns.label[1] - columns.label[0], 12, isControl), {
      fill: ink,
      anchor: "end",
      isBold: isControl || isLit,
    }),
    familyMark(arm.family, columns.label[1] + 12, y, 3.8, {
      fill: arm.isDropped ? theme.ground : colour,
      stroke: colour,
      "stroke-width": 1.2,
    }),
    isControl
      ? h("rect", { ...bar, fill: theme.ground, "fill-opacity": 0.4, stroke: theme.text, "stroke-dasharray": "3 2" })
      : h("rect", { ...bar, fill: `url(#${fadeId(theme, width, arm.family)})`, "fill-opacity": arm.isDropped ? 0.3 : 1 }),
    isControl ? null : h("line", { x1: end, x2: end, y1: y - BAR / 2, y2: y + BAR / 2, stroke: colour, "stroke-width": 2 }),
    dots.map(({ seed, f1 }) =>
      h("circle", {
        cx: scale.at(f1),
        cy: y,
        r: 2.4,
        fill: theme.ground,
        stroke: mixColours(colour, theme.text, 0.35),
        "stroke-width": 1.1,
        "data-seed": seed,
      }),
    ),
    arm.interval ? whisker(scale.at(clamped(arm.interval.low, scale)), scale.at(clamped(arm.interval.high, scale)), y, theme.text) : null,
    showPublished && arm.publishedF1 !== null
      ? diamond(scale.at(arm.publishedF1), y, 4, { fill: theme.ground, "fill-opacity": 0.7, stroke: theme.text, "stroke-width": 1.1 })
      : null,
    valueText(arm, { x: columns.value, y, decimals, fill: ink, isBold: isLit || isControl }),
    columns.chance !== null && arm.probabilityBottomQuarter !== null
      ? text(columns.chance, y, percentText(arm.probabilityBottomQuarter), { fill: ink, size: 11, anchor: "end", isBold: arm.isDropped })
      : null,
  );
}

const clamped = (value: number, scale: Layout["scale"]) => Math.min(scale.domain[1], Math.max(scale.domain[0], value));

/** Value and half-width; the ± part muted, so that the eye finds the value. */
function valueText(
  arm: Scored,
  { x, y, decimals, fill, isBold }: { x: number; y: number; decimals: number; fill: string; isBold: boolean },
): SvgNode {
  const half = arm.interval ? ` ± ${((arm.interval.high - arm.interval.low) / 2).toFixed(decimals)}` : "";
  return text(x, y, `${arm.f1.toFixed(decimals)}${half}`, { fill, anchor: "end", isBold });
}

/** `<1 %`, `37 %`, `>99 %`: a resampled share is never certain. */
export function percentText(share: number): string {
  if (share < 0.01) return "<1 %";
  if (share > 0.99) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

function rowTitle(arm: Scored, { decimals, differenceDecimals: finer }: Layout): string {
  const lines = [`${armLabel(arm.arm)}: F1 ${arm.f1.toFixed(decimals)}`];
  if (arm.interval)
    lines[0] += ` (95 % interval ${arm.interval.low.toFixed(decimals)} to ${arm.interval.high.toFixed(decimals)}, over ${arm.intervalOf})`;
  if (arm.difference)
    lines.push(
      `${signed(arm.difference.mean, finer)} against the control (${signed(arm.difference.low, finer)} to ${signed(arm.difference.high, finer)}${pText(arm.difference)}): ${arm.beatsControl ? "better" : arm.trailsControl ? "worse" : "cannot be told apart"}`,
    );
  if (arm.toBest) lines.push(`${signed(-arm.toBest.mean, finer)} against the best couplet${pText(arm.toBest)}`);
  if (arm.seeds.length > 1) lines.push(arm.seeds.map(({ seed, f1 }) => `seed ${seed}: ${f1.toFixed(decimals)}`).join(", "));
  if (arm.auc !== null) lines.push(`AUC ${arm.auc.toFixed(decimals)}${arm.ap === null ? "" : `, AP ${arm.ap.toFixed(decimals)}`}`);
  if (arm.publishedF1 !== null) lines.push(`published: ${arm.publishedF1.toFixed(3)}`);
  if (arm.probabilityBottomQuarter !== null)
    lines.push(`in the bottom quarter with probability ${percentText(arm.probabilityBottomQuarter)}`);
  if (arm.isDropped) lines.push("dropped before the second stage");
  return lines.join("\n");
}

/** `, p = 0.012 after Holm`; empty without one. */
function pText({ pHolm }: Difference): string {
  return pHolm === null ? "" : `, ${probabilityText(pHolm)} after Holm's correction`;
}

/** `p = 0.012`, `p < 0.001`. */
export const probabilityText = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p < 0.1 ? p.toFixed(3) : p.toFixed(2)}`);

/** `+0.02`, `−0.01`, and `0.00` for what rounds to it. */
export function signed(value: number, decimals: number): string {
  const digits = Math.abs(value).toFixed(decimals);
  return Number(digits) === 0 ? digits : `${value < 0 ? "−" : "+"}${digits}`;
}

function columnTitles({ columns }: Layout, { theme, y }: { theme: FigureTheme; y: number }): SvgNode {
  const style = { fill: theme.mutedText, size: 10, anchor: "end" } as const;
  return h(
    "g",
    {},
    text(columns.rank, y, "rank", style),
    text(columns.label[1], y, "arm", style),
    text(columns.value, y, "F1", style),
    columns.chance === null ? null : [text(columns.chance, y - 11, "p(bottom", style), text(columns.chance, y, "quarter)", style)],
  );
}

function controlBand(
  result: StudyResult,
  scale: Layout["scale"],
  { theme, top, bottom }: { theme: FigureTheme; top: number; bottom: number },
): SvgNode | null {
  const interval = result.control?.interval;
  if (!interval) return null;
  const [x1, x2] = [scale.at(clamped(interval.low, scale)), scale.at(clamped(interval.high, scale))];
  return h("rect", { x: x1, y: top, width: Math.max(0, x2 - x1), height: bottom - top, fill: theme.band });
}

function controlLine(
  result: StudyResult,
  scale: Layout["scale"],
  { theme, top, bottom }: { theme: FigureTheme; top: number; bottom: number },
): SvgNode | null {
  const f1 = result.control?.f1;
  if (f1 == null) return null;
  const x = scale.at(f1);
  return h(
    "g",
    { "pointer-events": "none" },
    h("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: theme.text, "stroke-width": 1.2, "stroke-dasharray": "5 3" }),
    text(x, top - 7, "control", { fill: theme.text, size: 11, anchor: "middle" }),
  );
}

/** Row of the first dropped couplet, where one line can part them from the kept ones; else null. */
function dropRow(arms: readonly Scored[]): number | null {
  const couplets = arms.flatMap((arm, i) => (coupletOf(arm.arm) ? [{ i, isDropped: arm.isDropped }] : []));
  const first = couplets.find(({ isDropped }) => isDropped);
  return !first || couplets.some(({ i, isDropped }) => i > first.i && !isDropped) ? null : first.i;
}

function dropLine(y: number, count: number, { theme, width }: { theme: FigureTheme; width: number }): SvgNode {
  const note = `${count} ${count === 1 ? "couplet" : "couplets"} below: dropped before the second stage`;
  return h(
    "g",
    { "data-divider": "dropped", "pointer-events": "none" },
    h("line", { x1: 8, x2: width - 8, y1: y, y2: y, stroke: theme.axis, "stroke-width": 1 }),
    h("rect", { x: 24, y: y - 7, width: textWidth(note, 11) + 12, height: 14, fill: theme.ground }),
    text(30, y, note, { fill: theme.text, size: 11, isItalic: true }),
  );
}

/** Joins the couplets that cannot be told apart from the best one. */
function alikeBracket(
  arms: readonly Scored[],
  result: StudyResult,
  { layout, theme, rowY }: { layout: Layout; theme: FigureTheme; rowY: (i: number) => number },
): SvgNode | null {
  if (!result.alike || result.alike.others.length === 0) return null;
  const members = [result.alike.best, ...result.alike.others].map((id) => arms.findIndex(({ arm }) => arm === id)).filter((i) => i >= 0);
  const x = layout.columns.bracket;
  const [first, last] = [Math.min(...members), Math.max(...members)];
  return h(
    "g",
    {},
    h(
      "title",
      {},
      `${members.length} couplets that cannot be told apart from the best one, ${result.alike.best} (95 %${result.arms.some(({ toBest }) => toBest) ? ", Holm's correction over all pairs" : ""})`,
    ),
    h("line", { x1: x, x2: x, y1: rowY(first) - 4, y2: rowY(last) + 4, stroke: theme.axis, "stroke-width": 1 }),
    members.map((i) => h("line", { x1: x - 5, x2: x, y1: rowY(i), y2: rowY(i), stroke: theme.text, "stroke-width": 1.4 })),
  );
}

function legendItems(arms: readonly Scored[], result: StudyResult, { theme, showPublished = true }: F1BarsOptions): LegendItem[] {
  const items = familyLegend(
    arms.map(({ family }) => family),
    theme,
  );
  if (arms.some(({ interval }) => interval))
    items.push({ label: `95 % interval over ${intervalKinds(arms)}`, key: (x, y) => whisker(x - 8, x + 8, y, theme.text) });
  if (arms.some(({ seeds }) => seeds.length > 1))
    items.push({
      label: "one seed",
      key: (x, y) => h("circle", { cx: x, cy: y, r: 2.4, fill: theme.ground, stroke: theme.text, "stroke-width": 1.1 }),
    });
  if (showPublished && arms.some(({ publishedF1 }) => publishedF1 !== null))
    items.push({
      label: "published, SimCLR-S2",
      key: (x, y) => diamond(x, y, 4, { fill: theme.ground, stroke: theme.text, "stroke-width": 1.1 }),
    });
  if (result.alike && result.alike.others.length > 0)
    items.push({
      label: "not told apart from the best couplet",
      key: (x, y) =>
        h("path", {
          d: `M${x} ${y - 7}V${y + 7}M${x - 5} ${y - 3}H${x}M${x - 5} ${y + 3}H${x}`,
          stroke: theme.text,
          fill: "none",
          "stroke-width": 1.2,
        }),
    });
  return items;
}

/** What the intervals are over: of most arms, and of those that are different. */
function intervalKinds(arms: readonly Scored[]): string {
  const counts = new Map<string, number>();
  for (const { intervalOf } of arms) if (intervalOf) counts.set(intervalOf, (counts.get(intervalOf) ?? 0) + 1);
  const [[most] = [""], ...rest] = [...counts].sort((a, b) => b[1] - a[1]);
  return [most, ...rest.map(([kind, count]) => `${count} ${count === 1 ? "arm" : "arms"} over ${kind}`)].join("; ");
}

/** What has no score yet, in words; empty when every arm has one. */
function waitingSentence(arms: readonly ArmResult[]): string {
  const without = arms.filter(({ f1, arm }) => f1 === null && arm !== FULL_ARM);
  if (without.length === 0) return "";
  const parts = (["running", "queued", "paused", "cancelled", "failed", "finished"] as const).flatMap((status) => {
    const own = without.filter((arm) => arm.status === status);
    if (own.length === 0) return [];
    const names = own.length <= 4 || status === "failed" ? ` (${own.map(({ arm }) => arm).join(", ")})` : "";
    return [`${own.length} ${status === "finished" ? "finished without labels" : status}${names}`];
  });
  return `Without a score: ${parts.join(", ")}.`;
}
