// The studies of a workspace: planned, made, run one after another, watched, compared, reported.
import { stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LogUpdate, RunRef, StudyUpdate } from "../../shared/contract/app.ts";
import type { HostInputs } from "../../shared/contract/client.ts";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { type QueuedStudy, type RunQueue, runKey, type StudyStage } from "../../shared/domain/run-queue.ts";
import type { RunState } from "../../shared/domain/run-state.ts";
import { DEFAULT_THRESHOLD } from "../../shared/domain/scored-cell.ts";
import type { AppSettings } from "../../shared/domain/settings.ts";
import { atThreshold, type StudyResult, studyResult } from "../../shared/domain/study-result.ts";
import type { StudyStatistics } from "../../shared/domain/study-statistics.ts";
import type { Job, ReportFiles, Study, StudyPlan, StudySummary } from "../../shared/domain/workspace.ts";
import { runStudy, workOrder } from "../executors/local.ts";
import { runOnGpus } from "../executors/on-gpus.ts";
import { writeReport } from "../export/report.ts";
import { type ComparisonProgress, Comparisons } from "../runs/comparisons.ts";
import { planStudy } from "../runs/plan.ts";
import { readRunQueue, retryRun, writeRunQueue } from "../runs/run-queue.ts";
import {
  allRunsOf,
  createStudy,
  deleteStudy,
  readStudy,
  resolveStudyConfig,
  runFolderOf,
  selectByHand,
  studyFolder,
  studyResults,
  studySummary,
} from "../runs/study-store.ts";
import { watchLog, watchStudy } from "../runs/watch.ts";
import { trainingGpus } from "../training/engines/gpus.ts";
import type { Datasets } from "./datasets.ts";
import { studyFileName } from "./desktop/target.ts";
import type { JobEnd, JobList, WorkOptions } from "./jobs.ts";
import { measureStep, stepOf } from "./measure.ts";
import { StudyQueue } from "./study-queue.ts";
import { withProgress } from "./with-progress.ts";
import { folderOf } from "./workspace-folder.ts";

type StudyInput = Parameters<typeof createStudy>[1];
type StatisticsUpdate =
  | ({ kind: "progress" } & ComparisonProgress)
  | { kind: "result"; statistics: StudyStatistics | null; note: string | null };

export interface StudiesOptions {
  /** Reads the workspace's lists anew. */
  readonly refresh: () => Promise<void>;
  readonly engine: () => Promise<EngineInfo>;
  /** The user's. */
  readonly settings: () => AppSettings;
  /** Shows a folder in the system's file manager, where the door can. */
  readonly showFolder?: ((path: string) => Promise<void>) | undefined;
}

interface StudyWorkOptions extends WorkOptions {
  readonly gpus?: number | undefined;
}

export class Studies {
  /** Those that are worked on one after another. */
  readonly queue: StudyQueue;
  readonly comparisons: Comparisons;
  private readonly path: string;
  private readonly jobs: JobList;
  private readonly datasets: Datasets;
  private readonly options: StudiesOptions;

  /** @param path of the workspace */
  constructor(path: string, jobs: JobList, datasets: Datasets, options: StudiesOptions) {
    this.path = path;
    this.jobs = jobs;
    this.datasets = datasets;
    this.options = options;
    this.queue = new StudyQueue(path, (study, stage, onEnd) => this.begin(study, stage, onEnd));
    this.comparisons = new Comparisons(path);
  }

  /** @param options.measure whether to time a few steps here for the estimate (some seconds) */
  async plan(input: Pick<StudyInput, "preset" | "settings">, options: { measure?: boolean } = {}): Promise<StudyPlan> {
    const config = resolveStudyConfig(this.withDefaults(input));
    const dataset = await this.datasets.get(config.dataset);
    const { bavail, bsize } = await statfs(this.path);
    const engine = await this.options.engine();
    const facts = { viewsPerSecond: null, memory: null, freeBytes: bavail * bsize, engine: `${engine.name} on ${engine.device}` };
    const plan = planStudy(config, dataset, facts);
    if (options.measure === false || this.jobs.isWorking() || plan.problems.length > 0) return plan;
    return planStudy(config, dataset, { ...facts, ...(await measureStep(stepOf(config, dataset))) });
  }

  /** A study's input over the user's own defaults. */
  private withDefaults<Input extends Pick<StudyInput, "settings">>(input: Input): Input {
    const { precision, threads } = this.options.settings();
    return { ...input, settings: { precision, threads, ...input.settings } };
  }

