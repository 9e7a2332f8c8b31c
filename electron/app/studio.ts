// The application across workspaces: the settings, the workspaces opened before, and the host of the one that is open now.
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../shared/domain/errors.ts";
import type { AppSettings, PathKind, RecentWorkspace, SettingsChange, StoragePlace, WindowRequest } from "../../shared/domain/settings.ts";
import type { Workspace } from "../../shared/domain/workspace.ts";
import { cacheFolder } from "../training/engines/runtime.ts";
import {
  changeSettings,
  configFolder,
  folderBytes,
  forgetWorkspace,
  listRecent,
  readRecent,
  readSettings,
  rememberWorkspace,
} from "./config-folder.ts";
import { createHost, type Host, type HostOptions } from "./host.ts";
import { sampleRecord, unpackSampleProject } from "./sample-project.ts";
import { Watched } from "./watched.ts";
import { existingWorkspace } from "./workspace-folder.ts";

export interface StudioOptions extends Omit<HostOptions, "settings"> {
  /** Folder of the user's configuration. */
  readonly config?: string;
}

/** Reads the settings and opens a workspace. @throws as `createHost` and `readSettings` */
export async function openStudio(options: StudioOptions): Promise<Studio> {
  const config = options.config ?? configFolder();
  const settings = new Watched(await readSettings(config));
  applyEngine(settings.value);
  const hostOptions = { ...options, settings: () => settings.value };
  const host = await createHost(hostOptions);
  await rememberWorkspace(config, host.workspace.value.path).catch(() => {}); // the list is a comfort
  return new Studio(config, settings, host, hostOptions);
}

/** Every engine of this process and its workers is chosen by the environment, where nothing asks for one; what the user set there counts more. */
export function applyEngine({ engine }: AppSettings, env: NodeJS.ProcessEnv = process.env): void {
  if (engine !== "auto") env.SIMCLR_S2_ENGINE ??= engine;
}

/** The workspace that was open last, if it is there still and the settings want it. */
export async function lastWorkspace(config = configFolder()): Promise<string | undefined> {
  if (!(await readSettings(config)).reopen) return undefined;
  const [last] = await readRecent(config);
  return last && (await isFile(join(last.path, "workspace.json"))) ? last.path : undefined;
}

export class Studio {
  readonly settings: Watched<AppSettings>;
  /** The engine's settings as this process started with them. */
  readonly startedWith: AppSettings;
  private readonly config: string;
  private readonly hostOptions: HostOptions;
  private current: Host;
  private changing: Promise<unknown> = Promise.resolve();
  private readonly listeners = new Set<(host: Host) => void>();
  private readonly windows = new Set<(request: WindowRequest) => void>();

  constructor(config: string, settings: Watched<AppSettings>, host: Host, hostOptions: HostOptions) {
    this.config = config;
    this.settings = settings;
    this.startedWith = settings.value;
    this.current = host;
    this.hostOptions = hostOptions;
  }

  get host(): Host {
    return this.current;
  }

