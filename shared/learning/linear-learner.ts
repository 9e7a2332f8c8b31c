// The linear probe as a learner: L2 logistic regression on cached features, a round for each strength of the penalty.
import type { Features } from "./features.ts";
import type { Learner, LocatedParts } from "./learner.ts";
import { fitLinearProbe, type LinearProbe, scoreLinearProbe } from "./logistic-regression.ts";

/** L2 strengths among which the validation AUC chooses, strongest first: a tie goes to the simpler. */
export const PROBE_STRENGTHS = [1, 0.1, 0.01, 0.001] as const;

/** A round is a strength of the penalty. */
export function createLinearLearner(features: Features, parts: LocatedParts): Learner {
  let current: LinearProbe | undefined;
  let best: LinearProbe | undefined;
  return {
    rounds: PROBE_STRENGTHS.length,
    patience: PROBE_STRENGTHS.length,
    async advance(round) {
      const { positions: rows, labels } = parts.train;
      current = fitLinearProbe(features, { rows, labels, strength: PROBE_STRENGTHS[round - 1]! });
      return current.loss;
    },
    score: async (positions) => scoreLinearProbe(current!, features, positions),
    keep() {
      best = current;
    },
    restore() {
      current = best;
    },
    epochs: () => current!.iterations,
    dispose() {},
  };
}
