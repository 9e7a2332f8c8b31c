// Studies of a workspace: `studies/<name>/study.json` and one run folder for each arm and seed below `arms/`.
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RunRef } from "../../shared/contract/app.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { PRESETS, type PresetName, RunConfig, StudyConfig } from "../../shared/domain/run-config.ts";
import type { RunState } from "../../shared/domain/run-state.ts";
import { type ArmId, COUPLET_ARMS, FULL_ARM, selectCouplets } from "../../shared/domain/study.ts";
import { NameSchema, Study, type StudySummary } from "../../shared/domain/workspace.ts";
import { createFileWhole, writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { pinInitialWeights } from "./initial-weights.ts";
import { lastEvent } from "./journal.ts";
import { isClaimed } from "./lease.ts";
import { readJson, runState } from "./run-folder.ts";
import { mergeSettings, orderedArms, settingProblem } from "./settings.ts";
import { runFolderIn } from "./watch.ts";

/** What a user gives for a study: a preset or none, and settings over it. */
export interface StudyInput {
  readonly preset: PresetName | null;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The folder of a study, by its checked name. @throws AppError BAD_ARGUMENT */
export function studyFolder(workspace: string, name: string): string {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) throw new AppError("BAD_ARGUMENT", `"${name}" cannot be the name of a study: ${parsed.error.issues[0]!.message}.`);
  return join(workspace, "studies", name);
}

const recordPath = (folder: string) => join(folder, "study.json");

/** The folder of a run. */
export const runFolderOf = (workspace: string, study: string, run: RunRef) => runFolderIn(studyFolder(workspace, study), run);

/**
 * The complete settings of a study: the preset's under the user's.
 * @throws AppError BAD_ARGUMENT naming the setting and what is allowed
 */
export function resolveStudyConfig({ preset, settings }: StudyInput): StudyConfig {
  const over = { ...settings, arms: orderedArms(settings.arms) };
  const merged = mergeSettings(preset === null ? {} : PRESETS[preset].settings, over);
  const result = StudyConfig.safeParse(mergeSettings({ version: 1 }, merged));
  if (!result.success) throw settingProblem(result.error, StudyConfig, merged);
  const repeated = result.data.seeds.find((seed, i) => result.data.seeds.indexOf(seed) !== i);
  if (repeated !== undefined)
    throw new AppError("BAD_ARGUMENT", `seeds: ${repeated} is given twice. Give every seed once.`, { data: { path: "seeds" } });
  return result.data;
}

/** Makes a study. @throws AppError ALREADY_EXISTS, BAD_ARGUMENT, and as `readInitialWeights` */
export async function createStudy(workspace: string, { name, ...input }: StudyInput & { readonly name: string }): Promise<Study> {
  const folder = studyFolder(workspace, name);
  const study: Study = {
    version: 1,
    name,
    created: new Date().toISOString(),
    preset: input.preset,
    config: await pinInitialWeights(resolveStudyConfig(input)),
    droppedByHand: null,
  };
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  if (!(await createFileWhole(recordPath(folder), asJson(study))))
    throw new AppError("ALREADY_EXISTS", `There is a study "${name}" already. Choose another name, or delete it first.`, {
      data: { study: name },
    });
  return study;
}

const asJson = (study: Study) => `${JSON.stringify(study, null, 2)}\n`;

async function writeStudy(workspace: string, study: Study): Promise<void> {
  await writeFileAtomic(recordPath(studyFolder(workspace, study.name)), asJson(study));
}

/** The record of a study. @throws AppError NOT_FOUND naming what there is, BAD_FILE */
export async function readStudy(workspace: string, name: string): Promise<Study> {
  const study = await readJson(recordPath(studyFolder(workspace, name)), Study);
  if (study) return study;
  const names = await studyNames(workspace);
  const there = names.length === 0 ? "There is none yet." : `There ${names.length === 1 ? "is" : "are"}: ${names.join(", ")}.`;
  throw new AppError("NOT_FOUND", `The workspace ${workspace} has no study "${name}". ${there}`);
}

/** Names of the studies that have a record. */
export async function studyNames(workspace: string): Promise<string[]> {
  const entries = await readdir(join(workspace, "studies"), { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && NameSchema.safeParse(entry.name).success).map(({ name }) => name);
  const whole = await Promise.all(
    names.map(async (name) => ((await stat(recordPath(studyFolder(workspace, name))).catch(() => undefined)) ? name : undefined)),
  );
  return whole.filter((name) => name !== undefined).sort();
}

/** All studies with their counts. One with a damaged record is left out. */
export async function listStudies(workspace: string): Promise<StudySummary[]> {
  const summaries = await Promise.all(
    (await studyNames(workspace)).map((name) =>
      studySummary(workspace, name).catch((error: unknown) => {
        if (error instanceof AppError) return undefined;
        throw error;
      }),
    ),
  );
  return summaries.filter((summary) => summary !== undefined);
}

/** Counts of a study's sweep. Reads the last event of each run only. */
export async function studySummary(workspace: string, name: string): Promise<StudySummary> {
  const study = await readStudy(workspace, name);
  const runs = runsOf(study);
  const counts = { finished: 0, failed: 0, running: 0 };
  await Promise.all(
    runs.map(async (run) => {
      const folder = runFolderOf(workspace, name, run);
      const kind = (await lastEvent(folder))?.kind;
      if (kind === undefined || kind === "interrupted") return;
      if (kind === "finished" || kind === "failed") counts[kind]++;
      else if (await isClaimed(folder)) counts.running++;
    }),
  );
  return { name, dataset: study.config.dataset, created: study.created, runs: runs.length, ...counts };
}

/**
 * Drops couplets by hand before the second stage; null goes back to the rule.
 * @throws AppError BAD_ARGUMENT for what is no couplet of the study, or when none would be left
 */
export async function selectByHand(workspace: string, name: string, given: readonly string[] | null): Promise<Study> {
  const study = await readStudy(workspace, name);
  const dropped = orderedArms(given) as readonly string[] | null;
  if (dropped !== null) {
    const couplets = coupletsOf(study);
    const unknown = dropped.find((arm) => !couplets.includes(arm));
    if (unknown !== undefined)
      throw new AppError(
        "BAD_ARGUMENT",
        `"${unknown}" is no couplet of the study "${name}". Its couplets: ${couplets.join(", ") || "none"}.`,
      );
    if (couplets.every((arm) => dropped.includes(arm)))
      throw new AppError("BAD_ARGUMENT", "No couplet would be left for the second stage. Keep at least one.");
  }
  const changed: Study = { ...study, droppedByHand: dropped === null ? null : COUPLET_ARMS.filter((arm) => dropped.includes(arm)) };
  await writeStudy(workspace, changed);
  return changed;
}

/** Deletes a study with all its runs. @throws AppError BUSY while a live process works on one of them, NOT_FOUND */
export async function deleteStudy(workspace: string, name: string): Promise<void> {
  const folder = studyFolder(workspace, name);
  const known = await studyNames(workspace);
  if (!known.includes(name)) throw new AppError("NOT_FOUND", `The workspace ${workspace} has no study "${name}".`);
  const busy = await Promise.all(
    (await runFoldersIn(folder)).map(async (runFolder) => ((await isClaimed(runFolder)) ? runFolder : undefined)),
  );
  const held = busy.find((runFolder) => runFolder !== undefined);
  if (held) throw new AppError("BUSY", `The study "${name}" is being run (${held}). Pause it first.`, { data: { study: name } });
  // Renamed first: whatever happens while files go, there is no half a study under its name.
  const doomed = join(workspace, "studies", `.${name}.deleted-${Date.now()}`);
  await rename(folder, doomed).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  await rm(doomed, { recursive: true, force: true, maxRetries: 3 });
}

async function runFoldersIn(folder: string): Promise<string[]> {
  const arms = await readdir(join(folder, "arms")).catch(() => []);
  const seeds = await Promise.all(
    arms.map(async (arm) => (await readdir(join(folder, "arms", arm)).catch(() => [])).map((seed) => join(folder, "arms", arm, seed))),
  );
  return seeds.flat();
}

/** The runs of the sweep: every arm with every seed, in the order of the tables. */
export function runsOf({ config }: Study): RunRef[] {
  return config.arms.flatMap((arm) => config.seeds.map((seed) => ({ arm, seed })));
}

/** The runs of the second stage; none in a study without couplets. */
export function fullRunsOf(study: Study): RunRef[] {
  if (coupletsOf(study).length === 0) return [];
  return (study.config.full.seeds ?? study.config.seeds).map((seed) => ({ arm: FULL_ARM, seed }));
}

/** Sweep and second stage. */
export const allRunsOf = (study: Study): RunRef[] => [...runsOf(study), ...fullRunsOf(study)];

/** The couplets among a study's arms, in the order of the matrix. */
export const coupletsOf = ({ config }: Study): ArmId[] => COUPLET_ARMS.filter((arm) => config.arms.includes(arm));

/** The settings of a run of the sweep. */
export function runConfigOf({ config }: Study, arm: ArmId, seed: number): RunConfig {
  const { arms: _arms, seeds: _seeds, full: _full, ...shared } = config;
  return RunConfig.parse({ ...shared, arm, kept: [], seed });
}

/** The settings of a run of the second stage. @param kept couplets that views are drawn from */
export function fullRunConfig(study: Study, kept: readonly ArmId[], seed: number): RunConfig {
  const sweep = runConfigOf(study, FULL_ARM, seed);
  return { ...sweep, kept: [...kept], pretrain: { ...sweep.pretrain, epochs: study.config.full.epochs ?? sweep.pretrain.epochs } };
}

/** What a study's runs came to, by arm, in the order of the tables. */
export async function studyResults(workspace: string, study: Study): Promise<Map<ArmId, { seed: number; state: RunState }[]>> {
  const results = new Map<ArmId, { seed: number; state: RunState }[]>();
  for (const run of allRunsOf(study)) {
    const state = await runState(runFolderOf(workspace, study.name, run));
    results.set(run.arm, [...(results.get(run.arm) ?? []), { seed: run.seed, state }]);
  }
  return results;
}

/** Scores of the couplets and which of them the second stage keeps. */
export interface Selection {
  /** Mean F1 over the finished seeds, of every arm that has one. */
  readonly scores: ReadonlyMap<ArmId, number>;
  readonly kept: readonly ArmId[];
  readonly dropped: readonly ArmId[];
  /** Couplets without a score: they are neither kept nor dropped, and the rule cannot be applied. */
  readonly missing: readonly ArmId[];
}

/** Applies the hand-made choice or the bottom-quarter rule to what is finished. @param f1 F1 of the finished runs by arm */
export function selectionOf(study: Study, f1: ReadonlyMap<ArmId, readonly number[]>): Selection {
  const scores = new Map<ArmId, number>();
  for (const [arm, values] of f1) if (values.length > 0) scores.set(arm, values.reduce((sum, value) => sum + value, 0) / values.length);
  const couplets = coupletsOf(study);
  if (study.droppedByHand !== null) {
    const dropped = study.droppedByHand;
    return { scores, kept: couplets.filter((arm) => !dropped.includes(arm)), dropped, missing: [] };
  }
  const ofStudy = new Map([...scores].filter(([arm]) => couplets.includes(arm)));
  return { scores, ...selectCouplets(ofStudy), missing: couplets.filter((arm) => !scores.has(arm)) };
}
