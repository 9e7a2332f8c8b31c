// The application without a door: a workspace, its jobs and everything that the contract asks for. Electron, `serve` and `cli` each hold one.
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { RunRef, StudyUpdate } from "../../shared/contract/app.ts";
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import type { Dataset, ScanResult, Tile } from "../../shared/domain/dataset.ts";
import { type EmbeddingRef, embeddingTarget, ProjectionMethod } from "../../shared/domain/embedding.ts";
import type { EngineInfo, EngineReport } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { IngestSettings } from "../../shared/domain/ingest-settings.ts";
import { type LabelReport, LabelRequest } from "../../shared/domain/labelling.ts";
import type { RunState } from "../../shared/domain/run-state.ts";
import type { SampleOptions } from "../../shared/domain/sample-options.ts";
import { type StudyResult, studyResult } from "../../shared/domain/study-result.ts";
import { type DatasetLoss, DuplicateQuery, type TileFacets, type TileFilter, type VerifyReport } from "../../shared/domain/tile-query.ts";
import type { DatasetSummary, Job, ReportFiles, Study, StudyPlan, StudySummary, Workspace } from "../../shared/domain/workspace.ts";
import { runStudy, type StudyStage } from "../executors/local.ts";
import { runOnGpus } from "../executors/on-gpus.ts";
import { writeReport } from "../export/report.ts";
import { listTiles, tileFacets } from "../ingest/catalogue.ts";
import { listDuplicates } from "../ingest/duplicates.ts";
import { ingestFolders, readDataset } from "../ingest/ingest.ts";
import { readJournalHead } from "../ingest/journal.ts";
import { labelDataset } from "../ingest/labels/label-dataset.ts";
import { BandOrders, readBandOrders } from "../ingest/readers/band-orders.ts";
import { type Relocation, relocateDataset } from "../ingest/relocate.ts";
import { writeSample } from "../ingest/sample/write-sample.ts";
import { scanFolder } from "../ingest/scan.ts";
import { verifyDataset } from "../ingest/verify.ts";
import { planStudy } from "../runs/plan.ts";
import {
  allRunsOf,
  createStudy,
  deleteStudy,
  listStudies,
  readStudy,
  resolveStudyConfig,
  selectByHand,
  studyFolder,
  studyResults,
  studySummary,
} from "../runs/study-store.ts";
import { watchStudy } from "../runs/watch.ts";
import { diagnose } from "../training/engines/doctor.ts";
import { trainingGpus } from "../training/engines/gpus.ts";
import { datasetLoss, deleteDataset } from "./delete-dataset.ts";
import { Embeddings } from "./embeddings.ts";
import { type FolderListing, listFolders } from "./folders.ts";
import { Images, type PreviewInput, type PreviewOutput } from "./images.ts";
import { JobList, type JobProgress } from "./jobs.ts";
import { measureStep, stepOf } from "./measure.ts";
import { version } from "./version.ts";
import { Watched } from "./watched.ts";
import { existingFolderOf, folderOf, namesIn, openWorkspace } from "./workspace-folder.ts";

type Door = HostOutputs["app"]["info"]["door"];
type StudyInput = Parameters<typeof createStudy>[1];
type VerifyUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: VerifyReport };
type ScanUpdate = { kind: "progress"; seen: number; path: string } | { kind: "result"; result: ScanResult };

type LabelUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: LabelReport };

export interface HostOptions {
  /** Folder of the workspace; made when new. */
  readonly workspace: string;
  readonly door: Door;
  /** The native dialog for a folder or a file, where the door has one. */
  readonly choosePath?: (what: "folder" | "file") => Promise<string | null>;
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
/** Changed files that a job names. */
const TOLD_CHANGES = 100;

/** Opens the workspace and gives the application on it. @throws AppError when the folder cannot be one */
export async function createHost(options: HostOptions): Promise<Host> {
  const path = await openWorkspace(options.workspace);
  const host = new Host(path, options);
  await host.refresh();
  return host;
}

export class Host {
  readonly jobs = new JobList();
  readonly workspace: Watched<Workspace>;
  private readonly path: string;
  private readonly options: HostOptions;
  readonly embeddings: Embeddings;
  private readonly images: Images;
  private readonly poll: NodeJS.Timeout | undefined;
  private engineReport: Promise<EngineReport> | undefined;

  constructor(path: string, options: HostOptions) {
    this.path = path;
    this.options = options;
    this.workspace = new Watched({ path, datasets: [], studies: [] });
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
    await this.jobs.stopAll("paused");
    await this.images.close();
    await this.embeddings.close();
  }

  // The workspace

