// What a study will cost, before it is made: runs, hours, disk, and what would keep it from running.
import { Alert, Loader } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconBan } from "@tabler/icons-react";
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { HostInputs } from "../../../../shared/contract/client.ts";
import type { StudyPlan } from "../../../../shared/domain/workspace.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { Facts } from "../../../components/Section.tsx";
import { Warning } from "../../../components/Warning.tsx";
import { useHost } from "../../../state/host.tsx";
import { words } from "../../../state/setting-fields.ts";
import { bytes, count, counted, duration, rate } from "../../../state/words.ts";
import classes from "./CreateStudy.module.css";

/** `pretrain, batch size` */
const pathText = (path: string) =>
  path
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : words(part)))
    .join(", ");

/** Pause after a change before the host plans anew, ms: it measures some training steps. */
const PAUSE_MS = 600;

/** The plan of a study's settings. @param isValid nothing is asked while the settings are not */
export function useStudyPlan(input: HostInputs["study"]["plan"], isValid: boolean): UseQueryResult<StudyPlan> {
  const { queries } = useHost();
  const [asked] = useDebouncedValue(JSON.stringify(input), PAUSE_MS);
  return useQuery(
    queries.study.plan.queryOptions({
      input: JSON.parse(asked) as HostInputs["study"]["plan"],
      enabled: isValid,
      placeholderData: keepPreviousData,
      staleTime: 60_000,
      retry: false,
    }),
  );
}

export interface PlanSummaryProps {
  readonly plan: UseQueryResult<StudyPlan>;
  readonly isValid: boolean;
  readonly faults: ReadonlyMap<string, string>;
}

export function PlanSummary({ plan, isValid, faults }: PlanSummaryProps) {
  if (!isValid) {
    return (
      <Alert color="red" icon={<IconBan size={18} />} title="Settings to correct">
        <ul className={classes.list}>
          {[...faults].map(([path, message]) => (
            <li key={path}>
              {pathText(path)}: {message}
            </li>
          ))}
        </ul>
      </Alert>
    );
  }
  if (plan.error) return <ErrorNote error={plan.error} onRetry={() => void plan.refetch()} />;
  if (!plan.data) {
    return (
      <div className={classes.facts} role="status">
        <Loader size="sm" />
        <p className={classes.help}>Measuring some training steps with these settings, to tell how long the study takes.</p>
      </div>
    );
  }
  const { data } = plan;
  return (
    <div className={classes.facts} aria-busy={plan.isFetching}>
      <div>
        <p className={classes.big}>{data.seconds === null ? "Time not measured" : `about ${duration(data.seconds)}`}</p>
        <p className={classes.help}>
          {plan.isFetching
            ? "planning anew"
            : data.fullSeconds === null
              ? "for the sweep"
              : `for the sweep, and ${duration(data.fullSeconds)} for the second stage`}
        </p>
      </div>
      <Facts
        facts={[
          ["Runs", `${count(data.runs)}, ${counted(data.arms, "arm")}`],
          ["A run", `${counted(data.stepsPerRun, "step")}, ${counted(data.viewsPerRun, "view")}`],
          [
            "Speed",
            data.viewsPerSecond === null
              ? `not measured ${data.problems.length > 0 ? "before the below is put right" : "while something runs"}`
              : `${rate(data.viewsPerSecond)} views/s, measured here`,
          ],
          ["Disk", `${bytes(data.bytes)} of ${bytes(data.freeBytes)} free`],
          ["Engine", data.engine],
        ]}
      />
      {data.problems.length > 0 && (
        <Alert color="red" icon={<IconBan size={18} />} title="It cannot run like this">
          <ul className={classes.list}>
            {data.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Alert>
      )}
      {data.warnings.length > 0 && (
        <Warning>
          <strong>To keep in mind</strong>
          <ul className={classes.list}>
            {data.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Warning>
      )}
    </div>
  );
}
