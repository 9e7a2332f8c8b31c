// The grid follows the map: the tile hovered there is marked, the picked one comes into view.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { columnPaths } from "../../../../shared/contract/columns.ts";
import type { Dataset, Tile } from "../../../../shared/domain/dataset.ts";
import type { TileFilter, TileOrder } from "../../../../shared/domain/tile-query.ts";
import type { Store } from "../../../state/store.ts";
import { rowsOf, useColumns } from "./use-columns.ts";

export interface GridLinkProps {
  readonly dataset: Dataset;
  readonly filter: TileFilter;
  readonly order: TileOrder;
  readonly picked: number | null;
  readonly hovered: Store<Tile | null>;
}

export function GridLink({ dataset, filter, order, picked, hovered: store }: GridLinkProps) {
  const hovered = useSyncExternalStore(store.subscribe, store.get);
  const rows = useColumns(dataset, columnPaths.rows(dataset.name, filter, order), rowsOf).data;
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const grid = mark.current?.parentElement?.querySelector("[role=listbox]");
    const content = grid?.firstElementChild;
    const place = picked === null || !rows ? -1 : rows.indexOf(picked);
    if (!grid || !content || !rows || place < 0) return;
    const show = () => {
      if (grid.querySelector("[aria-selected=true]")) return;
      // Rows of the grid are of one height, so a tile's share of all tiles is its share of the height.
      grid.scrollTop = (place / rows.length) * grid.scrollHeight - grid.clientHeight / 2;
    };
    // Told at once, and when the grid gets its height.
    const sizes = new ResizeObserver(show);
    sizes.observe(content);
    return () => sizes.disconnect();
  }, [picked, rows]);
  return (
    <span ref={mark} hidden>
      {hovered && (
        <style>{`[data-tile="${hovered.index}"]::after { box-shadow: inset 0 0 0 2px #ffffff, inset 0 0 0 4px #1b1e23; }`}</style>
      )}
    </span>
  );
}
