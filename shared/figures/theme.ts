// Colours of the figures, for light and dark grounds. Concrete values only: the same tree is rasterised without a style sheet.
import type { ArmFamily } from "../domain/study.ts";

export interface FigureTheme {
  readonly name: "light" | "dark";
  readonly ground: string;
  readonly text: string;
  /** Secondary text: axis titles, ranks; still 4.5:1 on the ground. */
  readonly mutedText: string;
  readonly gridline: string;
  readonly axis: string;
  /** Ground of a highlighted row or cell. */
  readonly highlight: string;
  /** Colour of an outline around what is picked. */
  readonly accent: string;
  readonly failure: string;
  /** Bands: the control's interval, the ribbon of a spectrum. */
  readonly band: string;
  /** Okabe-Ito, darkened or lightened to stand out from the ground. */
  readonly families: Readonly<Record<ArmFamily, string>>;
  /** From clearly worse than the control to clearly better: orange, near the ground, blue. Five stops. */
  readonly diverging: readonly [string, string, string, string, string];
  /** Colours for up to eight lines without families (label sets, views). */
  readonly series: readonly string[];
}

export const LIGHT_THEME: FigureTheme = {
  name: "light",
  ground: "#ffffff",
  text: "#1b1e23",
  mutedText: "#5a626e",
  gridline: "#e6e8eb",
  axis: "#9aa1ab",
  highlight: "#eef2f7",
  accent: "#1b1e23",
  failure: "#c92a2a",
  band: "#e9ebee",
  families: {
    geometric: "#0072b2",
    pixel: "#d55e00",
    mixed: "#009e73",
    special: "#56b4e9",
    control: "#1b1e23",
    full: "#8e4585",
  },
  diverging: ["#c75300", "#f0a868", "#f7f6f4", "#8fc3e8", "#0868ac"],
  series: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b8860b", "#5a626e", "#8e4585"],
};

export const DARK_THEME: FigureTheme = {
  name: "dark",
  ground: "#1a1d21",
  text: "#e9ebee",
  mutedText: "#a3abb6",
  gridline: "#2d3238",
  axis: "#6b737e",
  highlight: "#262b31",
  accent: "#f1f3f5",
  failure: "#ff6b6b",
  band: "#2b3036",
  families: {
    geometric: "#3d9fdc",
    pixel: "#f0833a",
    mixed: "#22b98e",
    special: "#8bd0f5",
    control: "#e9ebee",
    full: "#c98bc0",
  },
  diverging: ["#f08a3c", "#8a5429", "#32373d", "#2b6694", "#55b0ee"],
  series: ["#3d9fdc", "#f0833a", "#22b98e", "#e29ac2", "#8bd0f5", "#d8b04a", "#a3abb6", "#c98bc0"],
};

/** The theme of a colour scheme. */
export const figureTheme = (scheme: "light" | "dark"): FigureTheme => (scheme === "dark" ? DARK_THEME : LIGHT_THEME);

/** Names of the families as the legend says them. */
export const FAMILY_LABELS: Readonly<Record<ArmFamily, string>> = {
  geometric: "two geometric",
  pixel: "two pixel",
  mixed: "one of each",
  special: "special",
  control: "control (no pretraining)",
  full: "second stage",
};

function channels(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

/** Between two colours `#rrggbb`, in sRGB. @param t 0..1 */
export function mixColours(from: string, to: string, t: number): string {
  const [a, b] = [channels(from), channels(to)];
  return `#${a
    .map((value, i) =>
      Math.round(value + (b[i]! - value) * t)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** The colour of a difference to the control. @param t -1 (worse) .. 1 (better), clamped. */
export function divergingColour(theme: FigureTheme, t: number): string {
  const at = (Math.min(1, Math.max(-1, t)) + 1) * 2;
  const i = Math.min(3, Math.floor(at));
  return mixColours(theme.diverging[i]!, theme.diverging[i + 1]!, at - i);
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r, g, b] = channels(hex).map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours, 1..21 (WCAG 2.2). */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Black or white, whichever reads better on a ground. */
export const inkOn = (ground: string): string => (contrast(ground, "#101214") >= contrast(ground, "#ffffff") ? "#101214" : "#ffffff");
