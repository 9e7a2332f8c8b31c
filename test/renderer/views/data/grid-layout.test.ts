import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  GAP,
  gridLayout,
  pictureSides,
  placeUnder,
  rowsSeen,
  scrollTopFor,
  stepOf,
  tileAtTop,
} from "../../../../renderer/views/data/grid-layout.ts";

const usual = gridLayout({ total: 100_000, width: 1000, viewHeight: 600, size: 96 });

describe("the layout of the grid", () => {
  it("fills the width with as many tiles as are at least as large as asked for", () => {
    expect(usual.columns).toBe(10);
    expect(usual.columns * usual.cell + (usual.columns - 1) * GAP).toBeCloseTo(1000, 9);
    expect(usual.cell).toBeGreaterThanOrEqual(96);
    expect(usual.height).toBeCloseTo(10_000 * usual.rowHeight - GAP, 6);
  });

  it("draws the rows in view and a few around, and no others", () => {
    const { first, end, shift } = rowsSeen(usual, 5000);
    expect(shift).toBe(0);
    expect(first).toBe(Math.floor(5000 / usual.rowHeight) - 2);
    expect(end).toBe(Math.ceil(5600 / usual.rowHeight) + 2);
    expect(rowsSeen(usual, usual.height - 600).end).toBe(10_000);
  });

  it("reaches every row of a grid taller than a browser can lay out", () => {
    const given = fc.record({
      total: fc.integer({ min: 1, max: 600_000 }),
      width: fc.integer({ min: 300, max: 2000 }),
      row: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(given, ({ total, width, row: share }) => {
        const layout = gridLayout({ total, width, viewHeight: 600, size: 240, tallest: 1_000_000 });
        expect(layout.height).toBeLessThanOrEqual(1_000_000);
        const row = Math.min(layout.rows - 1, Math.floor(share * layout.rows));
        const scrollTop = scrollTopFor(layout, row, 0);
        const { first, end, shift } = rowsSeen(layout, scrollTop, 0);
        expect(row).toBeGreaterThanOrEqual(first);
        expect(row).toBeLessThan(end);
        // Where the row is drawn lies in what is seen.
        const top = row * layout.rowHeight + shift - scrollTop;
        expect(top).toBeGreaterThan(-0.01);
        expect(top + layout.cell).toBeLessThan(600.01);
      }),
      { seed: 1 },
    );
  });

  it("scrolls no more than a row needs to be seen", () => {
    expect(scrollTopFor(usual, 2, 0)).toBe(0);
    expect(scrollTopFor(usual, 20, 0)).toBeCloseTo(20 * usual.rowHeight + usual.cell - 600, 9);
    expect(scrollTopFor(usual, 3, 5000)).toBeCloseTo(3 * usual.rowHeight, 9);
    expect(scrollTopFor(usual, 50, 0, "centre")).toBeCloseTo(50 * usual.rowHeight - (600 - usual.cell) / 2, 9);
  });

  it("finds the tile under a point, and none in the gaps or after the last", () => {
    const { cell, rowHeight, columns } = usual;
    expect(placeUnder(usual, [3 * rowHeight + 5, 7], 40 * rowHeight)).toEqual({
      at: 40 * columns + 3,
      x: expect.closeTo(5, 6),
      y: expect.closeTo(7, 6),
    });
    expect(placeUnder(usual, [cell + 1, 7], 0)).toBeNull();
    expect(placeUnder(usual, [7, cell + 1], 0)).toBeNull();
    expect(placeUnder(usual, [columns * rowHeight + 1, 7], 0)).toBeNull();
    const few = gridLayout({ total: 3, width: 1000, viewHeight: 600, size: 96 });
    expect(placeUnder(few, [2 * few.rowHeight + 1, 1], 0)?.at).toBe(2);
    expect(placeUnder(few, [3 * few.rowHeight + 1, 1], 0)).toBeNull();
  });

  it("finds the tile under a point where a grid is too tall to lay out", () => {
    const tall = gridLayout({ total: 600_000, width: 1000, viewHeight: 600, size: 240, tallest: 1_000_000 });
    const scrollTop = scrollTopFor(tall, 100_000, 0);
    const { shift } = rowsSeen(tall, scrollTop);
    const top = 100_000 * tall.rowHeight + shift - scrollTop;
    expect(placeUnder(tall, [1, top + 9], scrollTop)).toEqual({
      at: 100_000 * tall.columns,
      x: expect.closeTo(1, 3),
      y: expect.closeTo(9, 3),
    });
  });

  it("keeps the same tiles at the top with other columns", () => {
    const narrow = gridLayout({ total: 100_000, width: 500, viewHeight: 600, size: 96 });
    const top = tileAtTop(usual, 40 * usual.rowHeight);
    expect(top).toBeCloseTo(400, 9);
    expect(rowsSeen(narrow, (top / narrow.columns) * narrow.rowHeight, 0).first).toBe(Math.floor(400 / narrow.columns));
  });

  it("moves by tiles, rows and pages", () => {
    expect([stepOf("ArrowLeft", usual), stepOf("ArrowDown", usual), stepOf("PageDown", usual), stepOf("x", usual)]).toEqual([
      -1,
      10,
      40,
      undefined,
    ]);
  });

  it("asks for pictures of whole blocks of pixels, not smaller than they are shown", () => {
    const sides = (shown: number) => pictureSides(120, shown);
    expect([20, 31, 42, 60].map(sides)).toEqual([[20], [30], [40], [30, 60]]);
    expect([80, 240].map(sides)).toEqual([
      [30, 120],
      [30, 120],
    ]);
    expect(pictureSides(512, 96)).toEqual([32, 128]);
    expect(pictureSides(64, 40)).toEqual([32, 64]);
    expect(pictureSides(125, 40)).toEqual([125]);
  });
});
