// Which tiles the grid shows and in what order, as rows of the store; the inspector's previous and next follow it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { imagePaths } from "../../../shared/contract/app.ts";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { parseTileList } from "../../../shared/domain/tile-list.ts";
import { TILE_ORDERS, type TileFilter, type TileOrder } from "../../../shared/domain/tile-query.ts";
import { useHost } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import { filterOf, isFiltering } from "./filter.ts";

export interface TileSort {
  readonly order: TileOrder;
  readonly descending: boolean;
}

/** Orders by their key in the route; a dash turns one round. */
export const SORTS: Readonly<Record<string, string>> = {
  index: "As stored",
  id: "By id",
  date: "Oldest first",
  "-date": "Newest first",
  cloud: "Least cloud first",
  "-cloud": "Most cloud first",
  snow: "Least snow first",
  "-snow": "Most snow first",
  nodata: "Least no data first",
  "-nodata": "Most no data first",
  saturated: "Least saturated first",
  "-saturated": "Most saturated first",
};

/** The key of `SORTS` that a route names. */
export const sortKeyOf = ({ order }: Readonly<Record<string, string>>): string =>
  order !== undefined && Object.hasOwn(SORTS, order) ? order : "index";

export function sortOf(key: string): TileSort {
  const descending = key.startsWith("-");
  const name = descending ? key.slice(1) : key;
  return { order: TILE_ORDERS.find((order) => order === name) ?? "index", descending };
}

export interface TileRows {
  /** Rows in the order asked for; null before they are known. */
  readonly rows: Int32Array | null;
  /** Tells one filter, order and list from another: of `rows`, so that of the earlier one while `isPassing`. */
  readonly key: string;
  /** Whether `rows` are of an earlier filter or order, while those of the new one are read. */
  readonly isPassing: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
}

export interface ShownTiles extends TileRows {
  /** How many of a list of tiles in the route there are; null: there is no list. */
  readonly listed: number | null;
}

/** Time that an order no longer shown is kept, ms: half a million tiles are 2.4 MB. */
const KEPT_MS = 60_000;

/** The tiles that a filter lets through, in an order. @param sort a key of `SORTS` */
export function useTileRows({ name, tiles }: Dataset, filter: TileFilter, sort = "index"): TileRows {
  const { queries, fetchBytes } = useHost();
  const isWhole = sort === "index" && !isFiltering(filter);
  const query = { filter, ...sortOf(sort) };
  const ordered = useQuery({
    queryKey: [...queries.dataset.key(), "order", name, query],
    queryFn: async ({ signal }) => {
      const bytes = await fetchBytes(imagePaths.order(name, query), signal);
      return { rows: new Int32Array(await bytes.arrayBuffer()), key: JSON.stringify(query) };
    },
    enabled: !isWhole,
    staleTime: 5 * 60_000,
    gcTime: KEPT_MS,
    placeholderData: keepPreviousData,
  });
  const whole = useMemo(() => allRows(tiles), [tiles]);
  return {
    rows: isWhole ? whole : (ordered.data?.rows ?? null),
    key: isWhole ? "" : (ordered.data?.key ?? ""),
    isPassing: !isWhole && ordered.isPlaceholderData,
    error: isWhole ? null : ordered.error,
    retry: () => void ordered.refetch(),
  };
}

/** Those of an order that are in the route's list of rows (`only=3-9,14`), by which other views hand tiles over; all without a list. */
export function useListed({ tiles }: Dataset, all: TileRows): ShownTiles {
  const { only } = useRoute().route.query;
  const list = useMemo(() => (only === undefined ? null : parseTileList(only, tiles)), [only, tiles]);
  const rows = useMemo(() => (list && all.rows ? among(all.rows, list, tiles) : all.rows), [all.rows, list, tiles]);
  return { ...all, rows, key: `${all.key} ${only ?? ""}`, listed: list?.length ?? null };
}

/** The tiles that the route asks for: its filter, its order and its list. */
export function useShownTiles(dataset: Dataset): ShownTiles {
  const { route } = useRoute();
  const filter = useMemo(() => filterOf(route.query), [route.query]);
  return useListed(dataset, useTileRows(dataset, filter, sortKeyOf(route.query)));
}

/** As stored. A plain loop takes a tenth of the time of `Int32Array.from`: it is done for each of 100,000 tiles and more. */
function allRows(tiles: number): Int32Array {
  const rows = new Int32Array(tiles);
  for (let row = 0; row < tiles; row++) rows[row] = row;
  return rows;
}

/** Those of an order that are in a list. */
export function among(order: Int32Array, list: Int32Array, tiles: number): Int32Array {
  const marks = new Uint8Array(tiles);
  for (const row of list) if (row < tiles) marks[row] = 1;
  return order.filter((row) => marks[row] === 1);
}
