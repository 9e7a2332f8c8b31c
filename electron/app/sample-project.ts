// The sample project: a workspace with a finished study of 41 arms. Its results are packed with the application; the tiles that it was trained on are
// simulated anew, to the same bytes, so that a look around costs a download of 3 MB instead of 300.
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { AppError } from "../../shared/domain/errors.ts";
import { SampleOptions } from "../../shared/domain/sample-options.ts";
import { NameSchema } from "../../shared/domain/workspace.ts";
import { memorySource } from "../files/file-source.ts";
import { openZipEntry, readZipDirectory } from "../files/zip.ts";
import { readDataset } from "../ingest/catalogue/dataset-folder.ts";
import { ingestFolders } from "../ingest/ingest.ts";
import { writeSampleAside } from "../ingest/sample/write-sample-aside.ts";
import type { JobProgress } from "./jobs.ts";
import { existingFolderOf, openWorkspace } from "./workspace-folder.ts";

/** Made by build/pack-sample.mjs from the demo's workspace. */
const ARCHIVE = fileURLToPath(new URL("../../assets/sample-project.zip", import.meta.url));
const RECORD = "sample-project.json";
/** Where the simulated patches are written, in the workspace. */
const PATCHES = "simulated-sample";

const SampleRecord = z.strictObject({ version: z.literal(1), dataset: NameSchema, fingerprint: z.string(), options: SampleOptions });
type SampleRecord = z.infer<typeof SampleRecord>;

/**
 * Makes a workspace with the packed study; one that is there already is left as it is.
 * @returns its absolute path
 * @throws as `openWorkspace`
 */
export async function unpackSampleProject(folder: string): Promise<string> {
  const path = await openWorkspace(folder);
  if (sampleRecord(path)) return path;
  const zip = memorySource(ARCHIVE, readFileSync(ARCHIVE));
  const { entries, problems } = readZipDirectory(zip);
  if (problems.length > 0) throw new AppError("BAD_FILE", `${ARCHIVE} is broken: ${problems[0]!.reason}`);
  // The record comes last: with it the project is whole.
  const names = [...entries.keys()].sort((a, b) => Number(a === RECORD) - Number(b === RECORD));
  for (const name of names) {
    const entry = entries.get(name)!;
    const target = join(path, ...name.split("/"));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, openZipEntry(zip, entry, `${ARCHIVE}/${name}`).read(0, entry.size));
  }
  return path;
}

/** What a workspace says of the sample project that it is; undefined for any other. */
export function sampleRecord(workspace: string): SampleRecord | undefined {
  try {
    return SampleRecord.parse(JSON.parse(readFileSync(join(workspace, RECORD), "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether the tiles of a sample project are still to be made. */
export async function lacksSampleTiles(workspace: string): Promise<boolean> {
  const record = sampleRecord(workspace);
  if (!record) return false;
  const folder = await existingFolderOf(workspace, "datasets", record.dataset).catch(() => undefined);
  return folder === undefined || !(await readDataset(folder).catch(() => undefined));
}

/**
 * Simulates the tiles of a sample project and ingests them. Stopped, it goes on where it was.
 * @throws AppError BAD_FILE when they are not those of the packed study; the signal's reason
 */
export async function makeSampleTiles(
  workspace: string,
  { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: JobProgress) => void },
): Promise<void> {
  const record = sampleRecord(workspace);
  if (!record) throw new AppError("NOT_FOUND", `${workspace} is no sample project.`);
  const { dataset, fingerprint, options } = record;
  const patches = join(workspace, PATCHES);
  const startedAt = performance.now();
  await writeSampleAside(patches, {
    ...options,
    signal,
    onProgress: ({ done, total }) => {
      const rate = done / ((performance.now() - startedAt) / 1000);
      onProgress?.({ done, total, rate, etaSeconds: (total - done) / rate });
    },
  });
  onProgress?.({ etaSeconds: null, rate: null });
  await ingestFolders({ workspace, folders: [patches], dataset, signal });
  const made = await readDataset(await existingFolderOf(workspace, "datasets", dataset));
  if (made.fingerprint !== fingerprint)
    throw new AppError(
      "BAD_FILE",
      `The simulated tiles are not those that the packed study was trained on (${made.fingerprint.slice(0, 8)} instead of ${fingerprint.slice(0, 8)}). The results can be looked at; their tiles are others.`,
    );
}
