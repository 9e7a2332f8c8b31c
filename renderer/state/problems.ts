// What went wrong and is not mended yet.
import type { Job, StudySummary } from "../../shared/domain/workspace.ts";
import { newestJobs } from "./jobs.ts";

/**
 * Failed jobs that nothing has followed: what was started again counts by its newest try, and a study with failed runs by those.
 * @param jobs newest first
 */
export function failedJobs(jobs: readonly Job[], studies: readonly StudySummary[]): Job[] {
  const withFailedRuns = new Set(studies.filter(({ failed }) => failed > 0).map(({ name }) => name));
  return newestJobs(jobs).filter(({ kind, target, status }) => status === "failed" && !(kind === "study" && withFailedRuns.has(target)));
}
