// Filters with a name, in `filters.json` of a data set's folder: what is written there by hand counts, too.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { AppError } from "../../shared/domain/errors.ts";
import { FilterName, type SavedFilter, SavedFilters } from "../../shared/domain/saved-filter.ts";
import type { TileFilter } from "../../shared/domain/tile-query.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { folderError } from "./workspace-folder.ts";

const fileOf = (datasetFolder: string) => join(datasetFolder, "filters.json");

/** The filters by name. @throws AppError BAD_FILE, NO_ACCESS */
export async function readSavedFilters(datasetFolder: string): Promise<SavedFilter[]> {
  const path = fileOf(datasetFolder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw folderError(error, path);
  }
  try {
    return SavedFilters.parse(JSON.parse(text)).filters.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error).split("\n", 1)[0] : "it is not valid JSON";
    throw new AppError("BAD_FILE", `${path} is broken (${what}). Mend it, or delete it: the data set itself is whole.`, { cause: error });
  }
}

/** A filter by its name. @throws AppError NOT_FOUND naming what there is */
export async function savedFilter(datasetFolder: string, name: string): Promise<TileFilter> {
  const filters = await readSavedFilters(datasetFolder);
  return found(filters, name).filter;
}

/** Saves a filter under a new name. @throws AppError ALREADY_EXISTS, BAD_ARGUMENT, as `readSavedFilters` */
export function saveFilter(datasetFolder: string, filter: SavedFilter): Promise<SavedFilter[]> {
  return change(datasetFolder, (filters) => [...filters, { ...filter, name: free(filters, filter.name) }]);
}

/** @throws AppError NOT_FOUND, ALREADY_EXISTS, BAD_ARGUMENT, as `readSavedFilters` */
export function renameFilter(datasetFolder: string, from: string, to: string): Promise<SavedFilter[]> {
  return change(datasetFolder, (filters) => {
    const renamed = found(filters, from);
    const others = filters.filter((filter) => filter !== renamed);
    return [...others, { ...renamed, name: free(others, to) }];
  });
}

/** @throws AppError NOT_FOUND, as `readSavedFilters` */
export function deleteFilter(datasetFolder: string, name: string): Promise<SavedFilter[]> {
  return change(datasetFolder, (filters) => {
    const deleted = found(filters, name);
    return filters.filter((filter) => filter !== deleted);
  });
}

function found(filters: readonly SavedFilter[], name: string): SavedFilter {
  const filter = filters.find((one) => one.name === name);
  if (filter) return filter;
  const there = filters.length > 0 ? `There are: ${filters.map((one) => one.name).join(", ")}.` : "None was saved yet.";
  throw new AppError("NOT_FOUND", `The data set has no saved filter "${name}". ${there}`);
}

function free(filters: readonly SavedFilter[], name: string): string {
  const { success, data, error } = FilterName.safeParse(name);
  if (!success) throw new AppError("BAD_ARGUMENT", `"${name}" cannot be the name of a filter: ${error.issues[0]!.message}.`);
  if (filters.some((filter) => filter.name === data))
    throw new AppError("ALREADY_EXISTS", `There is a filter "${data}" already. Give another name, or delete that one first.`);
  return data;
}

/** Changes of one folder, one after another. */
const changes = new Map<string, Promise<unknown>>();

function change(datasetFolder: string, how: (filters: SavedFilter[]) => SavedFilter[]): Promise<SavedFilter[]> {
  const before = changes.get(datasetFolder) ?? Promise.resolve();
  const changed = before.then(async () => {
    const filters = how(await readSavedFilters(datasetFolder));
    await writeFileAtomic(fileOf(datasetFolder), `${JSON.stringify({ version: 1, filters }, null, 2)}\n`);
    return readSavedFilters(datasetFolder);
  });
  const settled = changed
    .catch(() => {})
    .finally(() => {
      if (changes.get(datasetFolder) === settled) changes.delete(datasetFolder);
    });
  changes.set(datasetFolder, settled);
  return changed;
}
