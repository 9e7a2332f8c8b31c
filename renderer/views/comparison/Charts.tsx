// The charts of a comparison: F1 as bars, the matrix, label sets against each other, effects of the operations. What is lit in one is lit in all.
import { Switch } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import type { StudyResult } from "../../../shared/domain/study-result.ts";
import { coupletMatrix } from "../../../shared/figures/couplet-matrix.ts";
import { f1Bars } from "../../../shared/figures/f1-bars.ts";
import { labelSetsScatter } from "../../../shared/figures/label-sets-scatter.ts";
import { opEffects } from "../../../shared/figures/op-effects.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { csvText } from "../../components/figure-export.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { armsCsv } from "./arm-columns.ts";
import classes from "./Charts.module.css";

export interface ChartsProps {
  readonly result: StudyResult;
  readonly runs: readonly LiveRun[];
  readonly fileName: string;
  readonly isPublished: boolean;
  readonly highlight: string | null;
  readonly onHover: (arm: string | null) => void;
  readonly onPick: (arm: string) => void;
}

export function Charts({ result, runs, fileName, isPublished, highlight, onHover, onPick }: ChartsProps) {
  const [isPublishedShown, showPublished] = useState(true);
  const errors = useErrors(runs);
  const bars = useCallback(
    (width: number, theme: FigureTheme) => f1Bars(result, { width, theme, highlight, showPublished: isPublishedShown && !isPublished }),
    [result, highlight, isPublishedShown, isPublished],
  );
  const matrix = useCallback(
    (width: number, theme: FigureTheme) =>
      coupletMatrix({ result, arms: result.arms.map(({ arm }) => arm), errors }, { width, theme, highlight }),
    [result, highlight, errors],
  );
  const scatter = useCallback(
    (width: number, theme: FigureTheme) => labelSetsScatter(result, { width, theme, highlight }),
    [result, highlight],
  );
  const effects = useCallback((width: number, theme: FigureTheme) => opEffects(result, { width, theme, highlight }), [result, highlight]);
  const scores = () => armsCsv(result);
  const effectsCsv = () =>
    csvText(
      ["operation", "family", "couplets", "f1", "low", "high", "effect", "difference_to_control"],
      result.operations.map(({ operation, family, couplets, f1, interval, effect, differenceToControl }) => [
        operation,
        family,
        couplets,
        f1,
        interval?.low,
        interval?.high,
        effect,
        differenceToControl,
      ]),
    );
  const pointed = { onHover, onPick };
  return (
    <div className={classes.charts}>
      <div className={classes.column}>
        <FigurePanel
          title="F1 of the arms"
          fileName={`${fileName}-f1`}
          draw={bars}
          csv={scores}
          {...pointed}
          aside={
            !isPublished && (
              <Switch
                label="published values"
                checked={isPublishedShown}
                onChange={(event) => showPublished(event.currentTarget.checked)}
              />
            )
          }
        />
        <FigurePanel
          title="Effects of the operations"
          fileName={`${fileName}-effects`}
          draw={effects}
          csv={effectsCsv}
          {...pointed}
          exportWidth={640}
        />
      </div>
      <div className={classes.column}>
        <FigurePanel title="Couplets" fileName={`${fileName}-matrix`} draw={matrix} csv={scores} {...pointed} />
        <FigurePanel
          title="Label sets against each other"
          fileName={`${fileName}-label-sets`}
          draw={scatter}
          csv={scores}
          {...pointed}
          exportWidth={640}
        />
      </div>
    </div>
  );
}

/** Why an arm has no score, for the matrix' tooltips. */
function useErrors(runs: readonly LiveRun[]): ReadonlyMap<string, string> {
  const text = JSON.stringify(runs.flatMap(({ arm, state }) => (state.error ? [[arm, state.error.message]] : [])));
  return useMemo(() => new Map(JSON.parse(text) as [string, string][]), [text]);
}
