import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LossPoint } from "../../../shared/domain/run-state.ts";
import { curvePath, nearest, placeOfStep, placesOf, smoothedOf, visibleRange } from "../../../shared/figures/curve-values.ts";
import { linearScale } from "../../../shared/figures/scale.ts";

const pointsOf = (n: number, at: (i: number) => number = (i) => i * 1000): LossPoint[] =>
  Array.from({ length: n }, (_, i) => ({
    step: 4 * (i + 1),
    epoch: (i + 1) / 8,
    loss: i,
    learningRate: 1e-3,
    viewsPerSecond: 90,
    feedWaitMs: 0,
    at: at(i),
  }));
const ascending = fc.uniqueArray(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1 }).map((list) => list.sort((a, b) => a - b));

describe("places of points", () => {
  it("are epochs, steps, views or minutes", () => {
    const points = pointsOf(3);
    expect(placesOf(points, "epoch")).toEqual([0.125, 0.25, 0.375]);
    expect(placesOf(points, "views", 64)).toEqual([256, 512, 768]);
    expect(placesOf(points, "minutes").map((place) => place * 60)).toEqual([0, 1, 2]);
  });

  it("count a night between two points as the usual gap", () => {
    const points = pointsOf(10, (i) => i * 1000 + (i < 5 ? 0 : 8 * 3600_000));
    expect(placesOf(points, "minutes").at(-1)! * 60).toBeCloseTo(9, 9);
  });

  it("are computed once for a list", () => {
    const points = pointsOf(100);
    expect(placesOf(points, "epoch")).toBe(placesOf(points, "epoch"));
    expect(smoothedOf(points, "loss", 0.1)).toBe(smoothedOf(points, "loss", 0.1));
    expect(smoothedOf(points, "loss", 0), "nothing is smoothed").toEqual(points.map(({ loss }) => loss));
  });

  it("of a step lie between those of its neighbours, and at its own", () => {
    const points = pointsOf(5);
    const places = placesOf(points, "epoch");
    for (const { step, epoch } of points) expect(placeOfStep(points, places, step)).toBeCloseTo(epoch, 9);
    expect(placeOfStep(points, places, 6)).toBeCloseTo((0.125 + 0.25) / 2, 9);
    expect(placeOfStep(points, places, 0)).toBe(0);
    expect(placeOfStep(points, places, 99)).toBe(0.625);
  });
});

describe("what is seen of a curve", () => {
  it("is everything inside, with a neighbour on either side", () => {
    fc.assert(
      fc.property(
        ascending,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (places, low, span) => {
          const [from, to] = visibleRange(places, [low, low + span]);
          const inside = places.flatMap((place, i) => (place >= low && place <= low + span ? [i] : []));
          for (const i of inside) expect(i >= from && i < to).toBe(true);
          expect(to - from).toBeLessThanOrEqual(inside.length + 3);
        },
      ),
    );
  });

  it("is nearest to the cursor", () => {
    fc.assert(
      fc.property(ascending, fc.double({ min: -10, max: 110, noNaN: true }), (places, cursor) => {
        const least = Math.min(...places.map((place) => Math.abs(place - cursor)));
        expect(Math.abs(places[nearest(places, cursor)]! - cursor)).toBe(least);
      }),
    );
  });

  it("keeps a single spike among twenty thousand points", () => {
    const places = Array.from({ length: 20_000 }, (_, i) => i);
    const values = places.map((i) => (i === 7_001 ? 9 : 1));
    const path = curvePath(places, values, { x: linearScale([0, 20_000], [0, 300]), y: linearScale([0, 10], [100, 0]) });
    expect(path.split("L").length).toBeLessThan(1_300);
    expect(path).toContain(" 10L");
  });
});
