// Where all tiles lie, as arrays that the map draws from, and who lies at a place. Distances are in units of the Mercator square, see `mercator.ts`.
import { z } from "zod";
import type { Columns } from "../../../../shared/contract/columns.ts";

export type Point = readonly [x: number, y: number];
/** west, north, east, south. */
export type Box = readonly [west: number, north: number, east: number, south: number];

export interface Footprints {
  readonly tiles: number;
  /** What `corners` and `boxes` are counted from. */
  readonly origin: Point;
  /** [tiles, 8]: upper left, upper right, lower right, lower left; NaN where the place is not known. */
  readonly corners: Float32Array;
  /** [tiles, 4], as `Box`. */
  readonly boxes: Float32Array;
  /** Around all tiles, from the square's corner; null: no tile has a place. */
  readonly extent: Box | null;
  /** Tiles whose place is known. */
  readonly placed: number;
  /** Of the largest tile. */
  readonly largestSide: number;
}

/** Of a tile: its place is not known, left out by the filter, let through. */
export const HIDDEN = 0;
export const FAINT = 1;
export const SHOWN = 2;

/** What is drawn of each tile. @param rows those that the filter lets through @returns [tiles]: HIDDEN, FAINT or SHOWN */
export function statesOf({ corners, tiles }: Footprints, rows: Int32Array): Uint8Array {
  const states = new Uint8Array(tiles).fill(FAINT);
  for (const row of rows) states[row] = SHOWN;
  for (let i = 0; i < tiles; i++) if (Number.isNaN(corners[i * 8])) states[i] = HIDDEN;
  return states;
}

/** @throws when the columns are others */
export function footprintsOf({ facts, arrays }: Columns): Footprints {
  const origin = z.tuple([z.number(), z.number()]).parse(facts.origin);
  const corners = z.instanceof(Float32Array).parse(arrays.corners) as Float32Array;
  const tiles = corners.length / 8;
  const boxes = new Float32Array(tiles * 4);
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  let placed = 0;
  let largestSide = 0;
  for (let i = 0; i < tiles; i++) {
    const at = i * 8;
    const [x0, y0, x1, y1] = [corners[at]!, corners[at + 1]!, corners[at + 2]!, corners[at + 3]!];
    const [x2, y2, x3, y3] = [corners[at + 4]!, corners[at + 5]!, corners[at + 6]!, corners[at + 7]!];
    boxes[i * 4] = Math.min(x0, x1, x2, x3);
    boxes[i * 4 + 1] = Math.min(y0, y1, y2, y3);
    boxes[i * 4 + 2] = Math.max(x0, x1, x2, x3);
    boxes[i * 4 + 3] = Math.max(y0, y1, y2, y3);
    if (Number.isNaN(x0)) continue;
    placed++;
    largestSide = Math.max(largestSide, boxes[i * 4 + 2]! - boxes[i * 4]!, boxes[i * 4 + 3]! - boxes[i * 4 + 1]!);
    west = Math.min(west, boxes[i * 4]!);
    north = Math.min(north, boxes[i * 4 + 1]!);
    east = Math.max(east, boxes[i * 4 + 2]!);
    south = Math.max(south, boxes[i * 4 + 3]!);
  }
  const extent: Box | null = placed > 0 ? [west + origin[0], north + origin[1], east + origin[0], south + origin[1]] : null;
  return { tiles, origin, corners, boxes, extent, placed, largestSide };
}

/** The box of a tile, from the square's corner; null where its place is not known. */
export function boxOf({ boxes, origin }: Footprints, row: number): Box | null {
  const [west, north, east, south] = boxes.subarray(row * 4, row * 4 + 4);
  if (west === undefined || Number.isNaN(west)) return null;
  return [west + origin[0], north! + origin[1], east! + origin[0], south! + origin[1]];
}

/**
 * The tiles that reach into a box: those left out by the filter first, so that the others lie over them, then by row.
 * @param box from the square's corner
 * @param states as `statesOf`
 * @param rows [tiles]: written to
 * @returns the part of `rows` that was written
 */