  async create(input: StudyInput): Promise<Study> {
    const { dataset } = resolveStudyConfig(input);
    await this.datasets.folder(dataset);
    const study = await createStudy(this.path, this.withDefaults(input));
    // What a file manager opens; the study's record is its folder's study.json.
    await writeFile(join(studyFolder(this.path, study.name), studyFileName(study.name)), `${JSON.stringify({ study: study.name })}\n`);
    await this.options.refresh();
    return study;
  }

  async get(name: string): Promise<{ study: Study; summary: StudySummary }> {
    return { study: await readStudy(this.path, name), summary: await studySummary(this.path, name) };
  }

  /** Every run that a study asks for, with its state. */
  async runs(name: string): Promise<(RunRef & { state: RunState })[]> {
    const results = await studyResults(this.path, await readStudy(this.path, name));
    return [...results].flatMap(([arm, runs]) => runs.map(({ seed, state }) => ({ arm, seed, state })));
  }

  /** What a study found, at the usual threshold or another one. @param options.signal ends the work on the test tiles' scores */
  async result(
    name: string,
    { threshold = DEFAULT_THRESHOLD, signal }: { threshold?: number; signal?: AbortSignal } = {},
  ): Promise<StudyResult> {
    const study = await readStudy(this.path, name);
    const { statistics } = await this.comparisons.statistics(name, threshold, { signal });
    const runs = (await this.runs(name)).map(({ arm, seed, state }) => ({
      arm,
      seed,
      status: state.status,
      evaluations: state.evaluations,
    }));
    if (threshold === DEFAULT_THRESHOLD) return studyResult(study, runs, { statistics });
    const counts = await this.comparisons.counts(name, { signal });
    return studyResult(study, atThreshold(runs, counts, threshold), { statistics, threshold });
  }

  /** @param signal ends the work, as does closing the stream */
  statistics({ study, threshold }: HostInputs["study"]["statistics"], signal?: AbortSignal): AsyncGenerator<StatisticsUpdate> {
    const first: ComparisonProgress = { what: "runs", done: 0, total: 0 };
    return withProgress(first, signal, (work) => this.comparisons.statistics(study, threshold, work));
  }

  /**
   * Runs what is not finished, on several GPUs in a process for each.
   * @param options.gpus at most so many; all when not given
   * @returns why the second stage was left out although it was asked for, or which processes were lost; null otherwise
   * @throws the abort reason after a checkpoint when stopped; BAD_ARGUMENT for more GPUs than there are
   */
  async run(name: string, stage: StudyStage, { signal, onProgress, gpus: most }: StudyWorkOptions): Promise<string | null> {
    const study = await readStudy(this.path, name);
    const there = study.config.engine === "wasm" ? [] : await trainingGpus();
    if (most !== undefined && most > Math.max(1, there.length))
      throw new AppError("BAD_ARGUMENT", `${most} GPUs were asked for; ${there.length} can be used here. \`doctor\` tells of them.`);
    if (there.length > 1) {
      const gpus = there.slice(0, most ?? this.options.settings().gpus ?? undefined).map(({ uuid }) => uuid);
      return runOnGpus({ workspace: this.path, study, stage, gpus, signal, onProgress });
    }
    const outcome = await runStudy({
      workspace: this.path,
      study,
      stage,
      signal,
      onProgress: ({ done, total, etaSeconds, viewsPerSecond, message }) =>
        onProgress?.({ done, total, etaSeconds, rate: viewsPerSecond, message }),
    });
    const [first, ...others] = outcome.failed;
    if (!first) return outcome.note;
    const more = others.length > 0 ? ` (and ${others.length} more)` : "";
    throw new AppError(
      "NO_DATA",
      `${first.arm}, seed ${first.seed} failed${more}: ${first.message} Finished runs are kept; run the study again to retry.`,
      { data: { failed: outcome.failed } },
    );
  }

  /** Puts a study into the queue; it runs at once when none does. @throws AppError NOT_FOUND, BUSY when it is queued already */
  async start(name: string, stage: StudyStage = "all"): Promise<QueuedStudy> {
    await readStudy(this.path, name);
    return this.queue.add(name, stage);
  }

  private begin(name: string, stage: StudyStage, onEnd: (end: JobEnd) => void): Job {
    return this.jobs.start(
      { kind: "study", title: `Study ${name}`, target: name, unit: "runs" },
      async (work) => {
        await this.run(name, stage, work);
      },
      onEnd,
    );
  }

