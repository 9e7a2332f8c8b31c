// The application without a door: a workspace, its jobs, and what the contract asks for. Electron, `serve` and `cli` each hold one.
import { join } from "node:path";
import type { HostInputs, HostOutputs } from "../../shared/contract/client.ts";
import type { EngineInfo, EngineReport } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import type { HardwareSample } from "../../shared/domain/hardware.ts";
import { AppSettings } from "../../shared/domain/settings.ts";
import type { DatasetSummary, Workspace } from "../../shared/domain/workspace.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { listStudies } from "../runs/study-store.ts";
import { diagnose } from "../training/engines/doctor.ts";
import { Datasets } from "./datasets.ts";
import { Embeddings } from "./embeddings.ts";
import { type FolderListing, listFolders } from "./folders.ts";
import { sampleHardware } from "./hardware.ts";
import { JobList } from "./jobs.ts";
import { lacksSampleTiles, sampleRecord } from "./sample-project.ts";
import { Studies } from "./studies.ts";
import { version } from "./version.ts";
import { Watched } from "./watched.ts";
import { namesIn, openWorkspace } from "./workspace-folder.ts";

type Door = HostOutputs["app"]["info"]["door"];
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

const WORKSPACE_POLL_MS = 2_000;

/** Opens the workspace and gives the application on it. @throws AppError when the folder cannot be one */
export async function createHost(options: HostOptions): Promise<Host> {
  const path = await openWorkspace(options.workspace);
  const host = new Host(path, options);
  await host.refresh();
  if (options.door !== "cli") await host.studies.queue.open();
  if (options.door !== "cli" && (await lacksSampleTiles(path))) host.datasets.startSampleTiles();
  return host;
}

export class Host {
  readonly jobs: JobList;
  readonly workspace: Watched<Workspace>;
  readonly datasets: Datasets;
  readonly studies: Studies;
  readonly embeddings: Embeddings;
  private readonly path: string;
  private readonly options: HostOptions;
  private readonly poll: NodeJS.Timeout | undefined;
  private engineReport: Promise<EngineReport> | undefined;

  constructor(path: string, options: HostOptions) {
    const refresh = () => this.refresh();
    this.path = path;
    this.options = options;
    this.workspace = new Watched({ path, datasets: [], studies: [] });
    this.jobs = new JobList(refresh);
    this.datasets = new Datasets(path, this.jobs, refresh);
    this.studies = new Studies(path, this.jobs, this.datasets, {
      refresh,
      engine: () => this.engine(),
      settings: options.settings ?? (() => AppSettings.parse({})),
      showFolder: options.showFolder,
    });
    this.embeddings = new Embeddings(path, this.jobs);
    // Other processes (the command line, a cluster's jobs) change the workspace, too.
    if (options.door !== "cli") this.poll = setInterval(() => void this.refresh().catch(() => {}), WORKSPACE_POLL_MS).unref();
  }

  async info(): Promise<HostOutputs["app"]["info"]> {
    return { version, door: this.options.door, engine: await this.engine(), nativeDialogs: this.options.choosePath !== undefined };
  }

  doctor(): Promise<EngineReport> {
    this.engineReport ??= diagnose().catch((error: unknown) => {
      this.engineReport = undefined; // asked again, it may be found
      throw error;
    });
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

  /** Pauses what runs and lets everything go. */
  async close(): Promise<void> {
    clearInterval(this.poll);
    this.studies.queue.keep();
    await this.jobs.stopAll("paused");
    await this.studies.queue.close();
    await this.datasets.close();
    await this.embeddings.close();
  }

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
}
