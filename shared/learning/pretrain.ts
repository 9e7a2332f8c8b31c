// Pretraining of one arm with one seed: one loop that reads a batch, draws views, takes a step, and now and then tells, checks and saves.
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../domain/errors.ts";
import { Random } from "../domain/random.ts";
import { type RunConfig, stepsPerEpoch } from "../domain/run-config.ts";
import type { RunEventBody } from "../domain/run-state.ts";
import { CONTROL_ARM } from "../domain/study.ts";
import { type CheckpointState, captureCheckpoint, restoreTrainState } from "./checkpoint.ts";
import { assessHealth, type Rows } from "./diagnostics.ts";
import { createTileFeed, padded, type TileFeed } from "./feed.ts";
import { createModel, createNetwork, type Model, type Network } from "./model.ts";
import { chanceLoss } from "./nt-xent.ts";
import { createOptimiser, type Optimiser } from "./optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable } from "./parameters.ts";
import { EAGER_PROGRAMS, type Program, type Programs, type Tensors } from "./program.ts";
import { learningRateAt } from "./schedule.ts";
import { createInput, createRunViews, DEFAULT_MEMORY_BUDGET_BYTES } from "./setup.ts";
import type { TileReader } from "./tiles.ts";
import { accumulateStep, initialSums, mergeState, splitState, type TrainState, trainStep } from "./train-step.ts";
import type { Views } from "./views.ts";

export type PretrainEvent =
  | Extract<RunEventBody, { kind: "phase" | "step" | "health" }>
  | { readonly kind: "checkpoint"; readonly state: CheckpointState };

export interface PretrainOptions {
  readonly config: RunConfig;
  readonly reader: TileReader;
  /** Rows of the pretraining tiles in the store; what `drawPretrainingRows` chose. */
  readonly rows: Int32Array;
  /** Fixed tiles on which health is checked, with their labels (0 or 1) of the first label set. */
  readonly probe: { readonly rows: Int32Array; readonly labels: Uint8Array | null };
  /** Goes on from here as if the run had not stopped. */
  readonly resume?: CheckpointState | undefined;
  readonly signal: AbortSignal;
  /** What runs the steps; as they are written when not given. */
  readonly programs?: Programs | undefined;
  /** Prepared tiles are held on the device up to this size. */
  readonly memoryBudgetBytes?: number;
  /** Least time between step events. */
  readonly reportEveryMs?: number;
}

/** Step number of the probe's fixed views: beyond any step of a run. */
const PROBE_STEP = 2 ** 30;
const PROBE_BATCH = 64;

/**
 * Pretrains and gives the model, which the caller disposes. Events come at most every `reportEveryMs` or once a step; a checkpoint comes
 * at intervals, at the end, and on abort before the abort's reason is thrown. The control arm gives its first weights.
 * @throws AppError NO_DATA with fewer tiles than a batch; BAD_ARGUMENT when the loss is no longer a number
 */
export async function* pretrain(options: PretrainOptions): AsyncGenerator<PretrainEvent, Model> {
  const { config, reader, rows, probe, resume, signal, memoryBudgetBytes = DEFAULT_MEMORY_BUDGET_BYTES } = options;
  const { programs = EAGER_PROGRAMS } = options;
  const { batchSize, accumulate } = config.pretrain;
  signal.throwIfAborted();
  const network = createNetwork(config.encoder, config.bands.length);
  if (config.arm === CONTROL_ARM) return yield* keepFirstWeights(network, config);
  if (rows.length < batchSize * accumulate) {
    const step = accumulate > 1 ? `${accumulate} batches of ${batchSize}` : `a batch of ${batchSize}`;
    const fits = Math.max(2, Math.floor(rows.length / accumulate));
    throw new AppError(
      "NO_DATA",
      `there are ${rows.length} pretraining tiles, fewer than ${step}: add tiles, or set a batch size of at most ${fits}`,
      { data: { tiles: rows.length, batchSize } },
    );
  }
  if (resume) checkSameRun(resume.config, config);

  const input = createInput(config, reader.layout);
  let tiles: TileFeed | undefined;
  let probeTiles: TileFeed | undefined;
  try {
    const views = createRunViews(config, input, { forAnyPool: programs.areCompiled });
    yield { kind: "phase", phase: "prepare", detail: `reading ${rows.length} tiles` };
    const source = { reader, preparation: input, signal };
    tiles = await createTileFeed({ ...source, rows, memoryBudgetBytes });
    probeTiles = await createTileFeed({ ...source, rows: probe.rows, memoryBudgetBytes: memoryBudgetBytes / 8 });
    return yield* train(options, { network, views, tiles, probeTiles, programs });
  } finally {
    tiles?.dispose();
    probeTiles?.dispose();
    input.dispose();
  }
}

