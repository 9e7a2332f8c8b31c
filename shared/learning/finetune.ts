// Fine-tuning and evaluation of a model with few labels: the whole network, the head on cached features, or a linear probe.
import { createLabelDraws, type LabelDraw, type LabelledRows } from "../domain/label-draw.ts";
import { computeMetrics } from "../domain/metrics.ts";
import { Random } from "../domain/random.ts";
import type { RunConfig } from "../domain/run-config.ts";
import type { Evaluation, RunEventBody } from "../domain/run-state.ts";
import { type PlacedTile, type Split, splitTiles } from "../domain/splits.ts";
import { createRepresentation, type Features, type Representation } from "./features.ts";
import { createTileFeed, type TileFeed } from "./feed.ts";
import { createHeadLearner } from "./head-learner.ts";
import { fit, type LocatedParts, type LocatedTiles, THRESHOLD } from "./learner.ts";
import { createLinearLearner } from "./linear-learner.ts";
import type { Model } from "./model.ts";
import { disposeAll, type Parameters } from "./parameters.ts";
import { EAGER_PROGRAMS, type Programs } from "./program.ts";
import { createInput, DEFAULT_MEMORY_BUDGET_BYTES } from "./setup.ts";
import type { TileReader } from "./tiles.ts";

/** Scores of all test tiles of one fine-tuning, for ROC and precision-recall curves. */
export interface ScoresEvent {
  readonly kind: "scores";
  readonly labelSet: string;
  readonly percent: number;
  readonly draw: number;
  /** Rows of the store. */
  readonly rows: Int32Array;
  /** 1 positive, 0 negative. */
  readonly labels: Uint8Array;
  /** 0..1; positive from 0.5. */
  readonly scores: Float32Array;
}

export type FinetuneEvent = Extract<RunEventBody, { kind: "phase" | "finetune" | "evaluated" }> | ScoresEvent;

export interface FinetuneOptions {
  readonly config: RunConfig;
  readonly reader: TileReader;
  /** The tiles with labels (`labels` not null), all parts together: the split is made here, alike for all arms. */
  readonly tiles: readonly PlacedTile[];
  /** Stays the caller's. */
  readonly model: Model;
  readonly signal: AbortSignal;
  /** What runs the steps; as they are written when not given. */
  readonly programs?: Programs | undefined;
  /** Prepared tiles are held on the device up to this size. */
  readonly memoryBudgetBytes?: number;
  /** Least time between `finetune` events. */
  readonly reportEveryMs?: number;
}

/** Training tiles (labels aside) from which running statistics are made anew. */
export const CALIBRATION_TILES = 1024;

/** Tiles to make running statistics of. @param rows those to draw from */
export function drawCalibrationRows(rows: Int32Array): Int32Array {
  const shuffled = Random.of("calibration tiles").shuffled([...rows]);
  return Int32Array.from(shuffled.slice(0, CALIBRATION_TILES)).sort();
}

/**
 * Fine-tunes and evaluates every label set, percent and draw of the settings. Nothing of the model changes; its running statistics are
 * recalibrated on a copy first, for every arm alike.
 * @throws AppError NO_DATA when a label set has too few tiles of a class
 */
