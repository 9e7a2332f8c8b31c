// Large areas in small pieces, so that a tile meets only the corners near it: a country's outline has a million.
import type { Ring, Rings } from "./vector-file.ts";

/** Pieces are cut until they have no more corners than this. */
const PIECE_CORNERS = 256;
const MAXIMUM_CUTS = 16;

/** Box of an area: west, south, east, north. */
export type Box = [number, number, number, number];

export function boxOf(rings: Rings): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      if (ring[i]! < box[0]) box[0] = ring[i]!;
      if (ring[i + 1]! < box[1]) box[1] = ring[i + 1]!;
      if (ring[i]! > box[2]) box[2] = ring[i]!;
      if (ring[i + 1]! > box[3]) box[3] = ring[i + 1]!;
    }
  }
  return box;
}

const cornersOf = (rings: Rings) => rings.reduce((sum, ring) => sum + ring.length / 2, 0);

/** Cuts an area in halves until the pieces are small. By the even-odd rule they fill together what the area fills. */
export function subdivide(rings: Rings, cuts = MAXIMUM_CUTS): Rings[] {
  const corners = cornersOf(rings);
  if (corners <= PIECE_CORNERS || cuts === 0) return [rings];
  const [west, south, east, north] = boxOf(rings);
  const axis = east - west >= north - south ? 0 : 1;
  const at = axis === 0 ? (west + east) / 2 : (south + north) / 2;
  const halves = [-1, 1].map((side) => rings.map((ring) => clip(ring, axis, at, side)).filter((ring) => ring.length > 0));
  // Where most edges cross the cut, as in combs, cutting makes more corners instead of fewer for each piece.
  if (halves.reduce((sum, half) => sum + cornersOf(half), 0) > 1.5 * corners) return [rings];
  return halves.filter((half) => half.length > 0).flatMap((half) => subdivide(half, cuts - 1));
}

/**
 * The part of a ring on one side of a line (Sutherland and Hodgman 1974). Parts that hang together only through the other side stay
 * connected along the line, where nothing lies between the edges there and back.
 */
function clip(ring: Ring, axis: 0 | 1, at: number, side: number): number[] {
  const out: number[] = [];
  const count = ring.length / 2;
  let before = count - 1;
  for (let i = 0; i < count; before = i++) {
    const [p, q] = [ring[2 * before + axis]!, ring[2 * i + axis]!];
    const isIn = side * (q - at) >= 0;
    if (isIn !== side * (p - at) >= 0) {
      // Both sides compute it of the same edge in the same direction, so that they meet exactly.
      const other = ring[2 * before + 1 - axis]! + ((at - p) / (q - p)) * (ring[2 * i + 1 - axis]! - ring[2 * before + 1 - axis]!);
      if (axis === 0) out.push(at, other);
      else out.push(other, at);
    }
    if (isIn) out.push(ring[2 * i]!, ring[2 * i + 1]!);
  }
  return out;
}
