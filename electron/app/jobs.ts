// Long work of the host: started by a call, watched by any number of doors, cancelled or paused, never tied to a window.
import { randomUUID } from "node:crypto";
import { AppError, isCancellation, messageOf } from "../../shared/domain/errors.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { Watched } from "./watched.ts";

/** Why a job is told to stop: it is the reason of the abort signal. */
export type StopReason = "cancelled" | "paused";
/** How a job ended. */
export type JobEnd = Exclude<Job["status"], "running">;

/** What a job tells of itself while it works. */
export type JobProgress = Partial<Pick<Job, "done" | "total" | "rate" | "etaSeconds" | "message" | "skipped" | "problems" | "changed">>;

/** How work reports and is stopped. */
export interface WorkOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

export interface JobStart {
  readonly kind: Job["kind"];
  readonly title: string;
  readonly target: string;
  readonly unit: string;
  readonly total?: number;
}

/** The abort reason of a job: a cancellation that remembers whether it was a pause. */
export class JobStopped extends AppError {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super("CANCELLED", reason === "paused" ? "Paused" : "Cancelled");
    this.reason = reason;
  }
}

const KEPT_JOBS = 50;

export class JobList {
  readonly jobs = new Watched<Job[]>([]);
  private readonly controllers = new Map<string, AbortController>();
  private readonly settled = new Map<string, Promise<void>>();
  private readonly afterwards: () => Promise<void>;

  /** @param afterwards what follows all work, before its end is told */
  constructor(afterwards: () => Promise<void> = async () => {}) {
    this.afterwards = afterwards;
  }

  /** Starts work and returns its job at once. One job a target and kind: a second is refused as BUSY. */
  start(start: JobStart, work: (options: WorkOptions) => Promise<void>, onEnd: (end: JobEnd) => void = () => {}): Job {
    const running = this.jobs.value.find((job) => job.status === "running" && job.kind === start.kind && job.target === start.target);
    if (running)
      throw new AppError("BUSY", `${running.title} is already running. Wait for it or cancel it first.`, { data: { job: running.id } });
    const job: Job = {
      id: randomUUID(),
      ...start,
      status: "running",
      done: 0,
      total: start.total ?? 0,
      rate: null,
      etaSeconds: null,
      message: null,
      skipped: 0,
      problems: [],
      changed: [],
      startedAt: Date.now(),
      endedAt: null,
    };
    const controller = new AbortController();
    this.controllers.set(job.id, controller);
    this.jobs.set([job, ...this.jobs.value].slice(0, KEPT_JOBS));
    const end = (status: JobEnd, message?: string | null) => {
      this.end(job.id, status, message === undefined ? {} : { message });
      onEnd(status);
    };
    const run = async () => {
      try {
        try {
          await work({ signal: controller.signal, onProgress: (update) => this.update(job.id, update) });
        } finally {
          await this.afterwards();
        }
        end("finished");
      } catch (error) {
        if (controller.signal.aborted && isCancellation(error)) end(stopReason(controller.signal), null);
        else end("failed", messageOf(error));
      }
    };
    this.settled.set(job.id, run());
    return job;
  }

  /** Tells a job to stop. Unknown and ended jobs are left alone. */
  stop(id: string, reason: StopReason): void {
    this.controllers.get(id)?.abort(new JobStopped(reason));
  }

  /** Whether a job is running: a window may be closed then, the process may not end. */
  isWorking(): boolean {
    return this.jobs.value.some((job) => job.status === "running");
  }

  /** The running job of a kind on a target. */
  find(kind: Job["kind"], target: string): Job | undefined {
    return this.jobs.value.find((job) => job.status === "running" && job.kind === kind && job.target === target);
  }

  /** Stops everything and waits for it. */
  async stopAll(reason: StopReason): Promise<void> {
    for (const id of this.controllers.keys()) this.stop(id, reason);
    await Promise.all(this.settled.values());
  }

  private update(id: string, update: Partial<Job>): void {
    this.jobs.set(this.jobs.value.map((job) => (job.id === id ? { ...job, ...update } : job)));
  }

  private end(id: string, status: Job["status"], update: Partial<Job>): void {
    this.controllers.delete(id);
    this.settled.delete(id);
    this.update(id, { ...update, status, etaSeconds: null, endedAt: Date.now() });
  }
}

/** Whether an aborted signal asks for a pause or a cancellation. */
export function stopReason(signal: AbortSignal): StopReason {
  return signal.reason instanceof JobStopped ? signal.reason.reason : "cancelled";
}
