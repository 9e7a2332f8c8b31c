// The studies that are worked on one after another: which runs, which wait, in what order, how long each takes.
import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { StudyConfig } from "../../../shared/domain/run-config.ts";
import type { RunPace } from "../../../shared/domain/run-estimate.ts";
import type { QueuedStudy } from "../../../shared/domain/run-queue.ts";
import { showError } from "../../components/notices.tsx";
import { Section } from "../../components/Section.tsx";
import { useHost, useQueue, useStudy, useStudyEstimate } from "../../state/host.tsx";
import { areStepsAlike } from "../../state/queue-estimate.ts";
import { formatRoute } from "../../state/router.ts";
import { counted, duration } from "../../state/words.ts";
import classes from "./StudyQueue.module.css";

const STATES = { running: "running", waiting: "waits", paused: "paused" } as const;

export function StudyQueue() {
  const queue = useQueue();
  const running = useStudy((queue.find(({ state }) => state === "running") ?? queue[0])?.study ?? null);
  const { pace } = useStudyEstimate(running);
  if (queue.length === 0) return null;
  const lender = running.study ? { config: running.study.config, pace } : null;
  return (
    <Section title="Studies, one after another">
      <ol className={classes.list}>
        {queue.map((entry, i) => (
          <Entry key={entry.study} entry={entry} place={i} last={queue.length - 1} lender={lender} />
        ))}
      </ol>
    </Section>
  );
}

interface EntryProps {
  readonly entry: QueuedStudy;
  readonly place: number;
  readonly last: number;
  /** The study that runs, or would go on: what it measured holds for others with steps alike. */
  readonly lender: { readonly config: StudyConfig; readonly pace: RunPace } | null;
}

function Entry({ entry: { study, state }, place, last, lender }: EntryProps) {
  const { client } = useHost();
  const live = useStudy(study);
  const move = useMutation({
    mutationFn: (to: number) => client.queue.move({ study, to }),
    onError: (error) => showError(error, `${study} was not moved`),
  });
  const leave = useMutation({
    mutationFn: () => client.queue.remove({ study }),
    onError: (error) => showError(error, `${study} stays in the queue`),
  });
  const lent = lender && live.study && areStepsAlike(lender.config, live.study.config) ? lender.pace : null;
  const { seconds, runsLeft } = useStudyEstimate(live, lent);
  const time =
    live.status === "loading"
      ? ""
      : seconds === null || seconds < 1
        ? `${counted(runsLeft, "run")}, time not known yet`
        : `about ${duration(seconds)}`;
  return (
    <li className={classes.entry} data-state={state}>
      <a href={formatRoute({ place: "training", subject: study, query: {} })}>{study}</a>
      <span className={classes.what}>
        {STATES[state]}
        {time && `, ${time}`}
      </span>
      <ActionIcon size="sm" aria-label={`${study} sooner`} disabled={place === 0} onClick={() => move.mutate(place - 1)}>
        <IconArrowUp size={14} />
      </ActionIcon>
      <ActionIcon size="sm" aria-label={`${study} later`} disabled={place === last} onClick={() => move.mutate(place + 1)}>
        <IconArrowDown size={14} />
      </ActionIcon>
      <ActionIcon
        size="sm"
        aria-label={`Take ${study} out of the queue`}
        title="Out of the queue; nothing that was learnt is lost"
        disabled={state === "running"}
        onClick={() => leave.mutate()}
      >
        <IconX size={14} />
      </ActionIcon>
    </li>
  );
}
