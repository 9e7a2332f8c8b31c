// Runs a study on this machine: one training worker, one run after another, each under its lease. Any number of processes may do so at once,
// on the same study: they share the runs. What is finished is skipped, what was interrupted goes on, what failed before is tried again.
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { RunRef } from "../../shared/contract/app.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { Random } from "../../shared/domain/random.ts";
import type { RunConfig } from "../../shared/domain/run-config.ts";
import { inQueueOrder, isSkipped, type RunQueue, runKey, type StudyStage } from "../../shared/domain/run-queue.ts";
import type { RunEvent } from "../../shared/domain/run-state.ts";
import { type ArmId, FULL_ARM } from "../../shared/domain/study.ts";
import type { Study } from "../../shared/domain/workspace.ts";
import { datasetFolderOf, readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { lastEvent } from "../runs/journal.ts";
import { Claimer, type ClaimerOptions } from "../runs/lease.ts";
import { createRun, readRun } from "../runs/run-folder.ts";
import { QueueTail, readRunQueue } from "../runs/run-queue.ts";
import { fullRunConfig, fullRunsOf, runConfigOf, runFolderOf, runsOf, selectionOf, studyFolder } from "../runs/study-store.ts";
import { startTrainingWorker, type TrainingWorker } from "../training/training-worker.ts";
import { type RunWorkers, superviseRun, workersOf } from "./supervise.ts";

export type { StudyStage };

/** What `runStudy` tells while it works. */
export interface StudyProgress {
  readonly stage: "sweep" | "full";
  /** Runs that are over, failed ones included. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  /** The run in hand in this process. */
  readonly running: RunRef | null;
  readonly step: number;
  readonly steps: number;
  readonly viewsPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly message: string;
}

export interface FailedRun extends RunRef {
  readonly code: string;
  readonly message: string;
}

export interface StudyOutcome {
  readonly finished: number;
  readonly failed: readonly FailedRun[];
  /** Couplets of the second stage; null when it was not run. */
  readonly kept: readonly ArmId[] | null;
  /** Why the second stage was not run although it was asked for; null otherwise. */
  readonly note: string | null;
}

export interface RunStudyOptions {
  /** The workspace's folder. */
  readonly workspace: string;
  readonly study: Study;
  readonly stage: StudyStage;
  /** Its reason says `paused` (`{ reason: "paused" }`) or anything else: cancelled. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: StudyProgress) => void) | undefined;
  /** Only these runs of the stages, e.g. of one task of a cluster job. */
  readonly only?: readonly RunRef[] | undefined;
  readonly startWorker?: (() => TrainingWorker) | undefined;
  /** Between looks at runs that other processes hold. */
  readonly pollMs?: number;
  readonly claiming?: ClaimerOptions;
  readonly now?: () => number;
}

/**
 * Runs what is not finished of a study. Failed runs are told in the outcome.
 * @throws the signal's reason once the run in hand has written its checkpoint; AppError NOT_FOUND without the data set, DISK_FULL, NO_ACCESS,
 * OUT_OF_MEMORY, ENGINE_UNAVAILABLE, and NO_DATA when only the second stage is asked for and the sweep is not finished
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyOutcome> {
  const { workspace, study, stage, signal, startWorker = startTrainingWorker } = options;
  signal.throwIfAborted();
  await readDataset(datasetFolderOf(workspace, study.config.dataset));
  const workers = workersOf(startWorker, { engine: study.config.engine, threads: study.config.threads });
  try {
    const failed: FailedRun[] = [];
    let finished = 0;
    const work = async (part: "sweep" | "full", runs: readonly RunRef[], configOf: (run: RunRef) => RunConfig) => {
      const result = await workThrough(options, workers, { part, runs: chosen(runs, options.only), configOf });
      finished += result.finished;
      failed.push(...result.failed);
    };
    if (stage !== "full") await work("sweep", sweepOrder(study), ({ arm, seed }) => runConfigOf(study, arm, seed));
    if (stage === "sweep" || fullRunsOf(study).length === 0) {
      if (stage === "full") throw new AppError("NO_DATA", `The study "${study.name}" has no couplets, so there is no second stage.`);
      return { finished, failed, kept: null, note: null };
    }
    const { kept, missing } = selectionOf(study, await sweepScores(workspace, study));
    if (missing.length > 0 || kept.length === 0) {
      const names = missing.slice(0, 5).join(", ") + (missing.length > 5 ? `, and ${missing.length - 5} more` : "");
      const note = `The second stage needs an F1 of every couplet; there is none of ${names}. Run the sweep to its end, or choose the couplets by hand.`;
      if (stage === "full") throw new AppError("NO_DATA", note, { data: { missing } });
      return { finished, failed, kept: null, note };
    }
    await work("full", fullRunsOf(study), ({ seed }) => fullRunConfig(study, kept, seed));
    return { finished, failed, kept, note: null };
  } finally {
    await workers.end();
  }
}

/** Seed by seed, each in an order of its own that hangs on the study's name only: arms that run late or early are not alike in every study. */
export function sweepOrder(study: Study): RunRef[] {
  const bySeed = study.config.seeds.map((seed) => runsOf(study).filter((run) => run.seed === seed));
  return bySeed.flatMap((runs, i) => Random.of(study.name, "order", study.config.seeds[i]!).shuffled(runs));
}

/** Every run of a study in the order in which it is worked on. */
export const workOrder = (study: Study, queue: RunQueue): RunRef[] => [
  ...inQueueOrder(sweepOrder(study), queue),
  ...inQueueOrder(fullRunsOf(study), queue),
];

const chosen = (runs: readonly RunRef[], only: readonly RunRef[] | undefined) =>
  only ? runs.filter(({ arm, seed }) => only.some((one) => one.arm === arm && one.seed === seed)) : runs;

/** F1 of the finished runs of the sweep, by arm. */
async function sweepScores(workspace: string, study: Study): Promise<Map<ArmId, number[]>> {
  const scores = new Map<ArmId, number[]>();
  for (const run of runsOf(study)) {
    const last = await lastEvent(runFolderOf(workspace, study.name, run));
    if (last?.kind !== "finished" || last.f1 === null) continue;
    scores.set(run.arm, [...(scores.get(run.arm) ?? []), last.f1]);
  }
  return scores;
}

interface Part {
  readonly part: "sweep" | "full";
  readonly runs: readonly RunRef[];
  readonly configOf: (run: RunRef) => RunConfig;
}

async function workThrough(options: RunStudyOptions, workers: RunWorkers, { part, runs, configOf }: Part) {
  const { workspace, study, signal, onProgress, pollMs = 2000, now = Date.now } = options;
  const startedAt = now();
  const claimer = new Claimer(options.claiming);
  const datasetFolder = datasetFolderOf(workspace, study.config.dataset);
  /** Runs that are over for this call, with what failed them. */
  const over = new Map<string, FailedRun | null>();
  const failures = () => [...over.values()].filter((failure) => failure !== null);
  let planned = runs;
  const pace = createPace(now);

  const tell = (running: RunRef | null, step?: Extract<RunEvent, { kind: "step" }>, message = "") => {
    onProgress?.({
      stage: part,
      done: over.size,
      total: planned.length,
      failed: failures().length,
      running,
      step: step?.step ?? 0,
      steps: step?.steps ?? 0,
      viewsPerSecond: step?.viewsPerSecond ?? null,
      etaSeconds: pace.secondsLeft(planned.length - over.size, step ? step.step / step.steps : 0),
      message,
    });
  };

  /** Whether the run is over, counting it. A failure counts when it is of this call's time: earlier ones are tried again. */
  const isOver = async (run: RunRef): Promise<boolean> => {
    const folder = runFolderOf(workspace, study.name, run);
    const last = await lastEvent(folder);
    if (last && (last.kind === "failed" || last.kind === "finished") && last.at >= startedAt) pace.count();
    if (last?.kind === "failed" && last.at >= startedAt) {
      over.set(runKey(run), { ...run, code: last.code, message: last.message });
      return true;
    }
    if (last?.kind !== "finished") return false;
    if (part === "full" && !(await isSameSelection(folder, configOf(run)))) return false;
    over.set(runKey(run), null);
    return true;
  };

  /** The runs to do as the queue is now. Failed ones that were taken back into it are no longer over. */
  const plan = async (): Promise<RunRef[]> => {
    const queue = await readRunQueue(studyFolder(workspace, study.name));
    for (const failure of failures()) {
      const last = await lastEvent(runFolderOf(workspace, study.name, failure));
      if (last?.kind === "interrupted") over.delete(runKey(failure));
    }
    planned = inQueueOrder(runs, queue).filter((run) => over.has(runKey(run)) || !isSkipped(queue, run));
    return planned.filter((run) => !over.has(runKey(run)));
  };

  /** @returns false when another process holds the run, or it was interrupted */
  const attempt = async (run: RunRef): Promise<boolean> => {
    if (await isOver(run)) return true;
    const folder = runFolderOf(workspace, study.name, run);
    const lease = await claimer.claim(folder);
    if (!lease) return false;
    const skipping = watchSkip(studyFolder(workspace, study.name), run, pollMs);
    try {
      if (await isOver(run)) return true; // another process finished it before we claimed it
      const config = configOf(run);
      try {
        if (part === "full") await setAsideOther(folder, config, now);
        await createRun(folder, config);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "BAD_FILE") throw error;
        over.set(runKey(run), { ...run, code: error.code, message: error.message }); // one damaged record does not keep the others from running
        return true;
      }
      tell(run, undefined, "starting");
      const end = await superviseRun({
        workers,
        runFolder: folder,
        datasetFolder,
        lost: lease.lost,
        signal: AbortSignal.any([signal, skipping.signal]),
        onEvent: (event) => {
          if (event.kind === "step") tell(run, event);
          else if (event.kind === "phase") tell(run, undefined, event.detail);
        },
      });
      if (end === "lease lost") return false;
      if (end.kind === "interrupted") {
        signal.throwIfAborted();
        return false;
      }
      pace.count();
      const failure = end.kind === "failed" ? { ...run, code: end.code, message: end.message } : null;
      over.set(runKey(run), failure);
      // What ails the disk ails every run, and all take the same memory.
      if (failure && (failure.code === "DISK_FULL" || failure.code === "NO_ACCESS" || failure.code === "OUT_OF_MEMORY"))
        throw new AppError(failure.code, failure.message);
      return true;
    } finally {
      skipping.end();
      await lease.release();
    }
  };

  tell(null, undefined, "starting");
  const held = new Set<string>();
  while (true) {
    signal.throwIfAborted();
    const left = await plan();
    const run = left.find((candidate) => !held.has(runKey(candidate)));
    if (run) {
      if (await attempt(run)) tell(null);
      else held.add(runKey(run));
      continue;
    }
    if (left.length === 0) break;
    tell(null, undefined, `waiting for ${left.length} ${left.length === 1 ? "run" : "runs"} of another process`);
    await pause(pollMs, signal);
    held.clear();
  }
  const failed = failures();
  return { finished: over.size - failed.length, failed };
}

