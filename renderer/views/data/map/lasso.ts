// The shape that a hand draws around tiles, with as few corners as tell it.
import type { Point } from "./footprints.ts";

/** A filter's area has at most so many corners. */
const MOST_CORNERS = 64;

/**
 * A line with fewer points: those that lie nearer than a tolerance to the rest are left out (Douglas and Peucker 1973).
 * The tolerance grows until no more than `most` are left.
 * @param points px
 */
export function simplified(points: readonly Point[], tolerance = 2, most = MOST_CORNERS): Point[] {
  const kept = new Uint8Array(points.length);
  kept[0] = 1;
  kept[points.length - 1] = 1;
  const open: [number, number][] = points.length > 2 ? [[0, points.length - 1]] : [];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    let far = -1;
    let distance = tolerance;
    for (let i = from + 1; i < to; i++) {
      const d = distanceToSegment(points[i]!, points[from]!, points[to]!);
      if (d > distance) [distance, far] = [d, i];
    }
    if (far < 0) continue;
    kept[far] = 1;
    open.push([from, far], [far, to]);
  }
  const left = points.filter((_, i) => kept[i] === 1);
  return left.length > most ? simplified(points, tolerance * 1.5, most) : left;
}

function distanceToSegment([x, y]: Point, [x0, y0]: Point, [x1, y1]: Point): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}
