// What is worked on when: studies one after another, and the runs of a study in an order that a user may change. Both lie in files.
import { z } from "zod";

export const RunRef = z.object({ arm: z.string(), seed: z.int() });
export type RunRef = z.infer<typeof RunRef>;

/** One name for a run. */
export const runKey = ({ arm, seed }: RunRef): string => `${arm}/${seed}`;

/** `studies/<study>/queue.json`: what a user changed of the order of runs. Every process that works on the study follows it between two runs. */
export const RunQueue = z.object({
  version: z.literal(1),
  first: z.array(RunRef).describe("runs that come before all others of their stage, in this order"),
  skipped: z.array(RunRef).describe("runs that are left out"),
});
export type RunQueue = z.infer<typeof RunQueue>;

export const EMPTY_RUN_QUEUE: RunQueue = { version: 1, first: [], skipped: [] };

/** Runs with those in front that the queue puts there; the others keep their order. */
export function inQueueOrder<Run extends RunRef>(runs: readonly Run[], { first }: RunQueue): Run[] {
  const places = new Map(first.map((run, i) => [runKey(run), i]));
  const place = (run: Run) => places.get(runKey(run)) ?? first.length;
  return runs.toSorted((a, b) => place(a) - place(b));
}

/** Whether a queue leaves a run out. */
export const isSkipped = ({ skipped }: RunQueue, run: RunRef): boolean => skipped.some((other) => runKey(other) === runKey(run));

/** The list with one element at another place. @param to counted in the result; clamped */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const others = list.toSpliced(from, 1);
  return others.toSpliced(Math.max(0, Math.min(others.length, to)), 0, list[from]!);
}

export const STUDY_STAGES = ["sweep", "full", "all"] as const;
export type StudyStage = (typeof STUDY_STAGES)[number];

/** A study that is worked on, or will be. */
export const QueuedStudy = z.object({
  study: z.string(),
  stage: z.enum(STUDY_STAGES),
  /** `running` also in the file of a host that ended: the next one goes on with it. A `paused` one is not started by itself. */
  state: z.enum(["running", "waiting", "paused"]),
});
export type QueuedStudy = z.infer<typeof QueuedStudy>;

/** `queue/studies.json` of a workspace. */
export const StudyQueueFile = z.object({ version: z.literal(1), studies: z.array(QueuedStudy) });
export type StudyQueueFile = z.infer<typeof StudyQueueFile>;
