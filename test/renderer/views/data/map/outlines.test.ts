// Outlines of a sphere on a plane.
import { describe, expect, it } from "vitest";
import { flatRing, unwrapped } from "../../../../../renderer/views/data/map/outlines.ts";

describe("a line across the antimeridian", () => {
  it("goes on beyond 180 degrees, eastward and westward", () => {
    expect(
      unwrapped([
        [170, 60],
        [-175, 61],
        [-170, 62],
        [175, 63],
      ]).map(([x]) => x),
    ).toEqual([170, 185, 190, 175]);
    expect(
      unwrapped([
        [-170, 0],
        [175, 0],
      ]).map(([x]) => x),
    ).toEqual([-170, -185]);
    expect(
      unwrapped([
        [-10, 0],
        [20, 5],
      ]),
    ).toEqual([
      [-10, 0],
      [20, 5],
    ]);
  });
});

describe("a ring", () => {
  it("round a pole is closed along it", () => {
    const ring = [
      [-120, -70],
      [0, -75],
      [120, -70],
      [-120, -70],
    ];
    expect(flatRing(ring)).toEqual([
      [-120, -70],
      [0, -75],
      [120, -70],
      [240, -70],
      [240, -90],
      [-120, -90],
      [-120, -70],
    ]);
  });

  it("that only crosses the antimeridian stays closed", () => {
    const ring = flatRing([
      [179, -17],
      [-179, -17],
      [-179, -16],
      [179, -16],
      [179, -17],
    ]);
    expect(ring.at(-1)).toEqual(ring[0]);
    expect(ring.map(([x]) => x)).toEqual([179, 181, 181, 179, 179]);
  });
});
