// Fewer points for the same picture: a line of many thousand points is drawn by the extremes of each pixel column.

/**
 * Decimates a line by least and largest value per bucket. Keeps the first and the last point, every bucket's extremes and the order; points of a
 * line short enough are kept as they are.
 * @param points ordered by x
 * @param buckets columns of the picture, px; at most 4 points a bucket are kept
 */
export function decimate<Point>(points: readonly Point[], y: (point: Point) => number, buckets: number): readonly Point[] {
  const columns = Math.max(1, Math.floor(buckets));
  if (points.length <= columns * 4) return points;
  const out: Point[] = [];
  for (let column = 0; column < columns; column++) {
    const start = Math.floor((column * points.length) / columns);
    const end = Math.floor(((column + 1) * points.length) / columns);
    let least = start;
    let largest = start;
    for (let i = start + 1; i < end; i++) {
      if (y(points[i]!) < y(points[least]!)) least = i;
      if (y(points[i]!) > y(points[largest]!)) largest = i;
    }
    for (const i of [...new Set([start, least, largest, end - 1])].sort((a, b) => a - b)) out.push(points[i]!);
  }
  return out;
}

/**
 * Centred moving mean, so that the smooth line lags behind no fall. Near the ends the window shrinks on both sides alike: first and last value stay.
 * @param half values on either side
 */
export function smooth(values: readonly number[], half: number): number[] {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  return values.map((_, i) => {
    const reach = Math.min(Math.floor(half), i, values.length - 1 - i);
    return (sums[i + reach + 1]! - sums[i - reach]!) / (2 * reach + 1);
  });
}
