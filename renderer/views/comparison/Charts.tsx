// The charts of a comparison. What is lit in one is lit in all; each gives its picture, its numbers, and the command that draws it.
import { MultiSelect, SegmentedControl, Select, Switch } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { toCsv } from "../../../shared/domain/result-tables.ts";
import { type ComparisonFigure, type ResultsView, resultsCommand } from "../../../shared/domain/results-command.ts";
import { MOST_CURVES } from "../../../shared/domain/scored-cell.ts";
import { withLowestDropped } from "../../../shared/domain/study-result.ts";
import { type ComparisonData, comparisonTable, drawComparison, figureWidth } from "../../../shared/figures/comparison.ts";
import type { SvgNode } from "../../../shared/figures/svg.ts";
import type { FigureTheme } from "../../../shared/figures/theme.ts";
import { FigurePanel } from "../../components/FigurePanel.tsx";
import { showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import { useRoute } from "../../state/router.ts";
import classes from "./Charts.module.css";
import { DropHandle } from "./DropHandle.tsx";

/** Parts that are drawn from the comparison's data, each on its own; the table and the selection are no charts, but as dear. */
export const PARTS = ["f1", "matrix", "curves", "effects", "label-sets", "differences", "studies", "table"] as const;
export type Part = (typeof PARTS)[number];

/** What a part is drawn from. */
export interface Drawn {
  readonly data: ComparisonData;
  readonly highlight: string | null;
}

interface SharedProps {
  /** What the charts are of, for commands and file names. */
  readonly view: Omit<ResultsView, "figure">;
  readonly fileName: string;
  /** Null: the published sweep, which can be looked at only. */
  readonly study: string | null;
  readonly onHover: (arm: string | null, part: Part) => void;
  readonly onPick: (arm: string) => void;
}

export interface ChartsProps extends SharedProps {
  readonly drawn: Readonly<Record<Part, Drawn>>;
}

export function Charts({ drawn, ...props }: ChartsProps) {
  const { study } = props;
  const { pair } = drawn.differences.data;
  return (
    <div className={classes.charts}>
      <div className={classes.column}>
        <F1Chart {...props} {...drawn.f1} />
        {pair && (
          <Chart {...props} {...drawn.differences} name="differences" title={`${pair.names[0]} against ${pair.names[1]}, arm by arm`} />
        )}
        {study !== null && <CurveChart {...props} {...drawn.curves} />}
      </div>
      <div className={classes.column}>
        <Chart {...props} {...drawn.matrix} name="matrix" title="Couplets" />
        {drawn.studies.data.pair && <Chart {...props} {...drawn.studies} name="studies" title="How alike both studies rank" />}
        <Chart {...props} {...drawn.effects} name="effects" title="Effects of the operations" />
        <Chart {...props} {...drawn["label-sets"]} name="label-sets" title="Label sets against each other" />
      </div>
    </div>
  );
}

interface DrawnProps extends SharedProps, Drawn {}

interface ChartProps extends DrawnProps {
  readonly name: ComparisonFigure;
  readonly title: string;
  readonly aside?: ReactNode;
  readonly overlay?: (drawing: SvgNode) => ReactNode;
}

function Chart({ name, title, data, view, fileName, highlight, onHover, onPick, aside, overlay }: ChartProps) {
  const draw = useCallback(
    (width: number, theme: FigureTheme) => drawComparison(name, data, { width, theme, highlight }),
    [name, data, highlight],
  );
  return (
    <FigurePanel
      title={title}
      fileName={`${fileName}-${name}`}
      draw={draw}
      csv={() => toCsv(comparisonTable(name, data))}
      command={resultsCommand({ ...view, figure: name })}
      exportWidth={figureWidth(name)}
      onHover={(arm) => onHover(arm, name === "roc" || name === "pr" ? "curves" : name)}
      {...{ onPick, aside, overlay }}
    />
  );
}

/** The hero, with the line between kept and dropped couplets to be dragged. */
function F1Chart(props: DrawnProps) {
  const { data, study } = props;
  const host = useHost();
  const { setQuery } = useRoute();
  const [moved, setMoved] = useState<number | null>(null);
  const select = useMutation({
    mutationFn: (dropped: readonly string[] | null) => host.client.study.select({ study: study!, dropped: dropped && [...dropped] }),
    onSuccess: (record) => host.tellStudy(record),
    onError: (error) => showError(error, "The selection was not changed"),
    onSettled: () => setMoved(null),
  });
  const shown = useMemo(() => (moved === null ? data : { ...data, result: withLowestDropped(data.result, moved) }), [data, moved]);
  const drop = (count: number) => {
    const { dropped } = withLowestDropped(data.result, count).selection;
    if (sameArms(dropped, data.result.selection.dropped)) return;
    setMoved(count);
    select.mutate(sameArms(dropped, data.result.selection.droppedByRule) ? null : dropped);
  };
  const overlay = (drawing: SvgNode) => {
    const stops = String(drawing.attributes["data-drop-stops"] ?? "")
      .split(" ")
      .filter(Boolean)
      .map(Number);
    if (study === null || stops.length < 3) return null;
    return <DropHandle stops={stops} dropped={shown.result.selection.dropped.length} onMove={setMoved} onDrop={drop} />;
  };
  return (
    <Chart
      {...props}
      data={shown}
      name="f1"
      title="F1 of the arms"
      overlay={overlay}
      aside={
        study !== null && (
          <Switch
            label="published values"
            checked={data.showPublished}
            onChange={(event) => setQuery({ published: event.currentTarget.checked ? "1" : "0" }, { replace: true })}
          />
        )
      }
    />
  );
}

const sameArms = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((arm) => b.includes(arm));

/** ROC or precision-recall curves of picked arms. */
function CurveChart(props: DrawnProps) {
  const { data, view } = props;
  const { route, setQuery } = useRoute();
  const name = route.query.curve === "roc" ? "roc" : "pr";
  const arms = [...data.result.arms, ...(data.result.full ? [data.result.full] : [])].filter(({ f1 }) => f1 !== null).map(({ arm }) => arm);
  const labelSet = data.labelSet ?? data.result.labelSets[0];
  return (
    <div>
      <div className={classes.controls}>
        <MultiSelect
          className={classes.arms}
          size="xs"
          label="Arms of the curves"
          data={arms}
          value={[...(view.arms ?? [])]}
          onChange={(picked) => setQuery({ curves: picked.join(",") }, { replace: true })}
          maxValues={MOST_CURVES}
          searchable
          hidePickedOptions
        />
        {data.result.labelSets.length > 1 && (
          <Select
            size="xs"
            label="Labels"
            data={[...data.result.labelSets]}
            value={labelSet ?? null}
            onChange={(picked) => setQuery({ labels: picked }, { replace: true })}
            allowDeselect={false}
          />
        )}
      </div>
      <Chart
        {...props}
        name={name}
        title={name === "roc" ? "ROC curves" : "Precision and recall"}
        aside={
          <SegmentedControl
            size="xs"
            aria-label="Curve"
            data={[
              { value: "pr", label: "precision-recall" },
              { value: "roc", label: "ROC" },
            ]}
            value={name}
            onChange={(curve) => setQuery({ curve }, { replace: true })}
          />
        }
      />
    </div>
  );
}