export function tilesInView(
  { boxes, origin, tiles, largestSide }: Footprints,
  box: Box,
  states: Uint8Array,
  rows: Uint32Array,
): Uint32Array {
  // What is drawn larger than it is lies at most half a side further out.
  const [west, north, east, south] = box.map((side, i) => side - origin[i % 2]! + (i < 2 ? -largestSide : largestSide)) as unknown as Box;
  let found = 0;
  for (const state of [FAINT, SHOWN]) {
    for (let i = 0; i < tiles; i++) {
      const at = 4 * i;
      if (states[i] === state && boxes[at + 2]! >= west && boxes[at]! <= east && boxes[at + 3]! >= north && boxes[at + 1]! <= south)
        rows[found++] = i;
    }
  }
  return rows.subarray(0, found);
}

export const middleOf = ([west, north, east, south]: Box): Point => [(west + east) / 2, (north + south) / 2];

/**
 * The tiles drawn at a place, the one on top first.
 * @param place from the square's corner; beyond its sides it is a turn further
 * @param leastHalf half the least side that a tile is drawn with
 * @param states as `statesOf`
 */
export function tilesAt(footprints: Footprints, place: Point, leastHalf: number, states: Uint8Array): number[] {
  const { boxes, corners, origin, tiles } = footprints;
  const x = nearestTurn(place[0], footprints) - origin[0];
  const y = place[1] - origin[1];
  const found: number[] = [];
  for (let i = tiles - 1; i >= 0; i--) {
    if (states[i] !== SHOWN) continue;
    const at = i * 4;
    const [west, north, east, south] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
    const isSmall = east - west < 2 * leastHalf;
    if (isSmall) {
      const [dx, dy] = [x - (west + east) / 2, y - (north + south) / 2];
      if (Math.abs(dx) <= leastHalf && Math.abs(dy) <= leastHalf) found.push(i);
    } else if (x >= west && x <= east && y >= north && y <= south && isInside(corners.subarray(i * 8, i * 8 + 8), x, y)) found.push(i);
  }
  return found;
}

/** A turn of the Earth that brings x among the tiles. */
function nearestTurn(x: number, { extent }: Footprints): number {
  return extent ? x - Math.round(x - (extent[0] + extent[2]) / 2) : x;
}

/** Even-odd rule. @param polygon x and y of its corners */
export function isInside(polygon: ArrayLike<number>, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!];
    if (yi > y !== yj > y && x < xi + ((xj - xi) * (y - yi)) / (yj - yi)) inside = !inside;
  }
  return inside;
}

/**
 * The next tile from a place in a direction: near, and not far aside, where distance aside counts twice. Tiles further aside than ahead are taken
 * only when there are no others.
 * @param from from the square's corner
 * @param direction one of left, right, up, down as a unit vector
 * @param states as `statesOf`
 * @returns null when there is none
 */
export function nextTile(footprints: Footprints, from: Point, direction: Point, states: Uint8Array): number | null {
  const { boxes, origin, tiles } = footprints;
  const [x, y] = [from[0] - origin[0], from[1] - origin[1]];
  let best: number | null = null;
  let least = Infinity;
  let isBestAhead = false;
  for (let i = 0; i < tiles; i++) {
    if (states[i] !== SHOWN) continue;
    const at = i * 4;
    const [west, north, east, south] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
    const [dx, dy] = [(west + east) / 2 - x, (north + south) / 2 - y];
    const ahead = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1] - dy * direction[0]);
    // A copy of another date lies a rounding further, not ahead.
    if (!(ahead > (east - west) / 4)) continue;
    const isAhead = aside <= ahead;
    const cost = ahead + 2 * aside;
    if (isAhead === isBestAhead ? cost < least : isAhead) [least, best, isBestAhead] = [cost, i, isAhead];
  }
  return best;
}

/** The tile whose middle is nearest to a place; null when none is shown. */
export function nearestTile({ boxes, origin, tiles }: Footprints, place: Point, states: Uint8Array): number | null {
  const [x, y] = [place[0] - origin[0], place[1] - origin[1]];
  let best: number | null = null;
  let least = Infinity;
  for (let i = 0; i < tiles; i++) {
    if (states[i] !== SHOWN) continue;
    const distance = Math.hypot((boxes[i * 4]! + boxes[i * 4 + 2]!) / 2 - x, (boxes[i * 4 + 1]! + boxes[i * 4 + 3]!) / 2 - y);
    if (distance < least) [least, best] = [distance, i];
  }
  return best;
}
