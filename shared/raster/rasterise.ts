// Polygons onto a grid: which pixels have their centre inside.
import { AppError } from "../domain/errors.ts";

/** Rings of points x, y: the first is the outline, the others are holes. Whether a ring repeats its first point does not matter. */
export type Polygon = readonly (readonly (readonly [number, number])[])[];

export interface RasterGrid {
  /** Affine, a b c d e f: x = a col + b row + c, y = d col + e row + f; (col, row) at the upper left corner of a pixel. */
  readonly transform: readonly [number, number, number, number, number, number];
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Crossings of one polygon's edges with rows of pixels, at most: 256 MB. A real cloud outline has thousands. */
const MAXIMUM_CROSSINGS = 2 ** 25;

/**
 * The pixels whose centre lies in any of the polygons, as GDAL burns them by default (rasterio.features.rasterize, all_touched false).
 * Inside is told by the even-odd rule, polygon by polygon. A centre exactly on an edge belongs to one side only, so polygons that
 * share an edge share no pixel. Differs from GDAL: a horizontal edge that runs exactly through centres is no exception to that.
 * @param polygons in the coordinates that the transform leads to
 * @returns width x height, row by row: 1 inside, else 0
 * @throws AppError BAD_FILE when a coordinate is no finite number, or a polygon has too many points
 */
export function rasterise(polygons: readonly Polygon[], { transform, width, height }: RasterGrid): Uint8Array {
  const out = new Uint8Array(width * height);
  const [a, b, c, d, e, f] = transform;
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 0)) throw new RangeError(`the affine ${transform.join(" ")} has no inverse`);
  for (const polygon of polygons) {
    // Columns and rows instead of coordinates.
    const rings = polygon.map((ring) =>
      Float64Array.from(ring.flatMap(([x, y]) => [(e * (x - c) - b * (y - f)) / determinant, (a * (y - f) - d * (x - c)) / determinant])),
    );
    const crossings = crossingsOf(rings, width, height);
    for (let i = 0; i < crossings.length; i += 2) {
      const row = Math.floor(crossings[i]! / (width + 1));
      out.fill(1, crossings[i]! - row, crossings[i + 1]! - row);
    }
  }
  return out;
}

/**
 * Where the edges cross the middles of the rows, as row x (width + 1) + the first column behind, in ascending order. Rings are closed,
 * so a row has an even number: the pixels between the first and the second of a pair are inside.
 * @param rings column and row in turns
 */
function crossingsOf(rings: readonly Float64Array[], width: number, height: number): Float64Array {
  let count = 0;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [first, end] = rowsBetween(ring[i + 1]!, ring[(i + 3) % ring.length]!, height);
      count += end - first;
      if (!Number.isFinite(ring[i]) || !Number.isFinite(ring[i + 1]))
        throw new AppError("BAD_FILE", "A polygon has a coordinate that is no number. Repair the file, or leave it out.");
    }
  }
  if (count > MAXIMUM_CROSSINGS)
    throw new AppError("BAD_FILE", `A polygon crosses ${count} pixels' rows: too intricate to be read. Simplify it, or leave it out.`);
  const crossings = new Float64Array(count);
  let at = 0;
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const x1 = ring[i]!;
      const y1 = ring[i + 1]!;
      const x2 = ring[(i + 2) % ring.length]!;
      const y2 = ring[(i + 3) % ring.length]!;
      const [first, end] = rowsBetween(y1, y2, height);
      for (let row = first; row < end; row++) {
        const x = ((row + 0.5 - y1) * (x2 - x1)) / (y2 - y1) + x1;
        crossings[at++] = row * (width + 1) + Math.min(Math.max(Math.floor(x + 0.5), 0), width);
      }
    }
  }
  return crossings.sort();
}

/** Rows of the grid whose middle lies between two heights: the upper one included, the lower one not. First, and one behind the last. */
function rowsBetween(y1: number, y2: number, height: number): [number, number] {
  const first = Math.max(Math.ceil(Math.min(y1, y2) - 0.5), 0);
  return [first, Math.max(Math.min(Math.ceil(Math.max(y1, y2) - 0.5), height), first)];
}