interface Workbench {
  readonly network: Network;
  readonly views: Views;
  readonly tiles: TileFeed;
  readonly probeTiles: TileFeed;
  readonly programs: Programs;
}

type PretrainProgram = Program<"accumulate" | "train" | "represent" | "check">;

/** The run's functions over its weights and the optimiser's slots. */
function buildProgram(
  { config: { pretrain: settings }, probe }: PretrainOptions,
  { network, views, tiles, probeTiles, programs }: Workbench,
  optimiser: Optimiser,
  state: TrainState,
): PretrainProgram {
  const { batchSize } = settings;
  const names = network.specifications.filter(isTrainable).map(({ name }) => name);
  const step = { network, views, optimiser, names, settings };
  const batch = { ...tiles.specifications(batchSize), ...views.specifications(batchSize) };
  const stepInputs = (inputs: Tensors) => ({ tiles: tiles.tiles(inputs), draws: inputs });
  const probeBatch = probeBatchOf(probe.rows.length);
  const sums = initialSums(step);
  const program = programs.build(
    {
      /** A batch of a step that is not its last; none where a step is one batch. */
      accumulate: {
        inputs: sums.size > 0 ? batch : {},
        run(all, inputs) {
          if (sums.size === 0) return { outputs: {} };
          const { loss, state } = accumulateStep(step, all, stepInputs(inputs));
          return { outputs: { loss }, state };
        },
      },
      train: {
        inputs: { ...batch, learningRate: { shape: [], dtype: "float32" } },
        run(all, { learningRate, ...inputs }) {
          const { loss, state } = trainStep(step, all, stepInputs(inputs), learningRate as tf.Scalar);
          return { outputs: { loss }, state };
        },
      },
      /** Representations of probe tiles and embeddings of their two views, by running statistics. */
      represent: {
        inputs: { ...probeTiles.specifications(probeBatch), ...views.specifications(probeBatch) },
        run(all, inputs) {
          const { parameters } = splitState(all);
          const plain = probeTiles.tiles(inputs);
          const { z } = network.forward(parameters, views.apply(plain, inputs), "eval");
          const { h } = network.forward(parameters, plain, "eval");
          return { outputs: { h, first: tf.slice(z, [0, 0], [probeBatch, -1]), second: tf.slice(z, [probeBatch, 0], [probeBatch, -1]) } };
        },
      },
      /**
       * A number, if the optimiser has seen finite gradients only. The loss alone does not tell: the wasm engine's rectifier makes 0 of what
       * is no number, so the loss stays at chance while the weights are lost.
       */
      check: {
        inputs: {},
        run: (all) => ({ outputs: { sum: tf.addN(Array.from(splitState(all).slots.values(), (slot) => tf.sum(slot))) } }),
      },
    },
    new Map([...mergeState(state), ...sums]),
  );
  disposeAll(sums);
  return program;
}

