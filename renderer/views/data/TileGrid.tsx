// Tiles edge to edge, as many as there are: only what is seen is drawn and asked for.
import { useElementSize } from "@mantine/hooks";
import { useQueries } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Tile } from "../../../shared/domain/dataset.ts";
import type { TileFilter, TileOrder } from "../../../shared/domain/tile-query.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { useHost } from "../../state/host.tsx";
import { percent } from "../../state/words.ts";
import classes from "./TileGrid.module.css";

export interface TileGridProps {
  readonly dataset: string;
  /** Tiles that the filter leaves. */
  readonly total: number;
  readonly filter: TileFilter;
  readonly order: TileOrder;
  readonly combination: string;
  /** Least side of a tile on the screen, px; tiles fill the width. */
  readonly size: number;
  /** Side of a stored tile, px. */
  readonly nativePixels: number;
  /** Index of the picked tile in the store. */
  readonly picked: number | null;
  readonly onPick: (index: number) => void;
  readonly onHover: (tile: Tile | null) => void;
}

const GAP = 2;
/** Tiles asked for at once. */
export const PAGE = 200;
/** Badges are drawn on tiles of this side and more, px, for shares of cloud from the least on. */
const BADGED_SIZE = 64;
const LEAST_CLOUD = 0.01;

export function TileGrid({ dataset, total, filter, order, combination, size, nativePixels, picked, onPick, onHover }: TileGridProps) {
  const { queries, tileUrl } = useHost();
  const { ref: measure, width } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement | null>(null);
  const id = useId();
  const [position, setPosition] = useState(0);

  const isWhole = order === "index" && Object.keys(filter).length === 0;
  const columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
  const cell = width > 0 ? (width - GAP * (columns - 1)) / columns : size;
  const rows = Math.ceil(total / columns);
  const virtual = useVirtualizer({
    count: width > 0 ? rows : 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => cell + GAP,
    overscan: 3,
  });
  useEffect(() => virtual.measure(), [virtual, cell]);
  const hasShownPicked = useRef(false);
  useEffect(() => {
    if (hasShownPicked.current || width === 0) return;
    hasShownPicked.current = true;
    // In store order, all of them, a tile's place is its index: a link to a tile shows it in the grid, too.
    if (picked !== null && isWhole) virtual.scrollToIndex(Math.floor(picked / columns), { align: "center" });
  }, [virtual, width, picked, isWhole, columns]);

  const seen = virtual.getVirtualItems();
  const firstPage = Math.floor(((seen[0]?.index ?? 0) * columns) / PAGE);
  const lastPage = Math.floor(Math.min(total - 1, ((seen.at(-1)?.index ?? 0) + 1) * columns) / PAGE);
  const pageNumbers = useMemo(
    () => (total === 0 ? [] : Array.from({ length: lastPage - firstPage + 1 }, (_, i) => firstPage + i)),
    [total, firstPage, lastPage],
  );
  const pages = useQueries({
    queries: pageNumbers.map((page) =>
      queries.dataset.tiles.queryOptions({
        input: { dataset, offset: page * PAGE, limit: PAGE, filter, order },
        staleTime: 5 * 60_000,
      }),
    ),
  });
  const failed = pages.find(({ isError }) => isError);
  const tileAt = (at: number): Tile | undefined => pages[Math.floor(at / PAGE) - firstPage]?.data?.tiles[at % PAGE];

  const move = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
      PageUp: -columns * 4,
      PageDown: columns * 4,
      Home: -total,
      End: total,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.min(total - 1, Math.max(0, position + step));
      setPosition(next);
      virtual.scrollToIndex(Math.floor(next / columns));
      const tile = tileAt(next);
      if (tile) {
        onHover(tile);
        if (picked !== null) onPick(tile.index);
      }
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const tile = tileAt(position);
      if (tile) onPick(tile.index);
    }
  };

  if (failed) return <ErrorNote error={failed.error} onRetry={() => void failed.refetch()} />;
  const pixels = cell * (globalThis.devicePixelRatio || 1) <= 64 ? Math.min(64, nativePixels) : nativePixels;
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="listbox"
      tabIndex={0}
      aria-label={`Tiles of ${dataset}`}
      aria-activedescendant={tileAt(position) ? `${id}-${position}` : undefined}
      onKeyDown={move}
      onMouseLeave={() => onHover(null)}
    >
      <div ref={measure} role="presentation" className={classes.sizer} style={{ height: virtual.getTotalSize() }}>
        {seen.map((row) => (
          <div
            key={row.key}
            role="presentation"
            className={classes.row}
            style={{ transform: `translateY(${row.start}px)`, height: cell, gap: GAP }}
          >
            {Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, column) => {
              const at = row.index * columns + column;
              const tile = tileAt(at);
              if (!tile) return <div key={at} role="presentation" className={classes.tile} style={{ width: cell, height: cell }} />;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox has the keys
                <div
                  key={at}
                  id={`${id}-${at}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={tile.index === picked}
                  aria-label={[tile.id, tile.date, ...(tile.labels ?? []), ...marksOf(tile)].filter(Boolean).join(", ")}
                  className={classes.tile}
                  data-tile={tile.index}
                  data-active={at === position || undefined}
                  style={{ width: cell, height: cell }}
                  onMouseEnter={() => onHover(tile)}
                  onClick={() => {
                    setPosition(at);
                    onPick(tile.index);
                  }}
                >
                  <img
                    src={tileUrl(dataset, tile.index, combination, pixels)}
                    alt=""
                    width={cell}
                    height={cell}
                    decoding="async"
                    draggable={false}
                  />
                  {cell >= BADGED_SIZE && marksOf(tile).length > 0 && <span className={classes.badge}>{marksOf(tile).join(", ")}</span>}
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** What is to be known of a tile at a glance. */
function marksOf({ cloud, excluded }: Tile): string[] {
  return [...(cloud !== null && cloud >= LEAST_CLOUD ? [`cloud ${percent(cloud)}`] : []), ...(excluded ? ["out of use"] : [])];
}
