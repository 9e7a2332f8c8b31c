// What a study will cost, and what would keep it from running; told before it starts. Pure: the measurements come in.
import { type Dataset, tilesInUse } from "../../shared/domain/dataset.ts";
import type { LabelSet } from "../../shared/domain/labels.ts";
import {
  type EncoderName,
  MINIMUM_INPUT_PIXELS,
  type PretrainSettings,
  type StudyConfig,
  stepsPerEpoch,
} from "../../shared/domain/run-config.ts";
import { expectedBytes, gigabytes, largestBatch, leastBytes, type StepMemory } from "../../shared/domain/step-memory.ts";
import { CONTROL_ARM, COUPLET_ARMS } from "../../shared/domain/study.ts";
import type { StudyPlan } from "../../shared/domain/workspace.ts";

export interface PlanFacts {
  /** Pretraining speed of this encoder and input here; null when it was not measured. */
  readonly viewsPerSecond: number | null;
  /** On the workspace's disk. */
  readonly freeBytes: number;
  /** The engine in words. */
  readonly engine: string;
  /** What a step takes by its estimate, and all that the device has; null when it was not estimated. */
  readonly memory: { readonly step: StepMemory; readonly deviceBytes: number } | null;
}

/** Values in the weights of encoder and projection head for ten bands. */
export const WEIGHTS: Readonly<Record<EncoderName, number>> = {
  small: 2_085_000,
  resnet18: 12_300_000,
  resnet50: 26_200_000,
  resnet101: 45_300_000,
  resnet152: 61_000_000,
  resnet101v2: 45_300_000,
  xception: 23_600_000,
  inceptionv3: 24_500_000,
};
/** Memory of a training step on the same tiles, in terms of ResNet-18's, roughly. */
const STEP_MEMORY: Readonly<Record<EncoderName, number>> = {
  small: 1,
  resnet18: 1,
  resnet50: 4,
  resnet101: 6,
  resnet152: 8,
  resnet101v2: 6,
  xception: 6,
  inceptionv3: 3,
};
const OPTIMISER_SLOTS: Readonly<Record<PretrainSettings["optimiser"], number>> = { adam: 2, sgd: 1, lars: 1 };

/** Journal, scores and records of a run, roughly. */
const RECORD_BYTES = 400_000;
/** Starting a run, reading its tiles, health checks, roughly. */
const OVERHEAD_SECONDS = 3;
/** Of a training step's time, what a forward pass alone takes. */
const FORWARD_SHARE = 1 / 3;
/** Of the most epochs, what is run before the early stop, roughly. */
const EARLY_STOP_SHARE = 0.4;
/** Below this many positives the test part holds too few for a score that means anything. */
const FEW_POSITIVES = 40;

/** The plan of a study on a data set. Counts are exact, times and sizes estimates. */
export function planStudy(config: StudyConfig, dataset: Dataset, facts: PlanFacts): StudyPlan {
  const { pretrain } = config;
  const tiles = pretrainingTiles(config, dataset);
  const epochSteps = stepsPerEpoch(tiles, pretrain);
  const stepsPerRun = epochSteps * pretrain.epochs;
  const viewsPerStep = 2 * pretrain.batchSize * pretrain.accumulate;
  const runs = config.arms.length * config.seeds.length;
  const controls = config.arms.includes(CONTROL_ARM) ? config.seeds.length : 0;

  const hasFull = config.arms.some((arm) => COUPLET_ARMS.includes(arm));
  const fullRuns = hasFull ? (config.full.seeds ?? config.seeds).length : 0;
  const fullSteps = epochSteps * (config.full.epochs ?? pretrain.epochs);
  const secondsOf = (runCount: number, steps: number) =>
    facts.viewsPerSecond === null
      ? null
      : secondsOfRuns(runCount, runCount * finetuneViews(config, dataset) + steps * viewsPerStep, facts.viewsPerSecond);

  const weightBytes = 4 * WEIGHTS[config.encoder];
  const checkpointBytes = 2 * weightBytes * (1 + OPTIMISER_SLOTS[pretrain.optimiser]);
  const bytes = (runs + fullRuns) * (weightBytes + RECORD_BYTES) + checkpointBytes;
  return {
    arms: config.arms.length,
    runs,
    stepsPerRun,
    viewsPerRun: stepsPerRun * viewsPerStep,
    viewsPerSecond: facts.viewsPerSecond,
    seconds: secondsOf(runs, (runs - controls) * stepsPerRun),
    fullSeconds: hasFull ? secondsOf(fullRuns, fullRuns * fullSteps) : null,
    bytes,
    freeBytes: facts.freeBytes,
    engine: facts.engine,
    problems: [
      ...dataProblems(config, dataset, tiles),
      ...labelProblems(config, dataset),
      ...diskProblems(bytes, facts.freeBytes),
      ...memoryProblems(config, facts),
    ],
    warnings: [
      ...settingWarnings(config, dataset, tiles),
      ...labelWarnings(config, dataset),
      ...diskWarnings(bytes, facts.freeBytes),
      ...memoryWarnings(config, facts),
    ],
  };
}

