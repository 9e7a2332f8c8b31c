// Tiles edge to edge, as many as there are: only what is seen is drawn and asked for.
import { useDebouncedValue, useElementSize, useMergedRef } from "@mantine/hooks";
import { useQueries } from "@tanstack/react-query";
import {
  type KeyboardEvent,
  type MouseEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { imagePaths, type TilePicture } from "../../../shared/contract/app.ts";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { useHost } from "../../state/host.tsx";
import type { Store } from "../../state/store.ts";
import { GAP, gridLayout, pictureSides, placeUnder, rowsSeen, scrollTopFor, stepOf, tileAtTop } from "./grid-layout.ts";
import classes from "./TileGrid.module.css";
import { GridRow } from "./TileGridRow.tsx";
import type { BadgeKind } from "./tile-badges.ts";
import { noSelection, type TileSelection, withRange, withToggled } from "./tile-selection.ts";
import { STRIP_TILES, TileStrips } from "./tile-strips.ts";

export interface TileGridProps {
  readonly dataset: Dataset;
  /** Rows of the store in the order shown. */
  readonly rows: Int32Array;
  readonly picture: TilePicture;
  readonly badges: readonly BadgeKind[];
  /** Least side of a tile on the screen, px; tiles fill the width. */
  readonly size: number;
  /** Row of the tile in the inspector. */
  readonly picked: number | null;
  readonly selection: Store<TileSelection>;
  readonly onPick: (row: number) => void;
  readonly onHover: (tile: Tile | null) => void;
}

/** Tiles whose facts are asked for at once. */
const PAGE = 200;
/** How long the same rows are seen before their facts are asked for, ms. */
const SETTLED_MS = 120;
/** The corner of a tile where a click selects it, px. */
const CHECK_SIZE = 26;

export function TileGrid({ dataset, rows, picture, badges, size, picked, selection: selected, onPick, onHover }: TileGridProps) {
  const { queries } = useHost();
  const { ref: measure, width, height: viewHeight } = useElementSize<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const ref = useMergedRef(measure, scroller);
  const id = useId();
  const [moved, setMoved] = useState(0);
  const [anchor, setAnchor] = useState(0);
  const [seen, setSeen] = useState({ first: 0, end: 0, shift: 0 });
  const selection = useSyncExternalStore(selected.subscribe, selected.get);

  const total = rows.length;
  const layout = useMemo(() => gridLayout({ total, width, viewHeight, size }), [total, width, viewHeight, size]);
  const { columns, cell, rowHeight } = layout;
  const pickedAt = useMemo(() => (picked === null ? -1 : rows.indexOf(picked)), [rows, picked]);
  const active = pickedAt >= 0 ? pickedAt : Math.min(moved, total - 1);

  const look = () => {
    const next = rowsSeen(layout, scroller.current?.scrollTop ?? 0);
    setSeen((now) => (now.first === next.first && now.end === next.end && now.shift === next.shift ? now : next));
  };
  const scrollTo = (row: number, align?: "nearest" | "centre") => {
    const element = scroller.current;
    if (element) element.scrollTop = scrollTopFor(layout, row, element.scrollTop, align);
  };
  // The scrolled element is outside of React: it is brought in line with the layout and with what is picked elsewhere.
  const place = useRef<{ topTile: number; followed: number | null }>({ topTile: 0, followed: null });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || width === 0) return;
    // With other columns the same tiles stay in view, the picked one only where it was seen.
    element.scrollTop = ((place.current.topTile / layout.columns) * layout.rowHeight) / layout.ratio;
    if (pickedAt >= 0 && place.current.followed !== pickedAt) {
      const align = place.current.followed === null ? "centre" : "nearest";
      element.scrollTop = scrollTopFor(layout, Math.floor(pickedAt / layout.columns), element.scrollTop, align);
    }
    place.current.followed = pickedAt;
    place.current.topTile = tileAtTop(layout, element.scrollTop);
    setSeen(rowsSeen(layout, element.scrollTop));
  }, [layout, width, pickedAt]);
  useEffect(() => {
    const element = scroller.current;
    if (!element || layout.ratio === 1) return;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      element.scrollTop += event.deltaY / layout.ratio;
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [layout]);

  const strips = useStrips({ dataset, rows, picture, shownPixels: cell * (globalThis.devicePixelRatio || 1) });
  const end = Math.min(total, seen.end * columns);
  const start = Math.min(end, seen.first * columns);
  const before = useRef(0);
  useEffect(() => {
    const wanted = span(start, end, STRIP_TILES);
    // What comes into view stays there longest.
    const isDown = start > before.current;
    before.current = start;
    strips.show(isDown ? wanted.reverse() : wanted);
  }, [strips, start, end]);
  const failure = useSyncExternalStore(
    (listener) => strips.subscribe(listener),
    () => strips.failure,
  );

  // Nobody reads what flies past, and each page is a query.
  const [read] = useDebouncedValue(seen, SETTLED_MS);
  const [readStart, readEnd] = [Math.min(total, read.first * columns), Math.min(total, read.end * columns)];
  const pageNumbers = useMemo(() => span(readStart, readEnd, PAGE), [readStart, readEnd]);
  const pages = useQueries({
    queries: pageNumbers.map((page) =>
      queries.dataset.tilesAt.queryOptions({
        input: { dataset: dataset.name, rows: [...rows.subarray(page * PAGE, (page + 1) * PAGE)] },
        staleTime: 5 * 60_000,
      }),
    ),
  });
  const failedPage = pages.find(({ isError }) => isError);
  const tilesOf = (page: number) => pages[page - (pageNumbers[0] ?? 0)]?.data;
  const tileAt = (at: number): Tile | undefined => tilesOf(Math.floor(at / PAGE))?.[at % PAGE];

  const toggle = (at: number) => {
    selected.set(withToggled(selection, rows[at]!));
    setAnchor(at);
  };
  const extend = (to: number) => selected.set(withRange(selection, rows, anchor, to));
  const moveTo = (at: number) => {
    setMoved(at);
    scrollTo(Math.floor(at / columns));
    onHover(tileAt(at) ?? null);
    if (picked !== null) onPick(rows[at]!);
  };

  const press = (event: KeyboardEvent) => {
    if (total === 0) return;
    const step = stepOf(event.key, layout);
    const isCommand = event.ctrlKey || event.metaKey;
    if (step !== undefined && !isCommand && !event.altKey) {
      const next = Math.min(total - 1, Math.max(0, active + step));
      if (event.shiftKey) extend(next);
      else setAnchor(next);
      moveTo(next);
    } else if (event.key === "Enter") onPick(rows[active]!);
    else if (event.key === " ") toggle(active);
    else if (isCommand && event.key.toLowerCase() === "a") selected.set(withRange(selection, rows, 0, total - 1));
    else if (event.key === "Escape" && selection.count > 0) selected.set(noSelection(dataset.tiles));
    else return;
    event.preventDefault();
  };
  const pointed = ({ clientX, clientY }: MouseEvent) => {
    const box = scroller.current!.getBoundingClientRect();
    return placeUnder(layout, [clientX - box.left, clientY - box.top], scroller.current!.scrollTop);
  };
  const click = (event: MouseEvent) => {
    const place = pointed(event);
    if (!place) return;
    const { at, x, y } = place;
    setMoved(at);
    if (event.shiftKey) extend(at);
    else if (event.ctrlKey || event.metaKey || (x < CHECK_SIZE && y < CHECK_SIZE)) toggle(at);
    else {
      setAnchor(at);
      onPick(rows[at]!);
    }
  };
  const scrolled = () => {
    place.current.topTile = tileAtTop(layout, scroller.current?.scrollTop ?? 0);
    look();
  };

  return (
    <>
      {(failedPage || failure !== undefined) && (
        <ErrorNote
          error={failedPage?.error ?? failure}
          onRetry={() => {
            strips.retry();
            void failedPage?.refetch();
          }}
        />
      )}
      {/* biome-ignore lint/a11y/useKeyWithMouseEvents: the keys move through the tiles, too */}
      <div
        ref={ref}
        className={classes.scroller}
        role="listbox"
        tabIndex={0}
        aria-multiselectable
        aria-label={`Tiles of ${dataset.name}`}
        aria-activedescendant={tileAt(active) ? `${id}-${active}` : undefined}
        onKeyDown={press}
        onClick={click}
        onScroll={scrolled}
        onMouseOver={(event) => {
          const place = pointed(event);
          if (place) onHover(tileAt(place.at) ?? null);
        }}
        onMouseLeave={() => onHover(null)}
      >
        <div role="presentation" className={classes.sizer} style={{ height: layout.height }}>
          {Array.from({ length: Math.max(0, seen.end - seen.first) }, (_, i) => {
            const row = seen.first + i;
            const [first, last] = [row * columns, Math.min(total, (row + 1) * columns)];
            const page = Math.floor(first / PAGE);
            const isIn = (at: number) => at >= first && at < last;
            return (
              <GridRow
                key={row}
                id={id}
                rows={rows}
                first={first}
                end={last}
                top={row * rowHeight + seen.shift}
                cell={cell}
                gap={GAP}
                page={page * PAGE}
                tiles={tilesOf(page)}
                nextTiles={last > (page + 1) * PAGE ? tilesOf(page + 1) : undefined}
                pageLength={PAGE}
                strips={strips}
                selection={selection}
                badges={badges}
                active={isIn(active) ? active : -1}
                picked={isIn(pickedAt) ? pickedAt : -1}
              />
            );
          })}
        </div>
      </div>
    </>
  );
}

