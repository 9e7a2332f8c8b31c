// Who lies where on the map, against plain loops.
import { describe, expect, it } from "vitest";
import {
  boxOf,
  FAINT,
  type Footprints,
  footprintsOf,
  HIDDEN,
  isInside,
  nearestTile,
  nextTile,
  SHOWN,
  statesOf,
  tilesAt,
  tilesInView,
} from "../../../../../renderer/views/data/map/footprints.ts";
import { Random } from "../../../../../shared/domain/random.ts";

const ORIGIN = [0.5, 0.25] as const;

/** Squares by their upper left corner and side, from the origin; null: not known. */
function made(squares: readonly (readonly [x: number, y: number, side: number] | null)[]): Footprints {
  const corners = Float32Array.from(
    squares.flatMap((square) => {
      if (!square) return new Array<number>(8).fill(Number.NaN);
      const [x, y, side] = square;
      return [x, y, x + side, y, x + side, y + side, x, y + side];
    }),
  );
  return footprintsOf({ facts: { origin: ORIGIN }, arrays: { corners } });
}

const all = (footprints: Footprints) =>
  statesOf(
    footprints,
    Int32Array.from({ length: footprints.tiles }, (_, i) => i),
  );
const at = (x: number, y: number) => [ORIGIN[0] + x, ORIGIN[1] + y] as const;

/** A grid of 4 by 3 tiles that touch, row by row, and one of unknown place at the end. */
const GRID = made([...Array.from({ length: 12 }, (_, i) => [(i % 4) / 1024, Math.floor(i / 4) / 1024, 1 / 1024] as const), null]);

describe("footprints", () => {
  it("know their extent, and how many have a place", () => {
    expect(GRID.placed).toBe(12);
    expect(GRID.extent!.map((side, i) => side - ORIGIN[i % 2]!)).toEqual([0, 0, 4 / 1024, 3 / 1024]);
    expect(boxOf(GRID, 12)).toBeNull();
    expect(made([null]).extent).toBeNull();
  });

  it("are shown, faint or hidden", () => {
    expect([...statesOf(GRID, Int32Array.of(1, 12))]).toEqual([FAINT, SHOWN, ...new Array<number>(10).fill(FAINT), HIDDEN]);
  });

  it("lie at a place by their true corners, the last one on top", () => {
    const pile = made([
      [0, 0, 0.1],
      [0.05, 0.05, 0.1],
    ]);
    expect(tilesAt(pile, at(0.07, 0.07), 0, all(pile))).toEqual([1, 0]);
    expect(tilesAt(pile, at(0.02, 0.02), 0, all(pile))).toEqual([0]);
    expect(tilesAt(pile, at(0.14, 0.02), 0, all(pile))).toEqual([]);
  });

  it("lie at a place as large as they are drawn", () => {
    const point = made([[0, 0, 0.001]]);
    expect(tilesAt(point, at(0.01, 0), 0.012, all(point))).toEqual([0]);
    expect(tilesAt(point, at(0.02, 0), 0.012, all(point))).toEqual([]);
  });

  it("are found on any copy of the world, and not when they are faint", () => {
    expect(tilesAt(GRID, at(1 + 0.5 / 1024, 0.5 / 1024), 0, all(GRID))).toEqual([0]);
    expect(tilesAt(GRID, at(0.5 / 1024, 0.5 / 1024), 0, statesOf(GRID, Int32Array.of(5)))).toEqual([]);
  });

  it("are in view when they reach into it, faint ones first", () => {
    const random = Random.of(6);
    const squares = Array.from({ length: 300 }, () => [random.uniform(0, 0.2), random.uniform(0, 0.2), 0.01] as const);
    const footprints = made(squares);
    const shown = Int32Array.from(squares.flatMap((_, i) => (i % 3 === 0 ? [i] : [])));
    const states = statesOf(footprints, shown);
    const found = tilesInView(footprints, [...at(0.1, 0.05), ...at(0.15, 0.12)], states, new Uint32Array(300));
    // A side further out, since small tiles are drawn larger than they are.
    const expected = squares.flatMap(([x, y], i) => (x >= 0.08 && x <= 0.16 && y >= 0.03 && y <= 0.13 ? [i] : []));
    expect(expected.length).toBeGreaterThan(20);
    expect([...found]).toEqual([...expected.filter((i) => i % 3 !== 0), ...expected.filter((i) => i % 3 === 0)]);
  });

  it("follow one another in the direction of a key", () => {
    const middle = at(1.5 / 1024, 1.5 / 1024);
    expect(nextTile(GRID, middle, [1, 0], all(GRID))).toBe(6);
    expect(nextTile(GRID, middle, [-1, 0], all(GRID))).toBe(4);
    expect(nextTile(GRID, middle, [0, -1], all(GRID))).toBe(1);
    expect(nextTile(GRID, middle, [0, 1], all(GRID))).toBe(9);
  });

  it("leave out those that are not shown, and end at the border", () => {
    expect(nextTile(GRID, at(1.5 / 1024, 1.5 / 1024), [1, 0], statesOf(GRID, Int32Array.of(5, 7, 0)))).toBe(7);
    expect(nextTile(GRID, at(3.5 / 1024, 0.5 / 1024), [1, 0], all(GRID))).toBeNull();
  });

  it("follow far aside when none is straight ahead", () => {
    const two = made([
      [0, 0, 0.001],
      [0.1, -0.02, 0.001],
    ]);
    expect(nextTile(two, at(0.0005, 0.0005), [0, -1], all(two))).toBe(1);
  });

  it("are nearest to a place by their middle", () => {
    expect(nearestTile(GRID, at(2.2 / 1024, 1.9 / 1024), all(GRID))).toBe(6);
    expect(nearestTile(GRID, at(0, 0), statesOf(GRID, new Int32Array()))).toBeNull();
  });
});

describe("isInside", () => {
  it("tells the inside of a shape that is hollow on one side", () => {
    const horseshoe = [0, 0, 4, 0, 4, 4, 3, 4, 3, 1, 1, 1, 1, 4, 0, 4];
    expect(isInside(horseshoe, 0.5, 3)).toBe(true);
    expect(isInside(horseshoe, 2, 3)).toBe(false);
    expect(isInside(horseshoe, 2, 0.5)).toBe(true);
    expect(isInside(horseshoe, 5, 0.5)).toBe(false);
  });
});
