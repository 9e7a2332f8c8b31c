// How long the study still takes, and why this estimate.
import { Button, Popover, Stack } from "@mantine/core";
import type { RunRef } from "../../../shared/domain/run-queue.ts";
import { Facts } from "../../components/Section.tsx";
import { useNow } from "../../state/host.tsx";
import type { QueueEstimate } from "../../state/queue-estimate.ts";
import type { LiveStudy } from "../../state/study-live.ts";
import { clock, count, counted, duration, rate } from "../../state/words.ts";
import classes from "./QueueTime.module.css";

export interface QueueTimeProps {
  readonly live: LiveStudy;
  readonly estimate: QueueEstimate;
}

export function QueueTime({ live, estimate }: QueueTimeProps) {
  const { seconds, runsLeft } = estimate;
  const isWorking = live.runs.some(({ state }) => state.status === "running");
  const now = useNow(10_000);
  if (runsLeft === 0) return null;
  const failed = live.runs.filter(({ state }) => state.status === "failed").length;
  const left = `${counted(runsLeft, "run")} left`;
  return (
    <div className={classes.time}>
      <p>
        <strong>{seconds === null ? left : `${left}: about ${duration(seconds)}`}</strong>
        {seconds !== null && isWorking && `, over at ${clock(now + seconds * 1000, now)}`}
        {seconds === null && ". The time is known after two steps of a run."}
        {failed > 0 && ` (${counted(failed, "failed run")} not counted)`}
      </p>
      {seconds !== null && (
        <Popover position="bottom-end" withinPortal width={380} trapFocus>
          <Popover.Target>
            <Button size="compact-xs" variant="default">
              Why this estimate
            </Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Why live={live} estimate={estimate} />
          </Popover.Dropdown>
        </Popover>
      )}
    </div>
  );
}

function Why({ live, estimate: { pace, stepsLeft, runsLeft, workers } }: QueueTimeProps) {
  const { pretrain } = live.study!.config;
  const perStep = pace.secondsPerStep!;
  const views = (2 * pretrain.batchSize * pretrain.accumulate) / perStep;
  return (
    <Stack gap="xs" fz="sm">
      <Facts
        facts={[
          ["A step", `${secondsText(perStep)} (${rate(views)} views/s), the median over ${namesOf(pace.stepsFrom)}`],
          ["Steps left", `${count(stepsLeft)} in ${counted(runsLeft, "run")}; the control makes none`],
          [
            "Beside them",
            pace.secondsBeside === null
              ? "not known before a run is finished: preparing and fine-tuning come on top"
              : `${secondsText(pace.secondsBeside)} a run for preparing, health checks and fine-tuning, the median over ${namesOf(pace.besideFrom)}`,
          ],
          ["At once", counted(workers, "run")],
        ]}
      />
      <p className={classes.note}>A running run counts at its own pace. Pauses are not counted, nor are failed runs and those left out.</p>
    </Stack>
  );
}

const secondsText = (seconds: number): string => (seconds < 10 ? `${Number(seconds.toPrecision(2))} s` : duration(seconds));

/** Names that are told; the others are counted. */
const TOLD = 3;

function namesOf(runs: readonly RunRef[]): string {
  const names = runs.slice(0, TOLD).map(({ arm, seed }) => `${arm} (seed ${seed})`);
  const more = runs.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
