// Loss and health of the run that is shown, with the other seeds of its arm behind it.
import { SegmentedControl } from "@mantine/core";
import { useCallback, useState } from "react";
import type { Study } from "../../../shared/domain/workspace.ts";
import { healthCurves } from "../../../shared/figures/health-curves.ts";
import { lossCurves, type XAxis } from "../../../shared/figures/loss-curves.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { curveOf } from "./curves.ts";
import classes from "./RunCurves.module.css";

export interface RunCurvesProps {
  readonly run: LiveRun;
  readonly runs: readonly LiveRun[];
  readonly study: Study;
}

const AXES: readonly { readonly value: XAxis; readonly label: string }[] = [
  { value: "epoch", label: "epochs" },
  { value: "views", label: "views" },
  { value: "minutes", label: "minutes" },
];

export function RunCurves({ run, runs, study }: RunCurvesProps) {
  const [axis, setAxis] = useState<XAxis>("epoch");
  const [cursor, setCursor] = useState<number | null>(null);
  const [domain, setDomain] = useState<readonly [number, number] | undefined>(undefined);
  const own = runs.filter(({ arm, state }) => arm === run.arm && state.curve.length > 0);
  const lines = useStableList(own);
  const viewsPerStep = study.config.pretrain.batchSize * 2;
  const { state } = run;
  // A curve that grew is another array; runs of the arm without one are not drawn.
  const drawLoss = useCallback(
    (width: number, theme: FigureTheme) =>
      lossCurves(lines.map(curveOf), { width, theme, height: 270, x: axis, viewsPerStep, cursor, domain }),
    [lines, axis, viewsPerStep, cursor, domain],
  );
  const last = state.curve.at(-1);
  const stepsPerEpoch = last && last.epoch > 0 ? Math.round(last.step / last.epoch) : undefined;
  const drawHealth = useCallback(
    (width: number, theme: FigureTheme) =>
      healthCurves([{ arm: run.arm, seed: run.seed, health: state.health }], { width, theme, stepsPerEpoch }),
    [run.arm, run.seed, state.health, stepsPerEpoch],
  );
  const name = `${run.arm}-seed-${run.seed}`;
  const lossCsv = () =>
    csvText(
      ["arm", "seed", "step", "epoch", "loss", "learning_rate", "views_per_second", "at_ms"],
      own.flatMap(({ arm, seed, state: { curve } }) =>
        curve.map((point) => [arm, seed, point.step, point.epoch, point.loss, point.learningRate, point.viewsPerSecond, point.at]),
      ),
    );
  const healthCsv = () =>
    csvText(
      ["arm", "seed", "step", "embedding_std", "effective_rank", "alignment", "uniformity", "knn_f1", "verdict"],
      state.health.map((health) => [
        run.arm,
        run.seed,
        health.step,
        health.embeddingStd,
        health.effectiveRank,
        health.alignment,
        health.uniformity,
        health.knnF1,
        health.verdict,
      ]),
    );
  if (run.arm === "random-init") {
    return (
      <p className={classes.none}>
        random-init is the control: its encoder is not pretrained, so there is no loss. It is fine-tuned like every other arm.
      </p>
    );
  }
  if (own.length === 0 && state.status === "failed") {
    return <p className={classes.none}>{run.arm} failed before its first step, so there is no loss.</p>;
  }
  return (
    <div className={classes.curves}>
      <div className={classes.plot}>
        <FigurePanel
          title={`Loss of ${run.arm}`}
          fileName={`loss-${name}`}
          draw={drawLoss}
          csv={lossCsv}
          onCursor={setCursor}
          onZoom={(part) => setDomain(part ?? undefined)}
          aside={
            <>
              {domain && <span>double-click: whole curve</span>}
              <SegmentedControl
                aria-label="X axis"
                data={[...AXES]}
                value={axis}
                onChange={(value) => {
                  setDomain(undefined);
                  setAxis(AXES.find((known) => known.value === value)?.value ?? "epoch");
                }}
              />
            </>
          }
        />
      </div>
      {state.health.length > 0 && (
        <FigurePanel title={`Health of ${run.arm}, seed ${run.seed}`} fileName={`health-${name}`} draw={drawHealth} csv={healthCsv} />
      )}
    </div>
  );
}

/** The same list while its entries are the same. */
function useStableList<T>(list: readonly T[]): readonly T[] {
  const [kept, keep] = useState(list);
  const isSame = kept.length === list.length && kept.every((item, i) => item === list[i]);
  if (!isSame) keep(list);
  return isSame ? kept : list;
}
