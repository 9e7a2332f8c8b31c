// Executes the run that lies in a folder: pretraining from its last checkpoint, fine-tuning, scores. Everything it does is in its events;
// it ends with `finished`, `failed` or `interrupted` and never throws for what a user can mend.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { type RunConfig, stepsPerEpoch } from "../../shared/domain/run-config.ts";
import type { Evaluation, RunEvent, RunEventBody } from "../../shared/domain/run-state.ts";
import { CONTROL_ARM } from "../../shared/domain/study.ts";
import { type CheckpointState, decodeCheckpoint, encodeCheckpoint, modelFromCheckpoint } from "../../shared/learning/checkpoint.ts";
import { createEncoder } from "../../shared/learning/encoders/index.ts";
import { finetune, type ScoresEvent } from "../../shared/learning/finetune.ts";
import { pretrain } from "../../shared/learning/pretrain.ts";
import { EAGER_PROGRAMS, type Programs } from "../../shared/learning/program.ts";
import { adaptWeights, startingCheckpoint } from "../../shared/learning/starting-weights.ts";
import type { TileReader } from "../../shared/learning/tiles.ts";
import { writeParquet } from "../files/parquet.ts";
import { readTileUse } from "../ingest/catalogue/catalogue.ts";
import { openTileStore } from "../ingest/store/tile-store.ts";
import { readCheckpoint, writeCheckpoint } from "../runs/checkpoints.ts";
import { readInitialWeights } from "../runs/initial-weights.ts";
import { type Journal, openJournal } from "../runs/journal.ts";
import { type RunRecord, readRun, runFiles, tidyRun, writeMetrics, writeRun } from "../runs/run-folder.ts";
import { withBatch } from "./engines/memory-error.ts";
import { precisionOf } from "./engines/precision.ts";
import type { ProgramsOf } from "./engines/programs.ts";
import { fittingBatch } from "./fitting-batch.ts";
import { chooseRunTiles, type RunTile } from "./run-tiles.ts";
import { softwareVersions } from "./software.ts";
import { readWeights, writeWeights } from "./weights-files.ts";

export type InterruptReason = "paused" | "cancelled";

/** The abort reason by which a run in hand is asked to end after a checkpoint. */
export class RunInterrupted extends AppError {
  readonly reason: InterruptReason;

  constructor(reason: InterruptReason) {
    super("CANCELLED", `The run was ${reason}.`);
    this.reason = reason;
  }
}

export interface ExecuteRunOptions {
  readonly runFolder: string;
  readonly datasetFolder: string;
  /** The engine loaded in this thread. */
  readonly engine: EngineInfo;
  /** What runs the steps; as they are written when not given. */
  readonly programs?: ProgramsOf | undefined;
  /** Abort with `RunInterrupted`; any other reason counts as paused. */
  readonly signal: AbortSignal;
}

/** Executes a run. The caller's process holds its lease. Every event is in the run's journal before it is yielded. */
export async function* executeRun(options: ExecuteRunOptions): AsyncGenerator<RunEvent, void> {
  const { runFolder, signal } = options;
  let journal: Journal | undefined;
  let step = 0;
  let phase = "prepare";
  try {
    await tidyRun(runFolder);
    journal = openJournal(runFolder);
    for await (const body of execute(options)) {
      if (body.kind === "started") step = body.resumedAtStep;
      if (body.kind === "checkpoint") step = body.step;
      if (body.kind === "phase") phase = body.phase;
      if (body.kind === "checkpoint" || body.kind === "finished") journal.sync();
      yield journal.append(body)[0]!;
      if (body.kind === "finished") {
        journal.sync();
        await rm(join(runFolder, "checkpoints"), { recursive: true, force: true }); // the weights are in files of their own
      }
    }
  } catch (error) {
    const config = (await readRun(runFolder).catch(() => undefined))?.config;
    const part = phase === "finetune" ? config?.finetune : config?.pretrain;
    const body = endOf(part ? withBatch(error, part.batchSize) : error, signal, step);
    yield write(journal, body);
  } finally {
    journal?.close();
  }
}