  /** Told after another workspace was opened. @returns ends it */
  onSwitch(listener: (host: Host) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Opens another workspace in the place of the present one, whose work is paused after a checkpoint.
   * @param options.make whether a new or empty folder becomes a workspace
   * @param options.pause whether running work may be paused
   * @throws AppError BUSY when work runs and may not be paused; NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, ALREADY_EXISTS; the present one stays open then
   */
  async open(path: string, options: { make: boolean; pause: boolean }): Promise<Workspace> {
    const folder = resolve(path);
    if (folder === this.current.workspace.value.path) return this.current.workspace.value;
    const running = this.current.jobs.jobs.value.filter(({ status }) => status === "running");
    if (running.length > 0 && !options.pause)
      throw new AppError("BUSY", `${running.map(({ title }) => title).join(", ")}: still running in this workspace.`, {
        data: { running: running.map(({ title }) => title) },
      });
    if (!options.make) await existingWorkspace(folder);
    const next = await createHost({ ...this.hostOptions, workspace: folder });
    const before = this.current;
    this.current = next;
    await rememberWorkspace(this.config, folder).catch(() => {}); // the list is a comfort
    await before.close();
    // A moment later, so that the answer to whoever asked is on its way before the doors close.
    setTimeout(() => {
      for (const listener of [...this.listeners]) listener(next);
    }, 50);
    return next.workspace.value;
  }

  /** Makes the sample project in a folder, or takes the one that is there, and opens it. */
  async openSample(folder: string, options: { pause: boolean }): Promise<Workspace> {
    return this.open(await unpackSampleProject(resolve(folder)), { make: false, ...options });
  }

  /** The workspaces opened before, and where a sample project is or would be made. */
  async recent(): Promise<{ workspaces: RecentWorkspace[]; sampleFolder: string }> {
    const { path } = this.current.workspace.value;
    return { workspaces: await listRecent(this.config, path), sampleFolder: sampleRecord(path) ? path : await sampleFolder(dirname(path)) };
  }

  forget(path: string): Promise<void> {
    return forgetWorkspace(this.config, path);
  }

  /** @throws AppError BAD_ARGUMENT for a value that is not allowed, NO_ACCESS */
  changeSettings(change: SettingsChange): Promise<AppSettings> {
    // One after another: each reads what the one before has written.
    const changed = this.changing.then(async () => {
      this.settings.set(await changeSettings(this.config, change));
      return this.settings.value;
    });
    this.changing = changed.catch(() => {});
    return changed;
  }

  async storage(): Promise<StoragePlace[]> {
    const { path } = this.current.workspace.value;
    const places = [
      { name: "Data sets", path: join(path, "datasets") },
      { name: "Studies", path: join(path, "studies") },
      { name: "Exports", path: join(path, "exports") },
      { name: "Compute engine and cache", path: cacheFolder() },
      { name: "Settings", path: this.config },
    ];
    return Promise.all(places.map(async (place) => ({ ...place, bytes: await folderBytes(place.path) })));
  }

  /** Asks the open windows for something. @returns whether one heard it */
  ask(request: WindowRequest): boolean {
    for (const hear of this.windows) hear(request);
    return this.windows.size > 0;
  }

  /** What is asked of a window from now on, until the signal aborts. */
  async *requests(signal: AbortSignal | undefined): AsyncGenerator<WindowRequest> {
    const waiting: WindowRequest[] = [];
    let wake = () => {};
    const hear = (request: WindowRequest) => {
      waiting.push(request);
      wake();
    };
    this.windows.add(hear);
    const stop = () => wake();
    signal?.addEventListener("abort", stop);
    try {
      while (!signal?.aborted) {
        const next = waiting.shift();
        if (next) yield next;
        else {
          await new Promise<void>((done) => {
            wake = done;
          });
        }
      }
    } finally {
      this.windows.delete(hear);
      signal?.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    await this.current.close();
  }
}

/** What lies at a path: decides what opening it would mean. @throws AppError NO_ACCESS */
export async function pathKind(path: string): Promise<PathKind> {
  const folder = resolve(path);
  const found = await stat(folder).catch(() => undefined);
  if (!found) return "new";
  if (!found.isDirectory()) return "file";
  if (await isFile(join(folder, "workspace.json"))) return "workspace";
  const names = await readdir(folder).catch(() => {
    throw new AppError("NO_ACCESS", `${folder} cannot be looked into: no rights. Change its permissions or choose another folder.`);
  });
  return names.length === 0 ? "empty" : "folder";
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Where the sample project is made: beside the present workspace, under a name that is free or holds one already. */
async function sampleFolder(parent: string): Promise<string> {
  for (let n = 1; ; n++) {
    const path = join(parent, n === 1 ? "sample-project" : `sample-project-${n}`);
    if (sampleRecord(path) || (await pathKind(path)) === "new") return path;
  }
}
