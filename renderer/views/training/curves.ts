// A run as the figures take it.
import type { LossCurve } from "../../../shared/figures/loss-curves.ts";
import type { LiveRun } from "../../state/study-live.ts";

/** The loss curve of a run. */
export const curveOf = ({ arm, seed, state }: LiveRun): LossCurve => ({
  arm,
  seed,
  points: state.curve,
  chance: state.chance,
  status: state.status,
});
