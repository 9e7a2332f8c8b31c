import { describe, expect, it } from "vitest";
import { footprintOf } from "../../../../electron/ingest/patches/footprint.ts";

/** Upper left and lower right corner of tiles of 120 px of 10 m, by rasterio.warp.transform (GDAL 3.9, PROJ 9.4). */
const BY_GDAL = [
  [32633, 500_000, 4_000_000, 14.999999999999982, 36.14471809881776, 15.013337035149448, 36.13389847525323],
  [32733, 300_000, 6_200_000, 12.826229238430015, -34.32200505219241, 12.838986300925955, -34.333050216270955],
  [3857, 1_234_567, 5_234_567, 11.090304053695851, 42.48935724399269, 11.101083837105286, 42.4814076962691],
  [3035, 4_321_000, 3_210_000, 10, 52, 10.017468645791501, 51.98921386437486],
  [3035, 5_000_000, 2_500_000, 18.65866456759988, 45.25686234702974, 18.672158367061606, 45.24487646248625],
] as const;

describe("footprintOf", () => {
  it.each(BY_GDAL)("agrees with GDAL in EPSG:%i", (epsg, x, y, west, north, east, south) => {
    const corners = footprintOf(`EPSG:${epsg}`, [10, 0, x, 0, -10, y], 120)!;
    const [ulx, uly, , , lrx, lry] = corners as [number, number, number, number, number, number];
    for (const [own, gdal] of [
      [ulx, west],
      [uly, north],
      [lrx, east],
      [lry, south],
    ] as const)
      expect(Math.abs(own - gdal)).toBeLessThan(2e-7);
  });

  it("goes around the tile from the upper left corner", () => {
    expect(footprintOf("EPSG:4326", [0.01, 0, 12.5, 0, -0.01, 41.5], 10)).toEqual([12.5, 41.5, 12.6, 41.5, 12.6, 41.4, 12.5, 41.4]);
  });

  it("is null where the place is not known", () => {
    const transform = [10, 0, 500_000, 0, -10, 4_000_000];
    for (const crs of [null, "EPSG:27700", "EPSG:32661", "EPSG:32600", "LOCAL_CS"]) expect(footprintOf(crs, transform, 120)).toBeNull();
    expect(footprintOf("EPSG:32633", null, 120)).toBeNull();
    expect(footprintOf("EPSG:32633", [10, 0, Number.NaN, 0, -10, 0], 120)).toBeNull();
    expect(footprintOf("EPSG:4326", [10, 0, 500_000, 0, -10, 4_000_000], 120)).toBeNull();
  });
});
