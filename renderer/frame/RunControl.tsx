// Runs, queues, pauses and goes on with the study in hand.
import { Button, Menu, Tooltip } from "@mantine/core";
import { IconChevronDown, IconClock, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { StudySummary } from "../../shared/domain/workspace.ts";
import { showError } from "../components/notices.tsx";
import { useConnectionState, useHost, useJobs, useQueue } from "../state/host.tsx";
import { counted } from "../state/words.ts";

type Stage = "all" | "sweep" | "full";
const STAGES: readonly { readonly stage: Stage; readonly label: string }[] = [
  { stage: "all", label: "Run sweep, then second stage" },
  { stage: "sweep", label: "Run the sweep only" },
  { stage: "full", label: "Run the second stage only" },
];

export function RunControl({ summary }: { summary: StudySummary }) {
  const { client } = useHost();
  const jobs = useJobs();
  const queue = useQueue();
  const isAway = useConnectionState().kind === "disconnected";
  const [stopping, setStopping] = useState<string | null>(null);
  const job = jobs?.find(({ kind, target, status }) => kind === "study" && target === summary.name && status === "running");
  const run = useMutation({
    mutationFn: (stage: Stage) => client.study.run({ study: summary.name, stage }),
    onError: (error) => showError(error, `${summary.name} was not started`),
  });
  const pause = useMutation({
    mutationFn: () => client.study.pause({ study: summary.name }),
    onMutate: () => setStopping(job?.id ?? null),
    onError: (error) => {
      setStopping(null);
      showError(error, `${summary.name} was not paused`);
    },
  });
  const leave = useMutation({
    mutationFn: () => client.queue.remove({ study: summary.name }),
    onError: (error) => showError(error, `${summary.name} stays in the queue`),
  });
  if (isAway) {
    return (
      <Button w={112} variant="default" disabled>
        Host away
      </Button>
    );
  }
  if (job) {
    const isStopping = stopping === job.id;
    return (
      <Tooltip label="Stops after a checkpoint; nothing that was learnt is lost.">
        <Button w={112} variant="default" leftSection={<IconPlayerPause size={15} />} disabled={isStopping} onClick={() => pause.mutate()}>
          {isStopping ? "Pausing" : "Pause"}
        </Button>
      </Tooltip>
    );
  }
  const queued = queue.find(({ study }) => study === summary.name);
  const other = queue.find(({ state }) => state === "running");
  // Behind a paused study it would wait for ever: it can be run then.
  if (queued?.state === "waiting" && other) {
    const ahead = queue.slice(0, queue.indexOf(queued)).map(({ study }) => study);
    return (
      <Tooltip label={`It starts after ${ahead.join(", ") || "what runs"}. Click to take it out of the queue.`}>
        <Button w={112} variant="default" leftSection={<IconClock size={15} />} loading={leave.isPending} onClick={() => leave.mutate()}>
          Queued
        </Button>
      </Tooltip>
    );
  }
  const word = other ? "Queue" : queued?.state === "paused" ? "Resume" : "Run";
  const remaining = summary.runs - summary.finished;
  const variant = remaining > 0 ? "filled" : "default";
  return (
    <Button.Group>
      <Tooltip
        label={
          (remaining > 0 ? `${counted(remaining, "run")} of the sweep left` : "The sweep is finished. The second stage runs if it is not") +
          (other ? `, after ${other.study}` : "")
        }
      >
        <Button variant={variant} leftSection={<IconPlayerPlay size={15} />} loading={run.isPending} onClick={() => run.mutate("all")}>
          {word}
        </Button>
      </Tooltip>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant={variant} px={6} aria-label="What to run" disabled={run.isPending}>
            <IconChevronDown size={15} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {STAGES.map(({ stage, label }) => (
            <Menu.Item key={stage} onClick={() => run.mutate(stage)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}
