// Single runs outside a study, in `<workspace>/runs/<name>/`: pretraining of one arm, and fine-tuning of weights that a run left.
import { copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { AppError, ERROR_CODES, type ErrorCode } from "../../shared/domain/errors.ts";
import { FinetuneSettings, RunConfig } from "../../shared/domain/run-config.ts";
import type { RunEvent, RunState } from "../../shared/domain/run-state.ts";
import { ALL_ARMS, FULL_ARM } from "../../shared/domain/study.ts";
import { NameSchema } from "../../shared/domain/workspace.ts";
import { writeError } from "../files/atomic-file.ts";
import { datasetFolderOf, readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { pinInitialWeights } from "../runs/initial-weights.ts";
import { lastEvent } from "../runs/journal.ts";
import { Claimer } from "../runs/lease.ts";
import { createRun, readRun, runState } from "../runs/run-folder.ts";
import { mergeSettings, orderedArms, settingProblem } from "../runs/settings.ts";
import { startTrainingWorker, type TrainingWorker } from "../training/training-worker.ts";
import { weightsFiles } from "../training/weights-files.ts";
import { superviseRun, workersOf } from "./supervise.ts";

/** What both commands take. */
export interface SingleRunOptions {
  /** The workspace's folder. */
  readonly workspace: string;
  /** Name of the run: its folder below `runs/`. */
  readonly name: string;
  /** Its reason says `paused` (`{ reason: "paused" }`) or anything else: cancelled. */
  readonly signal: AbortSignal;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  readonly startWorker?: (() => TrainingWorker) | undefined;
}

export interface SingleRunResult {
  readonly folder: string;
  readonly state: RunState;
}

/** The folder of a single run, by its checked name. @throws AppError BAD_ARGUMENT */
export function singleRunFolder(workspace: string, name: string): string {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) throw new AppError("BAD_ARGUMENT", `"${name}" cannot be the name of a run: ${parsed.error.issues[0]!.message}.`);
  return join(workspace, "runs", name);
}

/**
 * The complete settings of a single run.
 * @param settings any part of RunConfig; `dataset` and `arm` must be among them, `seed` is 1 when left out
 * @throws AppError BAD_ARGUMENT naming the setting and what is allowed
 */
export function resolveRunConfig(settings: Readonly<Record<string, unknown>>): RunConfig {
  const ordered = { ...settings, arm: orderedArms(settings.arm), kept: orderedArms(settings.kept) };
  const given = mergeSettings({ version: 1 }, ordered);
  const result = RunConfig.safeParse(given);
  if (!result.success) throw settingProblem(result.error, RunConfig, given);
  const { arm, kept } = result.data;
  if (arm !== FULL_ARM && !ALL_ARMS.includes(arm))
    throw new AppError("BAD_ARGUMENT", `arm: there is no arm "${arm}". Arms: ${[...ALL_ARMS, FULL_ARM].join(", ")}.`, {
      data: { path: "arm" },
    });
  const unknown = kept.find((couplet) => !ALL_ARMS.includes(couplet));
  if (unknown !== undefined) throw new AppError("BAD_ARGUMENT", `kept: "${unknown}" is no couplet.`, { data: { path: "kept" } });
  return result.data;
}

/**
 * Pretrains one arm and fine-tunes it; without label sets it only pretrains. The same settings under the same name go on where they were left.
 * @throws the signal's reason once the checkpoint is written; AppError ALREADY_EXISTS when the name is taken by other settings, BUSY while
 * another process runs it, what made the run fail, and as `readInitialWeights`
 */
export async function pretrainOnce(options: SingleRunOptions & { readonly config: RunConfig }): Promise<SingleRunResult> {
  const folder = singleRunFolder(options.workspace, options.name);
  const config = await pinInitialWeights(options.config);
  return execute(options, folder, config, async () => {
    await createRun(folder, config);
  });
}

/**
 * Fine-tunes the weights that a finished pretraining left, with other settings, as a run of its own. The run that it comes from stays as it is.
 * @throws as `pretrainOnce`; AppError NOT_FOUND when the run has no weights
 */
export async function finetuneRun(
  options: SingleRunOptions & { readonly from: string; readonly finetune: Readonly<Record<string, unknown>> },
): Promise<SingleRunResult> {
  const { workspace, name, from } = options;
  const source = await readRun(from);
  if (!source) throw new AppError("NOT_FOUND", `${from} holds no run: it has no run.json. Give the folder of a run.`);
  const parsed = FinetuneSettings.safeParse(mergeSettings(source.config.finetune, options.finetune));
  if (!parsed.success) throw settingProblem(parsed.error, FinetuneSettings, options.finetune);
  const config: RunConfig = { ...source.config, finetune: parsed.data };
  const folder = singleRunFolder(workspace, name);
  return execute(options, folder, config, async () => {
    if (await readRun(folder)) return;
    await mkdir(folder, { recursive: true });
    for (const file of weightsFiles(from)) {
      await copyFile(file, join(folder, basename(file))).catch(async (error: NodeJS.ErrnoException) => {
        await rm(folder, { recursive: true, force: true });
        if (error.code !== "ENOENT") throw writeError(error, folder);
        throw new AppError("NOT_FOUND", `The run in ${from} has no weights yet: its pretraining is not finished. Finish it first.`);
      });
    }
    await createRun(folder, config); // last: a run with its record has its weights
  });
}

async function execute(options: SingleRunOptions, folder: string, config: RunConfig, make: () => Promise<void>): Promise<SingleRunResult> {
  const { workspace, name, signal, onEvent = () => {}, startWorker = startTrainingWorker } = options;
  signal.throwIfAborted();
  const datasetFolder = datasetFolderOf(workspace, config.dataset);
  const dataset = await readDataset(datasetFolder);
  if (config.finetune.labelSets.length > 0 && dataset.classes.length === 0)
    throw new AppError(
      "NO_DATA",
      `The data set "${config.dataset}" has no labels, so nothing can be fine-tuned or scored on it. Ingest labelled data, or pretrain only.`,
    );
  const known = await readRun(folder);
  if (known && JSON.stringify(known.config) !== JSON.stringify(config))
    throw new AppError("ALREADY_EXISTS", `There is a run "${name}" with other settings. Choose another name, or delete ${folder}.`, {
      data: { folder },
    });
  if ((await lastEvent(folder))?.kind === "finished") return { folder, state: await runState(folder) };
  await make();
  const lease = await new Claimer().claim(folder);
  if (!lease) throw new AppError("BUSY", `The run "${name}" is being executed by another process. Wait for it or stop it.`);
  const workers = workersOf(startWorker, config);
  try {
    const end = await superviseRun({ workers, runFolder: folder, datasetFolder, lost: lease.lost, signal, onEvent });
    if (end === "lease lost") throw new AppError("BUSY", `The run "${name}" was taken over by another process.`);
    if (end.kind === "failed") {
      const { curve, evaluations } = await runState(folder);
      // What failed at its start has nothing to go on from, and its name is free again.
      if (!known && curve.length === 0 && evaluations.length === 0) await rm(folder, { recursive: true, force: true });
      throw failure(end);
    }
    if (end.kind === "interrupted") {
      signal.throwIfAborted();
      throw new AppError("CANCELLED", `The run "${name}" was ${end.reason}.`);
    }
    return { folder, state: await runState(folder) };
  } finally {
    await workers.end();
    await lease.release();
  }
}

function failure({ code, message }: Extract<RunEvent, { kind: "failed" }>): Error {
  return isErrorCode(code) ? new AppError(code, message) : new Error(message);
}

const isErrorCode = (code: string): code is ErrorCode => (ERROR_CODES as readonly string[]).includes(code);
