// Training: what runs now and how healthy it is, every arm beside it, and the queue.
import { Skeleton } from "@mantine/core";
import { IconActivity } from "@tabler/icons-react";
import { useState } from "react";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { LinkButton } from "../../components/LinkButton.tsx";
import { Workbench } from "../../components/Workbench.tsx";
import { useQueue, useStudy, useStudyEstimate, useWorkspace } from "../../state/host.tsx";
import { formatRoute, useRoute } from "../../state/router.ts";
import { useCurrentStudy } from "../../state/selection.ts";
import { createStore } from "../../state/store.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { AllArms } from "./AllArms.tsx";
import { HardwareStrip } from "./HardwareStrip.tsx";
import { RunCurves } from "./RunCurves.tsx";
import { RunInspector } from "./RunInspector.tsx";
import { RunNow } from "./RunNow.tsx";
import { RunQueue } from "./RunQueue.tsx";
import classes from "./TrainingView.module.css";
import { useCurveView } from "./view-state.ts";

export default function TrainingView() {
  const workspace = useWorkspace();
  const study = useCurrentStudy();
  const live = useStudy(study.isPublished ? null : study.name);
  if (workspace && (study.name === null || study.isPublished)) {
    return (
      <EmptyState
        icon={IconActivity}
        title={study.isPublished ? "The published sweep has scores, and no runs to watch" : "No study yet"}
        actions={<LinkButton href={formatRoute({ place: "augmentations", subject: null, query: {} })}>Design a study</LinkButton>}
      >
        A study trains an encoder for every arm of the matrix, and the control without pretraining. Design one from your tiles, then watch
        it learn here.
      </EmptyState>
    );
  }
  if (live.status === "refused") {
    return (
      <EmptyState icon={IconActivity} title={`The study ${study.name} cannot be opened`}>
        <ErrorNote error={live.error} />
      </EmptyState>
    );
  }
  if (live.status === "loading" || !live.study) return <Loading />;
  return <Loaded live={live} />;
}

function Loaded({ live }: { live: LiveStudy }) {
  const { route, setQuery } = useRoute();
  const view = useCurveView();
  const estimate = useStudyEstimate(live);
  const [hover] = useState(() => createStore<string | null>(null));
  const picked = pickedRun(live.runs, route.query);
  const running = live.runs.filter(({ state }) => state.status === "running");
  const isQueued = useQueue().some(({ study, state }) => study === live.study!.name && state === "running");
  const isWorking = isQueued || running.length > 0;
  const shown = picked ?? newestCurve(live.runs) ?? lastTouched(live.runs);
  const pick = (run: { arm: string; seed: number } | null) =>
    setQuery({ arm: run?.arm ?? null, seed: run === null ? null : String(run.seed) }, { replace: picked !== null });
  const side = picked ? (
    <RunInspector run={picked} study={live.study!} onClose={() => pick(null)} />
  ) : (
    <RunQueue live={live} estimate={estimate} hover={hover} onPick={pick} />
  );
  return (
    <Workbench side={side}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.page} tabIndex={0} aria-label="Training">
        <RunNow live={live} running={running} estimate={estimate} />
        <HardwareStrip run={isWorking ? shown : null} />
        {shown && <RunCurves key={shown.arm} run={shown} runs={live.runs} study={live.study!} view={view} />}
        <AllArms live={live} view={view} hover={hover} highlight={shown?.arm ?? null} onPick={(arm) => pick(bestRunOf(live.runs, arm))} />
      </section>
    </Workbench>
  );
}

function pickedRun(runs: readonly LiveRun[], query: Readonly<Record<string, string>>): LiveRun | null {
  if (query.arm === undefined) return null;
  return (
    runs.find(({ arm, seed }) => arm === query.arm && String(seed) === query.seed) ?? runs.find(({ arm }) => arm === query.arm) ?? null
  );
}

/** The run whose curve grows, or grew last: one that is still preparing has none, and the former stays until it has. */
function newestCurve(runs: readonly LiveRun[]): LiveRun | null {
  const drawn = runs.filter(({ state }) => state.curve.length > 0);
  return drawn.find(({ state }) => state.status === "running") ?? lastTouched(drawn);
}

function lastTouched(runs: readonly LiveRun[]): LiveRun | null {
  return runs.reduce<LiveRun | null>((last, run) => ((run.state.updatedAt ?? 0) > (last?.state.updatedAt ?? 0) ? run : last), null);
}

/** The run of an arm that tells most: the running one, else the one touched last. */
function bestRunOf(runs: readonly LiveRun[], arm: string): LiveRun | null {
  const own = runs.filter((run) => run.arm === arm);
  return own.find(({ state }) => state.status === "running") ?? lastTouched(own) ?? own[0] ?? null;
}

function Loading() {
  return (
    <div className={classes.page} aria-busy="true">
      <p role="status">Reading what the runs have told so far</p>
      <Skeleton height={110} />
      <Skeleton height={320} />
      <Skeleton height={300} />
    </div>
  );
}
