// What always can be read: the connection, the engine, the rate, what runs and what remains, what went wrong.
import { Anchor, Popover, Stack } from "@mantine/core";
import { IconAlertTriangle, IconCpu } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { jobHash } from "../../shared/domain/notices.ts";
import type { Job } from "../../shared/domain/workspace.ts";
import { useConnectionState, useHost, useJobs, useNow, useStudy, useStudyEstimate, useWorkspace } from "../state/host.tsx";
import { failedJobs } from "../state/problems.ts";
import { formatRoute } from "../state/router.ts";
import { count, counted, duration, rate } from "../state/words.ts";
import { EngineChecks } from "./EngineChecks.tsx";
import classes from "./Frame.module.css";

export function StatusLine() {
  const jobs = useJobs();
  const isConnected = useConnectionState().kind === "connected";
  const running = jobs?.filter(({ status }) => status === "running") ?? [];
  return (
    <footer className={classes.status}>
      <ConnectionItem />
      <EngineItem />
      {isConnected && running.map((job) => <RunningItem key={job.id} job={job} />)}
      {isConnected && jobs && running.length === 0 && <IdleItem />}
      <ProblemsItem jobs={jobs ?? []} />
    </footer>
  );
}

function ConnectionItem() {
  const state = useConnectionState();
  const { connection } = useHost();
  if (state.kind === "connected") {
    return (
      <span className={classes.statusItem} title="Connected to the host">
        <span className={classes.dot} data-state="connected" role="img" aria-label="connected" />
      </span>
    );
  }
  if (state.kind === "connecting") {
    return (
      <span className={classes.statusItem} role="status">
        <span className={classes.dot} /> connecting
      </span>
    );
  }
  if (state.retryAt === null && connection.door.kind === "browser") {
    return (
      <span className={classes.statusItem} data-kind="failure" role="alert">
        <span className={classes.dot} data-state="disconnected" /> the host was started anew: open the address that it printed
      </span>
    );
  }
  return (
    <button
      type="button"
      className={classes.statusItem}
      data-kind="failure"
      title="Try now. Runs go on without this window as long as the host runs."
      onClick={() => (state.retryAt === null ? window.location.reload() : connection.retry())}
    >
      <span className={classes.dot} data-state="disconnected" />
      {state.retryAt === null ? "disconnected; load the window again" : <Retrying at={state.retryAt} />}
    </button>
  );
}

function Retrying({ at }: { at: number }) {
  const now = useNow(500);
  const seconds = Math.max(0, Math.ceil((at - now) / 1000));
  return <>disconnected, retrying{seconds > 0 ? ` in ${seconds} s` : ""}</>;
}

function EngineItem() {
  const { queries } = useHost();
  const info = useQuery(queries.app.info.queryOptions({ staleTime: Number.POSITIVE_INFINITY }));
  const [isOpen, setOpen] = useState(false);
  if (!info.data && info.isError) {
    return (
      <a className={classes.statusItem} data-kind="failure" href={formatRoute({ place: "settings", subject: null, query: {} })}>
        <IconAlertTriangle size={14} aria-hidden /> no engine
      </a>
    );
  }
  if (!info.data) return <span className={classes.statusItem}>looking for the engine</span>;
  const { engine, version } = info.data;
  const threads = engine.device === "cpu" ? `, ${counted(engine.threads, "thread")}` : "";
  return (
    <Popover opened={isOpen} onChange={setOpen} position="top-start" withinPortal>
      <Popover.Target>
        <button
          type="button"
          className={classes.statusItem}
          title={engine.reason ? `A faster engine is not used: ${engine.reason}` : "The compute engine in use"}
          onClick={() => setOpen(!isOpen)}
        >
          <IconCpu size={15} stroke={1.6} aria-hidden />
          {engine.name} {engine.version}, {engine.device.toUpperCase()}
          {threads}
          {engine.reason && <IconAlertTriangle size={14} aria-label="a faster engine is not used" />}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.checks}>{isOpen && <EngineChecks engine={engine} version={version} />}</div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** No job of this host runs; another process may work on the workspace. */
function IdleItem() {
  const elsewhere = useWorkspace()?.studies.filter((study) => study.running > 0) ?? [];
  if (elsewhere.length === 0) return <span className={classes.statusItem}>nothing is running</span>;
  return elsewhere.map(({ name, running }) => (
    <a key={name} className={classes.statusItem} href={formatRoute({ place: "training", subject: name, query: {} })} data-kind="running">
      {name}: {counted(running, "run")} in another process
    </a>
  ));
}

function RunningItem({ job }: { job: Job }) {
  return job.kind === "study" ? <RunningStudy job={job} /> : <Running job={job} seconds={job.etaSeconds} />;
}

/** A study's time is told as its queue tells it. */
function RunningStudy({ job }: { job: Job }) {
  const { seconds } = useStudyEstimate(useStudy(job.target));
  return <Running job={job} seconds={seconds} />;
}

function Running({ job, seconds }: { job: Job; seconds: number | null }) {
  const route = jobHash(job);
  const share = job.total > 0 ? Math.min(1, job.done / job.total) : 0;
  const unit = job.kind === "study" ? "views" : job.unit;
  return (
    <>
      {job.rate !== null && (
        <a className={classes.statusItem} href={route}>
          {rate(job.rate)} {unit}/s
        </a>
      )}
      <a className={classes.statusItem} href={route} data-kind="running">
        <span className={classes.meter} aria-hidden>
          <span style={{ width: `${share * 100}%` }} />
        </span>
        {job.title}: {job.total > 0 ? `${count(job.done)}/${count(job.total)} ${job.unit}` : "starting"}
        {seconds !== null && `, ${duration(seconds)} left`}
      </a>
    </>
  );
}

/** What went wrong: jobs of this host, and runs that failed, whichever process ran them. */
function ProblemsItem({ jobs }: { jobs: readonly Job[] }) {
  const all = useWorkspace()?.studies ?? [];
  const studies = all.filter((study) => study.failed > 0);
  const failed = failedJobs(jobs, all);
  const problems = failed.length + studies.reduce((sum, study) => sum + study.failed, 0);
  if (problems === 0) return <span className={`${classes.statusItem} ${classes.statusEnd}`}>no problems</span>;
  return (
    <Popover position="top-end" withinPortal width={460}>
      <Popover.Target>
        <button type="button" className={`${classes.statusItem} ${classes.statusEnd}`} data-kind="failure">
          <IconAlertTriangle size={14} aria-hidden />
          {counted(problems, "problem")}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {studies.map(({ name, failed: runs }) => (
            <div key={name}>
              <strong>
                {counted(runs, "run")} of {name} failed
              </strong>
              <p>
                <Anchor size="sm" href={formatRoute({ place: "training", subject: name, query: { runs: "failed" } })}>
                  Why, and retry
                </Anchor>
              </p>
            </div>
          ))}
          {failed.map((job) => (
            <div key={job.id}>
              <strong>{job.title}</strong>
              <p>{job.message}</p>
            </div>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
