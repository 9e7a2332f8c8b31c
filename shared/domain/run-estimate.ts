// How long runs still take, from what runs of the same study took: the time of a step, and of everything about the steps. With the reason.
import { type RunRef, runKey } from "./run-queue.ts";
import type { RunState } from "./run-state.ts";
import { CONTROL_ARM, FULL_ARM } from "./study.ts";

export interface EstimatedRun extends RunRef {
  readonly state: RunState;
}

/** What was measured, on which runs. */
export interface RunPace {
  /** Null before a run has made some steps. */
  readonly secondsPerStep: number | null;
  readonly stepsFrom: readonly RunRef[];
  /** Preparing, health checks, fine-tuning of a run; null before a run is finished. */
  readonly secondsBeside: number | null;
  readonly besideFrom: readonly RunRef[];
}

export interface RunEstimate {
  /** Of work on this run that is left. */
  readonly seconds: number;
  /** Until it is over, the runs before it included. */
  readonly untilSeconds: number;
  readonly stepsLeft: number;
}

/** Runs that a median is taken over: those touched last, since machines get busy and idle. */
const RECENT = 8;
/** Steps of the run's end that tell its pace. */
const PACE_POINTS = 40;

/** Seconds a step, over a run's last points; null with fewer than two. A pause in between counts once, so the median of the gaps is taken. */
export function stepSeconds({ curve }: Pick<RunState, "curve">): number | null {
  const points = curve.slice(-PACE_POINTS);
  const gaps = points.slice(1).flatMap((point, i) => {
    const steps = point.step - points[i]!.step;
    return steps > 0 && point.at > points[i]!.at ? [(point.at - points[i]!.at) / 1000 / steps] : [];
  });
  return gaps.length > 0 ? median(gaps) : null;
}

/** Of the time of a run's last steps, the share that they wait for their tiles, 0..1; null before steps were timed. */
export function feedWaitShare(state: Pick<RunState, "curve">): number | null {
  const seconds = stepSeconds(state);
  if (seconds === null) return null;
  return Math.min(1, median(state.curve.slice(-PACE_POINTS).map(({ feedWaitMs }) => feedWaitMs)) / 1000 / seconds);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What the runs of a study have shown so far. */
export function paceOf(runs: readonly EstimatedRun[]): RunPace {
  const recent = runs.toSorted((a, b) => (b.state.updatedAt ?? 0) - (a.state.updatedAt ?? 0));
  const paced = recent.flatMap((run) => {
    const seconds = stepSeconds(run.state);
    return seconds === null ? [] : [{ run, seconds }];
  });
  const stepped = paced.slice(0, RECENT);
  const besides = recent
    .filter(({ state }) => state.status === "finished")
    .flatMap((run) => {
      const perStep = stepSeconds(run.state);
      if (run.state.steps > 0 && perStep === null) return [];
      return [{ run, seconds: Math.max(0, run.state.workedMs / 1000 - run.state.steps * (perStep ?? 0)) }];
    })
    .slice(0, RECENT);
  const refs = (list: readonly { run: EstimatedRun }[]) => list.map(({ run: { arm, seed } }) => ({ arm, seed }));
  return {
    secondsPerStep: stepped.length > 0 ? median(stepped.map(({ seconds }) => seconds)) : null,
    stepsFrom: refs(stepped),
    secondsBeside: besides.length > 0 ? median(besides.map(({ seconds }) => seconds)) : null,
    besideFrom: refs(besides),
  };
}

export interface EstimateOptions {
  /** Runs in the order in which they are worked on, without those left out. */
  readonly order: readonly EstimatedRun[];
  readonly pace: RunPace;
  /** Steps of a run that has not begun, by what the study's settings ask. */
  readonly stepsOf: (run: RunRef) => number | null;
  /** Runs worked on at once. */
  readonly workers: number;
}

/** Estimates of the runs that are not over, by key. Empty before a step was timed. */
export function estimateRuns({ order, pace, stepsOf, workers }: EstimateOptions): Map<string, RunEstimate> {
  const estimates = new Map<string, RunEstimate>();
  const { secondsPerStep } = pace;
  if (secondsPerStep === null) return estimates;
  const isRunning = ({ state }: EstimatedRun) => state.status === "running";
  const left = order.filter(({ state }) => state.status !== "finished" && state.status !== "failed");
  const free = new Array<number>(Math.max(1, workers)).fill(0);
  for (const run of [...left.filter(isRunning), ...left.filter((one) => !isRunning(one))]) {
    const steps = run.arm === CONTROL_ARM ? 0 : run.state.steps > 0 ? run.state.steps : stepsOf(run);
    if (steps === null) continue;
    const stepsLeft = Math.max(0, steps - run.state.step);
    const own = isRunning(run) ? stepSeconds(run.state) : null;
    const seconds = stepsLeft * (own ?? secondsPerStep) + (pace.secondsBeside ?? 0);
    const worker = free.indexOf(Math.min(...free));
    free[worker]! += seconds;
    estimates.set(runKey(run), { seconds, untilSeconds: free[worker]!, stepsLeft });
  }
  return estimates;
}

/** Steps of runs that have not begun, as those of their study that have: in the second stage in proportion to its epochs. */
export function stepsOfStudy(
  runs: readonly EstimatedRun[],
  epochs: { readonly sweep: number; readonly full: number },
): (run: RunRef) => number | null {
  const known = (isFull: boolean) =>
    runs.find(({ arm, state }) => (arm === FULL_ARM) === isFull && arm !== CONTROL_ARM && state.steps > 0)?.state.steps ?? null;
  const [sweep, full] = [known(false), known(true)];
  return ({ arm }) => {
    if (arm === CONTROL_ARM) return 0;
    if (arm !== FULL_ARM) return sweep;
    return full ?? (sweep === null ? null : Math.round((sweep * epochs.full) / epochs.sweep));
  };
}
