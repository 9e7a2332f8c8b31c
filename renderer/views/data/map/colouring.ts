// What the colours of the tiles mean: a category for each tile, and the legend of the categories.
import { z } from "zod";
import { type Columns, NO_CODE } from "../../../../shared/contract/columns.ts";
import { SOURCE_TITLES, type SourceKind } from "../../../../shared/domain/dataset.ts";
import type { FigureTheme } from "../../../../shared/figures/theme.ts";
import { count, percent } from "../../../state/words.ts";
import type { Footprints } from "./footprints.ts";

export const COLOURINGS = ["classes", "parts", "split", "source", "date", "cloud", "nodata"] as const;
export type ColouringName = (typeof COLOURINGS)[number];

export const COLOURING_TITLES: Readonly<Record<ColouringName, string>> = {
  classes: "Class",
  parts: "Parts by the usual split",
  split: "Split of the source",
  source: "Source",
  date: "Date",
  cloud: "Cloud",
  nodata: "No data",
};

export interface Category {
  readonly name: string;
  /** Its place in the palette: 0..7 are colours of a series, `SCALE` and on those of a scale, `NONE` what is not known or not told apart. */
  readonly colour: number;
}

export interface Colouring {
  /** [tiles]: which of `legend`. */
  readonly categories: Uint8Array;
  readonly legend: readonly Category[];
  /** What the legend's words do not tell. */
  readonly note: string | null;
}

const SERIES = 8;
export const SCALE = SERIES;
const SCALE_STEPS = 6;
export const OTHER = SCALE + SCALE_STEPS;
export const NONE = OTHER + 1;

/** Every fifth of matplotlib's viridis between 0.05 and 0.95: told apart on light and on dark ground. */
const VIRIDIS = ["#471365", "#424086", "#2f6c8e", "#1f968b", "#54c568", "#dde318"];

/** The colours by the places that a `Category` names. */
export function paletteOf(theme: FigureTheme): string[] {
  return [...theme.series.slice(0, SERIES), ...VIRIDIS, theme.axis, theme.name === "dark" ? "#4d545e" : "#c3c9d1"];
}

const Values = z.array(z.string());

/**
 * The colouring of all tiles by a column.
 * @param chosen classes that the filter asks for: they get colours first
 * @throws when the columns are others
 */
export function colouringOf(name: ColouringName, columns: Columns, chosen: readonly string[] = []): Colouring {
  switch (name) {
    case "classes":
      return byClass(columns, chosen);
    case "parts":
    case "split":
      return bySplit(columns, name);
    case "source":
      return bySource(columns);
    case "date":
      return byDate(columns);
    case "cloud":
    case "nodata":
      return byShare(columns);
  }
}

const codesOf = ({ arrays }: Columns) => z.instanceof(Uint16Array).parse(arrays.codes);

/** The rarest of a tile's classes that have a colour: the frequent ones would hide it. */
function byClass(columns: Columns, chosen: readonly string[]): Colouring {
  const values = Values.parse(columns.facts.values);
  const codes = codesOf(columns);
  const starts = z.instanceof(Uint32Array).parse(columns.arrays.starts);
  const tiles = new Uint32Array(values.length);
  for (const code of codes) if (code !== NO_CODE) tiles[code] = tiles[code]! + 1;
  const byTiles = values.map((_, code) => code).sort((a, b) => tiles[b]! - tiles[a]! || a - b);
  const first = byTiles.filter((code) => chosen.includes(values[code]!));
  const shown = [...new Set([...first, ...byTiles])].slice(0, SERIES);
  const placeOf = new Uint8Array(values.length).fill(shown.length);
  shown.forEach((code, place) => {
    placeOf[code] = place;
  });
  const isLeftOut = values.length > shown.length;
  const without = shown.length + (isLeftOut ? 1 : 0);
  const categories = new Uint8Array(starts.length - 1);
  for (let row = 0; row < categories.length; row++) {
    let best = starts[row] === starts[row + 1] ? without : shown.length;
    let fewest = Infinity;
    for (let i = starts[row]!; i < starts[row + 1]!; i++) {
      const code = codes[i]!;
      if (code === NO_CODE || placeOf[code] === shown.length || tiles[code]! >= fewest) continue;
      [best, fewest] = [placeOf[code]!, tiles[code]!];
    }
    categories[row] = best;
  }
  const others = values.length - shown.length;
  return {
    categories,
    legend: [
      ...shown.map((code, place) => ({ name: values[code]!, colour: place })),
      ...(isLeftOut ? [{ name: others === 1 ? values[byTiles.at(-1)!]! : `${count(others)} other classes only`, colour: OTHER }] : []),
      { name: "no class", colour: NONE },
    ],
    note: codes.length > categories.length ? "A tile of several classes has the colour of the rarest of them." : null,
  };
}

