// Why runs failed, each reason once.
import type { LiveRun } from "../../state/study-live.ts";

export interface Failure {
  readonly message: string;
  /** The runs in words: `blur+gain, seed 1`, or `blur+gain, seed 1 and 40 more`. */
  readonly runs: string;
}

/** Reasons that are told; what else failed can be picked in the queue. */
const SHOWN = 3;

/** The commonest reasons first. */
export function failuresOf(runs: readonly LiveRun[]): readonly Failure[] {
  const byMessage = new Map<string, LiveRun[]>();
  for (const run of runs) {
    if (run.state.status !== "failed" || !run.state.error) continue;
    const { message } = run.state.error;
    byMessage.set(message, [...(byMessage.get(message) ?? []), run]);
  }
  return [...byMessage]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, SHOWN)
    .map(([message, [first, ...others]]) => ({
      message,
      runs: `${first!.arm}, seed ${first!.seed}${others.length > 0 ? ` and ${others.length} more` : ""}`,
    }));
}
