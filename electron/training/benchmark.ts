// The speed of pretraining here: the real step on random tiles, and where its time goes.
import * as tf from "@tensorflow/tfjs-core";
import { type AugmentationName, AugmentationSettings } from "../../shared/domain/augmentations.ts";
import { BAND_NAMES, BANDS, type BandName, STUDY_BANDS } from "../../shared/domain/bands.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { Random } from "../../shared/domain/random.ts";
import { type EncoderName, PretrainSettings } from "../../shared/domain/run-config.ts";
import { createTileFeed } from "../../shared/learning/feed.ts";
import { createNetwork } from "../../shared/learning/model.ts";
import { contrastiveLoss } from "../../shared/learning/nt-xent.ts";
import { createOptimiser } from "../../shared/learning/optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable, parameter } from "../../shared/learning/parameters.ts";
import { createPreparation } from "../../shared/learning/prepare.ts";
import { EAGER_PROGRAMS, type Program, type ProgramFunction, type Programs, type Tensors } from "../../shared/learning/program.ts";
import type { TileLayout, TileReader } from "../../shared/learning/tiles.ts";
import { mergeState, splitState, trainStep } from "../../shared/learning/train-step.ts";
import { createViews } from "../../shared/learning/views.ts";
import { withBatch } from "./engines/memory-error.ts";

export interface BenchmarkOptions {
  readonly encoder: EncoderName;
  /** Side of tile and input. */
  readonly pixels: number;
  /** So many bands, the study's first: 10 m bands as they are, the others at half the side. */
  readonly channels: number;
  /** Tiles a step; two views each. */
  readonly batchSize: number;
  /** Operations of every view. */
  readonly operations: readonly AugmentationName[];
  /** Steps that count; more are done before. */
  readonly steps: number;
  /** Whether activations are computed again for the gradient. */
  readonly recompute?: boolean;
  /** Whether the parts of a step are timed as well. */
  readonly parts?: boolean;
  /** What runs the steps; as they are written when not given. */
  readonly programs?: Programs | undefined;
}

/** Milliseconds, medians over the steps. */
export interface StepParts {
  /** Waiting for tiles, and drawing the views' numbers. */
  readonly feed: number;
  /** Raw tiles to standardised ones, and the views' operations. */
  readonly augment: number;
  readonly forward: number;
  readonly backward: number;
  readonly optimiser: number;
}

export interface BenchmarkResult {
  readonly viewsPerSecond: number;
  readonly stepMs: number;
  /** Peak of this process, before the parts were timed. */
  readonly peakRssMb: number;
  /** By how much the process grew from a tenth of the steps to the last. */
  readonly growthMb: number;
  readonly parts: StepParts | null;
}

/** The first steps compile and warm up. */
const WARM_UP_STEPS = 2;
type FunctionName = "train" | "views" | "loss" | "gradients";

/** Measures training steps on random tiles. @throws AppError OUT_OF_MEMORY with the batch that fits */
export async function benchmark(options: BenchmarkOptions, signal: AbortSignal): Promise<BenchmarkResult> {
  const { channels, batchSize, steps } = options;
  if (channels > BAND_NAMES.length) throw new AppError("BAD_ARGUMENT", `${channels} channels: Sentinel-2 has ${BAND_NAMES.length} bands.`);
  let bench: Bench | undefined;
  try {
    bench = await createBench(options, signal);
    const { median, feedMs, growthMb } = await bench.measure("train", steps);
    const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
    const parts = options.parts ? await timeParts(bench, median, feedMs, steps) : null;
    return { viewsPerSecond: (2000 * batchSize) / (median + feedMs), stepMs: median + feedMs, peakRssMb, growthMb, parts };
  } catch (error) {
    throw withBatch(error, batchSize);
  } finally {
    bench?.dispose();
  }
}

interface Bench {
  /** Milliseconds of a function of the program, and of what comes before it. */
  measure(name: FunctionName, steps: number): Promise<{ median: number; feedMs: number; growthMb: number }>;
  dispose(): void;
}

async function timeParts(bench: Bench, train: number, feed: number, steps: number): Promise<StepParts> {
  const { median: views } = await bench.measure("views", steps);
  const { median: loss } = await bench.measure("loss", steps);
  const { median: gradients } = await bench.measure("gradients", steps);
  const part = (whole: number, without: number) => Math.max(0, whole - without);
  return { feed, augment: views, forward: part(loss, views), backward: part(gradients, loss), optimiser: part(train, gradients) };
}

/** What decides a step's time and memory. */
export type StepOptions = Omit<BenchmarkOptions, "steps" | "parts">;

