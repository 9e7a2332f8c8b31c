// Pretraining of one arm with one seed: one loop that reads a batch, draws views, takes a step, and now and then tells, checks and saves.
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../domain/errors.ts";
import { Random } from "../domain/random.ts";
import type { RunConfig } from "../domain/run-config.ts";
import type { RunEventBody } from "../domain/run-state.ts";
import { CONTROL_ARM } from "../domain/study.ts";
import { type CheckpointState, captureCheckpoint, restoreTrainState } from "./checkpoint.ts";
import { assessHealth, type Rows } from "./diagnostics.ts";
import { consecutive, createTileFeed, type TileFeed } from "./feed.ts";
import { createModel, createNetwork, type Model, type Network } from "./model.ts";
import { chanceLoss } from "./nt-xent.ts";
import { createOptimiser, type Optimiser, type Slots } from "./optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable } from "./parameters.ts";
import { learningRateAt } from "./schedule.ts";
import { createInput, createRunViews, DEFAULT_MEMORY_BUDGET_BYTES } from "./setup.ts";
import type { TileReader } from "./tiles.ts";
import { disposeState, type TrainState, trainStep } from "./train-step.ts";
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
  const { batchSize } = config.pretrain;
  signal.throwIfAborted();
  const network = createNetwork(config.encoder, config.bands.length);
  if (config.arm === CONTROL_ARM) return yield* keepFirstWeights(network, config);
  if (rows.length < batchSize)
    throw new AppError(
      "NO_DATA",
      `there are ${rows.length} pretraining tiles, fewer than a batch of ${batchSize}: add tiles, or set a batch size of at most ${Math.max(2, rows.length)}`,
      { data: { tiles: rows.length, batchSize } },
    );
  if (resume) checkSameRun(resume.config, config);

  const input = createInput(config, reader.layout);
  let tiles: TileFeed | undefined;
  let probeTiles: TileFeed | undefined;
  try {
    const views = createRunViews(config, input);
    yield { kind: "phase", phase: "prepare", detail: `reading ${rows.length} tiles` };
    const source = { reader, preparation: input, signal };
    tiles = await createTileFeed({ ...source, rows, memoryBudgetBytes });
    probeTiles = await createTileFeed({ ...source, rows: probe.rows, memoryBudgetBytes: memoryBudgetBytes / 8 });
    return yield* train(options, { network, views, tiles, probeTiles });
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
}

