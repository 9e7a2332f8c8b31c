// One update: of the mean gradient over several batches, and no longer than asked.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { PretrainSettings } from "../../../shared/domain/run-config.ts";
import { createNetwork } from "../../../shared/learning/model.ts";
import { contrastiveLoss } from "../../../shared/learning/nt-xent.ts";
import { createOptimiser } from "../../../shared/learning/optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable, type Parameters } from "../../../shared/learning/parameters.ts";
import {
  accumulateStep,
  clipped,
  differentiate,
  initialSums,
  mergeState,
  splitState,
  trainStep,
} from "../../../shared/learning/train-step.ts";
import { noise } from "../../electron/training/engines/engines.ts";

const RATE = 0.1;
const network = createNetwork("small", 3);
const specifications = network.specifications.filter(isTrainable);
const names = specifications.map(({ name }) => name);

beforeAll(() => loadEngine("auto"));

/** The plain step of SGD without momentum's memory: the first step of a run. */
function setUp(settings: Partial<PretrainSettings>) {
  const optimiser = createOptimiser({ name: "sgd", specifications });
  const views = { apply: (tiles: tf.Tensor4D) => tf.concat4d([tiles, tf.mul<tf.Tensor4D>(tiles, 0.9)], 0) };
  const step = { network, views, optimiser, names, settings: PretrainSettings.parse(settings) };
  const parameters = initialiseParameters(network.specifications, 1);
  return { step, parameters, state: new Map([...mergeState({ parameters, slots: optimiser.initialise() }), ...initialSums(step)]) };
}

const tilesOf = (seed: number) => tf.tensor4d(noise(4 * 16 * 16 * 3, seed), [4, 16, 16, 3]);
const inputsOf = (seed: number) => ({ tiles: tilesOf(seed), draws: {} });

function gradientsOf(parameters: Parameters, seed: number, step: ReturnType<typeof setUp>["step"]): Parameters {
  const both = step.views.apply(tilesOf(seed));
  return differentiate(parameters, names, (current) => ({
    loss: contrastiveLoss(network.forward(current, both, "train").z, step.settings),
    statistics: new Map(),
  })).gradients;
}

async function expectClose(found: tf.Tensor, expected: tf.Tensor, message: string) {
  const [a, b] = [await found.data(), await expected.data()];
  const scale = (b as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  for (let i = 0; i < b.length; i++) if (Math.abs(a[i]! - b[i]!) > 1e-4 * scale) expect(a[i], `${message} ${i}`).toBeCloseTo(b[i]!, 6);
}

describe("a step of two batches", () => {
  it("moves by the mean of their gradients, keeps statistics of both, and forgets the sums", async () => {
    const { step, parameters, state } = setUp({ accumulate: 2, optimiser: "sgd" });
    const first = accumulateStep(step, state, inputsOf(1));
    for (const name of names) expect(first.state.has(name), "the first batch changes no weight").toBe(false);
    const middle = new Map([...state, ...first.state]);
    const last = trainStep(step, middle, inputsOf(2), tf.scalar(RATE));
    const next = new Map([...middle, ...last.state]);
    const [a, b] = [gradientsOf(parameters, 1, step), gradientsOf(parameters, 2, step)];
    for (const name of names) {
      const mean = tf.div(tf.add(a.get(name)!, b.get(name)!), 2);
      await expectClose(next.get(name)!, tf.sub(parameters.get(name)!, tf.mul(mean, RATE)), name);
    }
    for (const [name, tensor] of next) if (name.startsWith("gradient.")) expect((await tf.max(tf.abs(tensor)).data())[0], name).toBe(0);
    expect([...splitState(next).parameters.keys()]).toEqual([...parameters.keys()]);
    const statistic = "encoder.bn1.running_mean";
    const moved = (tensors: Parameters) => tensors.get(statistic)!.dataSync();
    expect(moved(first.state)).not.toEqual(moved(state));
    expect(moved(next)).not.toEqual(moved(middle));
  });

  it("has no sums where a step is one batch", () => {
    expect(initialSums(setUp({}).step).size).toBe(0);
  });
});

describe("clipping", () => {
  it("shortens all gradients together to the norm, and leaves shorter ones alone", async () => {
    const gradients = new Map([
      ["a", tf.tensor1d([3, 0])],
      ["b", tf.tensor1d([0, 4])],
    ]);
    const short = clipped(gradients, 1);
    expect(Array.from(await short.get("a")!.data())).toEqual([expect.closeTo(0.6, 6), 0]);
    expect(Array.from(await short.get("b")!.data())).toEqual([0, expect.closeTo(0.8, 6)]);
    expect(Array.from(await clipped(gradients, 10).get("b")!.data())).toEqual([0, 4]);
    expect(
      Array.from(
        await clipped(new Map([["z", tf.zeros([2])]]), 1)
          .get("z")!
          .data(),
      ),
    ).toEqual([0, 0]);
    disposeAll(gradients);
  });

  it("is part of the step", async () => {
    const long = setUp({ optimiser: "sgd" });
    const short = setUp({ optimiser: "sgd", clipNorm: 1e-3 });
    const moves = await Promise.all(
      [long, short].map(async ({ step, parameters, state }) => {
        const { state: next } = trainStep(step, state, inputsOf(1), tf.scalar(RATE));
        const squares = names.map((name) => tf.sum(tf.square(tf.sub(next.get(name)!, parameters.get(name)!))));
        return Math.sqrt((await tf.addN(squares).data())[0]!) / RATE;
      }),
    );
    expect(moves[0]).toBeGreaterThan(0.01);
    expect(moves[1]).toBeCloseTo(1e-3, 5);
  });
});
