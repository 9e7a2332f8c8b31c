// Web Mercator against its formula in the projection library.
import proj4 from "proj4";
import { describe, expect, it } from "vitest";
import { latitudeAt, longitudeAt, MERCATOR_LATITUDE, mercatorX, mercatorY, metresAUnit } from "../../../shared/domain/mercator.ts";

const PLACES = [
  [0, 0],
  [-122.4, 37.8],
  [151.2, -33.9],
  [25.7, 66.5],
] as const;

describe("Web Mercator on a unit square", () => {
  it("agrees with EPSG:3857", () => {
    const side = 2 * Math.PI * 6_378_137;
    for (const place of PLACES) {
      const [x, y] = proj4("EPSG:4326", "EPSG:3857", [...place]) as [number, number];
      expect(mercatorX(place[0])).toBeCloseTo(x / side + 0.5, 12);
      expect(mercatorY(place[1])).toBeCloseTo(0.5 - y / side, 12);
    }
  });

  it("goes there and back", () => {
    for (const [longitude, latitude] of PLACES) {
      expect(longitudeAt(mercatorX(longitude))).toBeCloseTo(longitude, 10);
      expect(latitudeAt(mercatorY(latitude))).toBeCloseTo(latitude, 10);
    }
  });

  it("ends at the same latitude in north and south", () => {
    expect(mercatorY(MERCATOR_LATITUDE)).toBeCloseTo(0, 12);
    expect(mercatorY(-90)).toBeCloseTo(1, 12);
  });

  it("has the equator's length there, and half of it at 60 degrees", () => {
    expect(metresAUnit(0)).toBeCloseTo(40_075_016.7, 0);
    expect(metresAUnit(60)).toBeCloseTo(metresAUnit(0) / 2, 3);
  });
});
