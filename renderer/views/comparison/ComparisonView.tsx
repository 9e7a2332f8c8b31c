// Comparison: what the study found, in one line, in charts, and in every number.
import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { DEFAULT_THRESHOLD, MOST_CURVES, THRESHOLD_STEPS } from "../../../shared/domain/scored-cell.ts";
import { studyPair } from "../../../shared/domain/study-pair.ts";
import { type ArmResult, curveArms, type StudyResult } from "../../../shared/domain/study-result.ts";
import type { ComparisonData } from "../../../shared/figures/comparison.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useHost, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { PUBLISHED_STUDY, useCurrentStudy } from "../../state/selection.ts";
import type { LiveRun } from "../../state/study-live.ts";
import { useTurns } from "../../state/turns.ts";
import { ArmInspector } from "./ArmInspector.tsx";
import { ArmTable } from "./ArmTable.tsx";
import { Charts, type Drawn, PARTS, type Part } from "./Charts.tsx";
import classes from "./ComparisonView.module.css";
import { Finding } from "./Finding.tsx";
import { Selection } from "./Selection.tsx";
import { type ShownResult, useResult } from "./use-result.ts";
import { ViewBar } from "./ViewBar.tsx";

export default function ComparisonView() {
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  if (workspace && study.name === null) {
    return (
      <EmptyState
        icon={IconChartBar}
        title="No study to compare yet"
        actions={
          <>
            <LinkButton href={formatRoute({ place: "augmentations", subject: null, query: {} })}>Design a study</LinkButton>
            <LinkButton variant="default" href={formatRoute({ place: "comparison", subject: PUBLISHED_STUDY, query: {} })}>
              Open the published sweep
            </LinkButton>
          </>
        }
      >
        Every arm of a study gets an F1 with an interval, against the control. Until you have one, the published sweep of April 2021 can be
        opened here.
      </EmptyState>
    );
  }
  return <Study key={study.name} name={study.name} />;
}

function Study({ name }: { name: string | null }) {
  const { route } = useRoute();
  const [moving, setMoving] = useState<number | null>(null);
  const threshold = thresholdOf(route.query.threshold);
  const shown = useResult(name, threshold, moving);
  const { live, result } = shown;
  if (live.status === "refused") {
    return (
      <EmptyState icon={IconChartBar} title={`The study ${name} cannot be opened`}>
        <ErrorNote error={live.error} />
      </EmptyState>
    );
  }
  const isPublished = name === PUBLISHED_STUDY;
  if (name === null || !result || (!isPublished && live.status === "loading")) return <Loading />;
  // Nothing that is drawn or asked for of one study may stand in for another's.
  return <Loaded key={name} name={name} result={result} shown={shown} threshold={moving ?? threshold} onMoveThreshold={setMoving} />;
}

/** The threshold that an address asks for; the usual one when it is none. */
function thresholdOf(text: string | undefined): number {
  const value = Number(text);
  return text && value >= 0 && value <= 1 ? Math.round(value * THRESHOLD_STEPS) / THRESHOLD_STEPS : DEFAULT_THRESHOLD;
}

const NO_RUNS: readonly LiveRun[] = [];

interface LoadedProps {
  readonly name: string;
  readonly result: StudyResult;
  readonly shown: ShownResult;
  readonly threshold: number;
  readonly onMoveThreshold: (threshold: number | null) => void;
}