  /** Reads the workspace's lists anew; watchers hear of it when something changed. */
  async refresh(): Promise<void> {
    const datasets = await Promise.all((await namesIn(this.path, "datasets")).map((name) => this.datasetSummary(name)));
    const next: Workspace = { path: this.path, datasets, studies: await listStudies(this.path) };
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
      onProgress: (update) => progress.set({ kind: "progress", ...update }),
    });
    scanning.catch(() => {}).finally(() => done.abort());
    yield* progress.watch(done.signal, 200);
    yield { kind: "result", result: await scanning };
  }

  async ingest({ folders, dataset, ...given }: HostInputs["data"]["ingest"], { signal, onProgress }: WorkOptions): Promise<void> {
    const settings = IngestSettings.parse(given);
    const { tiles, kept, changed } = await ingestFolders({
      folders,
      dataset,
      tilePixels: settings.tilePixels,
      stridePixels: settings.stridePixels ?? undefined,
      sample: settings.sample ?? undefined,
      bands: settings.bands ?? undefined,
      radiometry: settings.radiometry ?? undefined,
      only: settings.only ?? undefined,
      bandOrder: settings.bandOrder ?? undefined,
      workspace: this.path,
      signal,
      onProgress: ({ done, total, skipped, tilesPerSecond, etaSeconds }) =>
        onProgress?.({ done, total, skipped, rate: tilesPerSecond, etaSeconds }),
    });
    // Its readers know of the tiles that were there before only.
    if (kept === 0) return;
    await this.images.forget(dataset);
    const added = tiles - kept;
    onProgress?.({
      message: added > 0 ? `${added} tiles are new; ${kept} were there` : `Nothing is new; ${kept} tiles are there`,
      changed: changed.slice(0, TOLD_CHANGES),
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
        await writeSample(resolve(folder), { ...options, signal, onProgress: (progress) => onProgress?.(progress) });
      },
    );
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

  /** A PNG by its path under the door's origin (`imagePaths` of the contract); `undefined` when it is no such path. */
  image(pathAndQuery: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.images.png(pathAndQuery);
  }

  preview(input: PreviewInput): Promise<PreviewOutput> {
    return this.images.preview(input);
  }

  // Studies

  /** @param options.measure whether to time a few steps here for the estimate (some seconds) */
  async planStudy(input: Pick<StudyInput, "preset" | "settings">, options: { measure?: boolean } = {}): Promise<StudyPlan> {
    const config = resolveStudyConfig(input);
    const dataset = await this.dataset(config.dataset);
    const { bavail, bsize } = await statfs(this.path);
    const engine = await this.engine();
    const facts = { viewsPerSecond: null, memory: null, freeBytes: bavail * bsize, engine: `${engine.name} on ${engine.device}` };
    const plan = planStudy(config, dataset, facts);
    if (options.measure === false || this.isWorking() || plan.problems.length > 0) return plan;
    return planStudy(config, dataset, { ...facts, ...(await measureStep(stepOf(config, dataset))) });
  }

  async createStudy(input: StudyInput): Promise<Study> {
    const { dataset } = resolveStudyConfig(input);
    await existingFolderOf(this.path, "datasets", dataset);
    const study = await createStudy(this.path, input);
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

  async result(name: string): Promise<StudyResult> {
    return studyResult(
      await readStudy(this.path, name),
      (await this.runs(name)).map(({ arm, seed, state }) => ({ arm, seed, status: state.status, evaluations: state.evaluations })),
    );
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
      const gpus = there.slice(0, most).map(({ uuid }) => uuid);
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

  async startStudy(name: string, stage: StudyStage = "all"): Promise<Job> {
    await readStudy(this.path, name);
    return this.start({ kind: "study", title: `Study ${name}`, target: name, unit: "runs" }, async (work) => {
      await this.runStudy(name, stage, work);
    });
  }

  pauseStudy(name: string): void {
    const job = this.jobs.find("study", name);
    if (job) this.jobs.stop(job.id, "paused");
  }

  async *watchStudy(name: string, signal?: AbortSignal): AsyncGenerator<StudyUpdate> {
    const study = await readStudy(this.path, name);
    const runs = allRunsOf(study);
    yield { kind: "study", study, runs };
    const updates = watchStudy(studyFolder(this.path, name), runs, { signal: signal ?? new AbortController().signal });
    for await (const { run, events } of updates) yield { kind: "events", run, events };
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

  private start(start: Parameters<JobList["start"]>[0], work: (options: WorkOptions) => Promise<void>): Job {
    return this.jobs.start(start, async (signal, onProgress) => {
      try {
        await work({ signal, onProgress });
      } finally {
        await this.refresh();
      }
    });
  }
}
