// Optimisers against PyTorch's numbers, LARS against plain loops; slots go out and in exactly.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { createOptimiser, LARS_TRUST, type Optimiser, type OptimiserName, SGD_MOMENTUM } from "../../../shared/learning/optimisers.ts";
import { disposeAll, type ParameterSpecification } from "../../../shared/learning/parameters.ts";
import { exportTensors, importTensors } from "../../../shared/learning/weights.ts";
import fixtures from "../../fixtures/learning.json" with { type: "json" };
import { pseudo, relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const SPECIFICATIONS: readonly ParameterSpecification[] = [
  { name: "weight", kind: "linear", shape: [2, 3] },
  { name: "bias", kind: "bias", shape: [3] },
];

/** In PyTorch's layout [out, in] = [3, 2], as the fixtures are. */
const fromTorch = (weight: ArrayLike<number>, bias: ArrayLike<number>) =>
  importTensors(
    new Map([
      ["weight", { dtype: "float32" as const, shape: [3, 2], data: Float32Array.from(weight) }],
      ["bias", { dtype: "float32" as const, shape: [3], data: Float32Array.from(bias) }],
    ]),
  );
const startValues = () => fromTorch(pseudo("weight", 6), pseudo("bias", 3));
const gradientsOf = (step: number) => {
  const scale = 10 ** (step - 2);
  return fromTorch(
    pseudo(`weight grad ${step}`, 6).map((v) => v * scale),
    pseudo(`bias grad ${step}`, 3).map((v) => v * scale),
  );
};

/** One step that frees what it replaces. */
function advance(
  optimiser: Optimiser,
  state: { parameters: Map<string, tf.Tensor>; slots: Map<string, tf.Tensor> },
  gradients: Map<string, tf.Tensor>,
  rate: number,
) {
  let next = state;
  tf.tidy(() => {
    next = optimiser.update(state.parameters, gradients, state.slots, tf.scalar(rate));
    for (const tensor of [...next.parameters.values(), ...next.slots.values()]) tf.keep(tensor);
  });
  disposeAll(state.parameters, state.slots, gradients);
  return next;
}

test.each(fixtures.optimisers)(
  "$name at $learningRate with decay $weightDecay follows PyTorch",
  async ({ name, learningRate, weightDecay, steps }) => {
    const optimiser = createOptimiser({ name: name as OptimiserName, weightDecay, specifications: SPECIFICATIONS });
    let state = { parameters: startValues(), slots: optimiser.initialise() };
    for (const [i, expected] of steps.entries()) {
      state = advance(optimiser, state, gradientsOf(i), learningRate);
      const found = await exportTensors(state.parameters);
      expect(relativeError(found.get("weight")!.data, expected.weight), `weight, step ${i}`).toBeLessThan(2e-6);
      expect(relativeError(found.get("bias")!.data, expected.bias), `bias, step ${i}`).toBeLessThan(2e-6);
    }
    disposeAll(state.parameters, state.slots);
  },
);

test("LARS equals the loops of google-research/simclr", async () => {
  const [rate, weightDecay] = [0.5, 0.01];
  const optimiser = createOptimiser({ name: "lars", weightDecay, specifications: SPECIFICATIONS });
  let state = { parameters: startValues(), slots: optimiser.initialise() };
  const values = { weight: Float64Array.from(pseudo("weight", 6)), bias: Float64Array.from(pseudo("bias", 3)) };
  const momentum = { weight: new Float64Array(6), bias: new Float64Array(3) };
  for (let step = 0; step < 4; step++) {
    for (const name of ["weight", "bias"] as const) {
      const w = values[name];
      const g = pseudo(`${name} grad ${step}`, w.length).map(
        (v, i) => v * 10 ** (step - 2) + (name === "weight" ? weightDecay * w[i]! : 0),
      );
      const trust = name === "weight" ? (LARS_TRUST * Math.hypot(...w)) / Math.hypot(...g) : 1;
      for (let i = 0; i < w.length; i++) {
        momentum[name][i] = SGD_MOMENTUM * momentum[name][i]! + rate * trust * g[i]!;
        w[i] = w[i]! - momentum[name][i]!;
      }
    }
    state = advance(optimiser, state, gradientsOf(step), rate);
    const found = await exportTensors(state.parameters);
    expect(relativeError(found.get("weight")!.data, values.weight)).toBeLessThan(2e-6);
    expect(relativeError(found.get("bias")!.data, values.bias)).toBeLessThan(2e-6);
  }
  disposeAll(state.parameters, state.slots);
});

test("LARS takes a plain step where weights or gradients are zero", async () => {
  const optimiser = createOptimiser({ name: "lars", specifications: SPECIFICATIONS });
  const state = advance(
    optimiser,
    { parameters: fromTorch(new Float32Array(6), new Float32Array(3)), slots: optimiser.initialise() },
    fromTorch(new Float32Array(6).fill(1), new Float32Array(3)),
    0.5,
  );
  expect(Array.from(await state.parameters.get("weight")!.data())).toEqual(Array(6).fill(-0.5));
  disposeAll(state.parameters, state.slots);
});

describe.each(["adam", "sgd", "lars"] as const)("%s", (name) => {
  test("goes on from its exported slots exactly", async () => {
    const optimiser = createOptimiser({ name, weightDecay: 0.01, specifications: SPECIFICATIONS });
    let state = { parameters: startValues(), slots: optimiser.initialise() };
    for (let step = 0; step < 3; step++) state = advance(optimiser, state, gradientsOf(step), 0.01);
    const named = optimiser.nameSlots(state.slots);
    expect([...named.keys()]).toContain(name === "adam" ? "second.weight" : "momentum.weight");
    const stored = await exportTensors(named);
    const restoredNamed = importTensors(stored);
    const restored = {
      parameters: new Map([...state.parameters].map(([of, tensor]) => [of, tensor.clone()])),
      slots: optimiser.packSlots(restoredNamed),
    };
    const straight = advance(optimiser, state, gradientsOf(3), 0.01);
    const resumed = advance(optimiser, restored, gradientsOf(3), 0.01);
    for (const map of ["parameters", "slots"] as const)
      for (const [of, tensor] of straight[map]) expect(await resumed[map].get(of)!.data(), of).toEqual(await tensor.data());
    disposeAll(named, restoredNamed, straight.parameters, straight.slots, resumed.parameters, resumed.slots);
  });

  test("no tensor is left and none of the old is freed", () => {
    const optimiser = createOptimiser({ name, specifications: SPECIFICATIONS });
    const state = { parameters: startValues(), slots: optimiser.initialise() };
    const gradients = gradientsOf(0);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      optimiser.update(state.parameters, gradients, state.slots, tf.scalar(0.1));
    });
    expect(tf.memory().numTensors).toBe(before);
    disposeAll(state.parameters, state.slots, gradients);
  });
});
