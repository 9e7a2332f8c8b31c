// Deleting a data set: what goes with it, and what keeps it from going.
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../shared/domain/errors.ts";
import type { DatasetLoss } from "../../shared/domain/tile-query.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { lockDataset } from "../ingest/catalogue/lock.ts";
import { isClaimed } from "../runs/lease.ts";
import { readRun } from "../runs/run-folder.ts";
import { allRunsOf, listStudies, readStudy, runFolderOf } from "../runs/study-store.ts";
import { existingFolderOf, folderError, namesIn } from "./workspace-folder.ts";

/** What would go with a data set. @throws AppError NOT_FOUND */
export async function datasetLoss(workspace: string, name: string): Promise<DatasetLoss> {
  const folder = await existingFolderOf(workspace, "datasets", name);
  const dataset = await readDataset(folder).catch(() => null);
  const studies = (await listStudies(workspace)).filter((study) => study.dataset === name).map((study) => study.name);
  return { tiles: dataset?.tiles ?? 0, bytes: await bytesUnder(folder), studies, runs: await runsUsing(workspace, name) };
}

/**
 * Deletes a data set, whoever uses it.
 * @throws AppError NOT_FOUND; BUSY while an ingest writes it or a run reads it
 */
export async function deleteDataset(workspace: string, name: string): Promise<void> {
  const folder = await existingFolderOf(workspace, "datasets", name);
  const { studies, runs } = await datasetLoss(workspace, name);
  const unlock = await lockDataset(folder);
  try {
    for (const study of studies) {
      const record = await readStudy(workspace, study);
      for (const run of allRunsOf(record)) {
        if (await isClaimed(runFolderOf(workspace, study, run)))
          throw new AppError("BUSY", `The study "${study}" is running on the data set "${name}". Pause it first.`, { data: { study } });
      }
    }
    for (const run of runs) {
      if (await isClaimed(join(workspace, "runs", run)))
        throw new AppError("BUSY", `The run "${run}" is working on the data set "${name}". Stop it first.`, { data: { run } });
    }
    // Renamed first: whatever happens while files go, there is no half a data set under its name.
    const doomed = join(workspace, "datasets", `.${name}.deleted-${Date.now()}`);
    await rename(folder, doomed).catch((error: unknown) => {
      throw folderError(error, folder);
    });
    await rm(doomed, { recursive: true, force: true, maxRetries: 3 });
  } finally {
    await unlock();
  }
}

/** Runs of `pretrain` on a data set. */
async function runsUsing(workspace: string, name: string): Promise<string[]> {
  const names = await namesIn(workspace, "runs");
  const records = await Promise.all(names.map((run) => readRun(join(workspace, "runs", run)).catch(() => undefined)));
  return names.filter((_, i) => records[i]?.config.dataset === name);
}

async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
