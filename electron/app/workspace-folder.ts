// A workspace on disk: `workspace.json`, `datasets/<name>/`, `studies/<name>/`, `runs/<name>/`, `exports/`. The files are the truth.
import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { NameSchema } from "../../shared/domain/workspace.ts";

const FORMAT = "simclr-s2-workspace";

/**
 * Opens a workspace, making it where there is nothing or an empty folder.
 * @returns its absolute path
 * @throws AppError NOT_A_FOLDER, NO_ACCESS, or ALREADY_EXISTS when the folder holds something else
 */
export async function openWorkspace(path: string): Promise<string> {
  const folder = resolve(path);
  const file = join(folder, "workspace.json");
  try {
    await mkdir(folder, { recursive: true });
    const known = await readFile(file, "utf8").catch(() => undefined);
    if (known !== undefined) {
      const format: unknown = (JSON.parse(known) as { format?: unknown }).format;
      if (format !== FORMAT) throw new AppError("BAD_FILE", `${file} is not a workspace of this application. Choose another folder.`);
      return folder;
    }
    if ((await readdir(folder)).length > 0) {
      throw new AppError("ALREADY_EXISTS", `${folder} is not a workspace and not empty. Choose an empty or new folder for the workspace.`);
    }
    await writeFile(file, `${JSON.stringify({ format: FORMAT, version: 1, created: new Date().toISOString() }, null, 2)}\n`);
    return folder;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw folderError(error, folder);
  }
}

/**
 * Opens a workspace that must be there: what only reads one makes none of a mistyped path.
 * @throws AppError NOT_FOUND, and as `openWorkspace`
 */
export async function existingWorkspace(path: string): Promise<string> {
  const folder = resolve(path);
  const found = await stat(join(folder, "workspace.json")).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw folderError(error, folder);
  });
  if (!found) throw new AppError("NOT_FOUND", `There is no workspace in ${folder}. Check the path, or ingest data to make one there.`);
  return openWorkspace(folder);
}

/**
 * Opens a workspace for work that may fail: one that was made for it, and that the work left empty, goes again.
 * @throws AppError as `openWorkspace`, and what the work throws
 */
export async function inWorkspace<T>(path: string, work: (workspace: string) => Promise<T>): Promise<T> {
  const folder = resolve(path);
  const exists = (place: string) => stat(place).then(Boolean, () => false);
  const [wasThere, wasWorkspace] = await Promise.all([exists(folder), exists(join(folder, "workspace.json"))]);
  const workspace = await openWorkspace(folder);
  try {
    return await work(workspace);
  } catch (error) {
    if (!wasWorkspace && (await namesIn(workspace, "datasets")).length === 0) {
      await rm(join(workspace, "workspace.json"), { force: true });
      // What else is in them keeps them.
      await rmdir(join(workspace, "datasets")).catch(() => {});
      if (!wasThere) await rmdir(workspace).catch(() => {});
    }
    throw error;
  }
}

/** Names of the folders under a part of the workspace. */
export async function namesIn(workspace: string, part: Part): Promise<string[]> {
  const entries = await readdir(join(workspace, part), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && NameSchema.safeParse(entry.name).success)
    .map((entry) => entry.name)
    .sort();
}

/** Parts of a workspace with a folder for each name. */
type Part = "datasets" | "studies" | "runs";
const NOUNS = { datasets: "data set", studies: "study", runs: "run" } as const satisfies Record<Part, string>;

/** The folder of a data set, study or run, by its checked name. */
export function folderOf(workspace: string, part: Part | "exports", name: string): string {
  const parsed = NameSchema.safeParse(name);
  if (!parsed.success) throw new AppError("BAD_ARGUMENT", `"${name}" cannot be a name: ${parsed.error.issues[0]!.message}.`);
  return join(workspace, part, name);
}

/** As `folderOf`, but it must exist. @throws AppError NOT_FOUND naming what there is */
export async function existingFolderOf(workspace: string, part: Part, name: string): Promise<string> {
  const folder = folderOf(workspace, part, name);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return folder;
  const names = await namesIn(workspace, part);
  const there = names.length > 0 ? `There ${names.length === 1 ? "is" : "are"}: ${names.join(", ")}.` : `There is none yet.`;
  throw new AppError("NOT_FOUND", `The workspace ${workspace} has no ${NOUNS[part]} "${name}". ${there}`);
}

/** A file-system error as one that says what to do. */
export function folderError(error: unknown, path: string): AppError {
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case "ENOTDIR":
    case "EEXIST":
      return new AppError("NOT_A_FOLDER", `${path} is not a folder. Give the path of a folder.`, { cause: error });
    case "ENOENT":
      return new AppError("NOT_FOUND", `${path} does not exist. Check the path.`, { cause: error });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new AppError("NO_ACCESS", `${path} cannot be opened: no rights. Change its permissions or choose another folder.`, {
        cause: error,
      });
    case "ENOSPC":
      return new AppError("DISK_FULL", `The disk of ${path} is full. Free some space and try again.`, { cause: error });
    default:
      return new AppError("BAD_FILE", `${path}: ${messageOf(error)}`, { cause: error });
  }
}