/** The loop. */
async function* train(options: PretrainOptions, { network, views, tiles, probeTiles }: Workbench): AsyncGenerator<PretrainEvent, Model> {
  const { config, rows, probe, resume, signal, reportEveryMs = 200 } = options;
  const { batchSize, epochs, checkpointEverySteps, healthEveryEpochs } = config.pretrain;
  const stepsPerEpoch = Math.floor(rows.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const schedule = { steps, peak: config.pretrain.learningRate, warmupShare: config.pretrain.warmupShare };
  const chance = chanceLoss(config.pretrain.loss, batchSize);
  const learned = network.specifications.filter(isTrainable);
  const names = learned.map(({ name }) => name);
  const optimiser = createOptimiser({ name: config.pretrain.optimiser, weightDecay: config.pretrain.weightDecay, specifications: learned });
  const report = createReport();
  let state = startState(network, optimiser, config, resume);
  let isHandedOver = false;
  let step = resume?.step ?? 0;
  let savedStep = step;
  try {
    yield { kind: "phase", phase: "pretrain", detail: `${steps} steps of ${batchSize} tiles, ${epochs} epochs` };
    let reportedAt = performance.now();
    for await (const batch of tiles.batches(batchOrder(rows.length, batchSize, config.seed, step, steps), { signal })) {
      const learningRate = learningRateAt(schedule, step);
      const rate = tf.scalar(learningRate);
      const draws = views.draw({ seed: config.seed, step }, batchSize);
      const result = trainStep({ network, views, optimiser, names, loss: config.pretrain }, state, batch.tiles, draws, rate);
      disposeState(state);
      state = result.state;
      report.add(result.loss, batch.waitMs);
      tf.dispose([batch.tiles, rate, result.loss]);
      step++;
      await tf.nextFrame(); // lets messages in, an abort among them

      const checkHealth = step === steps || step % (stepsPerEpoch * healthEveryEpochs) === 0;
      const save = step === steps || step % checkpointEverySteps === 0;
      if (checkHealth || save || signal.aborted || performance.now() - reportedAt >= reportEveryMs) {
        const { loss, count, waitMs } = await report.read();
        if (!Number.isFinite(loss) || !(await areFinite(state.slots))) throw lossIsLost(step, learningRate);
        const seconds = (performance.now() - reportedAt) / 1000;
        const viewsPerSecond = (2 * batchSize * count) / Math.max(1e-6, seconds);
        yield { kind: "step", step, steps, epoch: step / stepsPerEpoch, loss, chance, learningRate, viewsPerSecond, feedWaitMs: waitMs };
        if (checkHealth && !signal.aborted && probe.rows.length > 1) {
          const outputs = await probeRepresentations(network, state, views, probeTiles, {
            seed: config.seed,
            count: probe.rows.length,
            signal,
          });
          yield { kind: "health", step, ...assessHealth({ ...outputs, labels: probe.labels, loss, chance }) };
        }
        if (save || signal.aborted) {
          savedStep = step;
          yield { kind: "checkpoint", state: await captureCheckpoint(state, { step, config, optimiser }) };
        }
        reportedAt = performance.now(); // what the consumer and the checks took is not the steps' time
      }
      signal.throwIfAborted();
    }
    isHandedOver = true;
    disposeAll(state.slots);
    return createModel(network, state.parameters);
  } catch (error) {
    // Aborted while it waited for data or checked health: the steps since the last checkpoint are kept.
    if (signal.aborted && step > savedStep && (await report.isFinite()) && (await areFinite(state.slots)))
      yield { kind: "checkpoint", state: await captureCheckpoint(state, { step, config, optimiser }) };
    throw error;
  } finally {
    if (!isHandedOver) disposeState(state);
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
  const { arm, kept, seed, encoder, bands, inputPixels, augmentation } = config;
  return JSON.stringify([arm, kept, seed, encoder, bands, inputPixels, augmentation, pretrainSettings]);
}

function checkSameRun(checkpoint: RunConfig, config: RunConfig): void {
  if (resultOf(checkpoint) !== resultOf(config))
    throw new AppError(
      "BAD_ARGUMENT",
      `the checkpoint was made with other settings (arm ${checkpoint.arm}, seed ${checkpoint.seed}): start the run anew, or restore its settings`,
    );
}

/** Positions of the tiles of each step. Every epoch is shuffled by (seed, epoch) alone; a rest smaller than a batch waits for the next shuffle. */
function* batchOrder(tiles: number, batchSize: number, seed: number, fromStep: number, steps: number): Generator<Int32Array, void> {
  const stepsPerEpoch = Math.floor(tiles / batchSize);
  let order = new Int32Array(0);
  for (let step = fromStep; step < steps; step++) {
    const within = step % stepsPerEpoch;
    if (step === fromStep || within === 0) {
      const epoch = Math.floor(step / stepsPerEpoch);
      order = Int32Array.from(Random.of(seed, "order", epoch).shuffled(Array.from({ length: tiles }, (_, i) => i)));
    }
    yield order.slice(within * batchSize, (within + 1) * batchSize);
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

/**
 * Whether the optimiser has seen finite gradients only. The loss alone does not tell: the wasm engine's rectifier makes 0 of what is
 * no number, so the loss stays at chance while the weights are lost.
 */
async function areFinite(slots: Slots): Promise<boolean> {
  const sum = tf.tidy(() => tf.addN(Array.from(slots.values(), (slot) => tf.sum(slot))));
  const [value] = await sum.data();
  sum.dispose();
  return Number.isFinite(value);
}

function lossIsLost(step: number, learningRate: number): AppError {
  return new AppError(
    "BAD_ARGUMENT",
    `the loss is no longer a number by step ${step} at a learning rate of ${learningRate.toExponential(2)}: lower the learning rate or raise the temperature, and start the run again`,
    { data: { step, learningRate } },
  );
}

/** Representations of the probe tiles and embeddings of their two fixed views, with running statistics. */
async function probeRepresentations(
  network: Network,
  state: TrainState,
  views: Views,
  tiles: TileFeed,
  { seed, count, signal }: { seed: number; count: number; signal: AbortSignal },
): Promise<{ h: Rows; first: Rows; second: Rows }> {
  const h = createRows(count);
  const first = createRows(count);
  const second = createRows(count);
  let at = 0;
  for await (const batch of tiles.batches(consecutive(count, PROBE_BATCH), { signal })) {
    const n = batch.tiles.shape[0];
    const draws = views.draw({ seed, step: PROBE_STEP + at / PROBE_BATCH }, n);
    const outputs = tf.tidy(() => {
      const z = network.forward(state.parameters, views.apply(batch.tiles, draws), "eval").z;
      return [
        network.forward(state.parameters, batch.tiles, "eval").h,
        tf.slice(z, [0, 0], [n, -1]),
        tf.slice(z, [n, 0], [n, -1]),
      ] as const;
    });
    await Promise.all([h.set(at, outputs[0]), first.set(at, outputs[1]), second.set(at, outputs[2])]);
    tf.dispose([batch.tiles, ...outputs]);
    at += n;
    await tf.nextFrame();
  }
  return { h: h.rows(), first: first.rows(), second: second.rows() };
}

/** Collects batches of vectors. */
function createRows(count: number) {
  let values: Float32Array | undefined;
  return {
    async set(at: number, batch: tf.Tensor2D): Promise<void> {
      values ??= new Float32Array(count * batch.shape[1]);
      values.set((await batch.data()) as Float32Array, at * batch.shape[1]);
    },
    rows: (): Rows => ({ count, width: (values?.length ?? 0) / count, values: values ?? new Float32Array(0) }),
  };
}
