// The application without a door: a workspace, its jobs and everything that the contract asks for. Electron, `serve` and `cli` each hold one.
import { stat, statfs, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { LogUpdate, RunRef, StudyUpdate } from "../../shared/contract/app.ts";
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import type { Dataset, ScanResult, Tile } from "../../shared/domain/dataset.ts";
import { type EmbeddingRef, embeddingTarget, ProjectionMethod } from "../../shared/domain/embedding.ts";
import type { EngineInfo, EngineReport } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import type { HardwareSample } from "../../shared/domain/hardware.ts";
import { IngestSettings } from "../../shared/domain/ingest-settings.ts";
import { type LabelReport, LabelRequest } from "../../shared/domain/labelling.ts";
import { type QueuedStudy, type RunQueue, runKey, type StudyStage } from "../../shared/domain/run-queue.ts";
import type { RunState } from "../../shared/domain/run-state.ts";
import type { SampleOptions } from "../../shared/domain/sample-options.ts";
import { DEFAULT_THRESHOLD } from "../../shared/domain/scored-cell.ts";
import { AppSettings } from "../../shared/domain/settings.ts";
import { atThreshold, type StudyResult, studyResult } from "../../shared/domain/study-result.ts";
import type { StudyStatistics } from "../../shared/domain/study-statistics.ts";
import {
  type DatasetLoss,
  DuplicateQuery,
  type NearTile,
  type TileFacets,
  type TileFilter,
  type VerifyReport,
} from "../../shared/domain/tile-query.ts";
import type { DatasetSummary, Job, ReportFiles, Study, StudyPlan, StudySummary, Workspace } from "../../shared/domain/workspace.ts";
import { runStudy, workOrder } from "../executors/local.ts";
import { runOnGpus } from "../executors/on-gpus.ts";
import { writeReport } from "../export/report.ts";
import { listTiles, nearTiles, readTiles, tileFacets } from "../ingest/catalogue.ts";
import { listDuplicates } from "../ingest/duplicates.ts";
import { ingestFolders, ofEarlierVersion, readDataset } from "../ingest/ingest.ts";
import { readJournalHead } from "../ingest/journal.ts";
import { labelDataset } from "../ingest/labels/label-dataset.ts";
import { useTiles } from "../ingest/labels/use-tiles.ts";
import { BandOrders, readBandOrders } from "../ingest/readers/band-orders.ts";
import { type Relocation, relocateDataset } from "../ingest/relocate.ts";
import { writeSampleAside } from "../ingest/sample/write-sample-aside.ts";
import { scanFolder } from "../ingest/scan.ts";
import { verifyDataset } from "../ingest/verify.ts";
import { type ComparisonProgress, Comparisons } from "../runs/comparisons.ts";
import { planStudy } from "../runs/plan.ts";
import { readRunQueue, retryRun, writeRunQueue } from "../runs/run-queue.ts";
import {
  allRunsOf,
  createStudy,
  deleteStudy,
  listStudies,
  readStudy,
  resolveStudyConfig,
  runFolderOf,
  selectByHand,
  studyFolder,
  studyResults,
  studySummary,
} from "../runs/study-store.ts";
import { watchLog, watchStudy } from "../runs/watch.ts";
import { diagnose } from "../training/engines/doctor.ts";
import { trainingGpus } from "../training/engines/gpus.ts";
import { readColumns } from "./columns.ts";
import { datasetLoss, deleteDataset } from "./delete-dataset.ts";
import { studyFileName } from "./desktop/target.ts";
import { Embeddings } from "./embeddings.ts";
import { type FolderListing, listFolders } from "./folders.ts";
import { sampleHardware } from "./hardware.ts";
import { Images, type PreviewInput, type PreviewOutput } from "./images.ts";
import { type JobEnd, JobList, type JobProgress, stopReason } from "./jobs.ts";
import { measureStep, stepOf } from "./measure.ts";
import { lacksSampleTiles, makeSampleTiles, sampleRecord } from "./sample-project.ts";
import { StudyQueue } from "./study-queue.ts";
import { version } from "./version.ts";
import { Watched } from "./watched.ts";
import { existingFolderOf, folderOf, namesIn, openWorkspace } from "./workspace-folder.ts";

type Door = HostOutputs["app"]["info"]["door"];
type StudyInput = Parameters<typeof createStudy>[1];
type VerifyUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: VerifyReport };
type ScanUpdate = { kind: "progress"; seen: number; path: string } | { kind: "result"; result: ScanResult };

