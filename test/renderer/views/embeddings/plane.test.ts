import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitted, intoSquare, panned, toPlane, toScreen, zoomed } from "../../../../renderer/views/embeddings/camera.ts";
import { indexPoints, isInside, pointsInside, simplified } from "../../../../renderer/views/embeddings/point-index.ts";
import { Random } from "../../../../shared/domain/random.ts";

const size = { width: 800, height: 500 };
const camera = { x: 0.2, y: -0.4, scale: 321 };
const random = Random.of("points of the plane");
const points = Float32Array.from({ length: 2 * 700 }, () => random.uniform(-1, 1));
const every = () => true;

describe("the camera", () => {
  it("leads from the plane to the screen and back", () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }), (x, y) => {
        const [px, py] = toPlane(camera, size, ...toScreen(camera, size, x, y));
        expect(px).toBeCloseTo(x, 9);
        expect(py).toBeCloseTo(y, 9);
      }),
      { seed: 1 },
    );
  });

  it("keeps what lies under the pointer there, near or far", () => {
    const before = toPlane(camera, size, 700, 90);
    const after = toPlane(zoomed(camera, size, 3.7, 700, 90), size, 700, 90);
    expect(after[0]).toBeCloseTo(before[0], 9);
    expect(after[1]).toBeCloseTo(before[1], 9);
  });

  it("moves what is dragged along with the pointer", () => {
    const [x, y] = toScreen(camera, size, 0.5, 0.5);
    const [nextX, nextY] = toScreen(panned(camera, 30, -12), size, 0.5, 0.5);
    expect(nextX - x).toBeCloseTo(30, 9);
    expect(nextY - y).toBeCloseTo(-12, 9);
  });

  it("shows the whole square, and zooms within bounds", () => {
    const whole = fitted(size);
    expect(toScreen(whole, size, 1, 1)[1]).toBeGreaterThan(0);
    expect(zoomed(whole, size, 1e9).scale).toBe(whole.scale * 4000);
    expect(zoomed(whole, size, 1e-9).scale).toBe(whole.scale * 0.5);
  });

  it("brings points into the square by one factor for both axes", () => {
    expect([...intoSquare(new Float32Array([0, 0, 4, 2]))]).toEqual([-1, -0.5, 1, 0.5]);
    expect([...intoSquare(new Float32Array([3, 3]))]).toEqual([0, 0]);
  });
});

describe("points of the plane", () => {
  const index = indexPoints(points);

  it("are found nearest as by a plain loop", () => {
    for (let probe = 0; probe < 100; probe++) {
      const [x, y] = [random.uniform(-1.1, 1.1), random.uniform(-1.1, 1.1)];
      const isLet = (i: number) => i % 3 !== 0;
      let expected: number | null = null;
      let least = 0.1 ** 2;
      for (let i = 0; i < 700; i++) {
        const square = (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2;
        if (isLet(i) && square <= least) [expected, least] = [i, square];
      }
      expect(index.nearest(x, y, 0.1, isLet)).toBe(expected);
    }
  });

  it("are selected by a lasso as by a plain loop", () => {
    const star: [number, number][] = Array.from({ length: 10 }, (_, i) => {
      const radius = i % 2 === 0 ? 0.9 : 0.35;
      return [radius * Math.cos((i * Math.PI) / 5), radius * Math.sin((i * Math.PI) / 5)];
    });
    const expected = Array.from({ length: 700 }, (_, i) => i).filter((i) => isInside(star, points[2 * i]!, points[2 * i + 1]!));
    expect([...pointsInside(index, points, star, every)].sort((a, b) => a - b)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(50);
    expect(pointsInside(index, points, star.slice(0, 2), every)).toHaveLength(0);
  });

  it("are selected by a lasso with fewer corners, none of which is off", () => {
    const circle = Array.from({ length: 400 }, (_, i): [number, number] => [
      100 * Math.cos((i * Math.PI) / 200),
      100 * Math.sin((i * Math.PI) / 200),
    ]);
    const few = simplified(circle, 1);
    expect(few.length).toBeLessThan(40);
    for (let i = 1; i < few.length; i++) {
      const [[ax, ay], [bx, by]] = [few[i - 1]!, few[i]!];
      expect(Math.hypot((ax + bx) / 2, (ay + by) / 2)).toBeGreaterThan(98.9); // the middle of a chord, against a radius of 100
    }
    expect(simplified(circle.slice(0, 2), 1)).toHaveLength(2);
  });

  it("lie inside a square or outside of it", () => {
    const square: [number, number][] = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    expect(isInside(square, 0.5, 0.5)).toBe(true);
    expect(isInside(square, 1.5, 0.5)).toBe(false);
  });
});
