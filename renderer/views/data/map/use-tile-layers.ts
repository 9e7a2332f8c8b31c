// All that the map draws of the tiles: where they lie, which the filter lets through, what their colours mean.
import { useMemo } from "react";
import { columnPaths } from "../../../../shared/contract/columns.ts";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../../shared/domain/tile-query.ts";
import { useListed, useTileRows } from "../tile-order.ts";
import { type ColourChoice, columnPathOf } from "./colour-choice.ts";
import { type Colouring, colouringOf, countCategories } from "./colouring.ts";
import { type Footprints, footprintsOf, statesOf } from "./footprints.ts";
import { useColumns } from "./use-columns.ts";

export interface TileLayers {
  readonly footprints: Footprints | undefined;
  /** As `statesOf`. */
  readonly states: Uint8Array | undefined;
  /** Of the tiles that the filter lets through those whose place is not known. */
  readonly unplaced: number;
  /** Tiles with a place that the filter leaves out. */
  readonly leftOut: number;
  readonly colouring: Colouring | undefined;
  /** Tiles of each category that are shown. */
  readonly counts: readonly number[] | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
}

interface Asked {
  readonly dataset: Dataset;
  readonly filter: TileFilter;
  /** Without what is in view only because the map is there: the rest is drawn before the map moves on. */
  readonly drawn: TileFilter;
  readonly choice: ColourChoice;
}

export function useTileLayers({ dataset, filter, drawn, choice }: Asked): TileLayers {
  const places = useColumns(dataset, columnPaths.column(dataset.name, "footprints"), footprintsOf);
  const shownRows = useListed(dataset, useTileRows(dataset, drawn));
  const counted = useListed(dataset, useTileRows(dataset, filter));
  const coloured = useColumns(dataset, columnPathOf(dataset.name, choice), (columns) => ({ choice, columns }));
  const states = useMemo(
    () => (places.data && shownRows.rows ? statesOf(places.data, shownRows.rows) : undefined),
    [places.data, shownRows.rows],
  );
  const colouring = useMemo(
    () => coloured.data && colouringOf(coloured.data.choice.by, coloured.data.columns, filter.labels),
    [coloured.data, filter.labels],
  );
  const counts = useMemo(
    () => (colouring && places.data && counted.rows ? countCategories(colouring, places.data, counted.rows) : undefined),
    [colouring, places.data, counted.rows],
  );
  const shown = counts?.reduce((sum, tiles) => sum + tiles, 0);
  const all = [
    { error: places.error, retry: places.refetch },
    { error: coloured.error, retry: coloured.refetch },
    { error: shownRows.error, retry: shownRows.retry },
  ];
  return {
    footprints: places.data,
    states,
    unplaced: counted.rows && shown !== undefined ? counted.rows.length - shown : 0,
    leftOut: places.data && shown !== undefined ? places.data.placed - shown : 0,
    colouring,
    counts,
    error: all.find(({ error }) => error)?.error ?? null,
    retry: () => all.filter(({ error }) => error).forEach(({ retry }) => void retry()),
  };
}