/** The loop. */
async function* train(options: PretrainOptions, bench: Workbench): AsyncGenerator<PretrainEvent, Model> {
  const { config, rows, probe, resume, signal, reportEveryMs = 200 } = options;
  const { network, views, tiles, probeTiles } = bench;
  const { batchSize, accumulate, epochs, checkpointEverySteps, healthEveryEpochs } = config.pretrain;
  const epochSteps = stepsPerEpoch(rows.length, config.pretrain);
  const steps = epochs * epochSteps;
  const schedule = { steps, peak: config.pretrain.learningRate, warmupShare: config.pretrain.warmupShare };
  const chance = chanceLoss(config.pretrain.loss, batchSize);
  const specifications = network.specifications.filter(isTrainable);
  const optimiser = createOptimiser({ name: config.pretrain.optimiser, weightDecay: config.pretrain.weightDecay, specifications });
  const report = createReport();
  const start = startState(network, optimiser, config, resume);
  yield { kind: "phase", phase: "prepare", detail: "making the training step" };
  const program = buildProgram(options, bench, optimiser, start);
  disposeAll(start.parameters, start.slots);
  let step = resume?.step ?? 0;
  let savedStep = step;
  const capture = async () => {
    const all = program.read();
    const state = splitState(all);
    try {
      return await captureCheckpoint(state, { step, config, optimiser });
    } finally {
      disposeAll(all);
    }
  };
  try {
    yield { kind: "phase", phase: "pretrain", detail: `${steps} steps of ${batchSize * accumulate} tiles, ${epochs} epochs` };
    let reportedAt = performance.now();
    let part = 0;
    for await (const batch of tiles.batches(batchOrder(rows.length, config, step, steps), { signal })) {
      const learningRate = learningRateAt(schedule, step);
      const draws = views.draw({ seed: config.seed, step: step * accumulate + part }, batchSize);
      part = (part + 1) % accumulate;
      const isLast = part === 0;
      const rate = isLast ? { learningRate: tf.scalar(learningRate) } : {};
      const inputs = { ...batch.inputs, ...views.tensors(draws), ...rate };
      const { loss } = program.run(isLast ? "train" : "accumulate", inputs);
      report.add(loss as tf.Scalar, batch.waitMs);
      tf.dispose([...Object.values(inputs), loss!]);
      if (!isLast) continue;
      step++;
      await tf.nextFrame(); // lets messages in, an abort among them

      const checkHealth = step === steps || step % (epochSteps * healthEveryEpochs) === 0;
      const save = step === steps || step % checkpointEverySteps === 0;
      if (checkHealth || save || signal.aborted || performance.now() - reportedAt >= reportEveryMs) {
        const { loss, count, waitMs } = await report.read();
        if (!Number.isFinite(loss) || !(await isSound(program))) throw lossIsLost(step, learningRate);
        const seconds = (performance.now() - reportedAt) / 1000;
        const viewsPerSecond = (2 * batchSize * count) / Math.max(1e-6, seconds);
        yield { kind: "step", step, steps, epoch: step / epochSteps, loss, chance, learningRate, viewsPerSecond, feedWaitMs: waitMs };
        if (checkHealth && !signal.aborted && probe.rows.length > 1) {
          const outputs = await representProbe(program, views, probeTiles, { seed: config.seed, count: probe.rows.length, signal });
          yield { kind: "health", step, ...assessHealth({ ...outputs, labels: probe.labels, loss, chance }) };
        }
        if (save || signal.aborted) {
          savedStep = step;
          yield { kind: "checkpoint", state: await capture() };
        }
        reportedAt = performance.now(); // what the consumer and the checks took is not the steps' time
      }
      signal.throwIfAborted();
    }
    const all = program.read();
    const { parameters } = splitState(all);
    disposeAll(new Map([...all].filter(([name]) => !parameters.has(name))));
    return createModel(network, parameters);
  } catch (error) {
    // Aborted while it waited for data or checked health: the steps since the last checkpoint are kept.
    if (signal.aborted && step > savedStep && (await report.isFinite()) && (await isSound(program)))
      yield { kind: "checkpoint", state: await capture() };
    throw error;
  } finally {
    program.dispose();
    report.dispose();
  }
}

async function* keepFirstWeights(network: Network, config: RunConfig): AsyncGenerator<PretrainEvent, Model> {
  yield { kind: "phase", phase: "pretrain", detail: "none: the control keeps its first weights" };
  const parameters = initialiseParameters(network.specifications, config.seed);
  let isHandedOver = false;
  try {
    yield { kind: "checkpoint", state: await captureCheckpoint({ parameters, slots: new Map() }, { step: 0, config, optimiser: null }) };
    isHandedOver = true;
    return createModel(network, parameters);
  } finally {
    if (!isHandedOver) disposeAll(parameters);
  }
}

/** First weights and slots, or those of the checkpoint. */
function startState(network: Network, optimiser: Optimiser, config: RunConfig, resume: CheckpointState | undefined): TrainState {
  if (resume) return restoreTrainState(resume, network, optimiser);
  return { parameters: initialiseParameters(network.specifications, config.seed), slots: optimiser.initialise() };
}

/** Settings that may differ between a checkpoint and the run that goes on from it: they don't change the result. */
function resultOf(config: RunConfig): string {
  const { checkpointEverySteps: _, healthEveryEpochs: __, probeTiles: ___, ...pretrainSettings } = config.pretrain;
  const { arm, kept, seed, encoder, initialWeights, bands, inputPixels, augmentation } = config;
  const start = [initialWeights.sha256, initialWeights.bands];
  return JSON.stringify([arm, kept, seed, encoder, start, bands, inputPixels, augmentation, pretrainSettings]);
}

