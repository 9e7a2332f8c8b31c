// A run is a folder: `run.json`, `events.jsonl`, `checkpoints/`, `metrics.json`, `scores.parquet`, `encoder.safetensors`, `lease/`.
// Any executor does no more than fill it, under its lease; everything else only reads.
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { PRECISIONS, RunConfig } from "../../shared/domain/run-config.ts";
import { Evaluation, type LossPoint, QUEUED, type RunEvent, type RunState, reduceRun } from "../../shared/domain/run-state.ts";
import { ASIDE_SUFFIX, writeError, writeFileAtomic } from "../files/atomic-file.ts";
import { readEvents } from "./journal.ts";
import { isClaimed } from "./lease.ts";

/** `run.json`: what a run does, and with what it was done. The last five are null until it is first executed. */
export const RunRecord = z.object({
  version: z.literal(1),
  created: z.string(),
  config: RunConfig,
  engine: EngineInfo.nullable(),
  precision: z.enum(PRECISIONS).nullable().default(null).describe("of convolutions and what follows them"),
  software: z.record(z.string(), z.string()).nullable().describe("versions of the application and of what it computes with"),
  dataset: z.object({ name: z.string(), fingerprint: z.string(), tiles: z.int(), simulated: z.boolean() }).nullable(),
  pretrainingTiles: z.int().nullable().describe("tiles drawn for pretraining, none of the test part"),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** `metrics.json`: the scores of a finished run. */
export const RunMetrics = z.object({
  version: z.literal(1),
  arm: z.string(),
  seed: z.int(),
  f1: z.number().nullable(),
  evaluations: z.array(Evaluation),
});
export type RunMetrics = z.infer<typeof RunMetrics>;

/** Paths inside a run folder. */
export const runFiles = (folder: string) => ({
  record: join(folder, "run.json"),
  metrics: join(folder, "metrics.json"),
  scores: join(folder, "scores.parquet"),
  encoder: join(folder, "encoder.safetensors"),
});

const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** Makes a run folder with its record. An existing record is kept: the run goes on with the settings that it was begun with. */
export async function createRun(folder: string, config: RunConfig, now: () => Date = () => new Date()): Promise<RunRecord> {
  const existing = await readRun(folder);
  if (existing) return existing;
  const record: RunRecord = {
    version: 1,
    created: now().toISOString(),
    config,
    engine: null,
    precision: null,
    software: null,
    dataset: null,
    pretrainingTiles: null,
  };
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeError(error, folder);
  });
  await writeRun(folder, record);
  return record;
}

/** Replaces the record, atomically. */
export async function writeRun(folder: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(runFiles(folder).record, asJson(record));
}

/** The record of a run, `undefined` when there is none. @throws AppError BAD_FILE */
export async function readRun(folder: string): Promise<RunRecord | undefined> {
  return readJson(runFiles(folder).record, RunRecord);
}

/** Writes the scores of a run, atomically. */
export async function writeMetrics(folder: string, metrics: RunMetrics): Promise<void> {
  await writeFileAtomic(runFiles(folder).metrics, asJson(metrics));
}

/** The scores of a finished run; `undefined` when it has none. @throws AppError BAD_FILE */
export async function readMetrics(folder: string): Promise<RunMetrics | undefined> {
  return readJson(runFiles(folder).metrics, RunMetrics);
}

/** A JSON file through its schema; `undefined` when it does not exist. @throws AppError BAD_FILE */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new AppError("NO_ACCESS", `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("BAD_FILE", `${path} is not JSON: it was changed by hand or damaged. Restore it or delete its folder.`, {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
  throw new AppError("BAD_FILE", `${path} is not what this version writes${where}: ${issue?.message ?? "unknown"}.`, {
    cause: parsed.error,
  });
}

/** What a run's events add up to. A run that says "running" but is claimed by no live process was killed: it is told as paused. */
export async function runState(folder: string): Promise<RunState> {
  const { events } = await readEvents(folder);
  const state = stateOf(events);
  if (state.status === "running" && !(await isClaimed(folder))) return { ...state, status: "paused", phase: null, detail: null };
  return state;
}

/** What events add up to: as reducing them one by one does, but the curve is joined once instead of copied at every point. */
export function stateOf(events: readonly RunEvent[]): RunState {
  let state = QUEUED;
  let curve: LossPoint[] = [];
  for (const event of events) {
    switch (event.kind) {
      case "step":
        state = reduceRun({ ...state, curve: [] }, event);
        curve.push(...state.curve);
        break;
      case "started":
        state = reduceRun({ ...state, curve }, event);
        curve = [...state.curve];
        break;
      default:
        state = reduceRun(state, event);
    }
  }
  return { ...state, curve };
}

/** Deletes what killed processes left half-written. Only the holder of the lease may do so. */
export async function tidyRun(folder: string): Promise<void> {
  for (const part of [folder, join(folder, "checkpoints")]) {
    const names = await readdir(part).catch(() => []);
    for (const name of names) if (name.endsWith(ASIDE_SUFFIX)) await rm(join(part, name), { force: true });
  }
}
