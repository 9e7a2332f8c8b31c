// The user's own settings, for the doors with a window. One strict zod schema is the source of defaults, ranges and help: form and file read it.
import { z } from "zod";
import { ENGINES, RunConfig } from "./run-config.ts";

export const APPEARANCES = ["system", "light", "dark"] as const;
export const ON_CLOSE = ["ask", "background", "pause"] as const;

export const AppSettings = z.strictObject({
  version: z.literal(1).default(1),
  appearance: z.enum(APPEARANCES).default("system").describe("colours of the window"),
  reopen: z.boolean().default(true).describe("the desktop application starts with the workspace that was open last"),
  notifications: z
    .boolean()
    .default(true)
    .describe("a notification of the system when a study, an ingestion or other work ends while the window is away"),
  keepAwake: z.boolean().default(true).describe("the machine does not go to sleep while something runs in the desktop application"),
  onClose: z
    .enum(ON_CLOSE)
    .default("ask")
    .describe(
      "when the desktop application's window is closed while something runs: ask, go on in the background, or pause after a checkpoint",
    ),
  engine: z.enum(ENGINES).default("auto").describe("compute engine where a study asks for none; auto takes the fastest that works here"),
  precision: RunConfig.shape.precision.describe("precision of new studies; auto takes bf16 where the processor or GPU is made for it"),
  threads: z.int().min(1).max(256).nullable().default(null).describe("threads of new studies; one a core when empty"),
  gpus: z.int().min(1).max(64).nullable().default(null).describe("GPUs that a study may use at once; all when empty"),
});
export type AppSettings = z.infer<typeof AppSettings>;

/** Settings that the running process has read already: a change counts from the next start. */
export const AFTER_RESTART: ReadonlySet<keyof AppSettings> = new Set(["engine"]);

/** Any part of the settings, to change. Values are checked with the whole: a partial schema would fill in the defaults of all others. */
export const SettingsChange = z.partialRecord(AppSettings.omit({ version: true }).keyof(), z.unknown());
export type SettingsChange = z.infer<typeof SettingsChange>;

/** A workspace that was open on this machine. */
export const RecentWorkspace = z.object({
  path: z.string(),
  openedAt: z.number().describe("ms since 1970"),
  state: z.enum(["open", "there", "missing", "silent"]).describe("silent: its disk does not answer"),
  datasets: z.int(),
  studies: z.int(),
});
export type RecentWorkspace = z.infer<typeof RecentWorkspace>;

/** What a path is, before something is done with it. */
export const PathKind = z.enum(["workspace", "new", "empty", "folder", "file"]);
export type PathKind = z.infer<typeof PathKind>;

/** Where things are kept on this machine, and how much they take. */
export const StoragePlace = z.object({ name: z.string(), path: z.string(), bytes: z.number().nullable().describe("null: not there") });
export type StoragePlace = z.infer<typeof StoragePlace>;

/** What the door asks of its window: a menu item or a link was chosen. */
export const WindowRequest = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("go"), hash: z.string() }),
  z.object({ kind: z.literal("palette") }),
]);
export type WindowRequest = z.infer<typeof WindowRequest>;
