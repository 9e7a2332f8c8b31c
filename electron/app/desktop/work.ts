// What the desktop tells of running work: the question before the end, the share done.
import type { AppSettings } from "../../../shared/domain/settings.ts";
import { count, duration } from "../../../shared/domain/words.ts";
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
  const parts = going.map((job) => `${job.title}: ${count(job.done)} of ${count(job.total)} ${job.unit}`).join("\n");
  return {
    message: others.length === 0 ? `${first.title} is still running.` : `${going.length} things are still running.`,
    detail:
      `${parts}${left > 0 ? `\nAbout ${duration(left)} left.` : ""}\n\n` +
      "In the background it goes on without a window, and tells when it has ended. Paused, what is done is kept: a study goes on by itself at " +
      "the next start, other work when it is started again.",
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
    : going.map(({ title, done, total, unit }) => `${title}: ${count(done)} of ${count(total)} ${unit}`).join(", ");
}
