// What runs now: which arm, how healthy, how far, how fast, how long still.
import { Button, Group } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHourglass, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { QueuedStudy } from "../../../shared/domain/run-queue.ts";
import type { RunState } from "../../../shared/domain/run-state.ts";
import type { Job } from "../../../shared/domain/workspace.ts";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { SimulationBadgeOf } from "../../components/SimulationBadge.tsx";
import { Warning } from "../../components/Warning.tsx";
import { useConnectionState, useHost, useJobs, useQueue } from "../../state/host.tsx";
import type { QueueEstimate } from "../../state/queue-estimate.ts";
import { formatRoute } from "../../state/router.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { clock, count, counted, duration, rate } from "../../state/words.ts";
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
  const queue = useQueue();
  const job = jobs?.find(({ kind, target, status }) => kind === "study" && target === live.study?.name && status === "running");
  const finished = live.runs.filter(({ state }) => state.status === "finished").length;
  const failed = live.runs.filter(({ state }) => state.status === "failed").length;
  const progress = `${count(finished)} of ${counted(live.runs.length, "run")} finished${failed > 0 ? `, ${count(failed)} failed` : ""}`;
  const [first = null, ...others] = running;
  if (first || job) {
    return (
      <section className={classes.card} aria-label="Running now">
        <Head run={first} live={live} job={job} />
        {first ? (
          <Running run={first} progress={progress} estimate={estimate} />
        ) : (
          <BetweenRuns job={job!} progress={progress} estimate={estimate} />
        )}
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
        <h2>{idleTitle(live)}</h2>
        <SimulationBadgeOf dataset={live.study!.config.dataset} />
        {finished > 0 && (
          <LinkButton ml="auto" variant="default" href={formatRoute({ place: "comparison", subject: live.study!.name, query: {} })}>
            Compare the arms
          </LinkButton>
        )}
      </div>
      <p className={classes.summary}>
        {progress}.{finished < live.runs.length && ` ${nextStep(queue, live.study!.name, finished > 0)}`}
      </p>
      {failuresOf(live.runs).map(({ message, runs }) => (
        <Warning key={message}>
          {runs} failed: {message}
        </Warning>
      ))}
    </section>
  );
}

/** What makes a study go on that does not run. */
function nextStep(queue: readonly QueuedStudy[], study: string, hasBegun: boolean): string {
  const running = queue.find(({ state }) => state === "running");
  const own = queue.find((entry) => entry.study === study);
  if (running && own?.state === "waiting") return `It waits in the queue while ${running.study} runs.`;
  const button = running ? "Queue" : own?.state === "paused" ? "Resume" : "Run";
  return `${button} at the top ${hasBegun ? "goes on with" : "starts"} what is left${running ? ` after ${running.study}` : ""}.`;
}

function idleTitle({ runs, study }: LiveStudy): string {
  const has = (status: RunState["status"]) => runs.some(({ state }) => state.status === status);
  if (runs.length > 0 && runs.every(({ state }) => state.status === "finished")) return `${study!.name} is finished`;
  if (has("paused") || has("cancelled")) return `${study!.name} is paused`;
  return has("finished") || has("failed") ? `${study!.name} is not running` : `${study!.name} has not started`;
}

interface HeadProps {
  /** Null between two runs. */
  readonly run: LiveRun | null;
  readonly live: LiveStudy;
  readonly job: Job | undefined;
}

/** The same from run to run, so that a question that is open stays open. */
function Head({ run, live, job }: HeadProps) {
  const isAway = useConnectionState().kind === "disconnected";
  return (
    <div className={classes.head}>
      {run && <FamilyMark arm={run.arm} />}
      <h2>{run ? `${run.arm}, seed ${run.seed}` : "Between two runs"}</h2>
      {run && (
        <span className={classes.phase}>
          {isAway && run.state.updatedAt !== null
            ? `last heard of at ${clock(run.state.updatedAt)}: the host is away`
            : phaseText(run.state)}
        </span>
      )}
      <SimulationBadgeOf dataset={live.study!.config.dataset} />
      {job && <CancelButton job={job} live={live} run={run} />}
    </div>
  );
}

interface RunningProps {
  readonly run: LiveRun;
  readonly progress: string;
  readonly estimate: QueueEstimate;
}

function Running({ run, progress, estimate }: RunningProps) {
  const { state } = run;
  const last = state.curve.at(-1);
  const secondsLeft = estimate.runs.get(run.key)?.seconds ?? null;
  return (
    <>
      <Verdict run={run} />
      <ProgressBar label={`Pretraining of ${run.arm}, seed ${run.seed}`} done={state.step} total={state.steps} />
      <dl className={classes.facts}>
        <Fact name="step" value={state.steps > 0 ? `${count(state.step)} of ${count(state.steps)}` : UNKNOWN} />
        <Fact name="epoch" value={last ? last.epoch.toFixed(1) : UNKNOWN} />
        <Fact name="loss" value={last ? last.loss.toFixed(2) : UNKNOWN} />
        <Fact name="views/s" value={last ? rate(last.viewsPerSecond) : UNKNOWN} />
        <Fact name="this run" value={secondsLeft === null ? UNKNOWN : `${duration(secondsLeft)} left`} />
        <Fact name="study" value={estimate.seconds === null ? UNKNOWN : `${duration(estimate.seconds)} left`} />
        <Fact name="runs" value={progress} />
      </dl>
    </>
  );
}

/** A value that is not known yet. */
const UNKNOWN = "...";

/** As tall as a running run, so that nothing below moves. */
function BetweenRuns({ job, progress, estimate }: Omit<RunningProps, "run"> & { readonly job: Job }) {
  return (
    <>
      <div className={classes.verdict} data-verdict="waiting">
        <IconHourglass size={17} aria-hidden />
        <p>{job.message?.startsWith("waiting") ? `It is ${job.message}.` : "The next run is about to begin."}</p>
      </div>
      <ProgressBar label="The next run" done={0} total={0} />
      <dl className={classes.facts}>
        <Fact name="study" value={estimate.seconds === null ? UNKNOWN : `${duration(estimate.seconds)} left`} />
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
export function Verdict({ run }: { run: LiveRun }) {
  const { kind, word, evidence, reason } = verdictOf(run);
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

function CancelButton({ job, live, run }: HeadProps & { readonly job: Job }) {
  const { client } = useHost();
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () => client.job.cancel({ id: job.id }),
    onSuccess: () => setAsking(false),
  });
  const finished = live.runs.filter(({ state }) => state.status === "finished").length;
  const left = live.runs.length - finished;
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
          Kept: {counted(finished, "finished run")}
          {run && `; of ${run.arm}, seed ${run.seed}, what it has learnt ${learntText(run.state)}, as a checkpoint`}. Run at the top goes on
          from there at any time.
        </p>
      </ConfirmDialog>
    </Group>
  );
}

const learntText = ({ step, steps }: RunState) => (steps > 0 ? `in ${count(step)} of ${counted(steps, "step")}` : "so far");

function phaseText({ phase, detail }: RunState): string {
  const words = { prepare: "preparing", pretrain: "pretraining", finetune: "fine-tuning" }[phase ?? ""] ?? "starting";
  return detail ? `${words}: ${detail}` : words;
}

function sharePercent({ step, steps }: RunState): string {
  return steps > 0 ? `${Math.floor((step / steps) * 100)} %` : "starting";
}
