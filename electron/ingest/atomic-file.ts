// Files that appear whole or not at all: written aside, flushed to disk, renamed.
import { open, rename, rm } from "node:fs/promises";
import { fileError } from "./readers/byte-source.ts";

/**
 * Writes a file atomically.
 * @throws AppError DISK_FULL, NO_ACCESS; nothing is left behind then
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(path, async (aside) => {
    const file = await open(aside, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * Lets `write` make a file under another name, then puts it in its place.
 * @param write makes the file at the path that it is given
 */
export async function replaceFile(path: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  try {
    await write(aside);
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw fileError(path, error);
  }
}
