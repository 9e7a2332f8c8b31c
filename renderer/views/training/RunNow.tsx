// What runs now: which arm, how healthy, how far, how fast, how long still.
import { Button, Group, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHourglass, IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { RunState } from "../../../shared/domain/run-state.ts";
import type { Job, Study } from "../../../shared/domain/workspace.ts";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { showError } from "../../components/notices.tsx";
import { ProgressBar } from "../../components/ProgressBar.tsx";
import { SimulationBadgeOf } from "../../components/SimulationBadge.tsx";
import { Warning } from "../../components/Warning.tsx";
import { useHost, useJobs } from "../../state/host.tsx";
import { formatRoute } from "../../state/router.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { count, counted, duration, rate } from "../../state/words.ts";
import { failuresOf } from "./failures.ts";
import classes from "./RunNow.module.css";

export function RunNow({ live, running }: { live: LiveStudy; running: readonly LiveRun[] }) {
  const jobs = useJobs();
  const job = jobs?.find(({ kind, target, status }) => kind === "study" && target === live.study?.name && status === "running");
  const finished = live.runs.filter(({ state }) => state.status === "finished").length;
  const failed = live.runs.filter(({ state }) => state.status === "failed").length;
  const progress = `${count(finished)} of ${counted(live.runs.length, "run")} finished${failed > 0 ? `, ${count(failed)} failed` : ""}`;
  const [first, ...others] = running;
  if (first) {
    return (
      <section className={classes.card} aria-label="Running now">
        <Running run={first} study={live.study!} job={job} progress={progress} />
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
      <p className={classes.verdict}>
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
  readonly study: Study;
  readonly job: Job | undefined;
  readonly progress: string;
}

function Running({ run, study, job, progress }: RunningProps) {
  const { state } = run;
  const { dataset, pretrain } = study.config;
  const last = state.curve.at(-1);
  const stepsLeft = state.steps - state.step;
  const secondsLeft = last && state.phase === "pretrain" ? (stepsLeft * 2 * pretrain.batchSize) / last.viewsPerSecond : null;
  return (
    <>
      <div className={classes.head}>
        <FamilyMark arm={run.arm} />
        <h2>
          {run.arm}, seed {run.seed}
        </h2>
        <span className={classes.phase}>{phaseText(state)}</span>
        <SimulationBadgeOf dataset={dataset} />
        {job && <CancelButton job={job} />}
      </div>
      <Verdict state={state} />
      <ProgressBar label={`Pretraining of ${run.arm}, seed ${run.seed}`} done={state.step} total={state.steps} />
      <dl className={classes.facts}>
        <Fact name="step" value={state.steps > 0 ? `${count(state.step)} of ${count(state.steps)}` : "..."} />
        <Fact name="epoch" value={last ? last.epoch.toFixed(1) : "..."} />
        <Fact name="loss" value={last ? last.loss.toFixed(2) : "..."} />
        <Fact name="views/s" value={last ? rate(last.viewsPerSecond) : "..."} />
        <Fact name="this run" value={secondsLeft === null ? "..." : `${duration(secondsLeft)} left`} />
        <Fact name="study" value={job?.etaSeconds == null ? "..." : `${duration(job.etaSeconds)} left`} />
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

const VERDICTS = { learning: "Learning", "not learning": "Not learning", collapsing: "Collapsing" } as const;

/** The health of the run as a sentence. */
export function Verdict({ state }: { state: RunState }) {
  const health = state.health.at(-1);
  if (!health) {
    const text =
      state.steps === 0 && state.phase !== "pretrain"
        ? "No pretraining, so no health check."
        : "The first health check comes after some epochs.";
    return (
      <p className={classes.verdict} data-verdict="waiting">
        <IconHourglass size={17} aria-hidden />
        {text}
      </p>
    );
  }
  const Icon = health.verdict === "learning" ? IconCheck : IconAlertTriangle;
  return (
    <p className={classes.verdict} data-verdict={health.verdict}>
      <Icon size={17} aria-hidden />
      <span>
        <strong>{VERDICTS[health.verdict]}</strong>: {health.reason}
      </span>
    </p>
  );
}

function CancelButton({ job }: { job: Job }) {
  const { client } = useHost();
  const cancel = useMutation({
    mutationFn: () => client.job.cancel({ id: job.id }),
    onError: (error) => showError(error, `${job.title} was not cancelled`),
  });
  return (
    <Group gap={6} ml="auto">
      <Tooltip label="Ends the study's work after a checkpoint. Finished runs are kept; it can be run again.">
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconPlayerStop size={13} />}
          disabled={cancel.isPending || cancel.isSuccess}
          onClick={() => cancel.mutate()}
        >
          {cancel.isSuccess ? "Stopping" : "Cancel"}
        </Button>
      </Tooltip>
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
