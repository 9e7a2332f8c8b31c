// Loss, rate and health of the run that is shown over one axis, with the other seeds of its arm behind it.
import { Button, SegmentedControl, Slider } from "@mantine/core";
import { useThrottledValue } from "@mantine/hooks";
import { useCallback, useDeferredValue, useState } from "react";
import type { Study } from "../../../shared/domain/workspace.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { trainingCurves } from "../../../shared/figures/training-curves.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { curveOf } from "./curves.ts";
import classes from "./RunCurves.module.css";
import { AXES, type CurveView, MOST_SMOOTHING } from "./view-state.ts";

export interface RunCurvesProps {
  readonly run: LiveRun;
  readonly runs: readonly LiveRun[];
  readonly study: Study;
  readonly view: CurveView;
}

/** The curves are drawn anew at most so often while they grow, ms. */
const REDRAW_MS = 500;

export function RunCurves({ run, runs, study, view }: RunCurvesProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const { axis, smoothing, domain } = view;
  const others = runs.filter(({ key, arm, state }) => key !== run.key && arm === run.arm && state.curve.length > 0);
  const grown = useThrottledValue(useStableList(run.state.curve.length > 0 ? [run, ...others] : others), REDRAW_MS);
  const lines = useDeferredValue(grown);
  const viewsPerStep = study.config.pretrain.batchSize * study.config.pretrain.accumulate * 2;
  const draw = useCallback(
    (width: number, theme: FigureTheme) =>
      trainingCurves(
        lines.map((line) => ({ ...curveOf(line), health: line.state.health })),
        { width, theme, x: axis, viewsPerStep, cursor, domain, smoothing },
      ),
    [lines, axis, viewsPerStep, cursor, domain, smoothing],
  );
  const csv = () =>
    csvText(
      ["arm", "seed", "step", "epoch", "at_ms", "loss", "learning_rate", "views_per_second", "feed_wait_ms", ...HEALTH_COLUMNS],
      lines.flatMap(({ arm, seed, state }) => [
        ...state.curve.map((point) => [
          arm,
          seed,
          point.step,
          point.epoch,
          point.at,
          point.loss,
          point.learningRate,
          point.viewsPerSecond,
          point.feedWaitMs,
        ]),
        ...state.health.map((health) => [
          arm,
          seed,
          health.step,
          ...Array<null>(6).fill(null),
          health.embeddingStd,
          health.effectiveRank,
          health.alignment,
          health.uniformity,
          health.knnF1,
          health.verdict,
        ]),
      ]),
    );
  if (run.arm === "random-init") {
    return (
      <p className={classes.none}>
        random-init is the control: its encoder is not pretrained, so there is no loss. It is fine-tuned like every other arm.
      </p>
    );
  }
  if (lines.length === 0) {
    const text =
      run.state.status === "failed"
        ? `${run.arm} failed before its first step, so there is no loss.`
        : "The curves begin with the first steps.";
    return <p className={classes.none}>{text}</p>;
  }
  return (
    <div className={classes.plot}>
      <FigurePanel
        title={`${run.arm}, seed ${run.seed}`}
        fileName={`training-${run.arm}-seed-${run.seed}`}
        draw={draw}
        csv={csv}
        onCursor={setCursor}
        onZoom={view.setDomain}
        aside={<CurveControls view={view} />}
      />
    </div>
  );
}

const HEALTH_COLUMNS = ["embedding_std", "effective_rank", "alignment", "uniformity", "knn_f1", "verdict"];

/** X axis, smoothing, and the way back from a part to all. */
function CurveControls({ view }: { view: CurveView }) {
  return (
    <>
      {view.domain && (
        <Button size="compact-xs" variant="default" title="Double-click, or the key 0" onClick={() => view.setDomain(null)}>
          Whole curve
        </Button>
      )}
      <span id="smoothing-label">smoothing {Math.round(view.smoothing * 100)} %</span>
      <Slider
        aria-labelledby="smoothing-label"
        thumbLabel="Smoothing, share of the curve that is averaged"
        w={96}
        min={0}
        max={MOST_SMOOTHING}
        step={0.01}
        label={null}
        value={view.smoothing}
        onChange={view.setSmoothing}
      />
      <SegmentedControl
        aria-label="X axis"
        data={[...AXES]}
        value={view.axis}
        onChange={(value) => view.setAxis(AXES.find((known) => known.value === value)?.value ?? "epoch")}
      />
    </>
  );
}

/** The same list while its entries are the same. */
export function useStableList<T>(list: readonly T[]): readonly T[] {
  const [kept, keep] = useState(list);
  const isSame = kept.length === list.length && kept.every((item, i) => item === list[i]);
  if (!isSame) keep(list);
  return isSame ? kept : list;
}
