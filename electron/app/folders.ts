// Listing folders, for picking one where there is no native dialog.
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { folderError } from "./workspace-folder.ts";

export interface FolderListing {
  readonly path: string;
  readonly parent: string | null;
  readonly folders: { name: string; path: string }[];
}

/** The folders under a path (home when null), hidden ones left out. @throws AppError when it cannot be listed */
export async function listFolders(path: string | null): Promise<FolderListing> {
  const folder = resolve(path ?? homedir());
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
      .map((entry) => ({ name: entry.name, path: join(folder, entry.name) }))
      .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    const parent = dirname(folder);
    return { path: folder, parent: parent === folder ? null : parent, folders };
  } catch (error) {
    throw folderError(error, folder);
  }
}
