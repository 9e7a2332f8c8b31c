// The health of a run as a sentence, with the numbers that it rests on.
import type { RunState } from "../../../shared/domain/run-state.ts";

/** The end of the curve whose mean is told, since single batches scatter: a twentieth, and at most so many points. */
const MOST_LOSS_POINTS = 20;
/** Health checks before the last one that it is compared with. */
const EARLIER_CHECKS = 3;
/** A k-NN F1 that moved less is level: on the probe tiles it scatters by about as much. */
const LEVEL = 0.01;

const WORDS = { learning: "Learning", "not learning": "Not learning", collapsing: "Collapsing" } as const;

export interface VerdictText {
  readonly kind: "learning" | "not learning" | "collapsing" | "waiting";
  readonly word: string;
  /** `loss 2.31, chance 4.14; embedding std 0.90 of uniform; k-NN F1 0.71, rising`. */
  readonly evidence: string;
  /** Why it is so, and what to do. */
  readonly reason: string | null;
}

/** What can be said of a run's health now. */
export function verdictOf({ curve, chance, health, phase, steps }: RunState): VerdictText {
  const check = health.at(-1);
  const last = curve.length === 0 ? [] : curve.slice(-Math.min(MOST_LOSS_POINTS, Math.ceil(curve.length / 20)));
  const mean = last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
  const loss = last.length > 0 ? `loss ${mean.toFixed(2)}${chance === null ? "" : `, chance ${chance.toFixed(2)}`}` : null;
  if (!check) {
    const isControl = steps === 0 && phase !== "pretrain";
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
  return { kind: check.verdict, word: WORDS[check.verdict], evidence: evidence.filter(Boolean).join("; "), reason: check.reason };
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
