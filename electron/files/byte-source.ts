// The door to files: paths lead to plain files, or through a zip archive to a file in it (`/data/S2A_x.zip/S2A_x.SAFE/MTD_MSIL2A.xml`).
import { readdirSync, type Stats, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { AppError } from "../../shared/domain/errors.ts";
import { type ByteSource, fileError, openFile } from "./file-source.ts";
import { type FolderNames, isZip, openZipEntry, readZipDirectory, type ZipDirectory } from "./zip.ts";

export { type ByteSource, byteScratch, fileError, memorySource } from "./file-source.ts";

/** Files and folders in the archives whose directories are remembered: 300 MB at most, about. */
const REMEMBERED_ENTRIES = 1_000_000;

/**
 * Opens a file, in a zip archive, too. Synchronous: see `openFile`.
 * @param scratch reused by callers that read one small file after another; the source is then only valid until its next use
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, BAD_FILE; UNSUPPORTED for what is encrypted or packed in a rare way
 */
export function openByteSource(path: string, scratch?: { buffer: Buffer }): ByteSource {
  try {
    return openFile(path, scratch);
  } catch (error) {
    const place = isPathError(error) ? findInZip(path) : null;
    if (!place) throw error;
    const entry = place.directory.entries.get(place.inner);
    if (!entry) throw place.directory.folders.has(place.inner) ? isAFolder(path) : missing(path, place.zip);
    const zip = openFile(place.zip);
    try {
      return openZipEntry(zip, entry, path);
    } catch (inner) {
      zip.close();
      throw inner;
    }
  }
}

export interface ReadOptions {
  /** As in `openByteSource`: the bytes are then only valid until its next use. */
  readonly scratch?: { buffer: Buffer };
  /** Called with the open file. */
  readonly onSource?: (source: ByteSource) => void;
}

/**
 * All bytes of a file.
 * @param maximumBytes larger ones are refused before they are read
 * @throws AppError as `openByteSource`
 */
export function readWhole(path: string, maximumBytes: number, { scratch, onSource }: ReadOptions = {}): Buffer {
  const source = openByteSource(path, scratch);
  try {
    onSource?.(source);
    if (source.size > maximumBytes)
      throw new AppError("BAD_FILE", `${path} has ${source.size} bytes, more than the ${maximumBytes} that such a file may have.`, {
        data: { path },
      });
    return source.read(0, source.size);
  } finally {
    source.close();
  }
}

/** Size of a file, bytes, and the time of its last change, ms since 1970: of a file in an archive the archive's. null: it is not there. */
export function fileState(path: string): { bytes: number; modified: number } | null {
  try {
    const plain = statsOf(path);
    if (plain) return { bytes: plain.size, modified: Math.trunc(plain.mtimeMs) };
    const place = findInZip(path);
    const entry = place?.directory.entries.get(place.inner);
    return entry ? { bytes: entry.size, modified: Math.trunc(statSync(place!.zip).mtimeMs) } : null;
  } catch {
    return null;
  }
}

/** Size of a file, bytes. @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE */
export function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    const known = fileError(path, error);
    const place = isPathError(known) ? findInZip(path) : null;
    if (!place) throw known;
    const entry = place.directory.entries.get(place.inner);
    if (!entry) throw missing(path, place.zip);
    return entry.size;
  }
}

/**
 * The names in a folder, sorted; an archive is one, too. Links count as what they lead to; those to nothing are left out.
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, BAD_FILE
 */
export function listFolder(path: string): FolderNames {
  try {
    const files: string[] = [];
    const folders: string[] = [];
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const kind = entry.isSymbolicLink() ? linkTarget(join(path, entry.name)) : entry;
      if (kind?.isFile()) files.push(entry.name);
      else if (kind?.isDirectory()) folders.push(entry.name);
    }
    return { files: files.sort(), folders: folders.sort() };
  } catch (error) {
    const known = fileError(path, error);
    const place = isPathError(known) ? findInZip(path) : null;
    if (!place) throw known;
    const names = place.directory.folders.get(place.inner);
    if (names) return names;
    throw place.directory.entries.has(place.inner) ? known : missing(path, place.zip);
  }
}

/** A place in an archive. */
export interface ZipPlace {
  /** Path of the archive. */
  readonly zip: string;
  readonly directory: ZipDirectory;
  /** Path in the archive, with slashes; "" is the archive itself. */
  readonly inner: string;
}

/**
 * The archive that a path is, or leads through.
 * @returns null when the path meets no zip file
 * @throws AppError when the archive is broken
 */
export function findInZip(path: string): ZipPlace | null {
  for (let zip = path; ; zip = dirname(zip)) {
    const stats = statsOf(zip);
    if (!stats) {
      if (zip === dirname(zip)) return null;
      continue;
    }
    if (!stats.isFile()) return null;
    const directory = directoryOf(zip, `${zip}\0${stats.size}\0${stats.mtimeMs}`);
    return directory && { zip, directory, inner: relative(zip, path).split(sep).join("/") };
  }
}

/** Directories of archives by path, size and time, the last used one last. Of the process: every file in an archive needs it. */
const remembered = new Map<string, ZipDirectory>();
const costOf = ({ entries, folders }: ZipDirectory) => entries.size + folders.size;

function directoryOf(path: string, key: string): ZipDirectory | null {
  const known = remembered.get(key);
  if (known) {
    remembered.delete(key);
    remembered.set(key, known);
    return known;
  }
  const source = openFile(path);
  try {
    if (!isZip(source.read(0, Math.min(source.size, 4)))) return null;
    const directory = readZipDirectory(source);
    let cost = costOf(directory);
    for (const other of remembered.values()) cost += costOf(other);
    for (const [oldest, other] of remembered) {
      if (cost <= REMEMBERED_ENTRIES) break;
      remembered.delete(oldest);
      cost -= costOf(other);
    }
    remembered.set(key, directory);
    return directory;
  } finally {
    source.close();
  }
}

function linkTarget(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const known = fileError(path, error);
    if (isPathError(known)) return undefined;
    throw known;
  }
}

/** A path that leads through a file: ENOTDIR, or ENOENT on Windows. A folder in its place would be one in an archive. */
function isPathError(error: unknown): boolean {
  return error instanceof AppError && (error.code === "NOT_A_FOLDER" || error.code === "NOT_FOUND");
}

function missing(path: string, zip: string): AppError {
  return new AppError("NOT_FOUND", `${path} does not exist: ${zip} has no such file.`, { data: { path } });
}

function isAFolder(path: string): AppError {
  return new AppError("BAD_FILE", `${path} is a folder, not a file.`, { data: { path } });
}