type StatisticsUpdate =
  | ({ kind: "progress" } & ComparisonProgress)
  | { kind: "result"; statistics: StudyStatistics | null; note: string | null };
type LabelUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: LabelReport };

export interface HostOptions {
  /** Folder of the workspace; made when new. */
  readonly workspace: string;
  readonly door: Door;
  /** The native dialog for a folder or a file, where the door has one. */
  readonly choosePath?: (what: "folder" | "file") => Promise<string | null>;
  /** Shows a folder in the system's file manager, where the door can. */
  readonly showFolder?: (path: string) => Promise<void>;
  /** The user's settings; defaults when left out. */
  readonly settings?: () => AppSettings;
}

/** How work reports and is stopped. */
export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

interface StudyWorkOptions extends WorkOptions {
  readonly gpus?: number | undefined;
}

const WORKSPACE_POLL_MS = 2_000;
/** Skipped and changed files that a job names. */
const TOLD_PROBLEMS = 100;

/** Opens the workspace and gives the application on it. @throws AppError when the folder cannot be one */
export async function createHost(options: HostOptions): Promise<Host> {
  const path = await openWorkspace(options.workspace);
  const host = new Host(path, options);
  await host.refresh();
  if (options.door !== "cli") await host.queue.open();
  if (options.door !== "cli" && (await lacksSampleTiles(path))) host.startSampleTiles();
  return host;
}

export class Host {
  readonly jobs = new JobList();
  readonly workspace: Watched<Workspace>;
  /** Studies that are worked on one after another. */
  readonly queue: StudyQueue;
  readonly comparisons: Comparisons;
  private readonly path: string;
  private readonly options: HostOptions;
  readonly embeddings: Embeddings;
  private readonly images: Images;
  private readonly poll: NodeJS.Timeout | undefined;
  private engineReport: Promise<EngineReport> | undefined;

  constructor(path: string, options: HostOptions) {
    this.path = path;
    this.options = options;
    this.queue = new StudyQueue(path, (study, stage, onEnd) => this.beginStudy(study, stage, onEnd));
    this.workspace = new Watched({ path, datasets: [], studies: [] });
    this.comparisons = new Comparisons(path);
    this.images = new Images((dataset) => existingFolderOf(path, "datasets", dataset));
    this.embeddings = new Embeddings(path);
    // Other processes (the command line, a cluster's jobs) change the workspace, too.
    if (options.door !== "cli") this.poll = setInterval(() => void this.refresh().catch(() => {}), WORKSPACE_POLL_MS).unref();
  }

  // The application

  async info(): Promise<HostOutputs["app"]["info"]> {
    return { version, door: this.options.door, engine: await this.engine(), nativeDialogs: this.options.choosePath !== undefined };
  }

  doctor(): Promise<EngineReport> {
    this.engineReport ??= diagnose();
    return this.engineReport;
  }

  private async engine(): Promise<EngineInfo> {
    return (await this.doctor()).engine;
  }

  /** What the machine is doing, until the signal aborts. */
  hardware(signal?: AbortSignal): AsyncGenerator<HardwareSample> {
    return sampleHardware({ folder: this.path, signal });
  }

  listFolders({ path, withFiles }: HostInputs["folder"]["list"]): Promise<FolderListing> {
    return listFolders(path, withFiles);
  }

  async choosePath(what: "folder" | "file"): Promise<string | null> {
    if (!this.options.choosePath) throw new AppError("UNSUPPORTED", "There is no file dialog in the browser. Give the path instead.");
    return this.options.choosePath(what);
  }

  /** Whether a job is running: a window may be closed then, the process may not end. */
  isWorking(): boolean {
    return this.jobs.jobs.value.some((job) => job.status === "running");
  }

  /** Pauses what runs and lets everything go. */
  async close(): Promise<void> {
    clearInterval(this.poll);
    this.queue.keep();
    await this.jobs.stopAll("paused");
    await this.queue.close();
    await this.images.close();
    await this.embeddings.close();
  }

  // The workspace