/** Of the series: blue, amber, vermilion; told apart by people with colour-blindness, too. */
const PART_COLOURS: Readonly<Record<string, number>> = { train: 0, validation: 5, test: 1 };

function bySplit(columns: Columns, name: "parts" | "split"): Colouring {
  const values = Values.parse(columns.facts.values);
  const order = Object.keys(PART_COLOURS);
  const legend = order.map((part) => ({ name: part === "train" ? "training" : part, colour: PART_COLOURS[part]! }));
  const none = name === "parts" ? "in no part: no labels, or out of use" : "not told";
  const places = values.map((value) => order.indexOf(value));
  return {
    categories: coded(codesOf(columns), places, legend.length),
    legend: [...legend, { name: none, colour: NONE }],
    note: name === "parts" ? ruleText(columns.facts) : null,
  };
}

function ruleText({ rule, blockMetres }: Columns["facts"]): string {
  return rule === "spatial"
    ? `By blocks of land of ${Number(blockMetres) / 1000} km: no block is in two parts.`
    : "At random, as the published study did: neighbours may be in different parts.";
}

function bySource(columns: Columns): Colouring {
  const values = Values.parse(columns.facts.values);
  const legend = values.map((value, i) => ({ name: SOURCE_TITLES[value as SourceKind] ?? value, colour: Math.min(i, OTHER) }));
  return {
    categories: coded(
      codesOf(columns),
      values.map((_, i) => i),
      legend.length,
    ),
    legend: [...legend, { name: "not told", colour: NONE }],
    note: null,
  };
}

/** By days, months or years, whichever are few enough to be told apart. */
function byDate(columns: Columns): Colouring {
  const values = Values.parse(columns.facts.values);
  const periodsBy = (length: number) => [...new Set(values.map((value) => value.slice(0, length)))].sort();
  const length = [10, 7, 4].find((candidate) => periodsBy(candidate).length <= SCALE_STEPS) ?? 4;
  const periods = periodsBy(length);
  // So many years share colours: those at the begin are one category.
  const early = Math.max(0, periods.length - SCALE_STEPS);
  const shown = periods.slice(early);
  const legend = shown.map((period, i) => ({
    name: i === 0 && early > 0 ? `${period} and before` : period,
    colour: SCALE + Math.round((i * (SCALE_STEPS - 1)) / Math.max(1, shown.length - 1)),
  }));
  return {
    categories: coded(
      codesOf(columns),
      values.map((value) => Math.max(0, shown.indexOf(value.slice(0, length)))),
      legend.length,
    ),
    legend: [...legend, { name: "not told", colour: NONE }],
    note: null,
  };
}

/** Shares up to which a category reaches: close together where most tiles are. */
const SHARE_LIMITS = [0.01, 0.05, 0.2, 0.5, 0.8, 1];

function byShare(columns: Columns): Colouring {
  const shares = z.instanceof(Float32Array).parse(columns.arrays.shares);
  const legend = SHARE_LIMITS.map((limit, i) => ({
    name: i === 0 ? `up to ${percent(limit)}` : `${percent(SHARE_LIMITS[i - 1]!)} to ${percent(limit)}`,
    colour: SCALE + i,
  }));
  const categories = new Uint8Array(shares.length);
  for (let row = 0; row < shares.length; row++) {
    const share = shares[row]!;
    let step = 0;
    while (step < SHARE_LIMITS.length - 1 && share > SHARE_LIMITS[step]! + 1e-6) step++;
    categories[row] = Number.isNaN(share) ? legend.length : step;
  }
  return { categories, legend: [...legend, { name: "not known", colour: NONE }], note: null };
}

/** @param places category of each code @param none category of those without */
function coded(codes: Uint16Array, places: readonly number[], none: number): Uint8Array {
  return Uint8Array.from(codes, (code) => (code === NO_CODE || places[code]! < 0 ? none : places[code]!));
}

/** Tiles of each category that lie somewhere. @param rows those that are counted */
export function countCategories({ categories, legend }: Colouring, { corners }: Footprints, rows: Int32Array): number[] {
  const counts = legend.map(() => 0);
  for (const row of rows) if (!Number.isNaN(corners[row * 8])) counts[categories[row]!]!++;
  return counts;
}
