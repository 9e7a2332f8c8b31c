// The health of a run as a sentence, with the numbers that it rests on.
import { feedWaitShare, stepSeconds } from "../../../shared/domain/run-estimate.ts";
import type { RunState } from "../../../shared/domain/run-state.ts";
import { type ArmId, CONTROL_ARM } from "../../../shared/domain/study.ts";
import { percent } from "../../state/words.ts";

/** The end of the curve whose mean is told, since single batches scatter: a twentieth, and at most so many points. */
const MOST_LOSS_POINTS = 20;
/** Health checks before the last one that it is compared with. */
const EARLIER_CHECKS = 3;
/** A k-NN F1 that moved less is level: on the probe tiles it scatters by about as much. */
const LEVEL = 0.01;

/** From here on training is held up by reading, not by computing. */
const INPUT_BOUND = 0.25;

const WORDS = { learning: "Learning", "not learning": "Not learning", collapsing: "Collapsing" } as const;

export interface VerdictText {
  readonly kind: "learning" | "input-bound" | "not learning" | "collapsing" | "waiting";
  readonly word: string;
  /** `loss 2.31, chance 4.14; embedding std 0.90 of uniform; k-NN F1 0.71, rising`. */
  readonly evidence: string;
  /** Why it is so, and what to do. */
  readonly reason: string | null;
}

/** What can be said of a run's health now. */
export function verdictOf({ arm, state }: { readonly arm: ArmId; readonly state: RunState }): VerdictText {
  const { curve, chance, health, phase } = state;
  const check = health.at(-1);
  const last = curve.length === 0 ? [] : curve.slice(-Math.min(MOST_LOSS_POINTS, Math.ceil(curve.length / 20)));
  const mean = last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
  const loss = last.length > 0 ? `loss ${mean.toFixed(2)}${chance === null ? "" : `, chance ${chance.toFixed(2)}`}` : null;
  if (!check) {
    const isControl = arm === CONTROL_ARM;
    return {
      kind: "waiting",
      word: isControl ? "No pretraining" : "Not judged yet",
      evidence: isControl
        ? "so there is no health to check"
        : [loss, "the first health check comes after some epochs"].filter(Boolean).join("; "),
      reason: null,
    };
  }
  const evidence = [
    loss,
    `embedding std ${check.embeddingStd.toFixed(2)} of uniform`,
    check.knnF1 === null ? null : `k-NN F1 ${check.knnF1.toFixed(2)}${trend(health.map(({ knnF1 }) => knnF1))}`,
  ];
  if (check.verdict === "learning" && phase === "pretrain") {
    const reason = inputBound(state);
    if (reason) return { kind: "input-bound", word: "Learning, but input-bound", evidence: evidence.filter(Boolean).join("; "), reason };
  }
  return { kind: check.verdict, word: WORDS[check.verdict], evidence: evidence.filter(Boolean).join("; "), reason: check.reason };
}

/** Why a run waits for its tiles rather than for its steps; null when it does not. */
function inputBound(state: RunState): string | null {
  const share = feedWaitShare(state);
  if (share === null || share < INPUT_BOUND) return null;
  return `A step waits ${percent(share)} of its ${(1000 * stepSeconds(state)!).toFixed(0)} ms for tiles. A faster disk, or fewer programs that read from it, would speed training up.`;
}

/** `, rising`; nothing of a single value. */
function trend(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  const earlier = known.slice(-1 - EARLIER_CHECKS, -1);
  if (last === undefined || earlier.length === 0) return "";
  const change = last - earlier.reduce((sum, value) => sum + value, 0) / earlier.length;
  return change > LEVEL ? ", rising" : change < -LEVEL ? ", falling" : ", level";
}
