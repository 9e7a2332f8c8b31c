// The loss of every arm in cells of one scale, the shown one lit.
import { useThrottledValue } from "@mantine/hooks";
import { useCallback, useMemo, useState } from "react";
import type { RunStatus } from "../../../shared/domain/run-state.ts";
import { lossMultiples } from "../../../shared/figures/loss-curves.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { curveOf } from "./curves.ts";

export interface ArmMultiplesProps {
  readonly live: LiveStudy;
  readonly highlight: string | null;
  readonly onPick: (arm: string) => void;
}

/** The cells are small: they are drawn anew less often than the numbers, ms. */
const REDRAW_MS = 1_500;

export function ArmMultiples({ live, highlight, onPick }: ArmMultiplesProps) {
  const [hovered, setHovered] = useState<string | null>(null);
  const runs = useThrottledValue(live.runs, REDRAW_MS);
  const cells = useMemo(() => cellsOf(runs), [runs]);
  const lit = hovered ?? highlight;
  const draw = useCallback((width: number, theme: FigureTheme) => lossMultiples(cells, { width, theme, highlight: lit }), [cells, lit]);
  const csv = () =>
    csvText(
      ["arm", "seed", "status", "step", "epoch", "loss"],
      live.runs.flatMap(({ arm, seed, state }) =>
        state.curve.map((point) => [arm, seed, state.status, point.step, point.epoch, point.loss]),
      ),
    );
  return (
    <FigurePanel
      title="All arms"
      fileName={`${live.study?.name ?? "study"}-loss-all-arms`}
      draw={draw}
      csv={csv}
      onHover={setHovered}
      onPick={onPick}
      exportWidth={1200}
    />
  );
}

function cellsOf(runs: readonly LiveRun[]) {
  const arms = new Map<string, LiveRun[]>();
  for (const run of runs) arms.set(run.arm, [...(arms.get(run.arm) ?? []), run]);
  return [...arms].map(([arm, own]) => {
    const scores = own.flatMap(({ state }) => (state.f1 === null ? [] : [state.f1]));
    const failed = own.find(({ state }) => state.error !== null);
    return {
      arm,
      status: statusOf(own),
      curves: own.map(curveOf),
      f1: scores.length > 0 ? scores.reduce((sum, f1) => sum + f1, 0) / scores.length : null,
      ...(failed ? { error: failed.state.error!.message } : {}),
    };
  });
}

/** One word for the runs of an arm. */
function statusOf(runs: readonly LiveRun[]): RunStatus {
  const has = (status: RunStatus) => runs.some(({ state }) => state.status === status);
  if (runs.every(({ state }) => state.status === "finished")) return "finished";
  return (["running", "failed", "paused", "cancelled"] as const).find(has) ?? "queued";
}
