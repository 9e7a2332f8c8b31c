// Runs a study on several GPUs: a process of the command line for each, which sees no other GPU. They share the runs by their leases, as any
// processes do; this one starts them, tells how far they are, and passes on a stop.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunRef } from "../../shared/contract/app.ts";
import { AppError, ERROR_CODES, type ErrorCode } from "../../shared/domain/errors.ts";
import type { Study } from "../../shared/domain/workspace.ts";
import { lastEvent } from "../runs/journal.ts";
import { allRunsOf, runFolderOf, runsOf } from "../runs/study-store.ts";
import type { StudyStage } from "./local.ts";
import { interruptReason } from "./supervise.ts";

/** What a process is told to end after a checkpoint. */
export interface StopMessage {
  readonly stop: "paused" | "cancelled";
}

export interface GpuProgress {
  /** Runs that are over, failed ones included. */
  readonly done: number;
  readonly total: number;
  /** Views a second of all processes together. */
  readonly rate: number | null;
  readonly etaSeconds: number | null;
  readonly message: string;
}

export interface RunOnGpusOptions {
  /** The workspace's folder. */
  readonly workspace: string;
  readonly study: Study;
  readonly stage: StudyStage;
  /** Names of GPUs as CUDA_VISIBLE_DEVICES takes them. */
  readonly gpus: readonly string[];
  /** Its reason says `paused` (`{ reason: "paused" }`) or anything else: cancelled. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: GpuProgress) => void) | undefined;
  /** The command line's script. */
  readonly script?: string;
  readonly pollMs?: number;
}

/** Speeds older than this are not counted. */
const STALE_MS = 60_000;

/**
 * Runs what is not finished of a study. A process that is lost leaves its runs to the others.
 * @returns what there is to say of lost processes; null otherwise
 * @throws the signal's reason once every process has written its checkpoints and ended; AppError when no process came to the study's end
 */
export async function runOnGpus(options: RunOnGpusOptions): Promise<string | null> {
  const { gpus, signal, pollMs = 2000 } = options;
  signal.throwIfAborted();
  const children = gpus.map((gpu) => start(gpu, options));
  const stop = () => {
    const message: StopMessage = { stop: interruptReason(signal) };
    for (const { child } of children) if (child.connected) child.send(message, () => {}); // one that just ended needs none
  };
  signal.addEventListener("abort", stop);
  const over = new AbortController();
  try {
    const ends = Promise.all(children.map(({ end }) => end)).finally(() => over.abort());
    await Promise.all([ends, tellProgress(options, pollMs, over.signal)]);
    signal.throwIfAborted();
    const failures = (await ends).filter((error) => error !== null);
    if (failures.length < gpus.length) return failures.length > 0 ? failures.map(({ message }) => message).join(" ") : null;
    throw failures[0]!;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

interface Child {
  readonly child: ChildProcess;
  /** Null when it came to the study's end. */
  readonly end: Promise<AppError | null>;
}

function start(gpu: string, { workspace, study, stage, script = commandLine() }: RunOnGpusOptions): Child {
  const args = [script, "study", "run", study.name, "--stage", stage, "--workspace", workspace, "--json"];
  const child = spawn(process.execPath, args, {
    // Electron's program is Node's when told so.
    env: { ...process.env, CUDA_VISIBLE_DEVICES: gpu, ELECTRON_RUN_AS_NODE: "1" },
    // By the channel it hears of a stop, and of our end. Ctrl-C in a terminal goes to us alone: a second one would end it without a checkpoint.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
    windowsHide: true,
  });
  let output = "";
  let errors = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const end = new Promise<AppError | null>((resolve) => {
    child.on("error", (error) => resolve(lost(gpu, error.message)));
    child.on("close", (code, killedBy) =>
      resolve(code === 0 ? null : (told(output) ?? lost(gpu, lastLine(errors) ?? `${killedBy ?? code}`))),
    );
  });
  return { child, end };
}

/** The error that a command prints as JSON. */
function told(output: string): AppError | undefined {
  try {
    const { error } = JSON.parse(output) as { error?: { code: string; message: string } };
    if (error && (ERROR_CODES as readonly string[]).includes(error.code)) return new AppError(error.code as ErrorCode, error.message);
  } catch {
    // it ended before it could tell
  }
  return undefined;
}

const lost = (gpu: string, why: string) => new AppError("WORKER_LOST", `The process on the GPU ${gpu} ended before the study (${why}).`);
const lastLine = (text: string) => text.trim().split("\n").at(-1) || undefined;

async function tellProgress(
  { workspace, study, stage, gpus, onProgress }: RunOnGpusOptions,
  pollMs: number,
  over: AbortSignal,
): Promise<void> {
  const startedAt = Date.now();
  const runs = stage === "sweep" ? runsOf(study) : allRunsOf(study);
  let doneBefore: number | undefined;
  while (true) {
    const last = await Promise.all(runs.map((run: RunRef) => lastEvent(runFolderOf(workspace, study.name, run))));
    const done = last.filter((event) => event?.kind === "finished" || (event?.kind === "failed" && event.at >= startedAt)).length;
    doneBefore ??= done;
    const speeds = last.flatMap((event) => (event?.kind === "step" && Date.now() - event.at < STALE_MS ? [event.viewsPerSecond] : []));
    onProgress?.({
      ...{ done, total: runs.length },
      rate: speeds.length > 0 ? speeds.reduce((sum, speed) => sum + speed, 0) : null,
      etaSeconds: done > doneBefore ? ((Date.now() - startedAt) / 1000 / (done - doneBefore)) * (runs.length - done) : null,
      message: `on ${gpus.length} GPUs`,
    });
    if (over.aborted) return;
    await sleep(pollMs, undefined, { signal: over }).catch(() => {}); // a last look at the end
  }
}

// Beside this module: code that several programs share lies beside them.
function commandLine(): string {
  const script = join(dirname(fileURLToPath(import.meta.url)), "cli.js");
  if (!existsSync(script))
    throw new AppError("NOT_FOUND", `${script} is missing: the application is not whole. Install or build it again.`);
  return script;
}
