// The data sets of a workspace: what is found, ingested, shown, labelled, checked and deleted.
import { statfs } from "node:fs/promises";
import { resolve } from "node:path";
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import type { Dataset, ScanResult, Tile } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { IngestSettings } from "../../shared/domain/ingest-settings.ts";
import { type LabelReport, LabelRequest } from "../../shared/domain/labelling.ts";
import type { SampleOptions } from "../../shared/domain/sample-options.ts";
import {
  type DatasetLoss,
  DuplicateQuery,
  type NearTile,
  type TileFacets,
  type TileFilter,
  type VerifyReport,
} from "../../shared/domain/tile-query.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { listDuplicates } from "../ingest/care/duplicates.ts";
import { type Relocation, relocateDataset } from "../ingest/care/relocate.ts";
import { verifyDataset } from "../ingest/care/verify.ts";
import { listTiles, nearTiles, readTiles, tileFacets } from "../ingest/catalogue/catalogue.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { ingestFolders, ofEarlierVersion } from "../ingest/ingest.ts";
import { readJournalHead } from "../ingest/journal.ts";
import { labelDataset } from "../ingest/labels/label-dataset.ts";
import { useTiles } from "../ingest/labels/use-tiles.ts";
import { BandOrders, readBandOrders } from "../ingest/readers/band-orders.ts";
import { writeSampleAside } from "../ingest/sample/write-sample-aside.ts";
import { scanFolder } from "../ingest/scan.ts";
import { readColumns } from "./columns.ts";
import { datasetLoss, deleteDataset } from "./delete-dataset.ts";
import { Images, type PreviewInput, type PreviewOutput } from "./images.ts";
import { type JobList, stopReason, type WorkOptions } from "./jobs.ts";
import { makeSampleTiles } from "./sample-project.ts";
import { withProgress } from "./with-progress.ts";
import { existingFolderOf } from "./workspace-folder.ts";

type VerifyUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: VerifyReport };
type ScanUpdate = { kind: "progress"; seen: number; path: string } | { kind: "result"; result: ScanResult };
type LabelUpdate = { kind: "progress"; done: number; total: number } | { kind: "result"; report: LabelReport };

/** Skipped and changed files that a job names. */
const TOLD_PROBLEMS = 100;

export class Datasets {
  private readonly path: string;
  private readonly jobs: JobList;
  private readonly refresh: () => Promise<void>;
  private readonly images: Images;

  /** @param path of the workspace @param refresh reads the workspace's lists anew */
  constructor(path: string, jobs: JobList, refresh: () => Promise<void>) {
    this.path = path;
    this.jobs = jobs;
    this.refresh = refresh;
    this.images = new Images((dataset) => this.folder(dataset));
  }

  scan({ path, bandOrder = null }: HostInputs["data"]["scan"], signal?: AbortSignal): AsyncGenerator<ScanUpdate> {
    return withProgress({ seen: 0, path }, signal, async (work) => {
      const result = await scanFolder(path, {
        ...work,
        bandOrders: new BandOrders(readBandOrders(this.path), bandOrder),
        // What other work leaves of the machine would tell a wrong rate.
        isTried: !this.jobs.isWorking(),
      });
      const { bavail, bsize } = await statfs(this.path);
      return { result: { ...result, freeBytes: bavail * bsize } };
    });
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
    return this.jobs.start({ kind: "ingest", title: `Ingesting into ${input.dataset}`, target: input.dataset, unit: "tiles" }, (work) =>
      this.ingest(input, work),
    );
  }

  /** Goes on with what an ingest was asked before, or adds what is new since. @throws AppError NOT_FOUND, UNSUPPORTED, BUSY */
  async startUpdate(name: string): Promise<Job> {
    const folder = await this.folder(name);
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
    return this.jobs.start(
      { kind: "sample", title: `Writing a simulation to ${folder}`, target: resolve(folder), unit: "patches" },
      async ({ signal, onProgress }) => {
        await writeSampleAside(resolve(folder), { ...options, signal, onProgress: (progress) => onProgress?.(progress) });
      },
    );
  }

