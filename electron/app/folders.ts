// Listing folders, for picking one, or a file, where there is no native dialog.
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { folderError } from "./workspace-folder.ts";

export interface FolderListing {
  readonly path: string;
  readonly parent: string | null;
  readonly folders: { name: string; path: string }[];
  readonly files: { name: string; path: string }[];
}

/**
 * The folders under a path (home when null), or under that of a file; hidden ones are left out.
 * @param withFiles its files, too
 * @throws AppError when it cannot be listed
 */
export async function listFolders(path: string | null, withFiles = false): Promise<FolderListing> {
  const given = resolve(path ?? homedir());
  const isFile = await stat(given).then(
    (found) => found.isFile(),
    () => false,
  );
  const folder = isFile ? dirname(given) : given;
  try {
    const entries = (await readdir(folder, { withFileTypes: true }))
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    const places = (wanted: typeof entries) => wanted.map(({ name }) => ({ name, path: join(folder, name) }));
    const parent = dirname(folder);
    return {
      path: folder,
      parent: parent === folder ? null : parent,
      folders: places(entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink())),
      files: withFiles ? places(entries.filter((entry) => entry.isFile())) : [],
    };
  } catch (error) {
    throw folderError(error, folder);
  }
}
