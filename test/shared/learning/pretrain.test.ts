// The pretraining loop: events, checkpoints, resuming, aborting, memory, errors.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import type { RunConfig } from "../../../shared/domain/run-config.ts";
import { type CheckpointState, decodeCheckpoint, encodeCheckpoint, modelFromCheckpoint } from "../../../shared/learning/checkpoint.ts";
import type { Model } from "../../../shared/learning/model.ts";
import { type PretrainEvent, type PretrainOptions, pretrain } from "../../../shared/learning/pretrain.ts";
import { exportTensors } from "../../../shared/learning/weights.ts";
import { allRows, createMemoryStore, isPositiveIndex, tinyConfig } from "./memory-store.ts";

beforeAll(() => loadEngine("auto"));

const TILES = 44; // five batches of 8, four tiles over

async function run(
  config: RunConfig,
  options: Partial<PretrainOptions> = {},
  onEvent: (event: PretrainEvent) => void = () => {},
): Promise<{ events: PretrainEvent[]; model: Model }> {
  const { reader } = createMemoryStore(TILES);
  const probeRows = allRows(12);
  const generator = pretrain({
    config,
    reader,
    rows: allRows(TILES),
    probe: { rows: probeRows, labels: Uint8Array.from(probeRows, (row) => Number(isPositiveIndex(row))) },
    signal: new AbortController().signal,
    reportEveryMs: 0,
    ...options,
  });
  const events: PretrainEvent[] = [];
  for (;;) {
    const next = await generator.next();
    if (next.done) return { events, model: next.value };
    events.push(next.value);
    onEvent(next.value);
  }
}

const stepsOf = (events: readonly PretrainEvent[]) => events.filter((event) => event.kind === "step");
const losses = (events: readonly PretrainEvent[]) => new Map(stepsOf(events).map(({ step, loss }) => [step, loss]));
const checkpoints = (events: readonly PretrainEvent[]) => events.flatMap((event) => (event.kind === "checkpoint" ? [event.state] : []));
const weightsOf = async (model: Model) => {
  const tensors = await exportTensors(model.parameters);
  model.dispose();
  return tensors;
};

function expectEqual(found: CheckpointState["tensors"], expected: CheckpointState["tensors"]) {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { data }] of expected) {
    const other = found.get(name)!.data;
    let difference = 0;
    for (let i = 0; i < data.length; i++) difference = Math.max(difference, Math.abs(data[i]! - other[i]!));
    expect(difference, name).toBeLessThan(1e-6);
  }
}

test("tells its phases, every step, health at each epoch and checkpoints; learns; leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const during: number[] = [];
  const { events, model } = await run(tinyConfig(), {}, (event) => {
    if (event.kind === "step") during.push(tf.memory().numTensors);
  });
  expect(new Set(during).size, "tensors alive at each step").toBe(1);
  const steps = stepsOf(events);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  expect(steps.at(-1)).toMatchObject({ steps: 15, epoch: 3, chance: Math.log(15) });
  expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss);
  expect(steps.every(({ viewsPerSecond, learningRate }) => viewsPerSecond > 0 && learningRate > 0)).toBe(true);
  expect(events.filter((event) => event.kind === "health").map(({ step }) => step)).toEqual([5, 10, 15]);
  expect(checkpoints(events).map(({ step }) => step)).toEqual([4, 8, 12, 15]);
  expect(events.filter((event) => event.kind === "phase").map(({ phase }) => phase)).toEqual(["prepare", "prepare", "pretrain"]);
  expectEqual(new Map([...checkpoints(events).at(-1)!.tensors].filter(([name]) => !name.startsWith("optimiser."))), await weightsOf(model));
  expect(tf.memory().numTensors).toBe(before);
});

test("the same seed gives the same run; another seed another", async () => {
  const config = tinyConfig({ pretrain: { epochs: 1 } });
  const first = await run(config);
  const again = await run(config);
  const other = await run({ ...config, seed: 4 });
  for (const [step, loss] of losses(first.events)) expect(losses(again.events).get(step)).toBeCloseTo(loss, 5);
  expect(losses(other.events).get(1)).not.toBeCloseTo(losses(first.events).get(1)!, 3);
  for (const { model } of [first, again, other]) model.dispose();
});

describe.each(["adam", "sgd", "lars"] as const)("with %s", (optimiser) => {
  test("a run resumed from a stored checkpoint goes on as the uninterrupted one", async () => {
    const config = tinyConfig({ pretrain: { optimiser, epochs: 2 } });
    const whole = await run(config);
    const stored = encodeCheckpoint(checkpoints(whole.events).find(({ step }) => step === 4)!);
    const resumed = await run(config, { resume: decodeCheckpoint(stored) });
    expect([...losses(resumed.events).keys()]).toEqual([5, 6, 7, 8, 9, 10]);
    for (const [step, loss] of losses(resumed.events)) expect(Math.abs(loss - losses(whole.events).get(step)!)).toBeLessThan(1e-5);
    expectEqual(await weightsOf(resumed.model), await weightsOf(whole.model));
  });
});

