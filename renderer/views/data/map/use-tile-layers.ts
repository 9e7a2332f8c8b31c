// All that the map draws of the tiles: where they lie, which the filter lets through, what their colours mean.
import { useMemo } from "react";
import { columnPaths } from "../../../../shared/contract/columns.ts";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import type { TileFilter, TileOrder } from "../../../../shared/domain/tile-query.ts";
import { type ColourChoice, columnPathOf } from "./colour-choice.ts";
import { type Colouring, colouringOf, countCategories } from "./colouring.ts";
import { type Footprints, footprintsOf, statesOf } from "./footprints.ts";
import { rowsOf, useColumns } from "./use-columns.ts";

export interface TileLayers {
  readonly footprints: Footprints | undefined;
  /** As `statesOf`. */
  readonly states: Uint8Array | undefined;
  /** Tiles that the filter lets through, with a place or without. */
  readonly total: number | undefined;
  readonly colouring: Colouring | undefined;
  /** Tiles of each category that are shown. */
  readonly counts: readonly number[] | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
}

/** @param options.filter without what the map itself restricts while it is followed */
export function useTileLayers({
  dataset,
  filter,
  order,
  choice,
}: {
  dataset: Dataset;
  filter: TileFilter;
  order: TileOrder;
  choice: ColourChoice;
}): TileLayers {
  const places = useColumns(dataset, columnPaths.column(dataset.name, "footprints"), footprintsOf);
  const rows = useColumns(dataset, columnPaths.rows(dataset.name, filter, order), rowsOf);
  const coloured = useColumns(dataset, columnPathOf(dataset.name, choice), (columns) => ({ choice, columns }));
  const states = useMemo(() => places.data && rows.data && statesOf(places.data, rows.data), [places.data, rows.data]);
  const colouring = useMemo(
    () => coloured.data && colouringOf(coloured.data.choice.by, coloured.data.columns, filter.labels),
    [coloured.data, filter.labels],
  );
  const counts = useMemo(() => colouring && states && countCategories(colouring, states), [colouring, states]);
  const all = [places, rows, coloured];
  return {
    footprints: places.data,
    states,
    total: rows.data?.length,
    colouring,
    counts,
    error: all.find(({ error }) => error)?.error ?? null,
    retry: () => all.filter(({ error }) => error).forEach((query) => void query.refetch()),
  };
}
