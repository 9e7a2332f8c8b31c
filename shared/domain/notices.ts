// What is told when work has ended by itself: once for each job that was seen running, in the same words by the window and by the system.
import { count, duration } from "./words.ts";
import type { Job } from "./workspace.ts";

export interface Notice {
  readonly kind: Job["kind"];
  readonly isFailure: boolean;
  readonly title: string;
  readonly body: string;
  /** Where a click leads. */
  readonly hash: string;
}

/** Jobs that ended between two lists. What was paused or cancelled was asked for, so nobody has to be told. */
export function noticesOf(before: readonly Job[], after: readonly Job[]): Notice[] {
  const running = new Set(before.filter(({ status }) => status === "running").map(({ id }) => id));
  return after.flatMap((job): Notice[] => {
    if (!running.has(job.id) || (job.status !== "finished" && job.status !== "failed")) return [];
    const isFailure = job.status === "failed";
    return [
      {
        kind: job.kind,
        isFailure,
        title: titleOf(job),
        body: isFailure ? (job.message ?? "It gave no reason.") : endText(job),
        hash: job.kind === "study" && !isFailure ? `#/comparison/${encodeURIComponent(job.target)}` : jobHash(job),
      },
    ];
  });
}

function titleOf({ kind, target, title, status }: Job): string {
  if (kind === "study") return status === "failed" ? `${target} stopped` : `${target} is finished`;
  return `${title}: ${status}`;
}

function endText({ kind, done, unit, startedAt, endedAt, message }: Job): string {
  if (kind !== "study" && message !== null) return `${message}.`;
  return `${count(done)} ${unit}${kind === "study" ? " are over," : ""} in ${duration(((endedAt ?? startedAt) - startedAt) / 1000)}.`;
}

/** The route at which a job is looked at. */
export function jobHash({ kind, target }: Pick<Job, "kind" | "target">): string {
  if (kind === "study") return `#/training/${encodeURIComponent(target)}`;
  if (kind !== "embedding") return "#/data";
  const [study = "", arm = "", seed = "", stage = ""] = target.split("/");
  return `#/embeddings/${encodeURIComponent(study)}?${new URLSearchParams({ arm, seed: seed.replace("seed-", ""), stage })}`;
}
