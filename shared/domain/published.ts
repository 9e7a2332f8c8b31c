// The published sweep of SimCLR-S2 (arXiv 2108.05484, April 2021): 40 augmentation sets by two label sets, one run each.
import sweep from "./published-sweep.json" with { type: "json" };
import { type ArmId, CONTROL_ARM } from "./study.ts";

/** One fine-tuning of the published sweep: ResNet152, 3 % of the labels. Average precision was not published. */
export interface PublishedEvaluation {
  readonly arm: ArmId;
  readonly labelSet: "regular" | "extended";
  readonly percent: number;
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly auc: number;
  readonly f1: number;
}

export const PUBLISHED_SOURCE = sweep.source;
export const PUBLISHED_SWEEP = sweep.evaluations as readonly PublishedEvaluation[];

/** F1 of a ResNet152 with random weights, fine-tuned alike: mean of both label sets (SimCLR-S2). The study did not run it as an arm. */
export const PUBLISHED_CONTROL_F1 = 0.8008;

const scores = new Map<ArmId, number>([...new Set(PUBLISHED_SWEEP.map(({ arm }) => arm))].map((arm) => [arm, meanF1(arm)]));

function meanF1(arm: ArmId): number {
  const own = PUBLISHED_SWEEP.filter((evaluation) => evaluation.arm === arm);
  return own.reduce((sum, { f1 }) => sum + f1, 0) / own.length;
}

/** The published F1 of an arm, mean of both label sets; null for the second stage. */
export function publishedF1(arm: ArmId): number | null {
  return arm === CONTROL_ARM ? PUBLISHED_CONTROL_F1 : (scores.get(arm) ?? null);
}