  /** The tiles of the sample project, which come after its results. */
  startSampleTiles(): Job {
    return this.jobs.start({ kind: "sample", title: "Simulating the sample's tiles", target: this.path, unit: "tiles" }, (work) =>
      makeSampleTiles(this.path, work),
    );
  }

  /** Where a data set lies. @throws AppError NOT_FOUND */
  folder(name: string): Promise<string> {
    return existingFolderOf(this.path, "datasets", name);
  }

  async get(name: string): Promise<Dataset> {
    return readDataset(await this.folder(name));
  }

  async tiles({ dataset, filter, ...query }: HostInputs["dataset"]["tiles"]): Promise<{ total: number; tiles: Tile[] }> {
    return listTiles(await this.folder(dataset), { offset: 0, limit: 200, ...query, ...filter });
  }

  async facets(dataset: string, filter?: TileFilter): Promise<TileFacets> {
    return tileFacets(await this.folder(dataset), filter);
  }

  async duplicates({
    dataset,
    query,
    offset = 0,
    limit = 100,
  }: HostInputs["dataset"]["duplicates"]): Promise<HostOutputs["dataset"]["duplicates"]> {
    const folder = await this.folder(dataset);
    return listDuplicates(folder, DuplicateQuery.parse(query ?? {}), { offset, limit });
  }

  /** @param signal ends the work, as does closing the stream */
  async *verify(name: string, signal?: AbortSignal): AsyncGenerator<VerifyUpdate> {
    const folder = await this.folder(name);
    const { tiles: total } = await readDataset(folder);
    yield* withProgress({ done: 0, total }, signal, async (work) => ({ report: await verifyDataset(folder, work) }));
  }

  async relocate({ dataset, from, to }: HostInputs["dataset"]["relocate"]): Promise<Relocation> {
    return relocateDataset(await this.folder(dataset), { from: resolve(from), to: resolve(to) });
  }

  tile(dataset: string, index: number): Promise<HostOutputs["dataset"]["tile"]> {
    return this.images.describe(dataset, index);
  }

  /** @param signal ends the work, as does closing the stream */
  async *label({ dataset, dryRun, ...request }: HostInputs["dataset"]["label"], signal?: AbortSignal): AsyncGenerator<LabelUpdate> {
    const datasetFolder = await this.folder(dataset);
    yield* withProgress({ done: 0, total: 0 }, signal, async (work) => {
      const report = await labelDataset({ ...LabelRequest.parse(request), ...work, datasetFolder, dryRun: dryRun ?? false });
      await this.changed(dataset);
      return { report };
    });
  }

  async tilesAt(dataset: string, rows: readonly number[]): Promise<Tile[]> {
    return readTiles(await this.folder(dataset), rows);
  }

  async near({ dataset, index, limit = 12 }: HostInputs["dataset"]["near"]): Promise<NearTile[]> {
    return nearTiles(await this.folder(dataset), index, limit);
  }

  async use({ dataset, tiles, inUse }: HostInputs["dataset"]["use"]): Promise<HostOutputs["dataset"]["use"]> {
    const excluded = await useTiles(await this.folder(dataset), { tiles, inUse });
    await this.changed(dataset);
    return { excluded };
  }

  loss(name: string): Promise<DatasetLoss> {
    return datasetLoss(this.path, name);
  }

  /** @param evenIfUsed also when studies or runs use it */
  async delete(name: string, evenIfUsed = false): Promise<DatasetLoss> {
    const loss = await datasetLoss(this.path, name);
    const users = [...loss.studies, ...loss.runs];
    if (users.length > 0 && !evenIfUsed)
      throw new AppError("BUSY", `The data set ${name} is used by ${users.join(", ")}. Delete those first.`, { data: { ...loss } });
    await deleteDataset(this.path, name);
    await this.changed(name);
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

  close(): Promise<void> {
    return this.images.close();
  }

  /** What was read of a data set before is not so any more. */
  private async changed(name: string): Promise<void> {
    await this.images.forget(name);
    await this.refresh();
  }
}
