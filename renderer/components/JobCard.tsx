// One job: how far, how fast, how long still, and its end.
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconPlayerPause, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { Problem } from "../../shared/domain/dataset.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { useHost } from "../state/host.tsx";
import { count, counted, duration, rate } from "../state/words.ts";
import classes from "./JobCard.module.css";
import { showError } from "./notices.tsx";
import { ProgressBar } from "./ProgressBar.tsx";

export function JobCard({ job }: { job: Job }) {
  const { client } = useHost();
  const cancel = useMutation({
    mutationFn: () => client.job.cancel({ id: job.id }),
    onError: (error) => showError(error, `${job.title} was not cancelled`),
  });
  const pause = useMutation({
    mutationFn: () => client.job.pause({ id: job.id }),
    onError: (error) => showError(error, `${job.title} was not paused`),
  });
  const isStopping = cancel.isPending || cancel.isSuccess || pause.isPending || pause.isSuccess;
  return (
    <div className={classes.card} data-status={job.status}>
      <div className={classes.head}>
        {job.status === "finished" && <IconCheck size={16} aria-hidden />}
        {job.status === "failed" && <IconAlertTriangle size={16} aria-hidden />}
        {(job.status === "paused" || job.status === "cancelled") && <IconPlayerPause size={16} aria-hidden />}
        <strong>{job.title}</strong>
        {job.status === "running" && job.kind === "ingest" && (
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<IconPlayerPause size={13} />}
            disabled={isStopping}
            onClick={() => pause.mutate()}
          >
            {pause.isSuccess ? "Pausing" : "Pause"}
          </Button>
        )}
        {job.status === "running" && (
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<IconPlayerStop size={13} />}
            disabled={isStopping}
            onClick={() => cancel.mutate()}
          >
            {cancel.isSuccess ? "Stopping" : "Cancel"}
          </Button>
        )}
      </div>
      {job.status === "running" && <ProgressBar label={job.title} done={job.done} total={job.total} />}
      <p className={classes.line}>{lineOf(job)}</p>
      <Reasons title={`${counted(job.skipped, "problem")}: what is skipped, and why`} problems={job.problems} />
      <Reasons title={`${counted(job.changed.length, "file")} changed or gone since`} problems={job.changed} />
    </div>
  );
}

function Reasons({ title, problems }: { title: string; problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <details className={classes.changed}>
      <summary>{title}</summary>
      <ul>
        {problems.map(({ path, reason }) => (
          <li key={`${path} ${reason}`}>
            <strong>{path}</strong> {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

function lineOf(job: Job): string {
  const skipped = job.skipped > 0 ? `, ${count(job.skipped)} skipped` : "";
  const done = `${count(job.done)} of ${count(job.total)} ${job.unit}`;
  switch (job.status) {
    case "running": {
      if (job.total === 0) return job.message ?? "starting";
      const speed = job.rate === null ? "" : `, ${rate(job.rate)} ${job.unit}/s`;
      const left = job.etaSeconds === null ? "" : `, ${duration(job.etaSeconds)} left`;
      return `${done}${speed}${left}${skipped}`;
    }
    case "finished":
      if (job.message !== null) return `${job.message}${skipped}.`;
      return `${counted(job.done, job.unit, job.unit)} in ${duration(((job.endedAt ?? job.startedAt) - job.startedAt) / 1000)}${skipped}`;
    case "failed":
      return job.message ?? "It failed and gave no reason.";
    case "cancelled":
      if (job.total === 0) return "Cancelled before anything was read.";
      return `Cancelled after ${done}. What was done is kept; starting it again goes on from there.`;
    case "paused":
      return job.total === 0 ? "Paused before anything was read." : `Paused after ${done}${skipped}. What was done is kept.`;
  }
}