/** Aborts, as a cancellation does, when the queue leaves out a run that is in hand. */
function watchSkip(folder: string, run: RunRef, pollMs: number): { signal: AbortSignal; end(): void } {
  const skipped = new AbortController();
  const tail = new QueueTail(folder);
  const timer = setInterval(async () => {
    const queue = await tail.next();
    if (queue && isSkipped(queue, run)) skipped.abort({ reason: "cancelled" });
  }, pollMs);
  timer.unref();
  return { signal: skipped.signal, end: () => clearInterval(timer) };
}

async function isSameSelection(folder: string, { kept }: RunConfig): Promise<boolean> {
  const record = await readRun(folder);
  return record !== undefined && record.config.kept.join() === kept.join();
}

/** A second stage that was run with other couplets is kept beside the new one. */
async function setAsideOther(folder: string, config: RunConfig, now: () => number): Promise<void> {
  const record = await readRun(folder);
  if (!record || record.config.arm !== FULL_ARM || record.config.kept.join() === config.kept.join()) return;
  // The lease stays where it is: it is ours.
  const aside = `${folder}.before-${new Date(now()).toISOString().replaceAll(":", "")}`;
  await mkdir(aside, { recursive: true });
  for (const name of await readdir(folder)) if (name !== "lease") await rename(join(folder, name), join(aside, name));
}

/** Time left, by what was done since the start, by this process or others. */
function createPace(now: () => number) {
  const startedAt = now();
  let done = 0;
  return {
    count(): void {
      done++;
    },
    /** @param left runs not over, the one in hand included @param share of the run in hand that is done, 0..1 */
    secondsLeft(left: number, share: number): number | null {
      if (left === 0) return 0;
      const worked = done + share;
      if (worked < 0.02) return null;
      return (((now() - startedAt) / 1000) * (left - share)) / worked;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