function endOf(error: unknown, signal: AbortSignal, step: number): RunEventBody {
  if (signal.aborted && (error === signal.reason || (error instanceof Error && error.name === "AbortError")))
    return { kind: "interrupted", step, reason: signal.reason instanceof RunInterrupted ? signal.reason.reason : "paused" };
  if (error instanceof AppError) return { kind: "failed", code: error.code, message: error.message };
  return { kind: "failed", code: "BUG", message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
}

// On a full disk the end cannot be written, but whoever listens must still hear of it.
function write(journal: Journal | undefined, body: RunEventBody): RunEvent {
  try {
    if (journal) {
      const [event] = journal.append(body);
      journal.sync();
      return event!;
    }
  } catch {
    // told below
  }
  return { ...body, at: Date.now() } as RunEvent;
}

async function* execute({
  runFolder,
  datasetFolder,
  engine,
  programs: programsOf,
  signal,
}: ExecuteRunOptions): AsyncGenerator<RunEventBody, void> {
  const record = await readRun(runFolder);
  if (!record) throw new AppError("NOT_FOUND", `${runFolder} holds no run: it has no run.json. Start the run again.`);
  const { config } = record;
  const reader = await openTileStore(datasetFolder);
  try {
    checkDataset(record, reader.dataset.fingerprint);
    signal.throwIfAborted();
    const tiles = chooseRunTiles(await catalogue(datasetFolder), config);
    const steps = config.arm === CONTROL_ARM ? 0 : config.pretrain.epochs * stepsPerEpoch(tiles.pretraining.length, config.pretrain);
    const precision = programsOf ? precisionOf(config.precision, engine) : "f32";
    const programs = programsOf?.(precision) ?? EAGER_PROGRAMS;
    const weights = await readWeights(runFolder);
    const resume = weights ?? (await lastCheckpoint(runFolder));
    const { name, fingerprint, tiles: count, simulated } = reader.dataset;
    await writeRun(runFolder, {
      ...record,
      engine,
      precision,
      software: softwareVersions(engine),
      dataset: { name, fingerprint, tiles: count, simulated },
      pretrainingTiles: tiles.pretraining.length,
    });
    yield {
      kind: "started",
      engine: `${engine.name} ${engine.version}`,
      device: engine.device,
      resumedAtStep: resume?.step ?? 0,
    };

    let state = resume;
    if (!state && config.initialWeights.path !== null) {
      const start = await startFromFile(config);
      yield { kind: "phase", phase: "prepare", detail: start.detail };
      state = start.state;
    }
    if (!weights && (!state || state.step < steps)) {
      const events = pretrain({ config, reader, rows: tiles.pretraining, probe: tiles.probe, resume: state, programs, signal });
      try {
        let next = await events.next();
        for (; !next.done; next = await events.next()) {
          const event = next.value;
          if (event.kind !== "checkpoint") {
            yield event;
            continue;
          }
          state = event.state;
          await writeCheckpoint(runFolder, { step: state.step, bytes: encodeCheckpoint(state) });
          yield { kind: "checkpoint", step: state.step };
        }
        next.value.dispose(); // made anew from the checkpoint below: a resumed run scores the very same weights
      } catch (error) {
        const isWasmFull = engine.name === "wasm" && error instanceof AppError && error.code === "OUT_OF_MEMORY";
        throw isWasmFull ? await withFittingBatch(error, config, reader, signal) : error;
      } finally {
        await events.return(undefined as never); // frees what it holds when a checkpoint could not be written; else nothing
      }
    }
    if (!state) throw new Error(`pretraining of ${runFolder} gave no checkpoint`);
    if (!weights) await writeWeights(runFolder, state);
    signal.throwIfAborted();
    const f1 = yield* evaluate({ runFolder, config, reader, labelled: tiles.labelled, state, programs, signal });
    yield { kind: "finished", f1 };
  } finally {
    await reader.close();
  }
}

/** The checkpoint before the first step, of a run whose encoder starts from a file; and what was done, in words. */
export async function startFromFile(config: RunConfig): Promise<{ state: CheckpointState; detail: string }> {
  const file = await readInitialWeights(config.initialWeights);
  const encoder = createEncoder(config.encoder, { channels: config.bands.length });
  const { tensors, notes } = adaptWeights(file.tensors, { path: file.path, encoder, bands: config.bands, fileBands: file.bands });
  return { state: await startingCheckpoint(config, tensors), detail: [`Starting from ${file.path}.`, ...notes].join(" ") };
}

async function* evaluate(context: {
  runFolder: string;
  config: RunConfig;
  reader: Awaited<ReturnType<typeof openTileStore>>;
  labelled: readonly RunTile[];
  state: CheckpointState;
  programs: Programs;
  signal: AbortSignal;
}): AsyncGenerator<RunEventBody, number | null> {
  const { runFolder, config, reader, labelled, state, programs, signal } = context;
  const evaluations: Evaluation[] = [];
  const scores: ScoresEvent[] = [];
  if (labelled.length > 0 && config.finetune.labelSets.length > 0) {
    const model = modelFromCheckpoint(state);
    try {
      for await (const event of finetune({ config, reader, tiles: labelled, model, programs, signal })) {
        if (event.kind === "scores") {
          scores.push(event);
          continue;
        }
        if (event.kind === "evaluated") evaluations.push(event.evaluation);
        yield event;
      }
    } finally {
      model.dispose();
    }
    await writeScores(runFiles(runFolder).scores, scores);
  }
  const f1 = runF1(evaluations, config);
  await writeMetrics(runFolder, { version: 1, arm: config.arm, seed: config.seed, f1, evaluations });
  return f1;
}

/** The same failure with a batch size that fits. */
async function withFittingBatch(error: AppError, config: RunConfig, { layout }: TileReader, signal: AbortSignal): Promise<AppError> {
  const batchSize = await fittingBatch(config, config.inputPixels ?? layout.tilePixels, signal).catch(() => undefined);
  if (batchSize === undefined) return error; // not even a small one fits
  const message = `A step of ${config.pretrain.batchSize} tiles does not fit into the memory of the wasm engine (4 GiB). Set a batch size of at most ${batchSize}, or use the tensorflow engine, and start the run again.`;
  return new AppError("OUT_OF_MEMORY", message, { data: { ...error.data, batchSize }, cause: error });
}

/** F1 of a run: of each label set the mean over its draws at the first percent, then the mean over label sets. Null without labels. */
export function runF1(evaluations: readonly Evaluation[], { finetune: { labelSets, percents } }: RunConfig): number | null {
  const means = labelSets.map(({ name }) => {
    const scores = evaluations.filter(({ labelSet, percent }) => labelSet === name && percent === percents[0]).map(({ f1 }) => f1);
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  });
  const f1 = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  return Number.isFinite(f1) ? f1 : null;
}

/** Scores of all test tiles, one row each. */
async function writeScores(path: string, parts: readonly ScoresEvent[]): Promise<void> {
  const column = <T>(value: (part: ScoresEvent, i: number) => T): T[] =>
    parts.flatMap((part) => Array.from({ length: part.rows.length }, (_, i) => value(part, i)));
  await writeParquet(path, [
    { name: "labelSet", type: "string", values: column(({ labelSet }) => labelSet) },
    { name: "percent", type: "double", values: column(({ percent }) => percent) },
    { name: "draw", type: "int32", values: column(({ draw }) => draw) },
    { name: "index", type: "int32", values: column(({ rows }, i) => rows[i]!) },
    { name: "label", type: "int32", values: column(({ labels }, i) => labels[i]!) },
    { name: "score", type: "double", values: column(({ scores }, i) => scores[i]!) },
  ]);
}

async function lastCheckpoint(runFolder: string): Promise<CheckpointState | undefined> {
  const stored = await readCheckpoint(runFolder);
  return stored && decodeCheckpoint(stored.bytes);
}

function checkDataset({ dataset }: RunRecord, fingerprint: string): void {
  if (dataset === null || dataset.fingerprint === fingerprint) return;
  throw new AppError(
    "BAD_ARGUMENT",
    `The data set "${dataset.name}" has changed since this run began, and its results would not compare. Make a new study on it, or restore the data set.`,
  );
}

/** The tiles in use. */
export async function catalogue(datasetFolder: string): Promise<RunTile[]> {
  const { crs, transform, granule, labels, excluded } = await readTileUse(datasetFolder);
  return excluded.flatMap((isExcluded, index) =>
    isExcluded ? [] : [{ index, crs: crs[index]!, transform: transform[index]!, granule: granule[index]!, labels: labels[index]! }],
  );
}
