// Checkpoints of a run: `checkpoints/step-<n>.safetensors` and `.json`. The json is written last and holds the other's hash: a checkpoint is
// there when both agree. The last two are kept; a damaged newest falls back to the one before.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readBytes, writeError, writeFileAtomic } from "../files/atomic-file.ts";

const Seal = z.object({ version: z.literal(1), step: z.int(), bytes: z.int(), sha256: z.string() });

/** A checkpoint as files hold it. */
export interface StoredCheckpoint {
  /** Steps done. */
  readonly step: number;
  /** safetensors: weights, optimiser, and the run's settings as metadata. */
  readonly bytes: Uint8Array;
}

const KEPT = 2;
const NAME = /^step-(\d+)\.(json|safetensors)$/;
const checkpointFolder = (runFolder: string) => join(runFolder, "checkpoints");
const tensorsPath = (folder: string, step: number) => join(folder, `step-${step}.safetensors`);
const sealPath = (folder: string, step: number) => join(folder, `step-${step}.json`);
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Writes a checkpoint, then deletes all but the last two. On return it is on the disk. @throws AppError DISK_FULL .. */
export async function writeCheckpoint(runFolder: string, { step, bytes }: StoredCheckpoint): Promise<void> {
  const folder = checkpointFolder(runFolder);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  await writeFileAtomic(tensorsPath(folder, step), bytes);
  await writeFileAtomic(sealPath(folder, step), `${JSON.stringify({ version: 1, step, bytes: bytes.length, sha256: hashOf(bytes) })}\n`);
  const steps = await stepsIn(folder);
  // Steps above this one are from before a fall-back to an older checkpoint: they lie in this run's future and must not win over it.
  const spare = [...steps.filter((other) => other > step), ...steps.filter((other) => other <= step).slice(KEPT)];
  for (const old of spare) {
    await rm(sealPath(folder, old), { force: true });
    await rm(tensorsPath(folder, old), { force: true });
  }
}

/** The newest checkpoint whose files agree; `undefined` when there is none. */
export async function readCheckpoint(runFolder: string): Promise<StoredCheckpoint | undefined> {
  const folder = checkpointFolder(runFolder);
  for (const step of await stepsIn(folder)) {
    const stored = await readAt(folder, step);
    if (stored) return stored;
  }
  return undefined;
}

/** The checkpoint after so many steps; `undefined` when it is gone or damaged. */
export function readCheckpointAt(runFolder: string, step: number): Promise<StoredCheckpoint | undefined> {
  return readAt(checkpointFolder(runFolder), step);
}

/** Steps of the checkpoints that are there, the newest first. */
export const checkpointSteps = (runFolder: string): Promise<number[]> => stepsIn(checkpointFolder(runFolder));

/** Paths of a checkpoint. */
export const checkpointFiles = (runFolder: string, step: number) => ({ tensors: tensorsPath(checkpointFolder(runFolder), step) });

async function readAt(folder: string, step: number): Promise<StoredCheckpoint | undefined> {
  try {
    const seal = Seal.parse(JSON.parse(await readFile(sealPath(folder, step), "utf8")));
    const bytes = await readBytes(tensorsPath(folder, step));
    if (seal.step !== step || seal.bytes !== bytes.length || seal.sha256 !== hashOf(bytes)) return undefined;
    return { step, bytes };
  } catch {
    return undefined; // missing or damaged: the one before it counts
  }
}

/** Newest first. */
async function stepsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const steps = new Set(names.map((name) => NAME.exec(name)?.[1]).filter((step) => step !== undefined));
  return [...steps].map(Number).sort((a, b) => b - a);
}
