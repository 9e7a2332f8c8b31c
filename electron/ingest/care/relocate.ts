// A folder of sources that was moved or renamed: the data set is told where it lies now. Its tiles are its own; only adding to it needs the folder.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { writeFileAtomic } from "../../files/atomic-file.ts";
import { absolutePath, isWithin, relativePaths } from "../../files/source-path.ts";
import { forgetTimes, readStoredColumns } from "../catalogue/catalogue.ts";
import { datasetFile, readDataset } from "../catalogue/dataset-folder.ts";
import { lockDataset } from "../catalogue/lock.ts";
import { withoutMember } from "../patches/file-stamp.ts";

/** So much of what was ingested must be found in the new place. */
const SMALLEST_SHARE = 0.5;

/** Absolute paths. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

export interface Relocation {
  readonly dataset: Dataset;
  /** Patches that came from the folder, and those of them that are in the new place. */
  readonly patches: number;
  readonly found: number;
}

/** As `moveFolder`, for a data set that nobody ingests into meanwhile. @throws also BUSY */
export async function relocateDataset(datasetFolder: string, move: Move, signal?: AbortSignal): Promise<Relocation> {
  const unlock = await lockDataset(datasetFolder);
  try {
    return await moveFolder(datasetFolder, move, signal);
  } finally {
    await unlock();
  }
}

/**
 * Tells a data set, whose lock is held, that one of its folders lies elsewhere.
 * @throws AppError NOT_FOUND for a folder that is none of its own, BAD_ARGUMENT when the new place does not hold the same files
 */
export async function moveFolder(datasetFolder: string, { from, to }: Move, signal?: AbortSignal): Promise<Relocation> {
  const dataset = await readDataset(datasetFolder);
  const folders = dataset.folders ?? [];
  const root = folders.indexOf(from);
  if (root < 0) {
    const known = folders.length > 0 ? `Its folders are ${folders.join(", ")}.` : "An earlier version made it, which kept absolute paths.";
    throw new AppError("NOT_FOUND", `The data set "${dataset.name}" was not made of ${from}. ${known}`);
  }
  const stored = await readStoredColumns(datasetFolder, ["root", "file", "modified"], { end: dataset.tiles });
  const files = new Map<string, number | null>();
  stored.file.forEach((file, i) => {
    if (stored.root[i] === root && file !== null) files.set(file, stored.modified[i]!);
  });
  let found = 0;
  let isTouched = false;
  for (const [file, modified] of files) {
    signal?.throwIfAborted();
    const now = await stat(join(to, withoutMember(file))).catch(() => null);
    if (!now) continue;
    found++;
    isTouched ||= modified !== null && Math.trunc(now.mtimeMs) > modified;
  }
  if (found < SMALLEST_SHARE * files.size || found === 0) {
    throw new AppError(
      "BAD_ARGUMENT",
      `${to} is not the folder ${from} of the data set "${dataset.name}": it holds ${found} of its ${files.size} patches. Name the folder that it was moved to, or ingest this one under another name.`,
    );
  }
  const moved = (path: string) => (isWithin(from, path) ? absolutePath([to], 0, relativePaths([from], { path, file: null }).path) : path);
  const next: Dataset = {
    ...dataset,
    folders: folders.map((folder, i) => (i === root ? to : folder)),
    sources: dataset.sources.map((source) => ({ ...source, path: moved(source.path) })),
    skipped: dataset.skipped.map((problem) => ({ ...problem, path: moved(problem.path) })),
  };
  // A copy may have new times throughout; sizes still tell a change.
  if (isTouched) await forgetTimes(datasetFolder, root);
  await writeFileAtomic(datasetFile(datasetFolder), `${JSON.stringify(next, null, 2)}\n`);
  return { dataset: next, patches: files.size, found };
}