  /** Reads the workspace's lists anew; watchers hear of it when something changed. */
  async refresh(): Promise<void> {
    const datasets = await Promise.all((await namesIn(this.path, "datasets")).map((name) => this.datasetSummary(name)));
    const next: Workspace = {
      path: this.path,
      datasets,
      studies: await listStudies(this.path),
      ...(sampleRecord(this.path) ? { isSample: true } : {}),
    };
    if (JSON.stringify(next) !== JSON.stringify(this.workspace.value)) this.workspace.set(next);
  }

  private async datasetSummary(name: string): Promise<DatasetSummary> {
    const dataset = await readDataset(join(this.path, "datasets", name)).catch(() => undefined);
    if (!dataset) return { name, complete: false, tiles: 0, tilePixels: 0, bands: 0, classes: 0, simulated: false };
    return {
      name,
      complete: true,
      tiles: dataset.tiles,
      tilePixels: dataset.tilePixels,
      bands: dataset.groups.reduce((n, group) => n + group.bands.length, 0),
      classes: dataset.classes.length,
      simulated: dataset.simulated,
    };
  }

  // Data

  async *scan({ path, bandOrder = null }: HostInputs["data"]["scan"], signal?: AbortSignal): AsyncGenerator<ScanUpdate> {
    const progress = new Watched<ScanUpdate>({ kind: "progress", seen: 0, path });
    const done = new AbortController();
    const scanning = scanFolder(path, {
      bandOrders: new BandOrders(readBandOrders(this.path), bandOrder),
      ...(signal ? { signal } : {}),
      // What other work leaves of the machine would tell a wrong rate.
      isTried: !this.isWorking(),
      onProgress: (update) => progress.set({ kind: "progress", ...update }),
    });
    scanning.catch(() => {}).finally(() => done.abort());
    yield* progress.watch(done.signal, 200);
    const { bavail, bsize } = await statfs(this.path);
    yield { kind: "result", result: { ...(await scanning), freeBytes: bavail * bsize } };
  }

  async ingest({ folders, dataset, ...given }: HostInputs["data"]["ingest"], { signal, onProgress }: WorkOptions): Promise<void> {
    const settings = IngestSettings.parse(given);
    const {
      dataset: made,
      tiles,
      kept,
      changed,
    } = await ingestFolders({
      folders,
      dataset,
      tilePixels: settings.tilePixels,
      stridePixels: settings.stridePixels ?? undefined,
      sample: settings.sample ?? undefined,
      bands: settings.bands ?? undefined,
      radiometry: settings.radiometry ?? undefined,
      only: settings.only ?? undefined,
      maxCloud: settings.maxCloud,
      maxNodata: settings.maxNodata,
      bandOrder: settings.bandOrder ?? undefined,
      workspace: this.path,
      signal,
      isPause: () => stopReason(signal) === "paused",
      onProgress: ({ done, total, skipped, problems, tilesPerSecond, etaSeconds }) =>
        onProgress?.({ done, total, skipped, rate: tilesPerSecond, etaSeconds, problems: problems.slice(0, TOLD_PROBLEMS) }),
    });
    if (made.limits && kept === 0)
      onProgress?.({ message: `${tiles} tiles are stored; ${made.limits.leftOut} were left out for clouds or for lack of data` });
    // Of those that were to be read some may have been skipped.
    if (kept === 0) return onProgress?.({ done: tiles, total: tiles });
    // Its readers know of the tiles that were there before only.
    await this.images.forget(dataset);
    const added = tiles - kept;
    onProgress?.({
      message: added > 0 ? `${added} tiles are new; ${kept} were there` : `Nothing is new; ${kept} tiles are there`,
      changed: changed.slice(0, TOLD_PROBLEMS),
    });
  }

  startIngest(input: HostInputs["data"]["ingest"]): Job {
    return this.start({ kind: "ingest", title: `Ingesting into ${input.dataset}`, target: input.dataset, unit: "tiles" }, (work) =>
      this.ingest(input, work),
    );
  }

