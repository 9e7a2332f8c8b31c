// Walks a folder: bounded depth, hidden folders left out, symbolic links followed without going round in circles.
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Problem } from "../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { fileError } from "./readers/byte-source.ts";

/** Folders below the one scanned; sentinel-cogs' own layout is 6 deep. */
const MAXIMUM_DEPTH = 16;
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
 * Visits the folder and all below it, in no particular order.
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS for the folder itself; trouble further down goes to `onProblem`
 */
export async function walk(root: string, { signal, onFolder, onProblem }: WalkOptions): Promise<void> {
  signal?.throwIfAborted();
  const realRoot = await checkFolder(root);
  /** Real paths that are walked from their top: a link into one of them leads to what is visited anyway. */
  const tops = [realRoot];
  const queue: { path: string; depth: number }[] = [{ path: root, depth: 0 }];
  let active = 0;

  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true });
    const files: string[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith(".")) continue;
      if (entry.isDirectory()) folders.push(name);
      else if (entry.isFile()) files.push(name);
      else if (entry.isSymbolicLink()) {
        const kind = await linkKind(join(path, name));
        if (kind === "file") files.push(name);
        else if (kind === "missing")
          onProblem({ path: join(path, name), reason: "is a symbolic link to nothing, or to itself. Remove it." });
        else if (kind === "folder") {
          const target = await realpath(join(path, name));
          const isKnown = tops.some((top) => isWithin(top, target) || isWithin(target, top));
          if (isKnown) continue;
          tops.push(target);
          folders.push(name);
        }
      }
    }
    onFolder({ path, files: files.sort(), folders: folders.sort() });
    for (const name of folders) {
      if (depth + 1 > MAXIMUM_DEPTH)
        onProblem({ path: join(path, name), reason: `lies more than ${MAXIMUM_DEPTH} folders deep and is left out. Scan it on its own.` });
      else queue.push({ path: join(path, name), depth: depth + 1 });
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
        const { path, depth } = queue.pop()!;
        active++;
        visit(path, depth)
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

/** The real path of a folder that can be listed. */
async function checkFolder(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory())
      throw new AppError("NOT_A_FOLDER", `${path} is a file, not a folder. Give the folder that holds the imagery.`, { data: { path } });
    await readdir(path);
    return await realpath(path);
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