function Loaded({ name, result, shown, threshold, onMoveThreshold }: LoadedProps) {
  const { route, setQuery } = useRoute();
  const [hovered, setHovered] = useState<{ readonly arm: string; readonly part: Part } | null>(null);
  const workspace = useWorkspace();
  const isPublished = name === PUBLISHED_STUDY;
  const study = isPublished ? null : name;
  const runs = isPublished ? NO_RUNS : shown.live.runs;
  const every = result.full ? [...result.arms, result.full] : result.arms;
  const picked = every.find(({ arm }) => arm === route.query.arm) ?? null;
  const hasPicked = picked !== null;
  const pick = useCallback((arm: string | null) => setQuery({ arm }, { replace: hasPicked && arm !== null }), [setQuery, hasPicked]);
  const title = isPublished ? "published" : name;
  const fileName = isPublished ? "published-sweep" : name;
  const lit = hovered?.arm ?? picked?.arm ?? null;
  const hover = useCallback((arm: string | null, part: Part) => setHovered(arm === null ? null : { arm, part }), []);
  const hoverRow = useCallback((arm: string | null) => hover(arm, "table"), [hover]);

  const other = route.query.with && route.query.with !== name ? route.query.with : null;
  const beside = useResult(other, thresholdOf(route.query.threshold));
  const pair = useMemo(
    () =>
      other && beside.result
        ? studyPair({ name: title, result }, { name: other === PUBLISHED_STUDY ? "published" : other, result: beside.result })
        : null,
    [title, result, other, beside.result],
  );
  const curves = useCurves(study, every, route.query.curves);
  const errors = useErrors(runs);
  const showPublished = !isPublished && (route.query.published ? route.query.published === "1" : isNearPublished(result));
  const labelSet = result.labelSets.find((set) => set === route.query.labels);
  const data = useMemo(
    (): ComparisonData => ({ result, showPublished, errors, curves: curves.curves, labelSet, pair }),
    [result, showPublished, errors, curves.curves, labelSet, pair],
  );
  const newest = useMemo((): Drawn => ({ data, highlight: lit }), [data, lit]);
  const given = useTurns(PARTS, newest);
  // The part under the pointer answers at once.
  const drawn = hovered ? { ...given, [hovered.part]: { ...given[hovered.part], highlight: lit } } : given;
  return (
    <Workbench
      side={
        picked && (
          <ArmInspector
            arm={picked}
            result={result}
            runs={runs.filter(({ arm }) => arm === picked.arm)}
            study={study}
            onClose={() => pick(null)}
          />
        )
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.page} tabIndex={0} aria-label="Comparison">
        <Finding
          result={result}
          study={study}
          dataset={isPublished ? null : (shown.live.study?.config.dataset ?? null)}
          pair={pair}
          isPending={[shown, beside].some(({ statistics }) => statistics.progress !== null && statistics.statistics === null)}
        />
        <ViewBar
          {...{ name, other, threshold, onMove: onMoveThreshold }}
          counts={shown.counts}
          statistics={shown.statistics}
          besideStatistics={beside.statistics}
        />
        {[shown.statistics.error, other && beside.live.status === "refused" ? beside.live.error : null, curves.error].map(
          (error, i) => error != null && <ErrorNote key={["statistics", "beside", "curves"][i]} error={error} />,
        )}
        <Charts
          drawn={drawn}
          view={{
            workspace: workspace?.path ?? ".",
            study: name,
            threshold,
            with: other,
            arms: curves.arms,
            labelSet,
            showPublished,
            highlight: picked?.arm,
          }}
          fileName={fileName}
          study={study}
          onHover={hover}
          onPick={pick}
        />
        <Selection result={drawn.table.data.result} study={study} onPick={pick} />
        <ArmTable result={drawn.table.data.result} fileName={fileName} highlight={drawn.table.highlight} onHover={hoverRow} onPick={pick} />
      </section>
    </Workbench>
  );
}

/** Curves of the arms that the address names, of the best one and the control when it names none. */
function useCurves(study: string | null, arms: readonly ArmResult[], asked: string | undefined) {
  const { queries } = useHost();
  const known = arms.filter(({ f1 }) => f1 !== null).map(({ arm }) => arm);
  const wanted = asked === undefined ? curveArms(arms) : asked.split(",");
  const picked = [...new Set(wanted)].filter((arm) => known.includes(arm)).slice(0, MOST_CURVES);
  const finished = arms.reduce((sum, arm) => sum + arm.finished, 0);
  const { data, error } = useQuery({
    ...queries.study.curves.queryOptions({ input: { study: study ?? "", arms: picked } }),
    queryKey: [...queries.study.curves.queryKey({ input: { study: study ?? "", arms: picked } }), finished],
    enabled: study !== null && finished > 0 && picked.length > 0,
    placeholderData: keepPreviousData,
  });
  return { arms: picked, curves: picked.length > 0 && !error ? data : [], error };
}

/** Whether published values lie where the study's own do, so that showing both costs the chart no room. */
function isNearPublished({ arms }: StudyResult): boolean {
  const own = arms.flatMap(({ f1 }) => f1 ?? []);
  const published = arms.flatMap(({ publishedF1 }) => publishedF1 ?? []);
  return Math.min(...own) <= Math.max(...published) && Math.min(...published) <= Math.max(...own);
}

/** Why an arm has no score, for the matrix' tooltips. */
function useErrors(runs: readonly LiveRun[]): ReadonlyMap<string, string> {
  const text = JSON.stringify(runs.flatMap(({ arm, state }) => (state.error ? [[arm, state.error.message]] : [])));
  return useMemo(() => new Map(JSON.parse(text) as [string, string][]), [text]);
}

function Loading() {
  return (
    <div className={classes.page} aria-busy="true">
      <p role="status">Reading what the runs have told so far</p>
      <Skeleton height={70} />
      <Skeleton height={560} />
    </div>
  );
}
