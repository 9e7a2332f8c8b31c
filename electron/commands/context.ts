// What every command shares: where results and progress go, paths, cancelling by Ctrl-C, exit codes.
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError, isCancellation, messageOf } from "../../shared/domain/errors.ts";
import { JobStopped, type StopReason } from "../app/jobs.ts";
import type { StopMessage } from "../executors/on-gpus.ts";
import { ProgressLine, type ProgressUpdate } from "../progress.ts";

/** 0 done, 1 failed, 2 wrong usage, 130 cancelled. */
export const EXIT = { done: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly workspace?: string;
}

/** A command at work. */
export interface Context {
  readonly json: boolean;
  /** Aborted by the first Ctrl-C or a termination signal. */
  readonly signal: AbortSignal;
  /** The result: JSON on stdout for machines, else the text. */
  print(result: unknown, text: () => string): void;
  /** A line for people, on stderr. */
  note(text: string): void;
  /** Runs work under a progress line. */
  withProgress<T>(title: string, work: (update: (progress: ProgressUpdate) => void) => Promise<T>): Promise<T>;
}

/** npm runs these scripts in the repository, wherever they were called. */
const CALLED_BY_NPM: ReadonlySet<string> = new Set(["cli", "start"]);

/** Where relative paths start: the folder in which the user called `npm run`, or the current one. */
export function pathOf(path: string): string {
  return resolve(CALLED_BY_NPM.has(process.env.npm_lifecycle_event ?? "") ? (process.env.INIT_CWD ?? ".") : ".", path);
}

/** The workspace's folder: the flag, `SIMCLR_S2_WORKSPACE`, or `workspace` here. */
export function workspacePath(options: CommonOptions): string {
  return pathOf(options.workspace ?? process.env.SIMCLR_S2_WORKSPACE ?? "workspace");
}

/** Adds `--json` and, where one is used, `--workspace`. */
export function withCommonFlags(command: Command, flags: { workspace: boolean }): Command {
  if (flags.workspace)
    command.option("--workspace <FOLDER>", "workspace folder, made when new (default: $SIMCLR_S2_WORKSPACE or ./workspace)");
  return command.option("--json", "the result as JSON on stdout; progress and notes stay on stderr");
}

/**
 * Runs a command's work and sets the exit code. The first Ctrl-C asks it to stop (checkpoints are written), the second ends it at once.
 */
export async function runCommand(options: CommonOptions, work: (context: Context) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (reason: StopReason) => {
    if (controller.signal.aborted) process.exit(EXIT.cancelled);
    process.stderr.write("\nStopping: what is done is kept. Press Ctrl-C again to end at once.\n");
    controller.abort(new JobStopped(reason));
  };
  const cancel = () => stop("cancelled");
  const listeners: [string, (message: StopMessage) => void][] = [
    ["SIGINT", cancel],
    ["SIGTERM", cancel],
  ];
  // As a process of another one, which asks it to stop, or ends.
  if (process.send) listeners.push(["message", (message) => stop(message.stop)], ["disconnect", cancel]);
  for (const [event, listener] of listeners) process.on(event, listener);
  const json = options.json ?? false;
  const context: Context = {
    json,
    signal: controller.signal,
    print: (result, text) => process.stdout.write(json ? `${JSON.stringify(result, null, 1)}\n` : `${text()}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    async withProgress(title, run) {
      const line = new ProgressLine(title);
      try {
        return await run((progress) => line.update(progress));
      } finally {
        line.end();
      }
    },
  };
  try {
    await work(context);
  } catch (error) {
    process.exitCode = report(error, json);
  } finally {
    for (const [event, listener] of listeners) process.off(event, listener);
  }
}

function report(error: unknown, json: boolean): number {
  if (isCancellation(error)) {
    process.stderr.write("Cancelled.\n");
    return EXIT.cancelled;
  }
  const code = error instanceof AppError ? error.code : "BUG";
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`);
  process.stderr.write(
    error instanceof AppError ? `${error.message}\n` : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return code === "BAD_ARGUMENT" ? EXIT.usage : EXIT.failed;
}

/** `12.4 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;

/** A table for people: columns padded, numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[], header: readonly string[]): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const numeric = header.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
