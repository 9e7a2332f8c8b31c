import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Polygon, type RasterGrid, rasterise } from "../../../shared/raster/rasterise.ts";
import fixture from "../../fixtures/polygons.json" with { type: "json" };

interface Case extends RasterGrid {
  readonly name: string;
  readonly polygons: Polygon[];
  readonly rows: string[];
}

const cases = fixture as unknown as readonly Case[];
const pixelGrid = (width: number, height: number): RasterGrid => ({ transform: [1, 0, 0, 0, 1, 0], width, height });

const textRows = (burned: Uint8Array, width: number) =>
  Array.from({ length: burned.length / width }, (_, row) => burned.subarray(row * width, (row + 1) * width).join(""));

/** Whether a point lies inside by the even-odd rule: a ray to the left, counted edge by edge. */
function isInside(polygon: Polygon, x: number, y: number): boolean {
  let odd = false;
  for (const ring of polygon) {
    for (let i = 0; i < ring.length; i++) {
      const [x1, y1] = ring[i]!;
      const [x2, y2] = ring[(i + 1) % ring.length]!;
      if (y1 <= y !== y2 <= y && ((y - y1) * (x2 - x1)) / (y2 - y1) + x1 < x) odd = !odd;
    }
  }
  return odd;
}

const coordinate = fc.double({ min: -4, max: 16, noNaN: true });
const ring = fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 12 });

describe("rasterise", () => {
  it.each(cases)("burns $name as GDAL does", ({ polygons, rows, ...grid }) => {
    expect(textRows(rasterise(polygons, grid), grid.width)).toEqual(rows);
  });

  it("marks the pixels whose centre a ray finds inside, whatever the rings", () => {
    fc.assert(
      fc.property(fc.array(ring, { maxLength: 3 }), (polygon) => {
        const burned = rasterise([polygon], pixelGrid(12, 9));
        const expected = Array.from(burned, (_, i) => (isInside(polygon, (i % 12) + 0.5, Math.floor(i / 12) + 0.5) ? 1 : 0));
        expect([...burned]).toEqual(expected);
      }),
      { seed: 3 },
    );
  });

  it("gives every pixel to one of two polygons that share an edge through pixel centres", () => {
    const left: Polygon = [[[0, 0], [3.5, 0], [3.5, 6], [0, 6]]]; // biome-ignore format: a ring a line
    const right: Polygon = [[[3.5, 0], [8, 0], [8, 6], [3.5, 6]]]; // biome-ignore format: a ring a line
    const [a, b] = [rasterise([left], pixelGrid(8, 6)), rasterise([right], pixelGrid(8, 6))];
    expect(a.map((value, i) => value + b[i]!)).toEqual(new Uint8Array(48).fill(1));
  });

  it("covers the same area from either direction of a ring, closed or not", () => {
    const open = [[1.2, 1.1], [9.3, 2.4], [6.1, 8.8]] as const; // biome-ignore format: a ring a line
    const burned = rasterise([[open]], pixelGrid(10, 10));
    expect(burned.some((value) => value === 1)).toBe(true);
    expect(rasterise([[[...open].reverse()]], pixelGrid(10, 10))).toEqual(burned);
    expect(rasterise([[[...open, open[0]]]], pixelGrid(10, 10))).toEqual(burned);
  });

  it("refuses coordinates that are no numbers, and polygons of endless detail", () => {
    expect(() => rasterise([[[[0, 0], [Number.NaN, 3], [4, 4]]]], pixelGrid(4, 4))).toThrow(/no number/); // biome-ignore format: a ring a line
    expect(() => rasterise([[[[0, 0], [Number.POSITIVE_INFINITY, 3], [4, 4]]]], pixelGrid(4, 4))).toThrow(/no number/); // biome-ignore format: a ring a line
    const zigzag = Array.from({ length: 40_000 }, (_, i) => [i / 40_000, (i % 2) * 1000] as const);
    expect(() => rasterise([[zigzag]], pixelGrid(1, 1000))).toThrow(/too intricate/);
  });

  it("gives nothing for no polygons", () => {
    expect(rasterise([], pixelGrid(3, 2))).toEqual(new Uint8Array(6));
    expect(rasterise([[]], pixelGrid(3, 2))).toEqual(new Uint8Array(6));
  });
});
