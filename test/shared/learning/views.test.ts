import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import {
  AUGMENTATIONS,
  type AugmentationName,
  AugmentationSettings,
  PROFILES,
  type Profile,
} from "../../../shared/domain/augmentations.ts";
import { COUPLET_ARMS, coupletOf, FULL_ARM, selectCouplets, type ViewPool, viewPool } from "../../../shared/domain/study.ts";
import { fillModeOf } from "../../../shared/learning/augment/affine.ts";
import type { Stage } from "../../../shared/learning/augment/scene.ts";
import { createViews, DRAW_NAMES, type ViewDraws } from "../../../shared/learning/views.ts";
import { ENGINES, largestDifference, noise, on } from "../../electron/training/engines/engines.ts";
import { oracleViews } from "./augment/oracle.ts";

const SIDE = 17;
const CHANNELS = 3;
const COUNT = 3;
const means = [0.05, 0.1, 0.3];
const stds = [0.02, 0.05, 0.1];
const batch = noise(COUNT * SIDE * SIDE * CHANNELS, 8);
const tiles = () => tf.tensor4d(batch, [COUNT, SIDE, SIDE, CHANNELS]);

interface Given {
  readonly pool: ViewPool;
  readonly profile?: Profile;
  readonly stage?: Stage;
  readonly parameters?: object;
}

function make({ pool, profile = "physical", stage = "arm", parameters = {} }: Given) {
  const settings = AugmentationSettings.parse({ profile, parameters });
  return createViews({ settings, pool, stage, pixels: SIDE, channels: CHANNELS, means, stds });
}

const MIXED: ViewPool = [
  ["rotation", "gain"],
  ["shift", "blur"],
  ["contrast", "speckle"],
  ["zoom", "brightness"],
];
const CASES = PROFILES.flatMap((profile) => [
  ...AUGMENTATIONS.map((name) => ({ label: name, profile, stage: "arm" as Stage, pool: [[name]] as ViewPool })),
  ...(["flip", "rotation", "shift", "zoom"] as const).map((name) => ({
    label: `${name}, full`,
    profile,
    stage: "full" as Stage,
    pool: [[name]] as ViewPool,
  })),
  { label: "all", profile, stage: "arm" as Stage, pool: viewPool("all") },
  { label: "none", profile, stage: "arm" as Stage, pool: viewPool("none") },
  { label: "a pool of lists", profile, stage: "full" as Stage, pool: MIXED },
]);