  /** Goes on with what an ingest was asked before, or adds what is new since. @throws AppError NOT_FOUND, UNSUPPORTED, BUSY */
  async startUpdate(name: string): Promise<Job> {
    const folder = await existingFolderOf(this.path, "datasets", name);
    const head = await readJournalHead(folder);
    if (!head)
      throw new AppError("UNSUPPORTED", `Nothing tells how the data set "${name}" was made. Ingest its folders under another name.`);
    const { kind, version, plan, created, folders, tilePixels, ...settings } = head.request;
    const dataset = await readDataset(folder).catch(() => null);
    if (dataset && !dataset.folders) throw ofEarlierVersion(name, folders);
    return this.startIngest({
      ...settings,
      ...(tilePixels === null ? {} : { tilePixels }),
      folders: dataset?.folders ?? folders,
      dataset: name,
    });
  }

  startSample(folder: string, options: SampleOptions): Job {
    return this.start(
      { kind: "sample", title: `Writing a simulation to ${folder}`, target: resolve(folder), unit: "patches" },
      async ({ signal, onProgress }) => {
        await writeSampleAside(resolve(folder), { ...options, signal, onProgress: (progress) => onProgress?.(progress) });
      },
    );
  }

  /** The tiles of the sample project, which come after its results. */
  startSampleTiles(): Job {
    return this.start({ kind: "sample", title: "Simulating the sample's tiles", target: this.path, unit: "tiles" }, (work) =>
      makeSampleTiles(this.path, work),
    );
  }

  /** @throws AppError NOT_FOUND */
  datasetFolder(name: string): Promise<string> {
    return existingFolderOf(this.path, "datasets", name);
  }

  async dataset(name: string): Promise<Dataset> {
    return readDataset(await existingFolderOf(this.path, "datasets", name));
  }

  async tiles({ dataset, filter, ...query }: HostInputs["dataset"]["tiles"]): Promise<{ total: number; tiles: Tile[] }> {
    return listTiles(await existingFolderOf(this.path, "datasets", dataset), { offset: 0, limit: 200, ...query, ...filter });
  }

  async facets(dataset: string, filter?: TileFilter): Promise<TileFacets> {
    return tileFacets(await existingFolderOf(this.path, "datasets", dataset), filter);
  }

  async duplicates({
    dataset,
    query,
    offset = 0,
    limit = 100,
  }: HostInputs["dataset"]["duplicates"]): Promise<HostOutputs["dataset"]["duplicates"]> {
    const folder = await existingFolderOf(this.path, "datasets", dataset);
    return listDuplicates(folder, DuplicateQuery.parse(query ?? {}), { offset, limit });
  }

  /** @param signal ends the work, as does closing the stream */
  async *verifyDataset(name: string, signal?: AbortSignal): AsyncGenerator<VerifyUpdate> {
    const folder = await existingFolderOf(this.path, "datasets", name);
    const { tiles: total } = await readDataset(folder);
    const progress = new Watched<VerifyUpdate>({ kind: "progress", done: 0, total });
    const done = new AbortController();
    const stopped = new AbortController();
    const verifying = verifyDataset(folder, {
      signal: signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal,
      onProgress: (update) => progress.set({ kind: "progress", ...update }),
    });
    verifying.catch(() => {}).finally(() => done.abort());
    try {
      yield* progress.watch(done.signal, 200);
      yield { kind: "result", report: await verifying };
    } finally {
      stopped.abort();
    }
  }

  async relocateDataset({ dataset, from, to }: HostInputs["dataset"]["relocate"]): Promise<Relocation> {
    return relocateDataset(await existingFolderOf(this.path, "datasets", dataset), { from: resolve(from), to: resolve(to) });
  }

  tile(dataset: string, index: number): Promise<HostOutputs["dataset"]["tile"]> {
    return this.images.describe(dataset, index);
  }

  async *label({ dataset, dryRun, ...request }: HostInputs["dataset"]["label"], signal?: AbortSignal): AsyncGenerator<LabelUpdate> {
    const datasetFolder = await existingFolderOf(this.path, "datasets", dataset);
    const progress = new Watched<LabelUpdate>({ kind: "progress", done: 0, total: 0 });
    const left = new AbortController();
    const done = new AbortController();
    const labelling = labelDataset({
      ...LabelRequest.parse(request),
      datasetFolder,
      dryRun: dryRun ?? false,
      signal: AbortSignal.any(signal ? [signal, left.signal] : [left.signal]),
      onProgress: (update) => progress.set({ kind: "progress", ...update }),
    });
    labelling.catch(() => {}).finally(() => done.abort());
    try {
      yield* progress.watch(done.signal, 200);
      const report = await labelling;
      await this.images.forget(dataset);
      await this.refresh();
      yield { kind: "result", report };
    } finally {
      left.abort();
    }
  }

