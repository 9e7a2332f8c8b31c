import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AugmentationSettings } from "../../../../shared/domain/augmentations.ts";
import { Random } from "../../../../shared/domain/random.ts";
import { type Affine, aboutCentre, applyTransforms, compose, IDENTITY, transformRow } from "../../../../shared/learning/augment/affine.ts";
import { drawFlip } from "../../../../shared/learning/augment/flip.ts";
import { drawRotation, quarterTurn } from "../../../../shared/learning/augment/rotation.ts";
import type { Sampler, Stage } from "../../../../shared/learning/augment/scene.ts";
import { drawShift, shift } from "../../../../shared/learning/augment/shift.ts";
import { box, crop, drawZoom } from "../../../../shared/learning/augment/zoom.ts";
import { ENGINES, largestDifference, noise, on } from "../../../electron/training/engines/engines.ts";
import fixture from "../../../fixtures/augment.json" with { type: "json" };
import { type Border, transformed } from "./oracle.ts";

const { side, channels } = fixture;

/** The fixture's image through a map. */
function through(affine: Affine, fillMode: Border, interpolation: "nearest" | "bilinear" = "bilinear"): tf.Tensor {
  const image = tf.tensor4d(fixture.image, [1, side, side, channels]);
  return applyTransforms(image, tf.tensor2d([transformRow(affine)]), { fillMode, interpolation });
}

const radians = (degrees: number) => (degrees / 180) * Math.PI;
const turnBy = (degrees: number): Affine => {
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  return aboutCentre([cosine, -sine, sine, cosine], side);
};

describe.each(ENGINES)("maps of the image plane on $name", ({ name, skip }) => {
  const exact: [string, Affine, number[]][] = [
    ["tf.image.rot90 once", quarterTurn(1, side), fixture.rot90["1"]],
    ["tf.image.rot90 twice", quarterTurn(2, side), fixture.rot90["2"]],
    ["tf.image.rot90 three times", quarterTurn(3, side), fixture.rot90["3"]],
    ["tf.image.flip_left_right", aboutCentre([-1, 0, 0, 1], side), fixture.flipLeftRight],
    ["tf.image.flip_up_down", aboutCentre([1, 0, 0, -1], side), fixture.flipTopBottom],
  ];
  it.skipIf(skip).each(exact)("equal %s exactly, by either interpolation", async (_, affine, expected) => {
    for (const interpolation of ["nearest", "bilinear"] as const) {
      const values = await on(name, () => through(affine, "reflect", interpolation));
      expect(Array.from(values)).toEqual(Array.from(Float32Array.from(expected)));
    }
  });

  it.skipIf(skip)("equal tf.roll exactly with the border wrapped", async () => {
    const { right, down, values } = fixture.roll;
    for (const interpolation of ["nearest", "bilinear"] as const) {
      expect(Array.from(await on(name, () => through(shift(right, down), "wrap", interpolation)))).toEqual(
        Array.from(Float32Array.from(values)),
      );
    }
  });

  it.skipIf(skip)("equal SciPy's reflected shift exactly", async () => {
    const { right, down, values } = fixture.shiftReflect;
    expect(Array.from(await on(name, () => through(shift(right, down), "reflect")))).toEqual(Array.from(Float32Array.from(values)));
  });

  it.skipIf(skip)("equal tf.image.crop_and_resize with unsorted corners", async () => {
    const [top, left, bottom, right] = fixture.cropAndResize.box as [number, number, number, number];
    const values = await on(name, () => through(box(side, { top, left, bottom, right }), "wrap"));
    expect(largestDifference(values, fixture.cropAndResize.values)).toBeLessThan(1e-5);
  });

  const keras: [string, Affine, number[]][] = [
    ["rotation", turnBy(fixture.rotation.degrees), fixture.rotation.values],
    ["zoom", aboutCentre([fixture.zoom.across, 0, 0, fixture.zoom.down], side), fixture.zoom.values],
    ["shift", shift(fixture.shift.right, fixture.shift.down), fixture.shift.values],
  ];
  it.skipIf(skip).each(keras)("equal Keras' %s with nearest fill", async (_, affine, expected) => {
    expect(largestDifference(await on(name, () => through(affine, "nearest")), expected)).toBeLessThan(1e-5);
  });

  it.skipIf(skip).each(["reflect", "nearest"] as const)("equal plain loops for any map with the border %s", async (border) => {
    const random = Random.of(5);
    const maps = Array.from({ length: 12 }, (): Affine => {
      const entry = () => random.uniform(-1.2, 1.2);
      return [entry(), entry(), random.uniform(-4, 8), entry(), entry(), random.uniform(-4, 8)];
    });
    const image = noise(side * side * channels);
    const values = await on(name, () => {
      const views = tf.tile(tf.tensor4d(image, [1, side, side, channels]), [maps.length, 1, 1, 1]);
      return applyTransforms(views as tf.Tensor4D, tf.tensor2d(maps.map(transformRow)), { fillMode: border, interpolation: "bilinear" });
    });
    const expected = maps.flatMap((map) => transformed({ side, channels, values: image }, map.map(Math.fround), border));
    expect(largestDifference(values, expected)).toBeLessThan(1e-4);
  });

  it.skipIf(skip)("leave a constant image constant", async () => {
    const values = await on(name, () => {
      const maps = tf.tensor2d([transformRow(turnBy(31)), transformRow(crop(1.3, 0.4, 0.8)), transformRow(shift(2.5, -3.25))]);
      return applyTransforms(tf.fill([3, side, side, 1], 0.25), maps, { fillMode: "reflect", interpolation: "bilinear" });
    });
    expect(largestDifference(values, new Float32Array(values.length).fill(0.25))).toBeLessThan(1e-6);
  });
});