/** Time that runs take one after another, pretraining and starting them. */
export function secondsOfRuns(runs: number, views: number, viewsPerSecond: number): number {
  return runs * OVERHEAD_SECONDS + views / viewsPerSecond;
}

/** Tiles outside the test part, roughly: blocks of land are of unequal size. */
function outsideTest(config: StudyConfig, dataset: Dataset): number {
  if (dataset.classes.length === 0) return tilesInUse(dataset);
  return Math.floor(tilesInUse(dataset) * (config.finetune.trainShare + config.finetune.validationShare));
}

function pretrainingTiles(config: StudyConfig, dataset: Dataset): number {
  const all = outsideTest(config, dataset);
  return Math.min(config.pretrain.tiles ?? all, all);
}

/** Tiles with at least one class of the set: no fewer than the commonest has, no more than all together. */
function positives(set: LabelSet, dataset: Dataset): { least: number; most: number } {
  const counts = dataset.classes.filter(({ name }) => set.classes.includes(name)).map(({ tiles }) => tiles);
  return {
    least: Math.max(0, ...counts),
    most: Math.min(
      tilesInUse(dataset),
      counts.reduce((sum, count) => sum + count, 0),
    ),
  };
}

/** Cost of all fine-tunings of a run, as views of pretraining. */
function finetuneViews({ finetune }: StudyConfig, dataset: Dataset): number {
  let views = 0;
  for (const set of finetune.labelSets) {
    const { least } = positives(set, dataset);
    const used = finetune.balanced ? Math.min(tilesInUse(dataset), 2 * least) : tilesInUse(dataset);
    const test = used * (1 - finetune.trainShare - finetune.validationShare);
    if (finetune.mode !== "full") {
      views += used * FORWARD_SHARE; // features are computed once
      continue;
    }
    for (const percent of finetune.percents) {
      const epoch = used * finetune.trainShare * (percent / 100) + used * finetune.validationShare * FORWARD_SHARE;
      views += finetune.labelDraws * (finetune.epochs * EARLY_STOP_SHARE * epoch + test * FORWARD_SHARE);
    }
  }
  return views;
}

function dataProblems(config: StudyConfig, dataset: Dataset, tiles: number): string[] {
  const problems: string[] = [];
  const there = new Set(dataset.groups.flatMap(({ bands }) => bands));
  const missing = config.bands.filter((band) => !there.has(band));
  if (missing.length > 0)
    problems.push(
      `The data set "${dataset.name}" has no ${missing.join(", ")}. Choose among its bands (${[...there].join(", ")}), or ingest data that has them.`,
    );
  const twice = config.bands.filter((band, i) => config.bands.indexOf(band) !== i);
  if (twice.length > 0) problems.push(`The band ${twice[0]} is given twice.`);
  const { batchSize, accumulate } = config.pretrain;
  if (tiles < batchSize * accumulate) {
    const needed = batchSize * accumulate;
    const aStep = accumulate > 1 ? `${accumulate} batches of ${batchSize}` : `a batch of ${batchSize}`;
    const limited = config.pretrain.tiles !== null && config.pretrain.tiles < needed && outsideTest(config, dataset) >= needed;
    problems.push(
      limited
        ? `Pretraining is set to ${config.pretrain.tiles} tiles, fewer than ${aStep}. Raise the tiles or lower the batch size.`
        : `${tiles} tiles are left for pretraining (the test part is never used), fewer than ${aStep}. Ingest more data, or set a batch size of at most ${Math.max(2, Math.floor(tiles / accumulate))}.`,
    );
  }
  if (config.inputPixels !== null && config.inputPixels > dataset.tilePixels)
    problems.push(
      `The input of ${config.inputPixels} px is larger than the data set's tiles of ${dataset.tilePixels} px. Leave it empty or choose a smaller one.`,
    );
  const pixels = config.inputPixels ?? dataset.tilePixels;
  const least = MINIMUM_INPUT_PIXELS[config.encoder];
  if (least !== undefined && pixels < least)
    problems.push(
      `The encoder ${config.encoder} needs an input of at least ${least} px; it would get ${pixels} px. Choose another encoder, or an input of ${least} px or more.`,
    );
  const { trainShare, validationShare } = config.finetune;
  if (trainShare + validationShare >= 0.98)
    problems.push(
      `Train and validation share (${trainShare} + ${validationShare}) leave no tiles for the test. Together they must stay below 0.98.`,
    );
  return problems;
}

