// What is told when a study has ended: once for each job that was seen running.
import type { Job } from "../../shared/domain/workspace.ts";
import { count, duration } from "./words.ts";

export interface StudyEnd {
  readonly study: string;
  readonly isFailure: boolean;
  readonly title: string;
  readonly body: string;
}

/** Jobs that ended between two lists, in words. A pause or a cancellation was asked for, so nobody has to be told. */
export function studyEnds(before: readonly Job[], after: readonly Job[]): StudyEnd[] {
  const running = new Set(before.filter(({ status }) => status === "running").map(({ id }) => id));
  return after.flatMap((job): StudyEnd[] => {
    if (job.kind !== "study" || !running.has(job.id)) return [];
    const took = duration(((job.endedAt ?? job.startedAt) - job.startedAt) / 1000);
    if (job.status === "finished")
      return [
        {
          study: job.target,
          isFailure: false,
          title: `${job.target} is finished`,
          body: `${count(job.total)} runs of this stage are over, in ${took}.`,
        },
      ];
    if (job.status === "failed")
      return [{ study: job.target, isFailure: true, title: `${job.target} stopped`, body: job.message ?? "It gave no reason." }];
    return [];
  });
}

/** The running study's share, 0..1; null when none runs. */
export function runningShare(jobs: readonly Job[]): { readonly share: number; readonly study: string } | null {
  const job = jobs.find(({ kind, status }) => kind === "study" && status === "running");
  return job ? { study: job.target, share: job.total > 0 ? Math.min(1, job.done / job.total) : 0 } : null;
}
