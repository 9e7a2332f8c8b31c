// One row of the tile grid: one canvas with the pictures, and over it the tiles as options of the listbox.
import { memo, useEffect, useRef } from "react";
import type { Tile } from "../../../shared/domain/dataset.ts";
import classes from "./TileGrid.module.css";
import { BADGED_SIZE, type BadgeKind, badgeTexts, marksOf } from "./tile-badges.ts";
import type { TileSelection } from "./tile-selection.ts";
import { STRIP_TILES, type TileStrips } from "./tile-strips.ts";

export interface GridRowProps {
  /** Begin of the options' ids. */
  readonly id: string;
  /** Rows of the store in the order shown. */
  readonly rows: Int32Array;
  /** Places of the row's tiles in that order: from the first to before `end`. */
  readonly first: number;
  readonly end: number;
  /** px */
  readonly top: number;
  readonly cell: number;
  readonly gap: number;
  /** Place of the first of `tiles`. */
  readonly page: number;
  readonly pageLength: number;
  /** Facts of the page in which the row begins, and of the next one when it ends there; undefined before they are known. */
  readonly tiles: readonly Tile[] | undefined;
  readonly nextTiles: readonly Tile[] | undefined;
  readonly strips: TileStrips<ImageBitmap>;
  readonly selection: TileSelection;
  readonly badges: readonly BadgeKind[];
  /** Places of the tile that the keys have come to, and of the one in the inspector; -1: not in this row. */
  readonly active: number;
  readonly picked: number;
}

/** Tiles whose facts are not known yet are pictures only, so that a row which scrolls by costs next to nothing; marks are on them at once. */
export const GridRow = memo(function GridRow(props: GridRowProps) {
  const { id, rows, first, end, top, cell, gap, page, pageLength, tiles, nextTiles, selection, badges, active, picked } = props;
  return (
    <div role="presentation" className={classes.row} style={{ transform: `translateY(${top}px)`, height: cell }}>
      <RowCanvas {...props} />
      {Array.from({ length: end - first }, (_, column) => {
        const at = first + column;
        const tile = at - page < pageLength ? tiles?.[at - page] : nextTiles?.[at - page - pageLength];
        const isSelected = selection.marks[rows[at]!] === 1;
        if (!tile && !isSelected && at !== active && at !== picked) return null;
        const style = { left: column * (cell + gap), width: cell, height: cell };
        const marks = {
          "data-tile": rows[at],
          "data-active": at === active || undefined,
          "data-picked": at === picked || undefined,
          "data-selected": isSelected || undefined,
        };
        if (!tile) return <div key={at} role="presentation" className={classes.tile} style={style} {...marks} />;
        const { marks: mark, label } = badgeTexts(tile, badges);
        // Their text is drawn by the style sheet: the option's name tells more than fits on a tile.
        const isBadged = cell >= BADGED_SIZE;
        return (
          <div
            key={at}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={isSelected}
            aria-current={at === picked || undefined}
            aria-label={[tile.id, tile.date, ...(tile.labels ?? []), ...marksOf(tile)].filter(Boolean).join(", ")}
            className={classes.tile}
            data-out={tile.excluded || undefined}
            style={style}
            {...marks}
          >
            {isBadged && label !== "" && <span className={`${classes.badge} ${classes.label}`} data-text={label} />}
            {isBadged && mark !== "" && <span className={classes.badge} data-text={mark} />}
          </div>
        );
      })}
    </div>
  );
});

/** The pictures of the row, each drawn when its strip has come; what was drawn before stays until then. */
function RowCanvas({ strips, first, end, cell, gap }: GridRowProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scale = globalThis.devicePixelRatio || 1;
  const width = (end - first) * (cell + gap) - gap;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const draw = (strip: number) => {
      const picture = strips.get(strip);
      if (!picture) return;
      const side = picture.width;
      for (let at = Math.max(first, strip * STRIP_TILES); at < Math.min(end, (strip + 1) * STRIP_TILES); at++) {
        const left = Math.round((at - first) * (cell + gap) * scale);
        const right = Math.round(((at - first) * (cell + gap) + cell) * scale);
        context.drawImage(picture, 0, (at % STRIP_TILES) * side, side, side, left, 0, right - left, Math.round(cell * scale));
      }
    };
    for (let strip = Math.floor(first / STRIP_TILES); strip * STRIP_TILES < end; strip++) draw(strip);
    return strips.subscribe(draw);
  }, [strips, first, end, cell, gap, scale]);
  return (
    <canvas
      ref={canvas}
      className={classes.pictures}
      width={Math.round(width * scale)}
      height={Math.round(cell * scale)}
      style={{ width, height: cell, backgroundSize: `${cell + gap}px 100%` }}
    />
  );
}