function checkSameRun(checkpoint: RunConfig, config: RunConfig): void {
  if (resultOf(checkpoint) !== resultOf(config))
    throw new AppError(
      "BAD_ARGUMENT",
      `the checkpoint was made with other settings (arm ${checkpoint.arm}, seed ${checkpoint.seed}): start the run anew, or restore its settings`,
    );
}

/** Positions of the tiles of each batch. Every epoch is shuffled by (seed, epoch) alone; a rest smaller than a step waits for the next shuffle. */
function* batchOrder(tiles: number, { pretrain, seed }: RunConfig, fromStep: number, steps: number): Generator<Int32Array, void> {
  const { batchSize, accumulate } = pretrain;
  const epochSteps = stepsPerEpoch(tiles, pretrain);
  let order = new Int32Array(0);
  for (let step = fromStep; step < steps; step++) {
    const within = step % epochSteps;
    if (step === fromStep || within === 0) {
      const epoch = Math.floor(step / epochSteps);
      order = Int32Array.from(Random.of(seed, "order", epoch).shuffled(Array.from({ length: tiles }, (_, i) => i)));
    }
    for (let batch = within * accumulate; batch < (within + 1) * accumulate; batch++)
      yield order.slice(batch * batchSize, (batch + 1) * batchSize);
  }
}

/** Sums losses on the device, so that they are read back a few times a second at most. */
function createReport() {
  let sum: tf.Scalar | undefined;
  let count = 0;
  let waitMs = 0;
  let wasFinite = true;
  return {
    add(loss: tf.Scalar, wait: number): void {
      const before = sum;
      sum = before ? tf.tidy((): tf.Scalar => tf.add(before, loss)) : loss.clone();
      before?.dispose();
      count++;
      waitMs += wait;
    },
    /** Means since the last reading. */
    async read(): Promise<{ loss: number; count: number; waitMs: number }> {
      const total = sum ? (await sum.data())[0]! : Number.NaN;
      const result = { loss: total / count, count, waitMs: waitMs / count };
      wasFinite &&= Number.isFinite(total);
      this.dispose();
      return result;
    },
    /** Whether no loss so far was lost to infinity. */
    async isFinite(): Promise<boolean> {
      return wasFinite && (!sum || Number.isFinite((await sum.data())[0]!));
    },
    dispose(): void {
      sum?.dispose();
      sum = undefined;
      count = 0;
      waitMs = 0;
    },
  };
}

async function isSound(program: PretrainProgram): Promise<boolean> {
  const { sum } = program.run("check", {});
  const [value] = await sum!.data();
  sum!.dispose();
  return Number.isFinite(value);
}

function lossIsLost(step: number, learningRate: number): AppError {
  return new AppError(
    "BAD_ARGUMENT",
    `the loss is no longer a number by step ${step} at a learning rate of ${learningRate.toExponential(2)}: lower the learning rate or raise the temperature, and start the run again`,
    { data: { step, learningRate } },
  );
}

const probeBatchOf = (count: number) => Math.max(1, Math.min(PROBE_BATCH, count));

/** Representations of the probe tiles and embeddings of their two fixed views. */
async function representProbe(
  program: PretrainProgram,
  views: Views,
  tiles: TileFeed,
  { seed, count, signal }: { seed: number; count: number; signal: AbortSignal },
): Promise<{ h: Rows; first: Rows; second: Rows }> {
  const collected = { h: createRows(count), first: createRows(count), second: createRows(count) };
  const size = probeBatchOf(count);
  let at = 0;
  for await (const batch of tiles.batches(padded(count, size), { signal })) {
    const draws = views.draw({ seed, step: PROBE_STEP + at / size }, size);
    const inputs = { ...batch.inputs, ...views.tensors(draws) };
    const outputs = program.run("represent", inputs);
    for (const name of ["h", "first", "second"] as const) await collected[name].set(at, outputs[name] as tf.Tensor2D);
    tf.dispose([...Object.values(inputs), ...Object.values(outputs)]);
    at += size;
    await tf.nextFrame();
  }
  return { h: collected.h.rows(), first: collected.first.rows(), second: collected.second.rows() };
}

/** Collects batches of vectors; what is over the count is left out. */
function createRows(count: number) {
  let values: Float32Array | undefined;
  return {
    async set(at: number, batch: tf.Tensor2D): Promise<void> {
      const width = batch.shape[1];
      values ??= new Float32Array(count * width);
      values.set(((await batch.data()) as Float32Array).subarray(0, (count - at) * width), at * width);
    },
    rows: (): Rows => ({ count, width: (values?.length ?? 0) / count, values: values ?? new Float32Array(0) }),
  };
}
