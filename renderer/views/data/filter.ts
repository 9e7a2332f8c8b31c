// Which tiles a data set's view shows, kept in its route: links, back and forward bring it again.
import { TILE_ORDERS, type TileFacets, TileFilter, type TileOrder } from "../../../shared/domain/tile-query.ts";

export type FacetName = Exclude<keyof TileFacets, "total">;

/** Lists of a filter by their key in the route. */
const LISTS = { class: "labels", source: "sources", granule: "granules", country: "countries", split: "splits" } as const;
const SHARES = { cloud: "maxCloud", snow: "maxSnow", nodata: "maxNodata", saturated: "maxSaturated" } as const;
const TEXTS = ["from", "to", "text"] as const;
const OF_MONTHS: readonly (keyof TileFilter)[] = ["from", "to"];

export type ListField = (typeof LISTS)[keyof typeof LISTS];
export type ShareField = (typeof SHARES)[keyof typeof SHARES];

/** The lists of a filter by the facet that they choose from. */
export const LIST_OF: Readonly<Record<Exclude<FacetName, "months">, ListField>> = {
  classes: "labels",
  sources: "sources",
  granules: "granules",
  countries: "countries",
  splits: "splits",
};

type Query = Readonly<Record<string, string>>;

/** The filter of a route; what is none is left out. */
export function filterOf(query: Query): TileFilter {
  const filter: Record<string, unknown> = {};
  const take = (field: keyof TileFilter, value: unknown) => {
    if (TileFilter.shape[field].safeParse(value).success) filter[field] = value;
  };
  for (const [key, field] of Object.entries(LISTS)) if (query[key]) take(field, query[key].split(",").map(decode));
  for (const [key, field] of Object.entries(SHARES)) if (query[key]) take(field, Number(query[key]));
  for (const field of TEXTS) if (query[field]) take(field, query[field]);
  if (query.rows) take("rows", decodeRows(query.rows));
  return filter;
}

/** A filter as changes of the route. */
export function queryOf(filter: TileFilter): Record<string, string | null> {
  const query: Record<string, string | null> = {};
  for (const [key, field] of Object.entries(LISTS))
    query[key] = filter[field]?.length ? filter[field].map(encodeURIComponent).join(",") : null;
  for (const [key, field] of Object.entries(SHARES)) query[key] = filter[field] === undefined ? null : String(filter[field]);
  for (const field of TEXTS) query[field] = filter[field] || null;
  query.rows = filter.rows?.length ? encodeRows(filter.rows) : null;
  return query;
}

export function orderOf(query: Query): TileOrder {
  return TILE_ORDERS.find((order) => order === query.order) ?? "index";
}

export const isFiltering = (filter: TileFilter): boolean => Object.keys(filter).length > 0;

/** The filter without what a facet itself chooses: its other values are counted by that. */
export function withoutFacet(filter: TileFilter, facet: FacetName): TileFilter {
  const fields: readonly (keyof TileFilter)[] = facet === "months" ? OF_MONTHS : [LIST_OF[facet]];
  return Object.fromEntries(Object.entries(filter).filter(([field]) => !fields.includes(field as keyof TileFilter)));
}

/** A value more or less in a list. */
export function toggled(filter: TileFilter, field: ListField, value: string): TileFilter {
  const chosen: readonly string[] = filter[field] ?? [];
  const next = chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
  const { [field]: _, ...rest } = filter;
  return next.length > 0 ? { ...rest, [field]: next } : rest;
}

/** Whether a month, `2018-06`, lies within the filter's dates. */
export function isMonthChosen({ from, to }: TileFilter, month: string): boolean {
  if (!from && !to) return false;
  return (!from || month >= from.slice(0, 7)) && (!to || month <= to.slice(0, 7));
}

/** A click on a month: alone first, a span with the next one, away with the last. */
export function withMonth(filter: TileFilter, month: string): TileFilter {
  const { from, to, ...rest } = filter;
  if (!from && !to) return { ...rest, from: month, to: month };
  if (isMonthChosen(filter, month)) return from === to ? rest : { ...rest, from: month, to: month };
  return { ...rest, from: from && from < month ? from : month, to: to && to > month ? to : month };
}

/** Rows in order, each as its distance from the one before, in base 36: 5,000 of them stay a link. */
function encodeRows(rows: readonly number[]): string {
  const sorted = [...rows].sort((a, b) => a - b);
  return sorted.map((row, i) => (row - (sorted[i - 1] ?? 0)).toString(36)).join(".");
}

function decodeRows(text: string): number[] {
  let row = 0;
  return text.split(".").map((step) => {
    row += Number.parseInt(step, 36);
    return row;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