  pause(name: string): void {
    const job = this.jobs.find("study", name);
    if (job) this.jobs.stop(job.id, "paused");
  }

  /** Takes a study out of the queue; one that runs is cancelled. */
  leaveQueue(name: string): void {
    const job = this.jobs.find("study", name);
    if (job) this.jobs.stop(job.id, "cancelled");
    else this.queue.remove(name);
  }

  /** Puts runs before all others of their stage, in this order. */
  async orderRuns(name: string, first: readonly RunRef[]): Promise<void> {
    await this.changeRunQueue(name, first, (queue) => ({ ...queue, first: [...first] }));
  }

  /** Leaves a run out, or takes it back. */
  async skipRun(name: string, run: RunRef, skip: boolean): Promise<void> {
    await this.changeRunQueue(name, [run], (queue) => {
      const others = queue.skipped.filter((other) => runKey(other) !== runKey(run));
      return { ...queue, skipped: skip ? [...others, run] : others };
    });
  }

  private async changeRunQueue(name: string, runs: readonly RunRef[], change: (queue: RunQueue) => RunQueue): Promise<void> {
    const study = await readStudy(this.path, name);
    const known = new Set(allRunsOf(study).map(runKey));
    const unknown = runs.find((run) => !known.has(runKey(run)));
    if (unknown) throw new AppError("NOT_FOUND", `The study ${name} has no run of ${unknown.arm} with seed ${unknown.seed}.`);
    const folder = studyFolder(this.path, name);
    await writeRunQueue(folder, change(await readRunQueue(folder)));
  }

  /** Takes failed runs back into the queue, and runs the study when it is not queued. @returns how many of them had failed */
  async retryRuns(name: string, runs: readonly RunRef[]): Promise<number> {
    await readStudy(this.path, name);
    let taken = 0;
    for (const run of runs) if (await retryRun(runFolderOf(this.path, name, run))) taken++;
    if (taken > 0 && !this.queue.has(name)) await this.queue.add(name, "all");
    return taken;
  }

  async *watch(name: string, signal?: AbortSignal): AsyncGenerator<StudyUpdate> {
    const study = await readStudy(this.path, name);
    const runs = allRunsOf(study);
    yield { kind: "study", study, runs };
    const updates = watchStudy(studyFolder(this.path, name), runs, { signal: signal ?? new AbortController().signal });
    for await (const news of updates)
      yield news.kind === "events" ? news : { kind: "queue", order: workOrder(study, news.queue), skipped: news.queue.skipped };
  }

  /** A run's folder, events and output, past and to come. */
  async *log(name: string, run: RunRef, signal?: AbortSignal): AsyncGenerator<LogUpdate> {
    await readStudy(this.path, name);
    const folder = runFolderOf(this.path, name, run);
    yield { kind: "opened", folder };
    yield* watchLog(folder, { signal });
  }

  /** @throws AppError UNSUPPORTED in the browser, NOT_FOUND before the run has begun */
  async showRunFolder(name: string, run: RunRef): Promise<void> {
    const folder = runFolderOf(this.path, name, run);
    if (!this.options.showFolder) throw new AppError("UNSUPPORTED", `The browser cannot open a folder. It is ${folder}.`);
    if (!(await stat(folder).catch(() => undefined))) throw new AppError("NOT_FOUND", `The run has not begun, so ${folder} is not there.`);
    await this.options.showFolder(folder);
  }

  async selectCouplets(name: string, dropped: string[] | null): Promise<Study> {
    const study = await selectByHand(this.path, name, dropped);
    await this.options.refresh();
    return study;
  }

  async report(name: string): Promise<ReportFiles> {
    const study = await readStudy(this.path, name);
    const dataset = await this.datasets.get(study.config.dataset).catch(() => undefined);
    return writeReport({
      study,
      result: await this.result(name),
      runs: await this.runs(name),
      ...(dataset ? { dataset } : {}),
      outFolder: join(folderOf(this.path, "exports", name)),
    });
  }

  async delete(name: string): Promise<void> {
    if (this.jobs.find("study", name)) throw new AppError("BUSY", `The study ${name} is running. Pause or cancel it first.`);
    const isEmbedding = this.jobs.jobs.value.some(
      ({ kind, status, target }) => kind === "embedding" && status === "running" && target.startsWith(`${name}/`),
    );
    if (isEmbedding) throw new AppError("BUSY", `An embedding of the study ${name} is being computed. Cancel it first.`);
    this.queue.remove(name);
    await deleteStudy(this.path, name);
    await this.options.refresh();
  }
}
