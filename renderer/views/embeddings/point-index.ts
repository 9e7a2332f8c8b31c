// Points in the square from -1 to 1, found by their place: a grid of cells, each with the points that lie in it.

export type Polygon = readonly (readonly [number, number])[];

export interface PointIndex {
  /** The nearest point within a distance that is let through; null: none. */
  nearest(x: number, y: number, radius: number, isLet: (point: number) => boolean): number | null;
  /** Calls for each point of a rectangle. */
  within(left: number, bottom: number, right: number, top: number, use: (point: number) => void): void;
}

/** Points in a cell, on average. */
const PER_CELL = 4;
const MOST_CELLS = 512;

/** @param points // [n, 2] */
export function indexPoints(points: Float32Array): PointIndex {
  const n = points.length / 2;
  const cells = Math.max(1, Math.min(MOST_CELLS, Math.round(Math.sqrt(n / PER_CELL))));
  const cellOf = (value: number) => Math.max(0, Math.min(cells - 1, Math.floor(((value + 1) / 2) * cells)));
  const starts = new Int32Array(cells * cells + 1);
  const placeOf = (i: number) => cellOf(points[2 * i + 1]!) * cells + cellOf(points[2 * i]!);
  for (let i = 0; i < n; i++) starts[placeOf(i) + 1]!++;
  for (let c = 0; c < cells * cells; c++) starts[c + 1] = starts[c + 1]! + starts[c]!;
  const next = starts.slice();
  const members = new Int32Array(n);
  for (let i = 0; i < n; i++) members[next[placeOf(i)]!++] = i;

  const within: PointIndex["within"] = (left, bottom, right, top, use) => {
    if (right < -1 || left > 1 || top < -1 || bottom > 1) return;
    for (let row = cellOf(bottom); row <= cellOf(top); row++)
      for (let at = starts[row * cells + cellOf(left)]!; at < starts[row * cells + cellOf(right) + 1]!; at++) {
        const i = members[at]!;
        const x = points[2 * i]!;
        const y = points[2 * i + 1]!;
        if (x >= left && x <= right && y >= bottom && y <= top) use(i);
      }
  };

  return {
    within,
    nearest(x, y, radius, isLet) {
      let best: number | null = null;
      let least = radius * radius;
      within(x - radius, y - radius, x + radius, y + radius, (i) => {
        const square = (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
        if (square <= least && isLet(i)) [best, least] = [i, square];
      });
      return best;
    },
  };
}

/** Whether a place lies in a polygon: a ray from it crosses the edges an odd number of times. */
export function isInside(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i]!;
    const [bx, by] = polygon[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/**
 * A path with as few corners as stay within a distance of it (Douglas and Peucker 1973, doi 10.3138/FM57-6770-U75U-7727).
 * @param tolerance in the path's units
 */
export function simplified(path: Polygon, tolerance: number): Polygon {
  const [first, last] = [path[0], path.at(-1)];
  if (path.length < 3 || !first || !last) return path;
  const [dx, dy] = [last[0] - first[0], last[1] - first[1]];
  const length = Math.hypot(dx, dy);
  let [farthest, most] = [0, 0];
  for (let i = 1; i < path.length - 1; i++) {
    const [x, y] = [path[i]![0] - first[0], path[i]![1] - first[1]];
    const off = length > 0 ? Math.abs(dx * y - dy * x) / length : Math.hypot(x, y);
    if (off > most) [farthest, most] = [i, off];
  }
  if (most <= tolerance) return [first, last];
  return [...simplified(path.slice(0, farthest + 1), tolerance).slice(0, -1), ...simplified(path.slice(farthest), tolerance)];
}

/** The points in a polygon that are let through. */
export function pointsInside(index: PointIndex, points: Float32Array, polygon: Polygon, isLet: (point: number) => boolean): Int32Array {
  if (polygon.length < 3) return new Int32Array(0);
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const found: number[] = [];
  index.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (i) => {
    if (isLet(i) && isInside(polygon, points[2 * i]!, points[2 * i + 1]!)) found.push(i);
  });
  return Int32Array.from(found);
}
