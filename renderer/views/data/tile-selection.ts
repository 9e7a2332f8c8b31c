// The tiles that are selected, by their rows in the store: they stay so under another filter or order.

export interface TileSelection {
  /** 1 = selected, by row. */
  readonly marks: Uint8Array;
  readonly count: number;
}

export const noSelection = (tiles: number): TileSelection => ({ marks: new Uint8Array(tiles), count: 0 });

/** A tile more or less. */
export function withToggled({ marks, count }: TileSelection, row: number): TileSelection {
  const next = marks.slice();
  next[row] = marks[row] ? 0 : 1;
  return { marks: next, count: count + (marks[row] ? -1 : 1) };
}

/** All tiles between two places of an order, both among them, in addition. */
export function withRange(selection: TileSelection, order: Int32Array, from: number, to: number): TileSelection {
  const marks = selection.marks.slice();
  let { count } = selection;
  for (const row of order.subarray(Math.min(from, to), Math.max(from, to) + 1)) {
    if (!marks[row]) count++;
    marks[row] = 1;
  }
  return { marks, count };
}

/** The selected rows, ascending. */
export function selectedRows({ marks, count }: TileSelection): Int32Array {
  const rows = new Int32Array(count);
  let at = 0;
  for (let row = 0; row < marks.length; row++) if (marks[row]) rows[at++] = row;
  return rows;
}
