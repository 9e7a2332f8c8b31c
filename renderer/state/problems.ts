// What went wrong and is not mended yet.
import type { Job, StudySummary } from "../../shared/domain/workspace.ts";

/**
 * Failed jobs that nothing has followed: what was started again counts by its newest try, and a study with failed runs by those.
 * @param jobs newest first
 */
export function failedJobs(jobs: readonly Job[], studies: readonly StudySummary[]): Job[] {
  const keyOf = ({ kind, target }: Job) => `${kind} ${target}`;
  const newest = new Map<string, Job>();
  for (const job of jobs) if (!newest.has(keyOf(job))) newest.set(keyOf(job), job);
  const withFailedRuns = new Set(studies.filter(({ failed }) => failed > 0).map(({ name }) => name));
  return [...newest.values()].filter(
    ({ kind, target, status }) => status === "failed" && !(kind === "study" && withFailedRuns.has(target)),
  );
}
