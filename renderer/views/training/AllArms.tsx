// Every arm of the study at once: small multiples on one scale, all curves over one another, or the matrix with its scores beside the curves.
import { SegmentedControl } from "@mantine/core";
import { useThrottledValue } from "@mantine/hooks";
import { useCallback, useDeferredValue, useMemo, useSyncExternalStore } from "react";
import type { RunStatus } from "../../../shared/domain/run-state.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import { lossCurves, lossMultiples } from "../../../shared/figures/loss-curves.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import { useStudyResult } from "../../state/statistics.ts";
import type { Store } from "../../state/store.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import classes from "./AllArms.module.css";
import { curveOf } from "./curves.ts";
import type { ArmMode, CurveView } from "./view-state.ts";

export interface AllArmsProps {
  readonly live: LiveStudy;
  readonly view: CurveView;
  /** The arm under the pointer, here or in the queue. */
  readonly hover: Store<string | null>;
  readonly highlight: string | null;
  readonly onPick: (arm: string) => void;
}

/** Many curves are drawn anew less often than the numbers, ms. */
const REDRAW_MS = 1_500;

const MODES: readonly { readonly value: ArmMode; readonly label: string }[] = [
  { value: "cells", label: "small multiples" },
  { value: "overlay", label: "overlay" },
  { value: "matrix", label: "matrix" },
];

export function AllArms({ live, view, hover, highlight, onPick }: AllArmsProps) {
  const hovered = useSyncExternalStore(hover.subscribe, hover.get);
  const runs = useThrottledValue(live.runs, REDRAW_MS);
  // Many curves are drawn, and lit, when there is time between two frames, so that nothing else waits for them.
  const cells = useDeferredValue(useMemo(() => cellsOf(runs), [runs]));
  const { axis, smoothing } = view;
  const mode = useDeferredValue(view.mode);
  const pretrain = live.study!.config.pretrain;
  const viewsPerStep = pretrain.batchSize * pretrain.accumulate * 2;
  const lit = useDeferredValue(hovered ?? highlight);
  const drawCells = useCallback(
    (width: number, theme: FigureTheme) => lossMultiples(cells, { width, theme, highlight: lit, x: axis, viewsPerStep, smoothing }),
    [cells, lit, axis, viewsPerStep, smoothing],
  );
  const curves = useMemo(() => cells.flatMap((cell) => cell.curves), [cells]);
  const drawOverlay = useCallback(
    (width: number, theme: FigureTheme) =>
      lossCurves(curves, { width, theme, height: 360, highlight: lit, x: axis, viewsPerStep, smoothing }),
    [curves, lit, axis, viewsPerStep, smoothing],
  );
  const csv = () =>
    csvText(
      ["arm", "seed", "status", "step", "epoch", "loss"],
      live.runs.flatMap(({ arm, seed, state }) =>
        state.curve.map((point) => [arm, seed, state.status, point.step, point.epoch, point.loss]),
      ),
    );
  const name = live.study?.name ?? "study";
  const shared = { csv, onHover: hover.set, onPick, exportWidth: 1200 };
  return (
    <section className={classes.arms} aria-label="All arms">
      <div className={classes.head}>
        <h2>All arms</h2>
        <SegmentedControl
          aria-label="How all arms are shown"
          data={[...MODES]}
          value={view.mode}
          onChange={(value) => view.setMode(MODES.find((known) => known.value === value)?.value ?? "cells")}
        />
      </div>
      {mode === "cells" && <FigurePanel fileName={`${name}-loss-all-arms`} draw={drawCells} {...shared} />}
      {mode !== "cells" && (
        <div className={classes.pair} data-mode={mode}>
          {mode === "matrix" && <ProgressMatrix live={live} cells={cells} lit={lit} onHover={hover.set} onPick={onPick} />}
          <FigurePanel fileName={`${name}-loss-overlay`} draw={drawOverlay} {...shared} />
        </div>
      )}
    </section>
  );
}

interface ProgressMatrixProps {
  readonly live: LiveStudy;
  readonly cells: ReturnType<typeof cellsOf>;
  readonly lit: string | null;
  readonly onHover: (arm: string | null) => void;
  readonly onPick: (arm: string) => void;
}

/** The matrix fills as arms end; the running one pulses. */
function ProgressMatrix({ live, cells, lit, onHover, onPick }: ProgressMatrixProps) {
  const result = useStudyResult(live);
  const draw = useCallback(
    (width: number, theme: FigureTheme) =>
      coupletMatrix(
        {
          result,
          arms: cells.map(({ arm }) => arm),
          statuses: new Map(cells.map(({ arm, status }) => [arm, status])),
          errors: new Map(cells.flatMap(({ arm, error }) => (error ? [[arm, error] as const] : []))),
        },
        { width, theme, highlight: lit },
      ),
    [result, cells, lit],
  );
  return <FigurePanel fileName={`${live.study?.name ?? "study"}-matrix`} draw={draw} onHover={onHover} onPick={onPick} />;
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
