// Walks a folder: bounded depth, hidden folders left out, symbolic links followed without going round in circles, zip archives as folders.
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Problem } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { fileError, findInZip, listFolder } from "./readers/byte-source.ts";

/** Folders below the one scanned; sentinel-cogs' own layout is 6 deep. */
const MAXIMUM_DEPTH = 16;
const ZIP_NAME = /\.zip$/i;
/** Folders read at once. */
const CONCURRENCY = 8;

/** A folder and the names in it, sorted. */
export interface Folder {
  readonly path: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every folder. */
  readonly onFolder: (folder: Folder) => void;
  readonly onProblem: (problem: Problem) => void;
}

/**
 * Visits the folder and all below it, in no particular order. Files named `*.zip` that are zip archives, and a root that is one or lies in
 * one, are visited as folders: `/data/a.zip/scene`.
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS for the folder itself; trouble further down goes to `onProblem`
 */
export async function walk(root: string, { signal, onFolder, onProblem }: WalkOptions): Promise<void> {
  signal?.throwIfAborted();
  const top = await checkFolder(root);
  /** Real paths that are walked from their top: a link into one of them leads to what is visited anyway. */
  const tops = top.isZipped ? [] : [top.path];
  const queue: { path: string; depth: number; isZipped: boolean }[] = [{ path: root, depth: 0, isZipped: top.isZipped }];
  let active = 0;

  const visit = async (path: string, depth: number, isZipped: boolean): Promise<void> => {
    const { files, folders, archives } = isZipped ? listArchive(path, onProblem) : await listReal(path, tops, onProblem);
    const inner = [...folders.map((name) => ({ name, isZipped })), ...archives.map((name) => ({ name, isZipped: true }))];
    onFolder({ path, files: files.sort(), folders: inner.map(({ name }) => name).sort() });
    for (const { name, isZipped } of inner) {
      if (depth + 1 > MAXIMUM_DEPTH)
        onProblem({ path: join(path, name), reason: `lies more than ${MAXIMUM_DEPTH} folders deep and is left out. Scan it on its own.` });
      else queue.push({ path: join(path, name), depth: depth + 1, isZipped });
    }
  };

  await new Promise<void>((resolve, reject) => {
    const next = () => {
      if (signal?.aborted) {
        queue.length = 0;
        if (active === 0) reject(signal.reason);
        return;
      }
      if (active === 0 && queue.length === 0) {
        resolve();
        return;
      }
      while (active < CONCURRENCY && queue.length > 0) {
        const { path, depth, isZipped } = queue.pop()!;
        active++;
        visit(path, depth, isZipped)
          .catch((error) => onProblem({ path, reason: messageOf(fileError(path, error)) }))
          .finally(() => {
            active--;
            next();
          });
      }
    };
    next();
  });
}

/** What a folder holds. Archives are files that are visited as folders. */
interface Listing {
  readonly files: string[];
  readonly folders: string[];
  readonly archives: string[];
}

/** @param tops takes note of the folders that links lead to */
async function listReal(path: string, tops: string[], onProblem: WalkOptions["onProblem"]): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
    if (entry.isDirectory()) folders.push(name);
    else if (entry.isFile()) files.push(name);
    else if (entry.isSymbolicLink()) {
      const kind = await linkKind(join(path, name));
      if (kind === "file") files.push(name);
      else if (kind === "missing") onProblem({ path: join(path, name), reason: "is a symbolic link to nothing, or to itself. Remove it." });
      else if (kind === "folder") {
        const target = await realpath(join(path, name));
        const isKnown = tops.some((top) => isWithin(top, target) || isWithin(target, top));
        if (isKnown) continue;
        tops.push(target);
        folders.push(name);
      }
    }
  }
  const archives = new Set(files.filter((name) => ZIP_NAME.test(name) && isArchive(join(path, name), onProblem)));
  return { files: files.filter((name) => !archives.has(name)), folders, archives: [...archives] };
}

/** A folder in an archive, or an archive. */
function listArchive(path: string, onProblem: WalkOptions["onProblem"]): Listing {
  const { files, folders } = listFolder(path);
  const shown = (name: string) => !name.startsWith(".");
  for (const name of files)
    if (ZIP_NAME.test(name))
      onProblem({ path: join(path, name), reason: "is a zip archive in another, which is not read. Unpack the outer one." });
  const { inner, directory } = findInZip(path)!;
  if (inner === "") for (const problem of directory.problems) onProblem(problem);
  return { files: files.filter(shown), folders: folders.filter(shown), archives: [] };
}

/** Whether a file is an archive that can be listed; one that is broken is a problem. */
function isArchive(path: string, onProblem: WalkOptions["onProblem"]): boolean {
  try {
    if (findInZip(path) !== null) return true;
    onProblem({ path, reason: "is no zip archive, whatever its name says. Copy or download it again." });
    return false;
  } catch (error) {
    onProblem({ path, reason: messageOf(error).replace(`${path} `, "") });
    return false;
  }
}

/** The real path of a folder that can be listed; a folder in an archive, or an archive, has none. */
async function checkFolder(path: string): Promise<{ path: string; isZipped: boolean }> {
  const place = findInZip(path);
  if (place) {
    listFolder(path);
    return { path, isZipped: true };
  }
  try {
    const stats = await stat(path);
    if (!stats.isDirectory())
      throw new AppError("NOT_A_FOLDER", `${path} is a file, not a folder. Give the folder that holds the imagery.`, { data: { path } });
    await readdir(path);
    return { path: await realpath(path), isZipped: false };
  } catch (error) {
    throw fileError(path, error);
  }
}

async function linkKind(path: string): Promise<"file" | "folder" | "missing" | "other"> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
  } catch {
    return "missing";
  }
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