function labelProblems(config: StudyConfig, dataset: Dataset): string[] {
  const { labelSets } = config.finetune;
  if (labelSets.length === 0) return [];
  if (dataset.classes.length === 0)
    return [
      `The data set "${dataset.name}" has no labels, so no arm can be scored. Ingest labelled data, or leave the label sets empty to pretrain only.`,
    ];
  const problems: string[] = [];
  const names = labelSets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) problems.push(`Two label sets are named "${twice}". Give each a name of its own.`);
  const common = dataset.classes
    .slice(0, 5)
    .map(({ name, tiles }) => `${name} (${tiles})`)
    .join(", ");
  for (const set of labelSets) {
    const { least, most } = positives(set, dataset);
    if (most === 0)
      problems.push(
        `No tile of "${dataset.name}" has a label of the set "${set.name}" (${set.classes.join(", ")}). Its most frequent classes: ${common}. Define a label set from the classes that are there.`,
      );
    else if (least >= tilesInUse(dataset))
      problems.push(`Every tile of "${dataset.name}" is a positive of the label set "${set.name}": there is nothing to tell apart.`);
  }
  return problems;
}

function labelWarnings({ finetune }: StudyConfig, dataset: Dataset): string[] {
  const warnings: string[] = [];
  for (const set of finetune.labelSets) {
    const { most } = positives(set, dataset);
    if (most > 0 && most < FEW_POSITIVES)
      warnings.push(
        `The label set "${set.name}" has ${most} positive ${most === 1 ? "tile" : "tiles"} at most, too few for reliable scores, and they may not suffice for all three parts of the split.`,
      );
    const absent = set.classes.filter((name) => !dataset.classes.some((known) => known.name === name));
    if (most > 0 && absent.length > 0) warnings.push(`The label set "${set.name}": no tile has ${absent.join(", ")}.`);
  }
  return warnings;
}

function settingWarnings(config: StudyConfig, dataset: Dataset, tiles: number): string[] {
  const warnings: string[] = [];
  if (dataset.simulated) warnings.push("The data set is simulated: its scores tell nothing of real scenes.");
  if (config.seeds.length < 3 && config.finetune.labelSets.length > 0)
    warnings.push(
      `With ${config.seeds.length === 1 ? "one seed" : "two seeds"} an arm, most differences between arms are chance. Use three or more to rank them.`,
    );
  if (config.pretrain.tiles !== null && config.pretrain.tiles > tiles)
    warnings.push(`About ${tiles} tiles are left for pretraining, not ${config.pretrain.tiles}: the test part is never used.`);
  if (config.initialWeights.path !== null && config.arms.includes(CONTROL_ARM))
    warnings.push("The control, too, starts from the file's weights: it tells what they are worth without further pretraining.");
  if (config.arms.length === 1) warnings.push("The control is the only arm: there is nothing to compare.");
  const pixels = config.inputPixels ?? dataset.tilePixels;
  if (config.engine === "wasm" && 2 * config.pretrain.batchSize * pixels ** 2 * STEP_MEMORY[config.encoder] > 64 * 120 ** 2)
    warnings.push("The wasm engine has 4 GiB of memory: this batch may not fit. Lower the batch size or the input.");
  return warnings;
}

function diskProblems(bytes: number, freeBytes: number): string[] {
  if (bytes <= freeBytes) return [];
  return [
    `The runs need about ${gigabytes(bytes)}; ${gigabytes(freeBytes)} are free on the workspace's disk. Free some space or move the workspace.`,
  ];
}

function diskWarnings(bytes: number, freeBytes: number): string[] {
  if (bytes > freeBytes || bytes * 1.5 <= freeBytes) return [];
  return [`The runs will take about ${gigabytes(bytes)} of the ${gigabytes(freeBytes)} that are free.`];
}

function memoryProblems({ pretrain: { batchSize } }: StudyConfig, { memory }: PlanFacts): string[] {
  if (!memory || leastBytes(memory.step, batchSize) <= memory.deviceBytes) return [];
  const needed = gigabytes(leastBytes(memory.step, batchSize));
  return [
    `A step of ${batchSize} tiles takes at least ${needed} of memory; there are ${gigabytes(memory.deviceBytes)}. ${batchAdvice(memory)}`,
  ];
}

function memoryWarnings({ pretrain: { batchSize } }: StudyConfig, { memory }: PlanFacts): string[] {
  if (!memory || leastBytes(memory.step, batchSize) > memory.deviceBytes) return [];
  const expected = expectedBytes(memory.step, batchSize);
  if (expected <= memory.deviceBytes) return [];
  return [
    `A step of ${batchSize} tiles may take ${gigabytes(expected)} of memory; there are ${gigabytes(memory.deviceBytes)}. ${batchAdvice(memory)}`,
  ];
}

function batchAdvice({ step, deviceBytes }: NonNullable<PlanFacts["memory"]>): string {
  const fits = largestBatch(step, deviceBytes);
  return fits === 0
    ? "Choose a smaller input or encoder."
    : `About ${fits} tiles fit: lower the batch size (accumulate makes up for it) or the input, or compute activations again (recompute).`;
}