  async tilesAt(dataset: string, rows: readonly number[]): Promise<Tile[]> {
    return readTiles(await existingFolderOf(this.path, "datasets", dataset), rows);
  }

  async near({ dataset, index, limit = 12 }: HostInputs["dataset"]["near"]): Promise<NearTile[]> {
    return nearTiles(await existingFolderOf(this.path, "datasets", dataset), index, limit);
  }

  async useTiles({ dataset, tiles, inUse }: HostInputs["dataset"]["use"]): Promise<HostOutputs["dataset"]["use"]> {
    const excluded = await useTiles(await existingFolderOf(this.path, "datasets", dataset), { tiles, inUse });
    await this.images.forget(dataset);
    await this.refresh();
    return { excluded };
  }

  datasetLoss(name: string): Promise<DatasetLoss> {
    return datasetLoss(this.path, name);
  }

  /** @param evenIfUsed also when studies or runs use it */
  async deleteDataset(name: string, evenIfUsed = false): Promise<DatasetLoss> {
    const loss = await datasetLoss(this.path, name);
    const users = [...loss.studies, ...loss.runs];
    if (users.length > 0 && !evenIfUsed)
      throw new AppError("BUSY", `The data set ${name} is used by ${users.join(", ")}. Delete those first.`, { data: { ...loss } });
    await deleteDataset(this.path, name);
    await this.images.forget(name);
    await this.refresh();
    return loss;
  }

  /** The bytes at a path of `imagePaths` under the door's origin; `undefined` when it is no such path. @param signal ends the drawing */
  image(pathAndQuery: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.images.read(pathAndQuery, signal);
  }

  /** Columns of tiles by their path under the page's origin (`columnPaths` of the contract); `undefined` when it is no such path. */
  columns(pathAndQuery: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return readColumns(this.path, pathAndQuery);
  }

  preview(input: PreviewInput): Promise<PreviewOutput> {
    return this.images.preview(input);
  }

  // Studies

  /** @param options.measure whether to time a few steps here for the estimate (some seconds) */
  async planStudy(input: Pick<StudyInput, "preset" | "settings">, options: { measure?: boolean } = {}): Promise<StudyPlan> {
    const config = resolveStudyConfig(this.withDefaults(input));
    const dataset = await this.dataset(config.dataset);
    const { bavail, bsize } = await statfs(this.path);
    const engine = await this.engine();
    const facts = { viewsPerSecond: null, memory: null, freeBytes: bavail * bsize, engine: `${engine.name} on ${engine.device}` };
    const plan = planStudy(config, dataset, facts);
    if (options.measure === false || this.isWorking() || plan.problems.length > 0) return plan;
    return planStudy(config, dataset, { ...facts, ...(await measureStep(stepOf(config, dataset))) });
  }

  /** A study's input over the user's own defaults. */
  private withDefaults<Input extends Pick<StudyInput, "settings">>(input: Input): Input {
    const { precision, threads } = this.settings;
    return { ...input, settings: { precision, threads, ...input.settings } };
  }

  private get settings(): AppSettings {
    return this.options.settings?.() ?? AppSettings.parse({});
  }

  async createStudy(input: StudyInput): Promise<Study> {
    const { dataset } = resolveStudyConfig(input);
    await existingFolderOf(this.path, "datasets", dataset);
    const study = await createStudy(this.path, this.withDefaults(input));
    // What a file manager opens; the study's record is its folder's study.json.
    await writeFile(join(studyFolder(this.path, study.name), studyFileName(study.name)), `${JSON.stringify({ study: study.name })}\n`);
    await this.refresh();
    return study;
  }