describe.each(ENGINES)("views on $name", ({ name, skip }) => {
  it.skipIf(skip).each(CASES)("equal plain loops: $label, $profile", async ({ profile, stage, pool }) => {
    const views = make({ pool, profile, stage });
    const draws = views.draw({ seed: 4, step: 7 }, COUNT);
    const values = await on(name, () => views.apply(tiles(), draws));
    const border = fillModeOf(profile, stage);
    const expected = oracleViews(batch, draws, { side: SIDE, channels: CHANNELS, profile, border, means, stds, speckleValue: 5 });
    expect(largestDifference(values, expected)).toBeLessThan(2e-4);
  });

  it.skipIf(skip)("of an identical list are the tiles twice, bit for bit, and so are operations that are not drawn", async () => {
    const never = {
      blur: { probability: 0 },
      brightness: { probability: 0 },
      contrast: { probability: 0 },
      gain: { probability: 0 },
      speckle: { probability: 0 },
    };
    const still = { flip: { probability: 0 }, rotation: { probability: 0 }, shift: { fraction: 0 }, zoom: { area: [1, 1] } };
    const twice = [...batch, ...batch];
    for (const given of [
      { pool: viewPool("none") },
      { pool: viewPool("geometric"), parameters: still },
      { pool: [["blur"]] as ViewPool, parameters: never },
    ]) {
      const views = make(given);
      expect(Array.from(await on(name, () => views.apply(tiles(), views.draw({ seed: 1, step: 0 }, COUNT))))).toEqual(twice);
    }
    const views = make({ pool: viewPool("pixel"), parameters: never });
    const values = await on(name, () => views.apply(tiles(), views.draw({ seed: 1, step: 0 }, COUNT)));
    expect(largestDifference(values, twice)).toBeLessThan(1e-5);
  });

  it.skipIf(skip)("only move pixels when they flip, turn and shift: every value was in the tile", async () => {
    const views = make({ pool: [["flip", "rotation", "shift"]] });
    const values = await on(name, () => views.apply(tiles(), views.draw({ seed: 2, step: 3 }, COUNT)));
    const present = new Set(batch);
    expect(Array.from(values).every((value) => present.has(value))).toBe(true);
  });

  it.skipIf(skip)("are the same from tensors as from arrays, and free what they use", async () => {
    await loadEngine(name);
    const views = make({ pool: viewPool("all") });
    const draws = views.draw({ seed: 6, step: 1 }, COUNT);
    const x = tiles();
    const before = tf.memory().numTensors;
    const inputs = views.tensors(draws);
    expect(Object.keys(inputs).sort()).toEqual([...DRAW_NAMES].sort());
    const [one, two] = [views.apply(x, draws), views.apply(x, inputs)];
    expect(one.shape).toEqual([2 * COUNT, SIDE, SIDE, CHANNELS]);
    expect(await two.data()).toEqual(await one.data());
    tf.dispose([one, two, inputs as unknown as tf.TensorContainer]);
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });

  it.skipIf(skip)("stay finite for every couplet", async () => {
    for (const profile of PROFILES) {
      const views = make({ pool: COUPLET_ARMS.map((arm) => coupletOf(arm)!), profile, stage: "full" });
      const values = await on(name, () => views.apply(tiles(), views.draw({ seed: 3, step: 5 }, COUNT)));
      expect(Array.from(values).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("what is drawn", () => {
  const plain = ({ arrays }: ViewDraws) =>
    Object.fromEntries(Object.entries(arrays).map(([name, { values }]) => [name, Array.from(values)]));

  it("hangs on seed and step, and on nothing else", () => {
    const views = make({ pool: viewPool("all") });
    const one = views.draw({ seed: 1, step: 2 }, 4);
    expect(make({ pool: viewPool("all") }).draw({ seed: 1, step: 2 }, 4)).toEqual(one);
    expect(plain(views.draw({ seed: 2, step: 2 }, 4))).not.toEqual(plain(one));
    expect(plain(views.draw({ seed: 1, step: 3 }, 4))).not.toEqual(plain(one));
  });

  it("is a sample's own: a larger batch begins with the same draws", () => {
    const views = make({ pool: viewPool("all") });
    const [small, large] = [views.draw({ seed: 5, step: 1 }, 2), views.draw({ seed: 5, step: 1 }, 6)];
    expect(large.drawn.slice(0, 2)).toEqual(small.drawn.slice(0, 2)); // first views
    expect(large.drawn.slice(6, 8)).toEqual(small.drawn.slice(2, 4)); // second views
  });

  it("differs between the two views of a sample", () => {
    const { drawn } = make({ pool: viewPool("all") }).draw({ seed: 5, step: 1 }, 8);
    for (let i = 0; i < 8; i++) expect(drawn[i]!.words).not.toEqual(drawn[8 + i]!.words);
  });

  it("holds the arrays of the pool's operations and no others, whatever is drawn", () => {
    fc.assert(
      fc.property(fc.subarray([...AUGMENTATIONS]), fc.nat(1000), (list: AugmentationName[], step) => {
        const { arrays } = make({ pool: [list] }).draw({ seed: 0, step }, 2);
        const has = (...names: AugmentationName[]) => names.some((name) => list.includes(name));
        const expected = [
          ...(has("flip", "rotation", "shift", "zoom") ? ["transforms"] : []),
          ...(has("blur") ? ["blurTaps"] : []),
          ...(has("contrast") ? ["contrast"] : []),
          ...(has("brightness") ? ["brightness"] : []),
          ...(has("gain") ? ["gain"] : []),
          ...(has("speckle") ? ["speckle", "noiseSeed"] : []),
        ];
        expect(Object.keys(arrays)).toEqual(expected);
        for (const { shape, values } of Object.values(arrays)) expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
      }),
      { numRuns: 60 },
    );
  });

  it("takes every list of the pool for each view alike, and no dropped couplet", () => {
    const scores = new Map(COUPLET_ARMS.map((arm, i) => [arm, (i * 7) % 36]));
    const { kept } = selectCouplets(scores);
    const { drawn } = make({ pool: viewPool(FULL_ARM, kept), stage: "full" }).draw({ seed: 1, step: 0 }, 2700);
    const counts = new Map<string, number>();
    for (const { operations } of drawn) {
      const id = COUPLET_ARMS.find((arm) => coupletOf(arm)!.every((name) => operations.includes(name)))!;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([...kept].sort());
    for (const count of counts.values()) expect(Math.abs(count / drawn.length - 1 / 27)).toBeLessThan(0.02);
  });

  it("is told in words, one for each operation that changes the view", () => {
    const { drawn } = make({ pool: viewPool("all"), parameters: { blur: { probability: 1 } } }).draw({ seed: 2, step: 0 }, 50);
    const known = [
      /^flip (left-right|top-bottom|left-right and top-bottom)$/,
      /^rotation (90|180|270) deg$/,
      /^shift [+-]\d px, [+-]\d px$/,
      /^zoom x 1\.\d\d$/,
      /^blur, sigma \d\.\d\d px$/,
      /^contrast x \d\.\d\d$/,
      /^brightness [+-]\d\.\d\d std$/,
      /^gain x \d\.\d\d$/,
      /^speckle of \d\d looks$/,
    ];
    for (const { words } of drawn) {
      const places = words.map((text) => known.findIndex((pattern) => pattern.test(text)));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b)); // in the order in which they act
      expect(places).toContain(4);
    }
  });

  it("refuses an empty pool", () => {
    expect(() => make({ pool: [] })).toThrow(/empty/);
  });
});
