// Walks a folder: bounded depth, hidden folders left out, symbolic links followed without going round in circles, zip archives as folders.
import { opendir, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { fileError, findInZip, listFolder } from "../../files/byte-source.ts";
import { TextList } from "./text-list.ts";

/** Folders below the one scanned; sentinel-cogs' own layout is 6 deep. */
const MAXIMUM_DEPTH = 16;
const ZIP_NAME = /\.zip$/i;
/** Folders read at once. */
const CONCURRENCY = 8;
const ENTRIES_AT_ONCE = 256;
/** Larger ones are read bit by bit, and their names kept in little room. */
const LARGE_FOLDER = 1000;

/** A folder and the names in it, sorted. */
export interface Folder {
  readonly path: string;
  readonly files: readonly string[];
  /** None where there are very many: they tell nothing of the folder. */
  readonly folders: readonly string[];
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called for every folder. */
  readonly onFolder: (folder: Folder) => void;
  readonly onProblem: (problem: Problem) => void;
}

/**
 * Visits the folder and all below it, in the order of their paths: what is found needs no sorting, and no room to sort it in. Files named `*.zip`
 * that are zip archives, and a root that is one or lies in one, are visited as folders: `/data/a.zip/scene`.
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS for the folder itself; trouble further down goes to `onProblem`
 */
export async function walk(root: string, { signal, onFolder, onProblem }: WalkOptions): Promise<void> {
  signal?.throwIfAborted();
  const top = await checkFolder(root);
  /** Real paths that are walked from their top: a link into one of them leads to what is visited anyway. */
  const tops = top.isZipped ? [] : [top.path];
  const list = async (path: string, isZipped: boolean, mayBeLarge: boolean): Promise<Listing | null> => {
    try {
      return isZipped ? listArchive(path, onProblem) : await listReal(path, { tops, onProblem, mayBeLarge });
    } catch (error) {
      onProblem({ path, reason: messageOf(fileError(path, error)) });
      return null;
    }
  };

  const visit = async (path: string, depth: number, { files, inner, archives }: Listing, isZipped: boolean): Promise<void> => {
    onFolder({ path, files: files.sort(), folders: inner.length <= LARGE_FOLDER ? [...inner].sort() : [] });
    if (inner.length > 0 && depth === MAXIMUM_DEPTH) {
      for (const name of inner)
        onProblem({ path: join(path, name), reason: `lies more than ${MAXIMUM_DEPTH} folders deep and is left out. Scan it on its own.` });
      return;
    }
    // Folders of one folder are alike: after a small one they are listed in one step.
    let mayBeLarge = true;
    const names = inner[Symbol.iterator]();
    const ahead: { inner: string; isZipped: boolean; listing: Promise<Listing | null> }[] = [];
    for (;;) {
      signal?.throwIfAborted();
      while (ahead.length < CONCURRENCY) {
        const { value: name, done } = names.next();
        if (done) break;
        const place = { inner: join(path, name), isZipped: isZipped || archives.has(name) };
        ahead.push({ ...place, listing: list(place.inner, place.isZipped, mayBeLarge) });
      }
      const next = ahead.shift();
      if (!next) return;
      const listing = await next.listing;
      if (!listing) continue;
      mayBeLarge = listing.files.length + listing.inner.length > LARGE_FOLDER;
      await visit(next.inner, depth + 1, listing, next.isZipped);
    }
  };
  const listing = await list(root, top.isZipped, true);
  if (listing) await visit(root, 0, listing, top.isZipped);
}

type Names = Iterable<string> & { readonly length: number };

/** Names of folders in the order in which the paths of what is in them sort: `a-b/c` comes before `a/c`. */
function inPathOrder(names: string[]): Names {
  names.sort(compareFolders);
  if (names.length <= LARGE_FOLDER) return names;
  const list = new TextList();
  for (const name of names) list.push(name);
  return list;
}

function compareFolders(a: string, b: string): number {
  if (a.startsWith(b) || b.startsWith(a)) return a + sep < b + sep ? -1 : 1;
  return a < b ? -1 : 1;
}

/** What a folder holds. Archives are files that are visited as folders. */
interface Listing {
  readonly files: string[];
  /** Folders and archives. */
  readonly inner: Names;
  readonly archives: ReadonlySet<string>;
}

interface ListOptions extends Pick<WalkOptions, "onProblem"> {
  /** Takes note of the folders that links lead to. */
  readonly tops: string[];
  /** Read it bit by bit: four steps instead of one. */
  readonly mayBeLarge: boolean;
}

async function listReal(path: string, { tops, onProblem, mayBeLarge }: ListOptions): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  const entries = mayBeLarge ? await opendir(path, { bufferSize: ENTRIES_AT_ONCE }) : await readdir(path, { withFileTypes: true });
  for await (const entry of entries) {
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
  return {
    files: archives.size === 0 ? files : files.filter((name) => !archives.has(name)),
    inner: inPathOrder([...folders, ...archives]),
    archives,
  };
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
  return { files: files.filter(shown), inner: inPathOrder(folders.filter(shown)), archives: new Set() };
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
    await (await opendir(path)).close();
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