  async study(name: string): Promise<{ study: Study; summary: StudySummary }> {
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
  async *statistics({ study, threshold }: HostInputs["study"]["statistics"], signal?: AbortSignal): AsyncGenerator<StatisticsUpdate> {
    const progress = new Watched<StatisticsUpdate>({ kind: "progress", what: "runs", done: 0, total: 0 });
    const done = new AbortController();
    const left = new AbortController();
    const computing = this.comparisons.statistics(study, threshold, {
      signal: AbortSignal.any(signal ? [signal, left.signal] : [left.signal]),
      onProgress: (update) => progress.set({ kind: "progress", ...update }),
    });
    computing.catch(() => {}).finally(() => done.abort());
    try {
      yield* progress.watch(done.signal, 100);
      yield { kind: "result", ...(await computing) };
    } finally {
      left.abort();
    }
  }

  /**
   * Runs what is not finished, on several GPUs in a process for each.
   * @param options.gpus at most so many; all when not given
   * @returns why the second stage was left out although it was asked for, or which processes were lost; null otherwise
   * @throws the abort reason after a checkpoint when stopped; BAD_ARGUMENT for more GPUs than there are
   */
  async runStudy(name: string, stage: StudyStage, { signal, onProgress, gpus: most }: StudyWorkOptions): Promise<string | null> {
    const study = await readStudy(this.path, name);
    const there = study.config.engine === "wasm" ? [] : await trainingGpus();
    if (most !== undefined && most > Math.max(1, there.length))
      throw new AppError("BAD_ARGUMENT", `${most} GPUs were asked for; ${there.length} can be used here. \`doctor\` tells of them.`);
    if (there.length > 1) {
      const gpus = there.slice(0, most ?? this.settings.gpus ?? undefined).map(({ uuid }) => uuid);
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
  async startStudy(name: string, stage: StudyStage = "all"): Promise<QueuedStudy> {
    await readStudy(this.path, name);
    return this.queue.add(name, stage);
  }

  private beginStudy(name: string, stage: StudyStage, onEnd: (end: JobEnd) => void): Job {
    return this.start(
      { kind: "study", title: `Study ${name}`, target: name, unit: "runs" },
      async (work) => {
        await this.runStudy(name, stage, work);
      },
      onEnd,
    );
  }

  pauseStudy(name: string): void {
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

  async *watchStudy(name: string, signal?: AbortSignal): AsyncGenerator<StudyUpdate> {
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
    await this.refresh();
    return study;
  }

  async report(name: string): Promise<ReportFiles> {
    const study = await readStudy(this.path, name);
    const dataset = await this.dataset(study.config.dataset).catch(() => undefined);
    return writeReport({
      study,
      result: await this.result(name),
      runs: await this.runs(name),
      ...(dataset ? { dataset } : {}),
      outFolder: join(folderOf(this.path, "exports", name)),
    });
  }

  async deleteStudy(name: string): Promise<void> {
    if (this.jobs.find("study", name)) throw new AppError("BUSY", `The study ${name} is running. Pause or cancel it first.`);
    const isEmbedding = this.jobs.jobs.value.some(
      ({ kind, status, target }) => kind === "embedding" && status === "running" && target.startsWith(`${name}/`),
    );
    if (isEmbedding) throw new AppError("BUSY", `An embedding of the study ${name} is being computed. Cancel it first.`);
    this.queue.remove(name);
    await deleteStudy(this.path, name);
    await this.refresh();
  }

  // Embeddings

  startEmbedding({ method, ...ref }: HostInputs["embedding"]["compute"]): Job {
    const input = { ...ref, method: ProjectionMethod.parse(method) };
    const title = `Embedding of ${ref.arm}, seed ${ref.seed}`;
    return this.start({ kind: "embedding", title, target: embeddingTarget(ref), unit: "%", total: 100 }, (work) =>
      this.computeEmbedding(input, work),
    );
  }

  /** Works on the WebAssembly engine while a study has the other one. */
  computeEmbedding(input: EmbeddingRef & { readonly method: ProjectionMethod }, work: WorkOptions): Promise<void> {
    const isTraining = this.jobs.jobs.value.some(({ kind, status }) => kind === "study" && status === "running");
    return this.embeddings.compute(input, { ...work, engine: isTraining ? "wasm" : null });
  }

  private start(start: Parameters<JobList["start"]>[0], work: (options: WorkOptions) => Promise<void>, onEnd?: (end: JobEnd) => void): Job {
    return this.jobs.start(
      start,
      async (signal, onProgress) => {
        try {
          await work({ signal, onProgress });
        } finally {
          await this.refresh();
        }
      },
      onEnd,
    );
  }
}
