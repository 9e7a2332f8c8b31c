// What the desktop tells of running work: the question before the end, the share done, the notices of what has ended.
import type { AppSettings } from "../../../shared/domain/settings.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

const running = (jobs: readonly Job[]) => jobs.filter(({ status }) => status === "running");

/** What the window asks before it closes on running work. */
export interface Question {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/** Answers to the question, in the order of its buttons. */
export const END_ANSWERS = ["background", "pause", "stay"] as const;
export type EndAnswer = (typeof END_ANSWERS)[number];

/** The question; undefined when nothing runs. */
export function endQuestion(jobs: readonly Job[]): Question | undefined {
  const going = running(jobs);
  const [first, ...others] = going;
  if (!first) return undefined;
  const left = going.filter(({ etaSeconds }) => etaSeconds !== null).reduce((most, { etaSeconds }) => Math.max(most, etaSeconds!), 0);
  const parts = going.map((job) => `${job.title}: ${job.done} of ${job.total} ${job.unit}`).join("\n");
  return {
    message: others.length === 0 ? `${first.title} is still running.` : `${going.length} things are still running.`,
    detail:
      `${parts}${left > 0 ? `\nAbout ${minutes(left)} left.` : ""}\n\n` +
      "In the background it goes on without a window, and tells when it has ended. Paused, it stops after a checkpoint and goes on when it is started again.",
    buttons: ["Keep running in the background", "Pause and quit", "Cancel"],
  };
}

/** The answer, where the settings give it already. */
export const settledAnswer = ({ onClose }: Pick<AppSettings, "onClose">): EndAnswer | undefined =>
  onClose === "ask" ? undefined : onClose;

/** The share of all running work that is done, 0..1; -1 (no bar) when nothing runs, 2 (a bar without an end) when nobody can tell. */
export function shareDone(jobs: readonly Job[]): number {
  const going = running(jobs);
  if (going.length === 0) return -1;
  const known = going.filter(({ total }) => total > 0);
  if (known.length === 0) return 2;
  return known.reduce((sum, { done, total }) => sum + Math.min(1, done / total), 0) / known.length;
}

/** A line for the tray. */
export function workLine(jobs: readonly Job[]): string {
  const going = running(jobs);
  return going.length === 0
    ? "Nothing is running"
    : going.map(({ title, done, total, unit }) => `${title}: ${done}/${total} ${unit}`).join(", ");
}

export interface Notice {
  readonly title: string;
  readonly body: string;
  /** Where a click leads. */
  readonly hash: string;
}

/** What has ended between two looks at the jobs, and is worth a notice: what the user stopped is known already. */
export function noticesOf(before: readonly Job[], after: readonly Job[]): Notice[] {
  const wasRunning = new Set(running(before).map(({ id }) => id));
  return after.flatMap((job) => {
    if (!wasRunning.has(job.id) || (job.status !== "finished" && job.status !== "failed")) return [];
    const hash =
      job.kind === "study" ? `#/${job.status === "failed" ? "training" : "comparison"}/${encodeURIComponent(job.target)}` : "#/data";
    const body =
      job.status === "failed"
        ? (job.message ?? "It failed and gave no reason.")
        : `${job.done} ${job.unit} in ${minutes(((job.endedAt ?? job.startedAt) - job.startedAt) / 1000)}`;
    return [{ title: `${job.title}: ${job.status}`, body, hash }];
  });
}

function minutes(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds / 60);
  return whole < 90 ? `${whole} min` : `${Math.floor(whole / 60)} h ${String(whole % 60).padStart(2, "0")} min`;
}
