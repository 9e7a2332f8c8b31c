// Compiled programs do what the code does that they were recorded from.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createCompiledPrograms } from "../../../../../electron/training/engines/compiled/program.ts";
import { loadEngine } from "../../../../../electron/training/engines/select.ts";
import type { AugmentationName } from "../../../../../shared/domain/augmentations.ts";
import { type Precision, type PretrainSettings, RunConfig } from "../../../../../shared/domain/run-config.ts";
import { createNetwork } from "../../../../../shared/learning/model.ts";
import { createOptimiser, type OptimiserName } from "../../../../../shared/learning/optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable, type Parameters } from "../../../../../shared/learning/parameters.ts";
import { EAGER_PROGRAMS, type Program, type Programs, type Tensors } from "../../../../../shared/learning/program.ts";
import { mergeState, trainStep } from "../../../../../shared/learning/train-step.ts";
import { createViews } from "../../../../../shared/learning/views.ts";
import { hasTensorflow, largestDifference, noise } from "../engines.ts";

const PIXELS = 24;
const CHANNELS = 3;
const BATCH = 6;
const ALL: readonly AugmentationName[] = ["blur", "brightness", "contrast", "gain", "speckle", "flip", "rotation", "shift", "zoom"];

/**
 * Low, so that the steps can be compared: at a common rate, rounding grows to a visible difference within ten steps on such small batches
 * (an activation that rounding moves over zero turns a part of the gradient), also between two runs of the very same code with other numbers of threads.
 */
const RATES: Readonly<Record<OptimiserName, number>> = { adam: 2e-6, sgd: 3e-6, lars: 1e-4 };

interface Training {
  readonly optimiser?: OptimiserName;
  readonly profile?: "physical" | "published";
  readonly pool?: readonly (readonly AugmentationName[])[];
  readonly weightDecay?: number;
  readonly pretrain?: Partial<PretrainSettings>;
}

/** SimCLR's step of the small encoder on tiles of noise. */
function createTraining(programs: Programs, options: Training = {}) {
  const { optimiser: name = "adam", profile = "physical", pool = [ALL], weightDecay = 1e-3 } = options;
  const { augmentation, pretrain } = RunConfig.parse({
    version: 1,
    dataset: "d",
    arm: "all",
    seed: 1,
    augmentation: { profile },
    pretrain: options.pretrain ?? {},
  });
  const network = createNetwork("small", CHANNELS);
  const specifications = network.specifications.filter(isTrainable);
  const optimiser = createOptimiser({ name, weightDecay, specifications });
  const views = createViews({
    settings: augmentation,
    pool,
    stage: "arm",
    pixels: PIXELS,
    channels: CHANNELS,
    means: [0.1, 0.2, 0.3],
    stds: [0.05, 0.1, 0.1],
    forAnyPool: programs.areCompiled,
  });
  const names = specifications.map((specification) => specification.name);
  const start = mergeState({ parameters: initialiseParameters(network.specifications, 1), slots: optimiser.initialise() });
  const program: Program<"train"> = programs.build(
    {
      train: {
        inputs: {
          tiles: { shape: [BATCH, PIXELS, PIXELS, CHANNELS], dtype: "float32" },
          ...views.specifications(BATCH),
          learningRate: { shape: [], dtype: "float32" },
        },
        run(all, { tiles, learningRate, ...draws }) {
          const step = { network, views, optimiser, names, settings: pretrain };
          const { state, loss } = trainStep(step, all, { tiles: tiles as tf.Tensor4D, draws }, learningRate as tf.Scalar);
          return { outputs: { loss }, state };
        },
      },
    },
    start,
  );
  disposeAll(start);
  return {
    program,
    async step(at: number, learningRate = RATES.adam): Promise<number> {
      const inputs: Tensors = {
        tiles: tf.tensor(noise(BATCH * PIXELS * PIXELS * CHANNELS, at + 1), [BATCH, PIXELS, PIXELS, CHANNELS]),
        learningRate: tf.scalar(learningRate),
        ...views.tensors(views.draw({ seed: 5, step: at }, BATCH)),
      };
      const { loss } = program.run("train", inputs);
      const [value] = await loss!.data();
      tf.dispose([...Object.values(inputs), loss!]);
      return value!;
    },
  };
}

