// Comparison: what the study found, in one line, in charts, and in every number.
import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { useState } from "react";
import { publishedResult, type StudyResult } from "../../../shared/domain/study-result.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useStudy, useStudyResult, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { PUBLISHED_STUDY, useCurrentStudy } from "../../state/selection.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { ArmInspector } from "./ArmInspector.tsx";
import { ArmTable } from "./ArmTable.tsx";
import { Charts } from "./Charts.tsx";
import classes from "./ComparisonView.module.css";
import { Finding } from "./Finding.tsx";
import { Selection } from "./Selection.tsx";

export function ComparisonView() {
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  if (study.isPublished) return <Published />;
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
  return <Own name={study.name} />;
}

function Own({ name }: { name: string | null }) {
  const live = useStudy(name);
  const result = useStudyResult(live);
  if (live.status === "refused") {
    return (
      <EmptyState icon={IconChartBar} title={`The study ${name} cannot be opened`}>
        <ErrorNote error={live.error} />
      </EmptyState>
    );
  }
  if (live.status === "loading" || !result) return <Loading />;
  return <Loaded name={live.study!.name} result={result} live={live} />;
}

function Published() {
  const [result] = useState(publishedResult);
  return <Loaded name={PUBLISHED_STUDY} result={result} live={null} />;
}

const NO_RUNS: readonly LiveRun[] = [];

interface LoadedProps {
  readonly name: string;
  readonly result: StudyResult;
  /** Null: the published sweep, which can be looked at only. */
  readonly live: LiveStudy | null;
}

function Loaded({ name, result, live }: LoadedProps) {
  const { route, setQuery } = useRoute();
  const [hovered, setHovered] = useState<string | null>(null);
  const every = result.full ? [...result.arms, result.full] : result.arms;
  const picked = every.find(({ arm }) => arm === route.query.arm) ?? null;
  const pick = (arm: string | null) => setQuery({ arm }, { replace: picked !== null && arm !== null });
  const fileName = live ? name : "published-sweep";
  const lit = hovered ?? picked?.arm ?? null;
  return (
    <Workbench
      side={
        picked && (
          <ArmInspector
            arm={picked}
            result={result}
            runs={live?.runs.filter(({ arm }) => arm === picked.arm) ?? NO_RUNS}
            study={live ? name : null}
            onClose={() => pick(null)}
          />
        )
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.page} tabIndex={0} aria-label="Comparison">
        <Finding result={result} study={live ? name : null} dataset={live?.study?.config.dataset ?? null} />
        <Charts
          result={result}
          runs={live?.runs ?? NO_RUNS}
          fileName={fileName}
          isPublished={live === null}
          highlight={lit}
          onHover={setHovered}
          onPick={pick}
        />
        <Selection result={result} study={live ? name : null} onPick={pick} />
        <ArmTable arms={every} result={result} fileName={fileName} highlight={lit} onHover={setHovered} onPick={pick} />
      </section>
    </Workbench>
  );
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