describe("composition", () => {
  const sides = fc.integer({ min: 2, max: 512 });
  const same = (a: Affine, b: Affine) => a.every((value, i) => Math.abs(value - b[i]!) < 1e-9);

  it("of four quarter turns is the identity, exactly", () => {
    fc.assert(
      fc.property(sides, fc.integer({ min: 0, max: 3 }), (pixels, turns) => {
        const turn = quarterTurn(turns, pixels);
        const four = compose(compose(turn, turn), compose(turn, turn));
        return four.every((value, i) => value === IDENTITY[i]);
      }),
    );
  });

  it("of a flip with itself is the identity, exactly", () => {
    fc.assert(
      fc.property(sides, fc.constantFrom(1, -1), fc.constantFrom(1, -1), (pixels, a, e) => {
        const flip = aboutCentre([a, 0, 0, e], pixels);
        return compose(flip, flip).every((value, i) => value === IDENTITY[i]);
      }),
    );
  });

  it("of two shifts adds them, and of a shift and its opposite is the identity", () => {
    fc.assert(
      fc.property(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60, max: 60 }), (x, y) => {
        expect(same(compose(shift(x, y), shift(3, -2)), shift(x + 3, y - 2))).toBe(true);
        expect(compose(shift(x, y), shift(-x, -y)).every((value, i) => value === IDENTITY[i])).toBe(true);
      }),
    );
  });

  it("acts in the order of its arguments", async () => {
    const [turn, move] = [quarterTurn(1, side), shift(2, 1)];
    const [engine] = ENGINES.filter(({ skip }) => !skip);
    const values = await on(engine!.name, () => through(compose(turn, move), "wrap"));
    const turned = transformed({ side, channels, values: fixture.image }, turn, "wrap");
    expect(largestDifference(values, transformed({ side, channels, values: turned }, move, "wrap"))).toBeLessThan(1e-6);
  });
});

