// Studies that are worked on one after another. The list lies in the workspace's `queue/studies.json`, so it outlives the host: what ran when a host
// ended, by a quit or a crash, goes on when the next one opens the workspace.
import { join } from "node:path";
import { AppError } from "../../shared/domain/errors.ts";
import { moved, type QueuedStudy, StudyQueueFile, type StudyStage } from "../../shared/domain/run-queue.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { writeFileAtomic } from "../files/atomic-file.ts";
import { Claimer, type Lease } from "../runs/lease.ts";
import { readJson } from "../runs/run-folder.ts";
import { studyNames } from "../runs/study-store.ts";
import type { JobEnd } from "./jobs.ts";
import { Watched } from "./watched.ts";

/** Starts the work on a study; `onEnd` is called once, when it has ended. */
type Begin = (study: string, stage: StudyStage, onEnd: (end: JobEnd) => void) => Job;

export class StudyQueue {
  /** In the order in which they are worked on. */
  readonly studies = new Watched<QueuedStudy[]>([]);
  private readonly workspace: string;
  private readonly begin: Begin;
  /** Of the file: a second host on the workspace keeps its list to itself. */
  private lease: Lease | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isKept = false;

  constructor(workspace: string, begin: Begin) {
    this.workspace = workspace;
    this.begin = begin;
  }

  private get path(): string {
    return join(this.workspace, "queue", "studies.json");
  }

  /** Reads the list of the host before, and goes on with what it was working on. */
  async open(): Promise<void> {
    this.lease = await new Claimer().claim(join(this.workspace, "queue")).catch(() => undefined);
    if (!this.lease) return;
    const known = await readJson(this.path, StudyQueueFile).catch(() => undefined);
    const names = await studyNames(this.workspace);
    const left = (known?.studies ?? []).filter(({ study }) => names.includes(study));
    if (left.length > 0) this.set(left);
    for (const { study, stage, state } of left) if (state === "running") this.start(study, stage);
  }

  has(study: string): boolean {
    return this.studies.value.some((entry) => entry.study === study && entry.state !== "paused");
  }

  /**
   * Puts a study at the end, or starts it when nothing runs. A paused one goes on, and one that waits behind a paused one.
   * @throws AppError BUSY when it runs already, or waits for one that runs
   */
  add(study: string, stage: StudyStage): QueuedStudy {
    const isFree = !this.studies.value.some(({ state }) => state === "running");
    if (this.has(study) && !isFree) throw new AppError("BUSY", `The study ${study} is in the queue already.`, { data: { study } });
    const others = this.studies.value.filter((entry) => entry.study !== study);
    const entry: QueuedStudy = { study, stage, state: "waiting" };
    this.set(isFree ? [entry, ...others] : [...others, entry]);
    return isFree ? this.start(study, stage) : entry;
  }

  /** Puts a study at another place. What runs goes on running. */
  move(study: string, to: number): void {
    const from = this.studies.value.findIndex((entry) => entry.study === study);
    if (from >= 0) this.set(moved(this.studies.value, from, to));
  }

  /** Takes a study out that is not running; that of a running one ends with its job. */
  remove(study: string): void {
    this.set(this.studies.value.filter((entry) => entry.study !== study || entry.state === "running"));
  }

  /** The host is about to end: what is stopped from now on stays in the file as running. */
  keep(): void {
    this.isKept = true;
  }

  /** After `keep`, when everything has stopped. */
  async close(): Promise<void> {
    await this.writing;
    await this.lease?.release();
  }

  private start(study: string, stage: StudyStage): QueuedStudy {
    this.begin(study, stage, (end) => this.ended(study, end));
    const entry: QueuedStudy = { study, stage, state: "running" };
    this.set(this.studies.value.map((other) => (other.study === study ? entry : other)));
    return entry;
  }

  private ended(study: string, end: JobEnd): void {
    if (this.isKept) return;
    if (end === "paused") {
      // Whoever pauses wants the machine: nothing else is started.
      this.set(this.studies.value.map((entry) => (entry.study === study ? { ...entry, state: "paused" } : entry)));
      return;
    }
    this.set(this.studies.value.filter((entry) => entry.study !== study));
    const next = this.studies.value.find(({ state }) => state === "waiting");
    if (next) this.start(next.study, next.stage);
  }

  private set(studies: QueuedStudy[]): void {
    this.studies.set(studies);
    if (!this.lease) return;
    const text = `${JSON.stringify({ version: 1, studies } satisfies StudyQueueFile, null, 2)}\n`;
    this.writing = this.writing.then(() => writeFileAtomic(this.path, text)).catch((error: unknown) => console.error(error));
  }
}