test("tiles that do not fit in memory are read again for every batch, with the same result", async () => {
  const config = tinyConfig({ pretrain: { epochs: 2 } }); // with a look at the probe's tiles between
  const held = await run(config);
  const { reader, store } = createMemoryStore(TILES, { delayMs: 1 });
  const streamed = await run(config, { reader, memoryBudgetBytes: 0 });
  expect(store.reads).toBeGreaterThanOrEqual(5);
  for (const [step, loss] of losses(held.events)) expect(losses(streamed.events).get(step)).toBeCloseTo(loss, 5);
  held.model.dispose();
  streamed.model.dispose();
});

test.each([0, 2 ** 29])(
  "an abort saves the steps done, then throws its reason, and leaves no tensor (budget %d)",
  async (memoryBudgetBytes) => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const reason = new Error("paused by the test");
    const { reader } = createMemoryStore(TILES, { delayMs: 1 });
    const events: PretrainEvent[] = [];
    const work = async () => {
      const rows = allRows(TILES);
      const options = { config: tinyConfig(), reader, rows, probe: { rows: allRows(9), labels: null }, signal: controller.signal };
      for await (const event of pretrain({ ...options, reportEveryMs: 0, memoryBudgetBytes })) {
        events.push(event);
        if (event.kind === "step" && event.step === 6) controller.abort(reason);
      }
    };
    await expect(work()).rejects.toBe(reason);
    const last = events.at(-1)!;
    expect(last.kind).toBe("checkpoint");
    expect((last as { state: CheckpointState }).state.step).toBeGreaterThanOrEqual(6);
    expect(tf.memory().numTensors).toBe(before);
  },
);

test("a consumer that stops early leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  const { reader } = createMemoryStore(TILES);
  const signal = new AbortController().signal;
  const probe = { rows: allRows(9), labels: null };
  for await (const event of pretrain({ config: tinyConfig(), reader, rows: allRows(TILES), probe, signal, reportEveryMs: 0 }))
    if (event.kind === "step" && event.step === 2) break;
  expect(tf.memory().numTensors).toBe(before);
});

test("the control keeps its first weights, saved once", async () => {
  const { events, model } = await run(tinyConfig({ arm: "random-init" }));
  expect(stepsOf(events)).toHaveLength(0);
  const [saved] = checkpoints(events);
  expect(saved!.step).toBe(0);
  const restored = modelFromCheckpoint(decodeCheckpoint(encodeCheckpoint(saved!)));
  expectEqual(await weightsOf(restored), await weightsOf(model));
});

test.each(["none", "all", "full"])("arm %s trains", async (arm) => {
  const { events, model } = await run(tinyConfig({ arm, kept: ["flip+shift", "gain+zoom"], pretrain: { epochs: 1, loss: "dcl" } }));
  expect(stepsOf(events)).toHaveLength(5);
  expect(stepsOf(events).every(({ loss, chance }) => Number.isFinite(loss) && chance === Math.log(14))).toBe(true);
  model.dispose();
});

describe("refuses", () => {
  test("fewer tiles than a batch, and says what to do", async () => {
    await expect(run(tinyConfig(), { rows: allRows(5) })).rejects.toMatchObject({
      code: "NO_DATA",
      message: expect.stringContaining("5 pretraining tiles, fewer than a batch of 8"),
    });
  });

  test("a second stage without couplets", async () => {
    await expect(run(tinyConfig({ arm: "full" }))).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  test("a checkpoint of another run", async () => {
    const { events, model } = await run(tinyConfig({ pretrain: { epochs: 1 } }));
    model.dispose();
    const resume = checkpoints(events)[0]!;
    await expect(run(tinyConfig({ pretrain: { epochs: 1 }, seed: 9 }), { resume })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("other settings"),
    });
  });

  test("a loss that is no number, naming step and learning rate, without saving it", async () => {
    const before = tf.memory().numTensors;
    const events: PretrainEvent[] = [];
    const broken = tinyConfig({ pretrain: { optimiser: "sgd", learningRate: 10, warmupShare: 0, epochs: 60, temperature: 0.01 } });
    const { reader } = createMemoryStore(TILES);
    const poisoned = { ...reader, layout: { ...reader.layout, radiometry: { quantification: 1e-37, offset: 0 } } }; // reflectance overflows
    await expect(run(broken, { reader: poisoned }, (event) => events.push(event))).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/no longer a number by step \d+ at a learning rate of 1\.00e\+1/),
    });
    expect(checkpoints(events)).toHaveLength(0);
    expect(tf.memory().numTensors).toBe(before);
  });
});
