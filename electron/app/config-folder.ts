// The user's configuration: where it lies on each platform, and its two files, the settings and the recent workspaces.
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../shared/domain/errors.ts";
import { faultText } from "../../shared/domain/fault-text.ts";
import { AppSettings, RecentWorkspace, type SettingsChange } from "../../shared/domain/settings.ts";
import { writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { namesIn } from "./workspace-folder.ts";

const NAME = "simclr-s2-studio";
/** Workspaces remembered. */
const KEPT = 12;
/** A disk that does not answer for so long is told as silent. */
const DISK_PATIENCE_MS = 1_500;

/** The folder of this application in the user's configuration: `SIMCLR_S2_CONFIG`, or what the platform has for it. */
export function configFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.SIMCLR_S2_CONFIG) return env.SIMCLR_S2_CONFIG;
  if (platform === "win32") return join(env.APPDATA ?? join(homedir(), "AppData", "Roaming"), NAME);
  if (platform === "darwin") return join(env.HOME ?? homedir(), "Library", "Application Support", NAME);
  return join(env.XDG_CONFIG_HOME || join(env.HOME ?? homedir(), ".config"), NAME);
}

/**
 * The user's settings; defaults where there is no file.
 * @throws AppError BAD_FILE naming the setting that is wrong
 */
export async function readSettings(folder: string): Promise<AppSettings> {
  const path = settingsPath(folder);
  const text = await readFile(path, "utf8").catch(() => "{}");
  const { success, data, error } = AppSettings.safeParse(parseJson(text));
  if (success) return data;
  throw new AppError("BAD_FILE", `The settings in ${path} cannot be read: ${faultsOf(error)}. Mend the file, or delete it.`, {
    data: { path },
  });
}

/** Changes settings and keeps the others. @returns all of them @throws AppError BAD_ARGUMENT for a value that is not allowed; DISK_FULL, NO_ACCESS .. */
export async function changeSettings(folder: string, change: SettingsChange): Promise<AppSettings> {
  const { success, data, error } = AppSettings.safeParse({ ...(await readSettings(folder)), ...change });
  if (!success) throw new AppError("BAD_ARGUMENT", `Not changed: ${faultsOf(error)}.`);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw writeError(cause, folder);
  });
  await writeFileAtomic(settingsPath(folder), `${JSON.stringify(data, null, 2)}\n`);
  return data;
}

const faultsOf = ({ issues }: z.ZodError) => issues.map((issue) => [...issue.path, faultText(issue)].join(": ")).join("; ");

const settingsPath = (folder: string) => join(folder, "settings.json");

// Recent workspaces

const Recent = z.object({ version: z.literal(1), workspaces: z.array(RecentWorkspace.pick({ path: true, openedAt: true })) });
type Remembered = z.infer<typeof Recent>["workspaces"];

const recentPath = (folder: string) => join(folder, "recent.json");

/** The workspaces opened last, newest first. A file that cannot be read is an empty list: it is no loss. */
export async function readRecent(folder: string): Promise<Remembered> {
  const text = await readFile(recentPath(folder), "utf8").catch(() => "");
  return Recent.safeParse(parseJson(text)).data?.workspaces ?? [];
}

async function writeRecent(folder: string, workspaces: Remembered): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(recentPath(folder), `${JSON.stringify({ version: 1, workspaces } satisfies z.infer<typeof Recent>, null, 2)}\n`);
}

/** Puts a workspace first. */
export async function rememberWorkspace(folder: string, path: string, now = Date.now()): Promise<void> {
  const others = (await readRecent(folder)).filter((known) => known.path !== path);
  await writeRecent(folder, [{ path, openedAt: now }, ...others].slice(0, KEPT));
}

/** Takes a workspace off the list; its folder stays. */
export async function forgetWorkspace(folder: string, path: string): Promise<void> {
  await writeRecent(
    folder,
    (await readRecent(folder)).filter((known) => known.path !== path),
  );
}

/** The recent workspaces, each looked for on the disk. @param open the one that is open now */
export async function listRecent(folder: string, open: string): Promise<RecentWorkspace[]> {
  return Promise.all(
    (await readRecent(folder)).map(async ({ path, openedAt }) => {
      const nothing = { path, openedAt, datasets: 0, studies: 0 };
      const look = async (): Promise<RecentWorkspace> => {
        const isThere = await stat(join(path, "workspace.json")).catch(() => undefined);
        if (!isThere) return { ...nothing, state: "missing" };
        const [datasets, studies] = await Promise.all([namesIn(path, "datasets"), namesIn(path, "studies")]);
        return { ...nothing, state: path === open ? "open" : "there", datasets: datasets.length, studies: studies.length };
      };
      return Promise.race([look(), pause(DISK_PATIENCE_MS, { ...nothing, state: "silent" as const })]);
    }),
  );
}

function pause<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value).unref());
}

/** Bytes of all files under a folder; null when it is not there. @param limit files counted at most */
export async function folderBytes(folder: string, limit = 200_000): Promise<number | null> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => null);
  if (!entries) return null;
  let bytes = 0;
  for (const entry of entries.slice(0, limit)) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
