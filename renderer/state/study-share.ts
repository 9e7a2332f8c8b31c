// How far the running study is, for the window's title and icon.
import type { Job } from "../../shared/domain/workspace.ts";

/** The running study's share, 0..1; null when none runs. */
export function runningShare(jobs: readonly Job[]): { readonly share: number; readonly study: string } | null {
  const job = jobs.find(({ kind, status }) => kind === "study" && status === "running");
  return job ? { study: job.target, share: job.total > 0 ? Math.min(1, job.done / job.total) : 0 } : null;
}
