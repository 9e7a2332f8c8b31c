// What this machine's memory holds, and how long a study would take here: the sum and the measurements behind it.
import { STUDY_BANDS } from "../../shared/domain/bands.ts";
import type { EngineReport } from "../../shared/domain/engine.ts";
import { type EncoderName, PRESETS, type Precision, type RunConfig, StudyConfig } from "../../shared/domain/run-config.ts";
import { largestBatch, type StepMemory } from "../../shared/domain/step-memory.ts";
import { secondsOfRuns } from "../runs/plan.ts";
import { precisionOf } from "../training/engines/precision.ts";
import { type MeasureOptions, measureStep, type Step, type StepMeasurement } from "./measure.ts";

/** Whose largest batch is told, whichever is asked about. */
const ENCODERS_TOLD = ["resnet18", "resnet50"] as const;

/** How much pretraining a study asks for; its control is one of the arms. */
export interface StudySize {
  readonly arms: number;
  readonly seeds: number;
  readonly epochs: number;
  readonly tiles: number;
}

/** How long a study takes, with the sum behind it. Fine-tuning comes on top. */
export interface StudyTime extends StudySize {
  readonly batchSize: number;
  /** The control's are not pretrained. */
  readonly pretrainings: number;
  readonly stepsPerRun: number;
  readonly views: number;
  readonly viewsPerSecond: number;
  readonly seconds: number;
}

/** @param batchSize tiles a step, two views each */
export function studyTime({ arms, seeds, epochs, tiles }: StudySize, batchSize: number, viewsPerSecond: number): StudyTime {
  const pretrainings = (arms - 1) * seeds;
  const stepsPerRun = epochs * Math.floor(tiles / batchSize);
  const views = pretrainings * stepsPerRun * 2 * batchSize;
  const seconds = secondsOfRuns(arms * seeds, views, viewsPerSecond);
  return { arms, seeds, epochs, tiles, batchSize, pretrainings, stepsPerRun, views, viewsPerSecond, seconds };
}

/** A device, and what it holds of a step. */
export interface Holds {
  readonly device: string;
  readonly memoryBytes: number;
  /** Tiles of the largest step that is expected to fit. */
  readonly largestBatch: Partial<Record<EncoderName, number>>;
}

export interface MeasuredStudy {
  readonly encoder: EncoderName;
  readonly pixels: number;
  readonly precision: Precision;
  readonly viewsPerSecond: number | null;
  readonly holds: readonly Holds[];
  /** Null where the step does not fit. */
  readonly study: StudyTime | null;
  readonly demo: StudyTime | null;
}

/** What computes here, with its memory: each GPU, or the machine where it computes on the processor. */
export function devicesOf({ engine, gpus }: EngineReport): { device: string; memoryBytes: number }[] {
  if (engine.device === "gpu")
    return gpus.flatMap(({ name, memoryBytes }) => (memoryBytes === null ? [] : [{ device: name, memoryBytes }]));
  return engine.memoryBytes === undefined ? [] : [{ device: "This machine", memoryBytes: engine.memoryBytes }];
}

export interface MeasureStudyOptions extends StudySize {
  /** When null, ResNet-50 on a GPU, else ResNet-18. */
  readonly encoder: EncoderName | null;
  /** Side of a tile. */
  readonly pixels: number;
  /** Tiles a step. */
  readonly batchSize: number;
  readonly precision: RunConfig["precision"];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number; note: string }) => void;
  readonly measure?: (step: Step, options: Pick<MeasureOptions, "signal" | "timed">) => Promise<StepMeasurement>;
}

/** Measures what fits here, and how long a study and the demo take. @throws the signal's reason; as `measureStep` */
export async function measureStudy(
  report: EngineReport,
  { pixels, batchSize, signal, onProgress, measure = measureStep, ...options }: MeasureStudyOptions,
): Promise<MeasuredStudy> {
  const { engine } = report;
  const encoder = options.encoder ?? (engine.device === "gpu" ? "resnet50" : "resnet18");
  const { precision } = options;
  const step: Step = { encoder, precision, engine: "auto", threads: null, pixels, channels: STUDY_BANDS.length, batchSize };
  const demo = StudyConfig.parse({ ...PRESETS.demo.settings, version: 1, dataset: "simulated" });
  const demoStep: Step = { ...step, encoder: demo.encoder, pixels: demo.inputPixels!, batchSize: demo.pretrain.batchSize };
  const others = ENCODERS_TOLD.filter((name) => name !== encoder);
  let done = 0;
  const tell = (note: string) => onProgress({ done: done++, total: others.length + 2, note });

  tell(`${encoder}, ${batchSize} tiles of ${pixels} px`);
  const own = await measure(step, { signal });
  const memories: [EncoderName, StepMemory | undefined][] = [[encoder, own.memory?.step]];
  for (const other of others) {
    tell(`memory of ${other}`);
    memories.push([other, (await measure({ ...step, encoder: other }, { signal, timed: false })).memory?.step]);
  }
  tell("the demo's step");
  const small = await measure(demoStep, { signal });
  const holds = devicesOf(report).map(({ device, memoryBytes }) => {
    const batches = memories.flatMap(([name, memory]) => (memory ? [[name, largestBatch(memory, memoryBytes)]] : []));
    return { device, memoryBytes, largestBatch: Object.fromEntries(batches) };
  });
  const demoSize = { arms: demo.arms.length, seeds: demo.seeds.length, epochs: demo.pretrain.epochs, tiles: demo.pretrain.tiles! };
  return {
    encoder,
    pixels,
    precision: precisionOf(precision, engine),
    viewsPerSecond: own.viewsPerSecond,
    holds,
    study: own.viewsPerSecond === null ? null : studyTime(options, batchSize, own.viewsPerSecond),
    demo: small.viewsPerSecond === null ? null : studyTime(demoSize, demoStep.batchSize, small.viewsPerSecond),
  };
}