/** The numbers of the chunks that places `start` to `end` touch. */
function span(start: number, end: number, length: number): number[] {
  if (end <= start) return [];
  const first = Math.floor(start / length);
  return Array.from({ length: Math.floor((end - 1) / length) - first + 1 }, (_, i) => first + i);
}

interface StripsOf {
  readonly dataset: Dataset;
  readonly rows: Int32Array;
  readonly picture: TilePicture;
  /** Side of a tile, px of the screen. */
  readonly shownPixels: number;
}

/** The strips of an order of tiles, shown one way. */
function useStrips({ dataset: { name, tilePixels }, rows, picture, shownPixels }: StripsOf): TileStrips<ImageBitmap> {
  const { fetchBytes } = useHost();
  const { combination, stretch } = picture;
  const sides = pictureSides(tilePixels, shownPixels).join();
  const strips = useMemo(() => {
    const levels = sides.split(",").map(Number);
    return new TileStrips<ImageBitmap>({
      levels: levels.length,
      load: async (strip, level, signal) => {
        const part = rows.subarray(strip * STRIP_TILES, (strip + 1) * STRIP_TILES);
        return createImageBitmap(await fetchBytes(imagePaths.strip(name, part, { combination, stretch }, levels[level]!), signal));
      },
    });
  }, [fetchBytes, name, rows, combination, stretch, sides]);
  useEffect(() => () => strips.close(), [strips]);
  return strips;
}