async function losses(programs: Programs, steps: number, options: Training, rate = RATES[options.optimiser ?? "adam"]): Promise<number[]> {
  const training = createTraining(programs, options);
  const result: number[] = [];
  for (let at = 0; at < steps; at++) result.push(await training.step(at, rate));
  training.program.dispose();
  return result;
}

async function values(state: Parameters): Promise<Map<string, Float32Array>> {
  const result = new Map<string, Float32Array>();
  for (const [name, tensor] of state) result.set(name, (await tensor.data()) as Float32Array);
  disposeAll(state);
  return result;
}

const compiled = (precision: Precision = "f32") => createCompiledPrograms({ precision });
const loaded = () => (tf.backend() as unknown as { binding: { getNumOfSavedModels(): number } }).binding.getNumOfSavedModels();

describe.skipIf(!hasTensorflow)("a compiled program", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await loadEngine("tensorflow");
  });

  it.each([
    { optimiser: "adam", profile: "physical" },
    { optimiser: "adam", profile: "published" },
    { optimiser: "sgd", profile: "physical" },
    { optimiser: "lars", profile: "physical" },
    { optimiser: "adam", profile: "physical", pretrain: { recompute: true, clipNorm: 0.5 } },
  ] as const)("has the losses of the code as it is written, over 50 steps: %o", async (options) => {
    const programs = compiled();
    const [found, expected] = [await losses(programs, 50, options), await losses(EAGER_PROGRAMS, 50, options)];
    expect(largestDifference(found, expected)).toBeLessThan(1e-4);
    expect(largestDifference(await losses(programs, 50, options, 0), expected), "what the steps change is far more").toBeGreaterThan(1e-3);
    programs.dispose();
  });

  it("goes on from the state that was read as if it had not stopped", async () => {
    const programs = compiled();
    const before = loaded();
    const whole = createTraining(programs);
    for (let at = 0; at < 3; at++) await whole.step(at);
    const middle = whole.program.read();
    const resumed = createTraining(programs);
    resumed.program.write(middle);
    disposeAll(middle);
    for (let at = 3; at < 6; at++) expect(await resumed.step(at)).toBeCloseTo(await whole.step(at), 6);
    const [found, expected] = [await values(resumed.program.read()), await values(whole.program.read())];
    for (const [name, data] of expected) expect(largestDifference(found.get(name)!, data), name).toBeLessThan(1e-6);
    whole.program.dispose();
    resumed.program.dispose();
    expect(loaded(), "of two alike, one is kept").toBe(before + 1);
    programs.dispose();
    expect(loaded()).toBe(before);
  });

  it("reads and writes its state to the bit, and leaves the arrays that it was given alone", async () => {
    const programs = compiled();
    const given = noise(1000);
    const program = programs.build(
      { double: { inputs: {}, run: (state) => ({ outputs: {}, state: new Map([["w", tf.mul(state.get("w")!, 2)]]) }) } },
      new Map([["w", tf.tensor1d(given)]]),
    );
    const kept = given.slice();
    expect((await values(program.read())).get("w")).toEqual(kept);
    program.run("double", {});
    expect((await values(program.read())).get("w")).toEqual(kept.map((value) => 2 * value));
    expect(given).toEqual(kept);
    program.dispose();
    programs.dispose();
  });

  it("is one graph for all arms", async () => {
    const programs = compiled();
    const before = loaded();
    for (const pool of [
      [["flip", "rotation"]],
      [["zoom", "blur"]],
      [["speckle", "gain"]],
      [[]],
      [
        ["blur", "contrast"],
        ["shift", "flip"],
      ],
    ] as const) {
      const found = await losses(programs, 3, { pool });
      const expected = await losses(EAGER_PROGRAMS, 3, { pool });
      expect(largestDifference(found, expected), JSON.stringify(pool)).toBeLessThan(1e-5);
      expect(loaded()).toBe(before + 1);
    }
    programs.dispose();
    expect(loaded()).toBe(before);
  });

  it("is released: over 100 compilations neither sessions nor tensors grow", () => {
    const programs = compiled();
    const [sessions, tensors] = [loaded(), tf.memory().numTensors];
    for (let i = 0; i < 100; i++) {
      const state = new Map([["w", tf.zeros([10])]]);
      const program = programs.build(
        { add: { inputs: {}, run: (all) => ({ outputs: { sum: tf.sum(tf.add(all.get("w")!, i)) } }) } },
        state,
      );
      const { sum } = program.run("add", {});
      expect(sum!.dataSync()[0]).toBe(10 * i);
      sum!.dispose();
      program.dispose();
      disposeAll(state);
      expect(loaded()).toBeLessThan(sessions + 6);
    }
    programs.dispose();
    expect(loaded()).toBe(sessions);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("holds no more tensors after many steps than after one", async () => {
    const programs = compiled();
    const training = createTraining(programs);
    await training.step(0);
    const before = tf.memory().numTensors;
    for (let at = 1; at < 200; at++) await training.step(at);
    expect(tf.memory().numTensors).toBe(before);
    training.program.dispose();
    programs.dispose();
  });

  it("in mixed precision learns the same, to bfloat16's rounding", async () => {
    const programs = compiled("bf16");
    const [found, expected] = [await losses(programs, 30, { optimiser: "adam" }), await losses(EAGER_PROGRAMS, 30, { optimiser: "adam" })];
    expect(largestDifference(found.slice(0, 5), expected.slice(0, 5))).toBeLessThan(0.1);
    expect(largestDifference(found, expected)).toBeGreaterThan(1e-4); // it is another precision
    const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    expect(Math.abs(mean(found.slice(-10)) - mean(expected.slice(-10)))).toBeLessThan(0.15);
    programs.dispose();
  });

  it("says which input is missing or of another shape", () => {
    const programs = compiled();
    const program = programs.build(
      { add: { inputs: { x: { shape: [2], dtype: "float32" } }, run: (_, { x }) => ({ outputs: { y: tf.add(x!, 1) } }) } },
      new Map(),
    );
    const x = tf.zeros([3]);
    expect(() => program.run("add", {})).toThrow("add takes x of [2], not none");
    expect(() => program.run("add", { x })).toThrow("add takes x of [2], not of [3]");
    x.dispose();
    program.dispose();
    programs.dispose();
  });

  it.each([
    ["a read-back", (x: tf.Tensor) => tf.mul(x, tf.exp(x).dataSync()[0]!), /read values back .* result of Exp/],
    [
      "a shape that depends on values",
      (x: tf.Tensor) => tf.gather(x, tf.unique(tf.cast(x, "int32") as tf.Tensor1D).indices),
      /Unique.* cannot be part/,
    ],
    [
      "numbers without a seed",
      (x: tf.Tensor) => tf.add(x, tf.multinomial(tf.zeros([1, 3]) as tf.Tensor2D, 1)),
      /Multinomial cannot be part/,
    ],
  ])("refuses %s, and leaves the engine as it was", (_, calculate, message) => {
    const programs = compiled();
    const define = () =>
      programs.build(
        { f: { inputs: { x: { shape: [4], dtype: "float32" } }, run: (__, { x }) => ({ outputs: { y: calculate(x!) } }) } },
        new Map(),
      );
    expect(define).toThrow(message);
    expect(tf.tidy(() => tf.exp(tf.scalar(0)).dataSync()[0])).toBe(1);
    programs.dispose();
  });
});
