// Fine-tuning: what each mode learns, the same test tiles everywhere, cancelling, memory.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import type { RunConfig } from "../../../shared/domain/run-config.ts";
import { type FinetuneEvent, finetune } from "../../../shared/learning/finetune.ts";
import { createNetwork, initialiseModel, type Model } from "../../../shared/learning/model.ts";
import { exportTensors } from "../../../shared/learning/weights.ts";
import { createMemoryStore, isPositiveIndex, tinyConfig } from "./memory-store.ts";
import { relativeError } from "./pseudo.ts";

beforeAll(() => loadEngine("auto"));

const TILES = 120;

async function run(config: RunConfig, model: Model, onEvent: (event: FinetuneEvent) => void = () => {}) {
  const { reader, tiles } = createMemoryStore(TILES);
  const events: FinetuneEvent[] = [];
  const signal = new AbortController().signal;
  for await (const event of finetune({ config, reader, tiles, model, signal, reportEveryMs: 0 })) {
    events.push(event);
    onEvent(event);
  }
  return events;
}

const evaluations = (events: readonly FinetuneEvent[]) => events.flatMap((event) => (event.kind === "evaluated" ? [event.evaluation] : []));
const scores = (events: readonly FinetuneEvent[]) => events.filter((event) => event.kind === "scores");
const freshModel = (seed = 1) => initialiseModel(createNetwork("small", 3), seed);

describe.each([
  { mode: "linear", features: "h", settings: {} },
  { mode: "linear", features: "projection2", settings: {} },
  { mode: "frozen", features: "h", settings: { learningRate: 1e-3, epochs: 60 } },
  { mode: "full", features: "projection2", settings: { learningRate: 1e-3, epochs: 25, dropout: 0.2 } },
  { mode: "full", features: "h", settings: { learningRate: 1e-3, epochs: 4 } },
] as const)("mode $mode on $features", ({ mode, features, settings }) => {
  test("finds the positives, tells every test tile's score, leaves the model as it was and no tensor", async () => {
    const model = freshModel();
    const before = await exportTensors(model.parameters);
    const tensors = tf.memory().numTensors;
    const events = await run(tinyConfig({ finetune: { mode, features, ...settings } }), model);
    expect(tf.memory().numTensors).toBe(tensors);
    for (const [name, { data }] of await exportTensors(model.parameters)) expect(relativeError(data, before.get(name)!.data), name).toBe(0);
    const [evaluation, ...others] = evaluations(events);
    expect(others).toHaveLength(0);
    expect(evaluation).toMatchObject({ labelSet: "irrigated", percent: 100, draw: 0, mode });
    expect(evaluation!.tp + evaluation!.fp + evaluation!.tn + evaluation!.fn).toBe(evaluation!.test);
    if (!("epochs" in settings) || settings.epochs > 10) expect(evaluation!.auc).toBeGreaterThan(0.9);
    const [scored] = scores(events);
    expect(scored!.rows).toHaveLength(evaluation!.test);
    expect(Array.from(scored!.labels)).toEqual(Array.from(scored!.rows, (row) => Number(isPositiveIndex(row))));
    expect(scored!.scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    const progress = events.filter((event) => event.kind === "finetune");
    expect(progress.length).toBeGreaterThan(0);
    expect(progress.every(({ loss, validationAuc }) => Number.isFinite(loss) && validationAuc >= 0 && validationAuc <= 1)).toBe(true);
    model.dispose();
  });
});

test("the same seed gives the same scores; draws differ in training tiles and share the test tiles, also between models", async () => {
  const config = tinyConfig({ finetune: { percents: [30, 100], labelDraws: 2 } });
  const [first, second] = [freshModel(1), freshModel(2)];
  const events = await run(config, first);
  const again = await run(config, first);
  const other = await run(config, second);
  expect(evaluations(events).map(({ percent, draw }) => [percent, draw])).toEqual([
    [30, 0],
    [30, 1],
    [100, 0],
    [100, 1],
  ]);
  scores(events).forEach((scored, i) => {
    expect(scored.rows).toEqual(scores(events)[0]!.rows);
    expect(scores(other)[i]!.rows).toEqual(scored.rows);
    for (let k = 0; k < scored.scores.length; k++) expect(scores(again)[i]!.scores[k]).toBeCloseTo(scored.scores[k]!, 4);
  });
  expect(scores(events)[0]!.scores).not.toEqual(scores(events)[1]!.scores);
  first.dispose();
  second.dispose();
});

test("the early stop restores the weights of the best epoch", async () => {
  const model = freshModel();
  const config = tinyConfig({ finetune: { mode: "frozen", learningRate: 0.05, epochs: 200, patience: 3 } });
  const events = await run(config, model);
  const progress = events.filter((event) => event.kind === "finetune");
  const [evaluation] = evaluations(events);
  const best = Math.max(...progress.map(({ validationAuc }) => validationAuc));
  expect(progress.length).toBeLessThan(200);
  expect(progress.find(({ epoch }) => epoch === evaluation!.epochs)!.validationAuc).toBe(best);
  model.dispose();
});

test.each(["linear", "frozen", "full"] as const)("an abort in mode %s throws its reason and leaves no tensor", async (mode) => {
  const model = freshModel();
  const tensors = tf.memory().numTensors;
  const { reader, tiles } = createMemoryStore(TILES);
  const controller = new AbortController();
  const reason = new Error("cancelled by the test");
  const work = async () => {
    const config = tinyConfig({ finetune: { mode, epochs: 50, labelDraws: 2 } });
    for await (const event of finetune({ config, reader, tiles, model, signal: controller.signal, reportEveryMs: 0 }))
      if (event.kind === "finetune") controller.abort(reason);
  };
  await expect(work()).rejects.toBe(reason);
  expect(tf.memory().numTensors).toBe(tensors);
  model.dispose();
});

describe("refuses, before it computes anything,", () => {
  test("a label set that no tile carries, naming the classes there are", async () => {
    const model = freshModel();
    const config = tinyConfig({ finetune: { labelSets: [{ name: "rice", classes: ["Rice fields"] }] } });
    await expect(run(config, model)).rejects.toMatchObject({
      code: "NO_DATA",
      message: expect.stringMatching(/rice.*0 positive tiles among 120.*Pastures \(80\), Permanently irrigated land \(40\)/),
    });
    model.dispose();
  });

  test("too few of a class in a part", async () => {
    const model = freshModel();
    const config = tinyConfig({ finetune: { minimumPerClass: 30 } });
    await expect(run(config, model)).rejects.toMatchObject({ code: "NO_DATA", message: expect.stringContaining("in the train part") });
    model.dispose();
  });
});

test("without label sets there is nothing to do", async () => {
  const model = freshModel();
  expect(await run(tinyConfig({ finetune: { labelSets: [] } }), model)).toEqual([]);
  model.dispose();
});
