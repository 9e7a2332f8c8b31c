// One run in a training worker, watched over: interrupted on request, tried once more when the worker dies, given up when the lease is lost.
import { appendFile } from "node:fs/promises";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import type { RunConfig } from "../../shared/domain/run-config.ts";
import type { RunEvent, RunEventBody } from "../../shared/domain/run-state.ts";
import { openJournal, outputPath } from "../runs/journal.ts";
import type { TrainingWorker } from "../training/training-worker.ts";

/** How a run ended. */
export type RunEnd = Extract<RunEvent, { kind: "finished" | "failed" | "interrupted" }>;

/** The worker in use, started when needed and again after it died. */
export interface RunWorkers {
  /** @throws AppError ENGINE_UNAVAILABLE, or WORKER_LOST when it cannot even start */
  get(): Promise<TrainingWorker>;
  /** Ends the present worker; the next `get` starts another. */
  drop(): Promise<void>;
  /** Ends the present worker for good. */
  end(): Promise<void>;
}

/** @param wanted the engine that every worker loads first */
export function workersOf(
  startWorker: () => TrainingWorker,
  wanted: Pick<RunConfig, "engine" | "threads">,
  onEngine: (engine: EngineInfo) => void = () => {},
): RunWorkers {
  let present: TrainingWorker | undefined;
  const drop = async () => {
    const worker = present;
    present = undefined;
    await worker?.terminate();
  };
  return {
    async get() {
      if (present) return present;
      const worker = startWorker();
      present = worker;
      void worker.lost.then(() => {
        if (present === worker) present = undefined;
      });
      try {
        onEngine(await worker.engine({ engine: wanted.engine, threads: wanted.threads }));
      } catch (error) {
        await drop();
        throw error;
      }
      return worker;
    },
    drop,
    end: drop,
  };
}

export interface SuperviseOptions {
  readonly workers: RunWorkers;
  readonly runFolder: string;
  readonly datasetFolder: string;
  /** The lease's. */
  readonly lost: AbortSignal;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** How long an interrupted run may take to write its checkpoint. */
  readonly patienceMs?: number;
}

/** A run that loses its worker this often is failed. */
const MOST_LOSSES = 2;
const PATIENCE_MS = 180_000;

/** Executes a run to its end. The caller holds its lease. A worker that dies costs the steps since the last checkpoint, once. */
export async function superviseRun(options: SuperviseOptions): Promise<RunEnd | "lease lost"> {
  const { workers, runFolder, signal, lost } = options;
  let checkpoint = 0;
  for (let losses = 1; ; losses++) {
    const worker = await workers.get();
    try {
      return await follow(worker, options, (step) => {
        checkpoint = step;
      });
    } catch (error) {
      if (lost.aborted) {
        await workers.drop();
        return "lease lost";
      }
      const isLost = error instanceof AppError && error.code === "WORKER_LOST";
      await workers.drop();
      if (signal.aborted) {
        const reason = interruptReason(signal);
        return record(runFolder, { kind: "interrupted", step: checkpoint, reason });
      }
      if (isLost && losses < MOST_LOSSES) continue;
      const message = isLost
        ? `${error.message} It happened ${MOST_LOSSES} times in this run. If memory ran out, lower the batch size or the input; then run the study again.`
        : messageOf(error);
      return record(runFolder, { kind: "failed", code: error instanceof AppError ? error.code : "BUG", message });
    }
  }
}

/** Whether an aborted signal asks for a pause: its reason says so. */
export function interruptReason(signal: AbortSignal): "paused" | "cancelled" {
  const reason: unknown = signal.reason;
  return typeof reason === "object" && reason !== null && "reason" in reason && reason.reason === "paused" ? "paused" : "cancelled";
}

async function follow(worker: TrainingWorker, options: SuperviseOptions, onCheckpoint: (step: number) => void): Promise<RunEnd> {
  const { runFolder, datasetFolder, lost, signal, onEvent, patienceMs = PATIENCE_MS } = options;
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    worker.interrupt(interruptReason(signal)).catch(() => {}); // it is gone: the stream says so
    clearTimeout(timer);
    timer = setTimeout(() => void worker.terminate(), patienceMs);
  };
  const terminate = () => void worker.terminate();
  signal.addEventListener("abort", interrupt);
  lost.addEventListener("abort", terminate);
  let end: RunEnd | undefined;
  const stopOutput = worker.onOutput?.((text) => void appendFile(outputPath(runFolder), text).catch(() => {}));
  try {
    if (lost.aborted) terminate();
    for await (const event of worker.run({ runFolder, datasetFolder })) {
      // An interruption that came before the run began has found nothing to interrupt.
      if (event.kind === "started" && signal.aborted) interrupt();
      if (event.kind === "started") onCheckpoint(event.resumedAtStep);
      if (event.kind === "checkpoint") onCheckpoint(event.step);
      if (event.kind === "finished" || event.kind === "failed" || event.kind === "interrupted") end = event;
      onEvent(event);
    }
  } finally {
    stopOutput?.();
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
    lost.removeEventListener("abort", terminate);
  }
  if (!end) throw new Error(`The run in ${runFolder} ended without saying how.`);
  return end;
}

function record(runFolder: string, body: RunEventBody): RunEnd {
  const journal = openJournal(runFolder);
  try {
    const [event] = journal.append(body);
    journal.sync();
    return event as RunEnd;
  } finally {
    journal.close();
  }
}
