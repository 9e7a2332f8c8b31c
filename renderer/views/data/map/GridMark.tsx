// The tile hovered on the map is marked in the grid beside it.
import { useSyncExternalStore } from "react";
import type { Tile } from "../../../../shared/domain/dataset.ts";
import type { Store } from "../../../state/store.ts";

export function GridMark({ hovered: store }: { hovered: Store<Tile | null> }) {
  const hovered = useSyncExternalStore(store.subscribe, store.get);
  if (!hovered) return null;
  return <style>{`[data-tile="${hovered.index}"]::after { box-shadow: inset 0 0 0 2px #ffffff, inset 0 0 0 4px #1b1e23; }`}</style>;
}
