// Paths of sources relative to the folders that were ingested, so that a folder may move and the catalogue stays true. They are kept with slashes.
import { join, relative, sep } from "node:path";

/** Whether a path is a folder or lies in it. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** A patch's path and file as the catalogue keeps them. `root`: in which of the folders; null: in none, and the paths are absolute. */
export function relativePaths(
  folders: readonly string[],
  { path, file }: { readonly path: string; readonly file: string | null },
): { root: number | null; path: string; file: string | null } {
  const root = folders.findIndex((folder) => isWithin(folder, path));
  if (root < 0) return { root: null, path, file };
  const folder = folders[root]!;
  const within = (inner: string) => {
    const start = folder.endsWith(sep) ? folder.length : folder.length + 1;
    const rest = isWithin(folder, inner) ? inner.slice(start) : relative(folder, inner);
    return sep === "/" ? rest : rest.split(sep).join("/");
  };
  return { root, path: within(path), file: file === null ? null : within(file) };
}

/** The path on this machine. */
export function absolutePath(folders: readonly string[] | undefined, root: number | null, path: string): string {
  const folder = root === null ? undefined : folders?.[root];
  return folder === undefined ? path : join(folder, path);
}
