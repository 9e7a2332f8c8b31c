// What a workspace holds, as lists that a screen or a command shows.
import { z } from "zod";
import { Problem } from "./dataset.ts";
import { PRESET_NAMES, StudyConfig } from "./run-config.ts";

/** A name that is a folder in the workspace. */
export const NameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, "use letters, digits, dot, dash and underscore; start with a letter or digit; at most 64");

/** A data set in a list; `complete` is false while it is being ingested or after that was interrupted. */
export const DatasetSummary = z.object({
  name: z.string(),
  complete: z.boolean(),
  tiles: z.int(),
  tilePixels: z.int(),
  bands: z.int(),
  classes: z.int(),
  simulated: z.boolean(),
});
export type DatasetSummary = z.infer<typeof DatasetSummary>;

/** `study.json`. */
export const Study = z.object({
  version: z.literal(1),
  name: z.string(),
  created: z.string(),
  preset: z.enum(PRESET_NAMES).nullable(),
  config: StudyConfig,
  /** Couplets dropped by hand instead of by the bottom-quarter rule; null: the rule. */
  droppedByHand: z.array(z.string()).nullable(),
});
export type Study = z.infer<typeof Study>;

export const StudySummary = z.object({
  name: z.string(),
  dataset: z.string(),
  created: z.string(),
  runs: z.int().describe("runs of the sweep"),
  finished: z.int(),
  failed: z.int(),
  running: z.int(),
});
export type StudySummary = z.infer<typeof StudySummary>;

export const Workspace = z.object({
  path: z.string(),
  datasets: z.array(DatasetSummary),
  studies: z.array(StudySummary),
  isSample: z.boolean().optional().describe("the sample project that comes with the application: all of it is simulated"),
});
export type Workspace = z.infer<typeof Workspace>;

/** What a study will cost, told before it starts. */
export const StudyPlan = z.object({
  arms: z.int(),
  runs: z.int().describe("runs of the sweep: arms x seeds"),
  stepsPerRun: z.int(),
  viewsPerRun: z.int(),
  viewsPerSecond: z.number().nullable().describe("measured here with this encoder and input; null when not measured"),
  seconds: z.number().nullable().describe("estimate for the sweep, fine-tuning included"),
  fullSeconds: z.number().nullable().describe("estimate for the second stage"),
  bytes: z.number().describe("disk for run folders"),
  freeBytes: z.number(),
  engine: z.string(),
  problems: z.array(z.string()).describe("what would keep the study from running; empty when it can start"),
  warnings: z.array(z.string()),
});
export type StudyPlan = z.infer<typeof StudyPlan>;

/** Long work of the host. It goes on when a window closes. */
export const Job = z.object({
  id: z.string(),
  kind: z.enum(["sample", "ingest", "study", "embedding"]),
  title: z.string(),
  /** Data set or study that the job works on. */
  target: z.string(),
  status: z.enum(["running", "finished", "failed", "cancelled", "paused"]),
  done: z.number(),
  total: z.number(),
  unit: z.string().describe("what is counted: tiles, patches, runs"),
  rate: z.number().nullable().describe("units a second"),
  etaSeconds: z.number().nullable(),
  message: z.string().nullable(),
  skipped: z.int(),
  problems: z.array(Problem).describe("what was skipped, with reasons: the first 100"),
  changed: z.array(Problem).describe("files that changed or went away since they were ingested: the first 100"),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
});
export type Job = z.infer<typeof Job>;

/** Where a study's figures and tables were written. */
export const ReportFiles = z.object({
  folder: z.string(),
  html: z.string(),
  csv: z.array(z.string()),
  svg: z.array(z.string()),
  png: z.array(z.string()),
});
export type ReportFiles = z.infer<typeof ReportFiles>;
