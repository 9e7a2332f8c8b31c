// Which of the jobs still say something.
import type { Job } from "../../shared/domain/workspace.ts";

/** Of jobs on the same thing the newest one: the others are what led to it. @param jobs newest first */
export function newestJobs(jobs: readonly Job[]): Job[] {
  return jobs.filter((job, i) => jobs.findIndex(({ kind, target }) => kind === job.kind && target === job.target) === i);
}