/** A step of pretraining on random tiles as a function, with what it takes. */
export async function createStep(
  { encoder, pixels, channels, batchSize, operations, programs = EAGER_PROGRAMS, recompute = false }: StepOptions,
  signal: AbortSignal,
) {
  const bands: readonly BandName[] = channels > STUDY_BANDS.length ? BAND_NAMES.slice(0, channels) : STUDY_BANDS.slice(0, channels);
  const reader = randomTiles(bands, pixels);
  const preparation = createPreparation({ layout: reader.layout, bands, inputPixels: null });
  const views = createViews({
    settings: AugmentationSettings.parse({ profile: "physical" }),
    pool: [operations],
    stage: "arm",
    ...preparation,
    forAnyPool: programs.areCompiled,
  });
  const tiles = await createTileFeed({
    reader,
    preparation,
    rows: Int32Array.from({ length: batchSize }, (_, i) => i),
    memoryBudgetBytes: 0,
    signal,
  });
  const network = createNetwork(encoder, channels);
  const specifications = network.specifications.filter(isTrainable);
  const names = specifications.map(({ name }) => name);
  const optimiser = createOptimiser({ name: "adam", specifications });
  const settings = PretrainSettings.parse({ recompute });
  const start = mergeState({ parameters: initialiseParameters(network.specifications, 0), slots: optimiser.initialise() });

  const inputs = { ...tiles.specifications(batchSize), ...views.specifications(batchSize) };
  const forward = (state: ReadonlyMap<string, tf.Tensor>, given: Tensors) =>
    contrastiveLoss(network.forward(state, views.apply(tiles.tiles(given), given), "train", { recomputes: recompute }).z, settings);
  const train: ProgramFunction = {
    inputs: { ...inputs, learningRate: { shape: [], dtype: "float32" } },
    run(all, { learningRate, ...given }) {
      const step = { network, views, optimiser, names, settings };
      const { loss, state } = trainStep(step, all, { tiles: tiles.tiles(given), draws: given }, learningRate as tf.Scalar);
      return { outputs: { loss }, state };
    },
  };
  /** The step up to some point: what each adds to the one before is a part's time. */
  const beginnings: Record<Exclude<FunctionName, "train">, ProgramFunction> = {
    views: { inputs, run: (_, given) => ({ outputs: { sum: tf.sum(views.apply(tiles.tiles(given), given)) } }) },
    loss: { inputs, run: (all, given) => ({ outputs: { loss: forward(splitState(all).parameters, given) } }) },
    gradients: {
      inputs,
      run(all, given) {
        const { parameters } = splitState(all);
        const { grads } = tf.valueAndGrads(() => forward(parameters, given))(names.map((name) => parameter(parameters, name)));
        return { outputs: { sum: tf.addN(grads.map((gradient) => tf.sum(gradient))) } };
      },
    },
  };
  return {
    tiles,
    views,
    learningRate: settings.learningRate,
    /** The step, and its beginnings. */
    functions: { train, ...beginnings },
    start,
    dispose() {
      disposeAll(start);
      tiles.dispose();
      preparation.dispose();
    },
  };
}

async function createBench(options: BenchmarkOptions, signal: AbortSignal): Promise<Bench> {
  const { batchSize, parts, programs = EAGER_PROGRAMS } = options;
  const { tiles, views, learningRate, functions, start, dispose } = await createStep(options, signal);
  let program: Program;
  try {
    program = programs.build<string>(parts ? functions : { train: functions.train }, start);
    disposeAll(start); // the program has its own
  } catch (error) {
    dispose();
    throw error;
  }
  let step = 0;

  return {
    async measure(name, steps) {
      const order = Array.from({ length: steps + WARM_UP_STEPS }, () => Int32Array.from({ length: batchSize }, (_, i) => i));
      const times: number[] = [];
      const feeds: number[] = [];
      let early = 0;
      let asked = performance.now();
      for await (const batch of tiles.batches(order, { signal })) {
        const given: Record<string, tf.Tensor> = { ...batch.inputs, ...views.tensors(views.draw({ seed: 0, step: step++ }, batchSize)) };
        if (name === "train") given.learningRate = tf.scalar(learningRate);
        const began = performance.now();
        const outputs = program.run(name, given);
        for (const output of Object.values(outputs)) await output.data();
        const ended = performance.now();
        tf.dispose([...Object.values(given), ...Object.values(outputs)]);
        times.push(ended - began);
        if (times.length === WARM_UP_STEPS + Math.ceil(steps / 10)) early = process.memoryUsage.rss();
        feeds.push(began - asked);
        await tf.nextFrame();
        signal.throwIfAborted();
        asked = performance.now();
      }
      const growthMb = Math.round((process.memoryUsage.rss() - early) / 1024 ** 2);
      return { median: median(times.slice(WARM_UP_STEPS)), feedMs: median(feeds.slice(WARM_UP_STEPS)), growthMb };
    },
    dispose() {
      program.dispose();
      dispose();
    },
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Tiles of noise about common reflectances, 20 m bands at their own size. */
export function randomTiles(bands: readonly BandName[], pixels: number): TileReader {
  const isFine = (band: BandName) => BANDS[band].gsdMetres === 10 || pixels % 2 === 1;
  const groups = [
    { name: "10m", pixels, bands: bands.filter(isFine) },
    { name: "20m", pixels: pixels / 2, bands: bands.filter((band) => !isFine(band)) },
  ].filter((group) => group.bands.length > 0);
  const layout: TileLayout = {
    tilePixels: pixels,
    groups,
    radiometry: { quantification: 10_000, offset: 0 },
    statistics: Object.fromEntries(bands.map((band) => [band, { mean: 0.15, std: 0.05, validPixels: 1, minimum: 0, maximum: 1 }])),
  };
  const random = Random.of("benchmark");
  const made = new Map<number, Uint16Array[]>();
  return {
    layout,
    async read(rows) {
      const kept = made.get(rows.length);
      if (kept) return { count: rows.length, groups: kept };
      const values = groups.map((group) => {
        const array = new Uint16Array(rows.length * group.bands.length * group.pixels ** 2);
        for (let i = 0; i < array.length; i++) array[i] = 500 + (random.nextInt32() & 2047);
        return array;
      });
      made.set(rows.length, values);
      return { count: rows.length, groups: values };
    },
  };
}
