// When the runs of a study will be over, for the queue: the study's own pace, or that of one whose steps are alike.
import type { StudyConfig } from "../../shared/domain/run-config.ts";
import { stepsPerEpoch } from "../../shared/domain/run-config.ts";
import { estimateRuns, paceOf, type RunEstimate, type RunPace, stepsOfStudy } from "../../shared/domain/run-estimate.ts";
import { CONTROL_ARM, FULL_ARM } from "../../shared/domain/study.ts";
import type { LiveRun, LiveStudy } from "./study-live.ts";

export interface QueueEstimate {
  readonly pace: RunPace;
  readonly runs: ReadonlyMap<string, RunEstimate>;
  /** Until the last run is over; null before a step was timed. */
  readonly seconds: number | null;
  readonly stepsLeft: number;
  readonly runsLeft: number;
  readonly workers: number;
}

/** Runs in the order in which they are worked on, without those left out. */
export function runsInOrder({ runs, queue }: Pick<LiveStudy, "runs" | "queue">): LiveRun[] {
  const places = new Map(queue.order.map((key, i) => [key, i]));
  return runs
    .filter(({ key }) => !queue.skipped.has(key))
    .toSorted((a, b) => (places.get(a.key) ?? runs.length) - (places.get(b.key) ?? runs.length));
}

/** Whether a step of one study takes as long as one of the other. */
export const areStepsAlike = (a: StudyConfig, b: StudyConfig): boolean =>
  a.encoder === b.encoder &&
  a.inputPixels === b.inputPixels &&
  a.bands.length === b.bands.length &&
  a.dataset === b.dataset &&
  a.precision === b.precision &&
  a.pretrain.batchSize === b.pretrain.batchSize &&
  a.pretrain.accumulate === b.pretrain.accumulate;

/** @param tiles of the data set; @param lent the pace of a study with steps alike, for one that has made none */
export function estimateQueue(
  { study, ...live }: Pick<LiveStudy, "study" | "runs" | "queue">,
  tiles: number | null,
  lent: RunPace | null = null,
): QueueEstimate {
  const order = runsInOrder(live);
  const own = paceOf(live.runs);
  const pace = own.secondsPerStep === null && lent ? lent : own;
  const workers = Math.max(1, order.filter(({ state }) => state.status === "running").length);
  const config = study?.config ?? null;
  const planned = config && plannedSteps(config, tiles);
  const epochs = { sweep: config?.pretrain.epochs ?? 1, full: config?.full.epochs ?? config?.pretrain.epochs ?? 1 };
  const known = stepsOfStudy(live.runs, epochs);
  const stepsOf: typeof known = (run) =>
    known(run) ??
    (planned === null
      ? null
      : run.arm === CONTROL_ARM
        ? 0
        : run.arm === FULL_ARM
          ? Math.round((planned * epochs.full) / epochs.sweep)
          : planned);
  const runs = estimateRuns({ order, pace, stepsOf, workers });
  const estimates = [...runs.values()];
  return {
    pace,
    runs,
    seconds: estimates.length > 0 ? Math.max(...estimates.map(({ untilSeconds }) => untilSeconds)) : null,
    stepsLeft: estimates.reduce((sum, { stepsLeft }) => sum + stepsLeft, 0),
    runsLeft: order.filter(({ state }) => state.status !== "finished" && state.status !== "failed").length,
    workers,
  };
}

/** Steps of a run of the sweep, by the settings. Tiles outside the test part are counted by its share. */
function plannedSteps({ pretrain, finetune }: StudyConfig, tiles: number | null): number | null {
  const outside = tiles === null ? null : Math.floor(tiles * (finetune.trainShare + finetune.validationShare));
  const used = pretrain.tiles === null ? outside : Math.min(pretrain.tiles, outside ?? pretrain.tiles);
  return used === null ? null : stepsPerEpoch(used, pretrain) * pretrain.epochs;
}