export async function* finetune(options: FinetuneOptions): AsyncGenerator<FinetuneEvent, void> {
  const { config, model, reader, signal, memoryBudgetBytes = DEFAULT_MEMORY_BUDGET_BYTES } = options;
  const { programs = EAGER_PROGRAMS } = options;
  const settings = config.finetune;
  signal.throwIfAborted();
  if (settings.labelSets.length === 0) return;
  const tiles = options.tiles.filter(({ labels }) => labels !== null);
  const split = splitTiles(tiles, settings);
  const tasks = createTasks(tiles, split, config); // all of them now: too few labels are told before anything is computed
  const rows = Int32Array.from(
    new Set(tasks.flatMap(({ labels }) => [labels.train, labels.validation, labels.test].flatMap((part) => [...part.rows]))),
  ).sort();

  const preparation = createInput(config, reader.layout);
  const source = { reader, preparation, signal };
  let calibrationTiles: TileFeed | undefined;
  let feed: TileFeed | undefined;
  let representation: Representation | undefined;
  let parameters: Parameters | undefined;
  try {
    yield { kind: "phase", phase: "finetune", detail: "recalibrating running statistics" };
    const calibrationRows = drawCalibrationRows(split.train);
    calibrationTiles = await createTileFeed({ ...source, rows: calibrationRows, memoryBudgetBytes: 0 });
    // Features are read off once; the whole network sees its tiles in every epoch.
    feed = await createTileFeed({ ...source, rows, memoryBudgetBytes: settings.mode === "full" ? memoryBudgetBytes : 0 });
    const calibration = { tiles: calibrationTiles, count: calibrationRows.length };
    representation = createRepresentation({ model, layer: settings.features, calibration, tiles: feed, count: rows.length, programs });
    await representation.recalibrate(signal);
    let features: Features | undefined;
    if (settings.mode !== "full") {
      yield { kind: "phase", phase: "finetune", detail: `features of ${rows.length} tiles` };
      features = await representation.features(signal);
    }
    parameters = representation.parameters();
    representation.dispose();
    for (const task of tasks) yield* evaluate(task, options, { parameters, feed, rows, features });
  } finally {
    representation?.dispose();
    calibrationTiles?.dispose();
    feed?.dispose();
    if (parameters) disposeAll(parameters);
    preparation.dispose();
  }
}

/** One fine-tuning. */
interface Task {
  readonly labelSet: string;
  readonly percent: number;
  readonly draw: number;
  readonly labels: LabelDraw;
}

function createTasks(tiles: readonly PlacedTile[], split: Split, { finetune: settings }: RunConfig): Task[] {
  return settings.labelSets.flatMap((labelSet) => {
    const drawLabels = createLabelDraws({ tiles, split, settings, labelSet });
    return settings.percents.flatMap((percent) =>
      Array.from({ length: settings.labelDraws }, (_, draw) => ({
        labelSet: labelSet.name,
        percent,
        draw,
        labels: drawLabels(percent, draw),
      })),
    );
  });
}

interface Material {
  /** Recalibrated; shared by all tasks. */
  readonly parameters: Parameters;
  readonly feed: TileFeed;
  /** Rows of the store in the feed's order. */
  readonly rows: Int32Array;
  /** Of the feed's tiles; undefined where the whole network learns. */
  readonly features: Features | undefined;
}

/** Learns from the task's labels and scores its test tiles. */
async function* evaluate(
  { labels, ...at }: Task,
  { config, model, signal, reportEveryMs = 200, programs = EAGER_PROGRAMS }: FinetuneOptions,
  { parameters, feed, rows, features }: Material,
): AsyncGenerator<FinetuneEvent, void> {
  const settings = config.finetune;
  const parts = locate(labels, rows);
  const learner =
    settings.mode === "linear" && features
      ? createLinearLearner(features, parts)
      : createHeadLearner({
          network: model.network,
          parameters,
          feed,
          features,
          settings,
          parts,
          programs,
          key: [config.seed, at.labelSet, at.percent, at.draw],
        });
  try {
    const fitted = yield* fit(learner, { at, validation: parts.validation, reportEveryMs, signal });
    const scores = await fitted.score(parts.test.positions, signal);
    const evaluation: Evaluation = {
      ...at,
      mode: settings.mode,
      train: labels.train.rows.length,
      validation: labels.validation.rows.length,
      test: labels.test.rows.length,
      epochs: fitted.epochs,
      ...computeMetrics(scores, labels.test.labels, THRESHOLD),
    };
    yield { kind: "evaluated", evaluation };
    yield { kind: "scores", ...at, rows: labels.test.rows, labels: labels.test.labels, scores };
  } finally {
    learner.dispose();
  }
}

function locate({ train, validation, test }: LabelDraw, rows: Int32Array): LocatedParts {
  const positionOf = new Map(Array.from(rows, (row, position) => [row, position]));
  const of = (part: LabelledRows): LocatedTiles => ({ positions: part.rows.map((row) => positionOf.get(row)!), labels: part.labels });
  return { train: of(train), validation: of(validation), test: of(test) };
}
