// Where a data set lies in a workspace, and its record.
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { Dataset } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { fileError } from "../../files/byte-source.ts";

/** @param workspace its folder; @param name a name that passed `NameSchema` */
export function datasetFolderOf(workspace: string, name: string): string {
  return join(workspace, "datasets", name);
}

/** The record of a data set. It is written last: without it the data set is not complete. */
export function datasetFile(datasetFolder: string): string {
  return join(datasetFolder, "dataset.json");
}

/** The catalogue, see `catalogue.ts`. */
export function tilesFile(datasetFolder: string): string {
  return join(datasetFolder, "tiles.parquet");
}

/** What an ingest has done so far, see `journal.ts`. */
export function journalFile(datasetFolder: string): string {
  return join(datasetFolder, "ingest.jsonl");
}

/**
 * Reads the record of a complete data set.
 * @throws AppError NOT_FOUND when there is none or it is not complete, BAD_FILE when it is broken
 */
export async function readDataset(datasetFolder: string): Promise<Dataset> {
  const path = datasetFile(datasetFolder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw fileError(path, error);
    const isBegun = await readFile(journalFile(datasetFolder)).then(
      () => true,
      () => false,
    );
    const name = basename(datasetFolder);
    throw new AppError(
      "NOT_FOUND",
      isBegun
        ? `The data set "${name}" is not complete: its ingest was interrupted. Run the ingest of its folders again; it goes on where it stopped.`
        : `There is no data set "${name}" in ${join(datasetFolder, "..")}. Ingest a folder into it first.`,
    );
  }
  try {
    return Dataset.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error).split("\n", 1)[0] : "it is not valid JSON";
    throw new AppError("BAD_FILE", `${path} is broken (${what}). Restore it, or delete the data set and ingest its folders again.`, {
      cause: error,
    });
  }
}
