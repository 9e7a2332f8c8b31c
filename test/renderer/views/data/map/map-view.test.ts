// Screen and world, the map's place in the route, graticule, scale bar and the lasso's line.
import { describe, expect, it } from "vitest";
import { degreesText, graticule, scaleBar } from "../../../../../renderer/views/data/map/graticule.ts";
import { simplified } from "../../../../../renderer/views/data/map/lasso.ts";
import {
  areaOf,
  boundsOf,
  boxInView,
  boxOfBounds,
  cornersOfArea,
  fitted,
  type MapView,
  placeOf,
  placeText,
  scaleOf,
  toScreen,
  toWorld,
  turnsInView,
} from "../../../../../renderer/views/data/map/map-view.ts";
import { latitudeAt, longitudeAt, mercatorX, mercatorY } from "../../../../../shared/domain/mercator.ts";
import { TileFilter } from "../../../../../shared/domain/tile-query.ts";

const view = (longitude: number, latitude: number, zoom: number): MapView => ({
  middle: [mercatorX(longitude), mercatorY(latitude)],
  scale: scaleOf(zoom),
  width: 800,
  height: 600,
});

describe("the view of a map", () => {
  it("goes from the screen to the world and back", () => {
    const [x, y] = toScreen(view(10, 50, 6), toWorld(view(10, 50, 6), [123, 456]));
    expect(x).toBeCloseTo(123, 6);
    expect(y).toBeCloseTo(456, 6);
  });

  it("is kept in the route, and read from it", () => {
    expect(placeText(view(370, 50.12345678, 6.1))).toBe("50.1235,10,6.1");
    const place = placeOf("50.1235,10,6.1")!;
    expect(longitudeAt(place.middle[0])).toBeCloseTo(10, 9);
    expect(latitudeAt(place.middle[1])).toBeCloseTo(50.1235, 9);
    expect(place.zoom).toBe(6.1);
    for (const wrong of [undefined, "", "1,2", "1,2,3,4", "91,0,1", "0,181,1", "a,b,c", "1,,3"]) expect(placeOf(wrong)).toBeNull();
    expect(placeOf("0,0,99")!.zoom).toBe(15);
  });

  it("shows a box whole", () => {
    const box = boxOfBounds([-9, 38, 21, 48]);
    const { middle, zoom } = fitted(box, { width: 800, height: 600 });
    const [west, north, east, south] = boxInView({ middle, scale: scaleOf(zoom), width: 800, height: 600 });
    expect(west < box[0] && north < box[1] && east > box[2] && south > box[3]).toBe(true);
  });

  it("gives bounds that a filter takes, across the antimeridian and around the Earth, too", () => {
    for (const [longitude, zoom] of [
      [0, 6],
      [179.9, 6],
      [540, 8],
      [0, 0],
    ] as const) {
      const bounds = boundsOf(boxInView(view(longitude, 10, zoom)));
      expect(TileFilter.parse({ bounds })).toEqual({ bounds });
    }
    expect(boundsOf(boxInView(view(0, 0, 0))).filter((_, i) => i % 2 === 0)).toEqual([-180, 180]);
    const [west, , east] = boundsOf(boxInView(view(179.9, 10, 6)));
    expect(west).toBeGreaterThan(east);
    const box = boxOfBounds([179, -1, -179, 1]);
    expect(box[2] - box[0]).toBeCloseTo(2 / 360, 9);
  });

  it("gives a shape that a filter takes, and reads it again", () => {
    const corners = [
      [1.2, 0.4],
      [1.3, 0.4],
      [1.3, 0.5],
    ] as const;
    const area = areaOf(corners);
    expect(TileFilter.parse({ area })).toEqual({ area });
    cornersOfArea(area).forEach(([x, y], i) => {
      expect(x).toBeCloseTo(corners[i]![0] - 1, 6);
      expect(y).toBeCloseTo(corners[i]![1], 6);
    });
  });

  it("tells on which copies of the world something lies", () => {
    expect(turnsInView(view(0, 0, 5), 0.49, 0.51)).toEqual([0]);
    expect(turnsInView(view(180, 0, 5), 0.01, 0.02)).toEqual([1]);
    expect(turnsInView(view(0, 0, 5), 0.1, 0.2)).toEqual([]);
    expect(turnsInView(view(0, 0, 0), 0.49, 0.51)).toEqual([0]);
  });
});

describe("the graticule", () => {
  it("has round degrees some hundred pixels apart", () => {
    const { meridians, parallels } = graticule(view(10, 47, 6));
    expect(meridians.map(({ label }) => label)).toEqual(["6° E", "8° E", "10° E", "12° E", "14° E"]);
    expect(parallels.map(({ label }) => label)).toEqual(["46° N", "48° N"]);
    expect(meridians[2]!.at).toBeCloseTo(400, 6);
  });

  it("names places west, south and beyond the antimeridian", () => {
    expect(degreesText(-0.25, "E", "W", 2)).toBe("0.25° W");
    expect(degreesText(-30, "N", "S", 0)).toBe("30° S");
    expect(degreesText(0, "E", "W", 1)).toBe("0°");
    expect(graticule(view(180, 0, 4)).meridians.map(({ label }) => label)).toEqual([
      "165° E",
      "170° E",
      "175° E",
      "180°",
      "175° W",
      "170° W",
      "165° W",
    ]);
  });
});

describe("the scale bar", () => {
  it("is as long as it says in the middle of the view", () => {
    const bar = scaleBar(view(10, 60, 8));
    // At 60 degrees a pixel is half as wide as at the equator: 40,075 km / 2 / 512 / 2^8.
    expect(bar.label).toBe("10 km");
    expect(bar.length).toBeCloseTo(10_000 / (40_075_016.7 / 2 / 512 / 256), 2);
    expect(scaleBar(view(0, 0, 15)).label).toBe("200 m");
  });
});

describe("the line of a lasso", () => {
  it("keeps the corners and leaves out what lies on a line between them", () => {
    const square = [
      ...Array.from({ length: 50 }, (_, i) => [i * 2, 0] as const),
      ...Array.from({ length: 50 }, (_, i) => [100, i * 2] as const),
      ...Array.from({ length: 51 }, (_, i) => [100 - i * 2, 100] as const),
    ];
    expect(simplified(square)).toEqual([
      [0, 0],
      [100, 0],
      [100, 100],
      [0, 100],
    ]);
  });

  it("has no more corners than a filter takes", () => {
    const circle = Array.from({ length: 2000 }, (_, i) => [500 * Math.cos(i / 318), 500 * Math.sin(i / 318)] as const);
    const corners = simplified(circle);
    expect(corners.length).toBeGreaterThan(12);
    expect(corners.length).toBeLessThanOrEqual(64);
  });
});
