// The tile under the pointer by its row: the catalogue's line of the newest is asked for, one question at a time.
import { useCallback, useRef } from "react";
import type { Tile } from "../../../../shared/domain/dataset.ts";
import { useHost } from "../../../state/host.tsx";
import type { Store } from "../../../state/store.ts";

/** @returns tells which row is hovered, null for none; the tile comes to the store */
export function useHoveredRow(dataset: string, hovered: Store<Tile | null>): (row: number | null) => void {
  const { queries, queryClient } = useHost();
  const wanted = useRef<number | null>(null);
  const isAsking = useRef(false);
  return useCallback(
    (row) => {
      const ask = async () => {
        isAsking.current = true;
        try {
          for (let asked: number | null = null; wanted.current !== null && asked !== wanted.current; ) {
            asked = wanted.current;
            const input = { dataset, offset: asked, limit: 1 };
            const { tiles } = await queryClient.fetchQuery(queries.dataset.tiles.queryOptions({ input, staleTime: 5 * 60_000 }));
            if (asked === wanted.current) hovered.set(tiles[0] ?? null);
          }
        } catch {
          // A tile that is not told of has no mark; the view's own questions tell why.
        } finally {
          isAsking.current = false;
        }
      };
      wanted.current = row;
      if (row === null) hovered.set(null);
      else if (!isAsking.current) void ask();
    },
    [dataset, hovered, queries, queryClient],
  );
}
