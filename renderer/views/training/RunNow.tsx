// What runs now: which arm, how healthy, how far, how fast, how long still.
import { Button, Group } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHourglass, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { RunState } from "../../../shared/domain/run-state.ts";
import type { Job } from "../../../shared/domain/workspace.ts";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { SimulationBadgeOf } from "../../components/SimulationBadge.tsx";
import { Warning } from "../../components/Warning.tsx";
import { useHost, useJobs } from "../../state/host.tsx";
import type { QueueEstimate } from "../../state/queue-estimate.ts";
import { formatRoute } from "../../state/router.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { count, counted, duration, rate } from "../../state/words.ts";
import { failuresOf } from "./failures.ts";
import classes from "./RunNow.module.css";
import { verdictOf } from "./verdict.ts";

export interface RunNowProps {
  readonly live: LiveStudy;
  readonly running: readonly LiveRun[];
  readonly estimate: QueueEstimate;
}

export function RunNow({ live, running, estimate }: RunNowProps) {
  const jobs = useJobs();
  const job = jobs?.find(({ kind, target, status }) => kind === "study" && target === live.study?.name && status === "running");
  const finished = live.runs.filter(({ state }) => state.status === "finished").length;
  const failed = live.runs.filter(({ state }) => state.status === "failed").length;
  const progress = `${count(finished)} of ${counted(live.runs.length, "run")} finished${failed > 0 ? `, ${count(failed)} failed` : ""}`;
  const [first, ...others] = running;
  if (first) {
    return (
      <section className={classes.card} aria-label="Running now">
        <Running run={first} live={live} job={job} progress={progress} estimate={estimate} />
        {others.map((run) => (
          <p key={run.key} className={classes.other}>
            Also running: {run.arm}, seed {run.seed}, {sharePercent(run.state)}
          </p>
        ))}
      </section>
    );
  }
  return (
    <section className={classes.card} aria-label="Running now">
      <div className={classes.head}>
        <h2>{job ? "Between two runs" : idleTitle(live)}</h2>
        <SimulationBadgeOf dataset={live.study!.config.dataset} />
        {!job && finished > 0 && (
          <LinkButton ml="auto" variant="default" href={formatRoute({ place: "comparison", subject: live.study!.name, query: {} })}>
            Compare the arms
          </LinkButton>
        )}
      </div>
      <p className={classes.summary}>
        {progress}.{!job && finished < live.runs.length && ` Run at the top ${finished > 0 ? "goes on with" : "starts"} what is left.`}
      </p>
      {failuresOf(live.runs).map(({ message, runs }) => (
        <Warning key={message}>
          {runs} failed: {message}
        </Warning>
      ))}
    </section>
  );
}

function idleTitle({ runs, study }: LiveStudy): string {
  const has = (status: RunState["status"]) => runs.some(({ state }) => state.status === status);
  if (runs.length > 0 && runs.every(({ state }) => state.status === "finished")) return `${study!.name} is finished`;
  if (has("paused") || has("cancelled")) return `${study!.name} is paused`;
  return has("finished") || has("failed") ? `${study!.name} is not running` : `${study!.name} has not started`;
}

interface RunningProps {
  readonly run: LiveRun;
  readonly live: LiveStudy;
  readonly job: Job | undefined;
  readonly progress: string;
  readonly estimate: QueueEstimate;
}

function Running({ run, live, job, progress, estimate }: RunningProps) {
  const { state } = run;
  const { dataset } = live.study!.config;
  const last = state.curve.at(-1);
  const secondsLeft = estimate.runs.get(run.key)?.seconds ?? null;
  return (
    <>
      <div className={classes.head}>
        <FamilyMark arm={run.arm} />
        <h2>
          {run.arm}, seed {run.seed}
        </h2>
        <span className={classes.phase}>{phaseText(state)}</span>
        <SimulationBadgeOf dataset={dataset} />
        {job && <CancelButton job={job} live={live} run={run} />}
      </div>
      <Verdict state={state} />
      <ProgressBar label={`Pretraining of ${run.arm}, seed ${run.seed}`} done={state.step} total={state.steps} />
      <dl className={classes.facts}>
        <Fact name="step" value={state.steps > 0 ? `${count(state.step)} of ${count(state.steps)}` : "..."} />
        <Fact name="epoch" value={last ? last.epoch.toFixed(1) : "..."} />
        <Fact name="loss" value={last ? last.loss.toFixed(2) : "..."} />
        <Fact name="views/s" value={last ? rate(last.viewsPerSecond) : "..."} />
        <Fact name="this run" value={secondsLeft === null ? "..." : `${duration(secondsLeft)} left`} />
        <Fact name="study" value={estimate.seconds === null ? "..." : `${duration(estimate.seconds)} left`} />
        <Fact name="runs" value={progress} />
      </dl>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The health of the run as a sentence, and its reason. */
export function Verdict({ state }: { state: RunState }) {
  const { kind, word, evidence, reason } = verdictOf(state);
  const Icon = kind === "waiting" ? IconHourglass : kind === "learning" ? IconCheck : IconAlertTriangle;
  return (
    <div className={classes.verdict} data-verdict={kind}>
      <Icon size={17} aria-hidden />
      <div>
        <p>
          <strong>{word}</strong>: {evidence}
        </p>
        {reason && <p className={classes.reason}>{reason}</p>}
      </div>
    </div>
  );
}

function CancelButton({ job, live, run }: { job: Job; live: LiveStudy; run: LiveRun }) {
  const { client } = useHost();
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () => client.job.cancel({ id: job.id }),
    onSuccess: () => setAsking(false),
  });
  const finished = live.runs.filter(({ state }) => state.status === "finished").length;
  const left = live.runs.length - finished;
  const { step, steps } = run.state;
  return (
    <Group gap={6} ml="auto">
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<IconPlayerStop size={13} />}
        disabled={cancel.isSuccess}
        onClick={() => setAsking(true)}
      >
        {cancel.isSuccess ? "Stopping" : "Cancel"}
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        title={`Cancel the study ${job.target}?`}
        confirm={`Leave ${counted(left, "run")} undone`}
        refuse="Go on training"
        isPending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>
          {counted(left, "run")} of {count(live.runs.length)} will not be done, and the study leaves the queue.
        </p>
        <p>
          Kept: {counted(finished, "finished run")}; of {run.arm}, seed {run.seed}, what it has learnt
          {steps > 0 ? ` in ${count(step)} of ${counted(steps, "step")}` : " so far"}, as a checkpoint. Run at the top goes on from there at
          any time.
        </p>
      </ConfirmDialog>
    </Group>
  );
}

function phaseText({ phase, detail }: RunState): string {
  const words = { prepare: "preparing", pretrain: "pretraining", finetune: "fine-tuning" }[phase ?? ""] ?? "starting";
  return detail ? `${words}: ${detail}` : words;
}

function sharePercent({ step, steps }: RunState): string {
  return steps > 0 ? `${Math.floor((step / steps) * 100)} %` : "starting";
}
