// Every run of the study with its state: the running first, then in the order of the study.
import { SegmentedControl, VisuallyHidden } from "@mantine/core";
import { memo, useState } from "react";
import type { RunState } from "../../../shared/domain/run-state.ts";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { StatusMark } from "../../components/StatusMark.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import type { LiveRun } from "../../state/study-live.ts";
import { count, score } from "../../state/words.ts";
import classes from "./RunQueue.module.css";

export interface RunQueueProps {
  readonly runs: readonly LiveRun[];
  readonly onPick: (run: LiveRun) => void;
}

type Filter = "all" | "left" | "done" | "failed";
const BELONGS: Readonly<Record<Filter, (state: RunState) => boolean>> = {
  all: () => true,
  left: ({ status }) => status !== "finished" && status !== "failed",
  done: ({ status }) => status === "finished",
  failed: ({ status }) => status === "failed",
};

export function RunQueue({ runs, onPick }: RunQueueProps) {
  const [filter, setFilter] = useState<Filter>("all");
  const chosen = runs.filter(({ state }) => BELONGS[filter](state));
  const isRunning = ({ state }: LiveRun) => state.status === "running";
  const shown = [...chosen.filter(isRunning), ...chosen.filter((run) => !isRunning(run))];
  const label = (of: Filter, name: string) => ({
    value: of,
    label: `${name} ${count(runs.filter(({ state }) => BELONGS[of](state)).length)}`,
  });
  return (
    <Inspector kind="Queue" title={`${count(runs.length)} runs`}>
      <SegmentedControl
        aria-label="Which runs"
        fullWidth
        value={filter}
        onChange={(value) => setFilter(value as Filter)}
        data={[label("all", "all"), label("left", "left"), label("done", "done"), label("failed", "failed")]}
      />
      {shown.length === 0 ? (
        <p className={classes.none}>{filter === "failed" ? "No run failed." : "No run is in this state."}</p>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th>
                <VisuallyHidden>State</VisuallyHidden>
              </th>
              <th>Arm</th>
              <th className={classes.number}>Seed</th>
              <th className={classes.number}>F1</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((run) => (
              <Row key={run.key} run={run} onPick={onPick} />
            ))}
          </tbody>
        </table>
      )}
    </Inspector>
  );
}

const Row = memo(
  function Row({ run, onPick }: { run: LiveRun; onPick: (run: LiveRun) => void }) {
    const { arm, seed, state } = run;
    return (
      <tr className={classes.row} data-status={state.status} onClick={() => onPick(run)} title={state.error?.message}>
        <td className={classes.state}>
          <StatusMark status={state.status} />
        </td>
        <td>
          <span className={classes.arm}>
            <span className={classes.mark}>
              <FamilyMark arm={arm} />
            </span>
            <button type="button" onClick={() => onPick(run)}>
              {arm}
            </button>
          </span>
        </td>
        <td className={classes.number}>{seed}</td>
        <td className={classes.number}>{outcome(state)}</td>
      </tr>
    );
  },
  // A new closure of the same deed draws nothing new.
  (before, after) => before.run === after.run,
);

function outcome(state: RunState): string {
  switch (state.status) {
    case "finished":
      return state.f1 === null ? "no labels" : score(state.f1);
    case "running":
      return state.phase === "finetune" ? "tuning" : state.steps > 0 ? `${Math.floor((state.step / state.steps) * 100)} %` : "starts";
    case "queued":
      return "";
    default:
      return state.status;
  }
}