describe("draws", () => {
  const draws = <Value>(sampler: Sampler<Value>, profile: "physical" | "published", stage: Stage, pixels = 120, count = 4000) =>
    Array.from({ length: count }, (_, i) => {
      const settings = AugmentationSettings.parse({ profile });
      return sampler(Random.of(9, i), { settings, stage, pixels, channels: 10 });
    });
  const share = (items: readonly unknown[], count: number) => items.length / count;

  it("of a flip mirror each axis in half of the views", () => {
    const all = draws(drawFlip, "physical", "arm");
    expect(
      share(
        all.filter(({ value }) => value[0] === -1),
        all.length,
      ),
    ).toBeCloseTo(0.5, 1);
    expect(
      share(
        all.filter(({ value }) => value[4] === -1),
        all.length,
      ),
    ).toBeCloseTo(0.5, 1);
    expect(
      share(
        all.filter(({ words }) => words === null),
        all.length,
      ),
    ).toBeCloseTo(0.25, 1);
  });

  it("of a physical rotation are quarter turns, three of four not the identity", () => {
    const all = draws(drawRotation, "physical", "arm");
    for (const turns of [0, 1, 2, 3]) {
      const expected = quarterTurn(turns, 120).join();
      expect(
        share(
          all.filter(({ value }) => value.join() === expected),
          all.length,
        ),
      ).toBeCloseTo(0.25, 1);
    }
    expect(new Set(all.map(({ words }) => words))).toEqual(new Set([null, "rotation 90 deg", "rotation 180 deg", "rotation 270 deg"]));
  });

  it("of a published rotation are any angle in the sweep and quarter turns in the full runs", () => {
    const angles = draws(drawRotation, "published", "arm").map(({ value }) => Math.atan2(value[3], value[0]));
    expect(Math.max(...angles)).toBeGreaterThan(3.1);
    expect(Math.min(...angles)).toBeLessThan(-3.1);
    expect(draws(drawRotation, "published", "full").every(({ value }) => value.every(Number.isInteger))).toBe(true);
  });

  it("of a physical shift are whole pixels up to the fraction, both ways, each as likely", () => {
    const moves = draws(drawShift, "physical", "arm", 32).flatMap(({ value }) => [value[2], value[5]]);
    const counts = new Map<number, number>();
    for (const move of moves) counts.set(move + 0, (counts.get(move + 0) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    for (const count of counts.values()) expect(count / moves.length).toBeCloseTo(1 / 7, 1);
  });

  it("of a published shift are any distance in the sweep, and 0 to 11 px to the right and down in the full runs", () => {
    const sweep = draws(drawShift, "published", "arm").map(({ value }) => value[2]);
    expect(Math.max(...sweep)).toBeGreaterThan(11.9);
    expect(Math.min(...sweep)).toBeLessThan(-11.9);
    const full = draws(drawShift, "published", "full").flatMap(({ value }) => [0 - value[2], 0 - value[5]]);
    expect([...new Set(full)].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it("of a physical zoom are crops inside the tile", () => {
    for (const { value } of draws(drawZoom, "physical", "arm")) {
      const [scale, , x, , , y] = value;
      expect(scale ** 2).toBeGreaterThanOrEqual(0.6 - 1e-9);
      for (const start of [x, y]) {
        expect(start - 0.5 * scale + 0.5).toBeGreaterThanOrEqual(-1e-9); // left or upper border of the crop
        expect(start - 0.5 * scale + 0.5 + 120 * scale).toBeLessThanOrEqual(120 + 1e-9);
      }
    }
  });

  it("of a published zoom scale each axis on its own, and mirror half of the full runs' boxes", () => {
    const sweep = draws(drawZoom, "published", "arm");
    expect(sweep.every(({ value }) => value[0] >= 0.8 && value[0] <= 1.2 && value[0] !== value[4])).toBe(true);
    const full = draws(drawZoom, "published", "full");
    expect(
      share(
        full.filter(({ value }) => value[0] < 0),
        full.length,
      ),
    ).toBeCloseTo(0.5, 1);
  });

  it("of a setting that changes nothing are the identity without words", () => {
    const settings = AugmentationSettings.parse({
      profile: "physical",
      parameters: { flip: { probability: 0 }, rotation: { probability: 0 }, shift: { fraction: 0 }, zoom: { area: [1, 1] } },
    });
    for (const sampler of [drawFlip, drawRotation, drawShift, drawZoom]) {
      const { value, words } = sampler(Random.of(1), { settings, stage: "arm", pixels: 64, channels: 3 });
      expect(value.map((entry) => entry + 0)).toEqual(IDENTITY);
      expect(words).toBeNull();
    }
  });
});
