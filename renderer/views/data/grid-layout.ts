// Where tiles lie in the grid: rows of equal height, of which those near the window's view are drawn. Pure geometry, px.

/** Between tiles. */
export const GAP = 2;
/** A taller element is cut off: Chromium counts 1/64 px in 31 bits (33.5 million px), Firefox stops at 17.9 million. */
const TALLEST = 16_000_000;

export interface GridLayout {
  readonly total: number;
  readonly columns: number;
  /** Side of a tile. */
  readonly cell: number;
  /** From a row to the next one. */
  readonly rowHeight: number;
  readonly rows: number;
  /** Of what is seen at once. */
  readonly viewHeight: number;
  /** Of what is scrolled: less than all rows take where those are too tall. */
  readonly height: number;
  /** Rows' px for each px scrolled: 1 unless they are too tall. */
  readonly ratio: number;
}

/** @param given.size least side of a tile; tiles grow to fill the width */
export function gridLayout(given: { total: number; width: number; viewHeight: number; size: number; tallest?: number }): GridLayout {
  const { total, width, viewHeight, size, tallest = TALLEST } = given;
  const columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
  const cell = width > 0 ? (width - GAP * (columns - 1)) / columns : size;
  const rowHeight = cell + GAP;
  const rows = Math.ceil(total / columns);
  const full = Math.max(0, rows * rowHeight - GAP);
  const height = Math.min(full, Math.max(tallest, viewHeight + 1));
  return {
    total,
    columns,
    cell,
    rowHeight,
    rows,
    viewHeight,
    height,
    ratio: height < full ? (full - viewHeight) / (height - viewHeight) : 1,
  };
}

/** Rows to draw, and how far they are moved against where they would lie without a limit. */
export interface SeenRows {
  readonly first: number;
  /** After the last one. */
  readonly end: number;
  readonly shift: number;
}

/** Rows in view and a few around. */
export function rowsSeen({ rowHeight, rows, viewHeight, ratio }: GridLayout, scrollTop: number, around = 2): SeenRows {
  const top = Math.max(0, scrollTop) * ratio;
  return {
    first: Math.max(0, Math.min(rows - 1, Math.floor(top / rowHeight)) - around),
    end: Math.min(rows, Math.ceil((top + viewHeight) / rowHeight) + around),
    shift: ratio === 1 ? 0 : scrollTop - top,
  };
}

/** Where to scroll so that a row is seen: not at all when it is, else as little as needed, or to the middle. */
export function scrollTopFor(layout: GridLayout, row: number, scrollTop: number, align: "nearest" | "centre" = "nearest"): number {
  const { rowHeight, cell, viewHeight, ratio, height } = layout;
  const top = scrollTop * ratio;
  const start = row * rowHeight;
  const isSeen = start >= top && start + cell <= top + viewHeight;
  if (isSeen) return scrollTop;
  const wanted = align === "centre" ? start - (viewHeight - cell) / 2 : start < top ? start : start + cell - viewHeight;
  return Math.min(Math.max(0, height - viewHeight), Math.max(0, wanted / ratio));
}

/** The place at the upper edge of what is seen; between two where a row is cut. */
export const tileAtTop = ({ columns, rowHeight, ratio }: GridLayout, scrollTop: number): number =>
  ((scrollTop * ratio) / rowHeight) * columns;

/**
 * The tile under a point.
 * @param point of what is seen, px from its upper left
 * @returns its place, and where in it the point lies, px; null: between tiles, or after the last one
 */
export function placeUnder(layout: GridLayout, point: readonly [x: number, y: number], scrollTop: number) {
  const { columns, cell, rowHeight, ratio, total } = layout;
  const [column, row] = [Math.floor(point[0] / rowHeight), Math.floor((point[1] + scrollTop * ratio) / rowHeight)];
  const [x, y] = [point[0] - column * rowHeight, point[1] + scrollTop * ratio - row * rowHeight];
  const at = row * columns + column;
  return column >= 0 && column < columns && row >= 0 && at < total && x < cell && y < cell ? { at, x, y } : null;
}

/** Keys that move in the grid. */
export function stepOf(key: string, { columns, viewHeight, rowHeight, total }: GridLayout): number | undefined {
  const page = columns * Math.max(1, Math.floor(viewHeight / rowHeight) - 1);
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page,
    PageDown: page,
    Home: -total,
    End: total,
  };
  return steps[key];
}

/** Side of the pictures that come first, px: a strip of them is drawn in half the time of one twice as fine. */
const COARSE_PIXELS = 30;
/** A picture may have so much fewer pixels than the screen: nobody sees it. */
const LEAST_SHARPNESS = 0.95;

/** Sides of the pictures to ask for, one after another: coarse ones at first where they are much smaller, then those as fine as the screen. */
export function pictureSides(nativePixels: number, shownPixels: number): readonly number[] {
  const sharp = wholeBlocks(nativePixels, shownPixels * LEAST_SHARPNESS);
  const coarse = wholeBlocks(nativePixels, COARSE_PIXELS);
  return 2 * coarse <= sharp ? [coarse, sharp] : [sharp];
}

/** The least side of at least so many pixels that is whole blocks of stored ones. */
function wholeBlocks(nativePixels: number, least: number): number {
  for (let block = Math.floor(nativePixels / least); block > 1; block--) if (nativePixels % block === 0) return nativePixels / block;
  return nativePixels;
}
