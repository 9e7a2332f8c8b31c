// Files that are whole or absent: written aside, flushed to the disk, renamed. Killing the process at any point leaves the old file or the new one.
import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, messageOf } from "../../shared/domain/errors.ts";

/** Suffix of files that are being written; whatever carries it is left over from a killed process and may be deleted. */
export const ASIDE_SUFFIX = ".part";

const asidePath = (path: string) => join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}${ASIDE_SUFFIX}`);

/** Writes a whole file atomically. @throws AppError DISK_FULL, NO_ACCESS or NOT_FOUND (its folder is gone); nothing is left behind then */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  await replaceFile(path, async (aside) => {
    const file = await open(aside, "w");
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * Lets `write` make a file under another name, then puts it in its place.
 * @param write makes the file at the path that it is given
 * @throws as `writeFileAtomic`
 */
export async function replaceFile(path: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = asidePath(path);
  try {
    await write(aside);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw writeError(error, path);
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a file with all its content, unless it is there: of any number that try at once, one does.
 * @returns false when it is there already
 */
export async function createFileWhole(path: string, data: string, modified?: Date): Promise<boolean> {
  const aside = asidePath(path);
  try {
    await writeFile(aside, data, { flush: true });
    if (modified) await utimes(aside, modified, modified);
    try {
      await link(aside, path);
    } catch (error) {
      if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      await writeFile(path, data, { flag: "wx", flush: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw writeError(error, path);
  } finally {
    await rm(aside, { force: true }).catch(() => {});
  }
  await syncFolder(dirname(path));
  return true;
}

/** How file systems without hard links refuse one. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** The bytes of a file as a plain array: a Buffer's `slice` does not copy, and readers of formats count on that it does. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A failed write as an error that says what to do. */
export function writeError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOSPC":
    case "EDQUOT":
      return new AppError("DISK_FULL", `The disk of ${path} is full. Free some space and start again: it goes on where it stopped.`, {
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new AppError("NO_ACCESS", `${path} cannot be written: no rights. Change the folder's permissions.`, { cause: error });
    case "ENOENT":
      return new AppError("NOT_FOUND", `${dirname(path)} is gone. It was deleted or its disk was unmounted.`, { cause: error });
    default:
      return new AppError("BAD_FILE", `${path} cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

// A rename is lasting only after its folder is flushed. Windows cannot open a folder; it orders renames itself.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (!handle) return;
  await handle.sync().catch(() => {});
  await handle.close();
}
