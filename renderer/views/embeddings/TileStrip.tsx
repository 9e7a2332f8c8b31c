// Tiles below the plot: the nearest of the picked one, and those of a selection.
import { Button } from "@mantine/core";
import { IconPhoto, IconX } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { formatTileList } from "../../../shared/domain/tile-list.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { useHost } from "../../state/host.tsx";
import { formatRoute } from "../../state/router.ts";
import { count, counted } from "../../state/words.ts";
import classes from "./EmbeddingsView.module.css";
import type { TileSelection } from "./embedding-data.ts";

interface StripProps {
  readonly dataset: string;
  readonly label: string;
  /** Rows of the store. */
  readonly tiles: ArrayLike<number>;
  /** Below each. */
  readonly notes?: readonly string[];
  readonly onPick: (tile: number) => void;
}

const SIDE = 72;
const GAP = 4;

/** As many tiles as there are: only those that are seen are drawn. */
function Strip({ dataset, label, tiles, notes, onPick }: StripProps) {
  const { tileUrl } = useHost();
  const scroller = useRef<HTMLElement | null>(null);
  const virtual = useVirtualizer({
    horizontal: true,
    count: tiles.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => SIDE + GAP,
    overscan: 4,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section ref={scroller} className={classes.strip} tabIndex={0} aria-label={label}>
      <div style={{ width: virtual.getTotalSize(), height: "100%", position: "relative" }}>
        {virtual.getVirtualItems().map(({ index: at, start }) => {
          const index = tiles[at]!;
          const note = notes?.[at];
          return (
            <button
              key={index}
              type="button"
              className={classes.stripTile}
              style={{ transform: `translateX(${start}px)`, width: SIDE }}
              aria-label={`Tile ${index}${note ? `, ${note}` : ""}`}
              onClick={() => onPick(index)}
            >
              <img src={tileUrl(dataset, index, "true-colour", 120)} alt="" width={SIDE} height={SIDE} decoding="async" draggable={false} />
              {note && <span>{note}</span>}
            </button>
          );
        })}
      </div>
    </section>
  );
}

export interface NeighbourStripProps {
  readonly dataset: string;
  readonly tile: number;
  /** Null while they are looked for; empty: the tile is not embedded. */
  readonly found: readonly { readonly index: number; readonly cosine: number }[] | null;
  readonly error: unknown;
  readonly onPick: (tile: number) => void;
}

export function NeighbourStrip({ dataset, tile, found, error, onPick }: NeighbourStripProps) {
  const tiles = useMemo(() => (found ?? []).map(({ index }) => index), [found]);
  const notes = useMemo(() => (found ?? []).map(({ cosine }) => (1 - cosine).toFixed(3)), [found]);
  return (
    <section className={classes.tiles} aria-label="Nearest neighbours">
      <div className={classes.tilesHead}>
        <h3>Nearest to tile {count(tile)}</h3>
        <span>cosine distance of the features, in all dimensions</span>
      </div>
      {error ? <ErrorNote error={error} /> : null}
      {found?.length === 0 ? (
        <p>This tile is not among the embedded ones: it is out of use, or was not drawn.</p>
      ) : (
        <Strip dataset={dataset} label={`Nearest to tile ${tile}`} tiles={tiles} notes={notes} onPick={onPick} />
      )}
    </section>
  );
}

export interface SelectionStripProps {
  readonly dataset: string;
  readonly selection: TileSelection;
  readonly onPick: (tile: number) => void;
  readonly onClear: () => void;
}

export function SelectionStrip({ dataset, selection, onPick, onClear }: SelectionStripProps) {
  const tiles = useMemo(() => Int32Array.from(selection.tiles).sort(), [selection]);
  const only = useMemo(() => formatTileList(tiles), [tiles]);
  return (
    <section className={classes.tiles} aria-label="Selected tiles">
      <div className={classes.tilesHead}>
        <h3>{counted(tiles.length, "tile")} selected</h3>
        <LinkButton
          variant="default"
          size="compact-xs"
          leftSection={<IconPhoto size={14} />}
          href={formatRoute({ place: "data", subject: dataset, query: { only } })}
        >
          Open in Data
        </LinkButton>
        <Button variant="subtle" size="compact-xs" leftSection={<IconX size={14} />} onClick={onClear}>
          Clear
        </Button>
      </div>
      <Strip dataset={dataset} label="Selected tiles" tiles={tiles} onPick={onPick} />
    </section>
  );
}
