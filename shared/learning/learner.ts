// Early stopping: whatever learns in rounds, stopped when its validation AUC rises no more, with its best round restored.
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../domain/errors.ts";
import { computeMetrics } from "../domain/metrics.ts";
import type { RunEventBody } from "../domain/run-state.ts";
import { logLoss } from "./logistic-regression.ts";

/** A tile is called positive from this score on. */
export const THRESHOLD = 0.5;

/** Labelled tiles by their position among the tiles of a feed, or the rows of cached features. */
export interface LocatedTiles {
  readonly positions: Int32Array;
  readonly labels: Uint8Array;
}

export interface LocatedParts {
  readonly train: LocatedTiles;
  readonly validation: LocatedTiles;
  readonly test: LocatedTiles;
}

/** Something that learns in rounds (epochs, or strengths of the linear probe) and remembers its best round. */
export interface Learner {
  /** Most rounds. */
  readonly rounds: number;
  /** Rounds without a better validation AUC before it stops. */
  readonly patience: number;
  /** One more round; gives the mean training loss. */
  advance(round: number, signal: AbortSignal): Promise<number>;
  /** Scores in 0..1 by the current round. */
  score(positions: Int32Array, signal: AbortSignal): Promise<Float32Array>;
  /** Remembers the current round as the best. */
  keep(): void;
  /** Goes back to the best round. */
  restore(): void;
  /** Epochs of the current round, as the evaluation tells them. */
  epochs(round: number): number;
  dispose(): void;
}

/**
 * Rounds until the validation AUC has not risen for `patience` of them; the best round is restored.
 * Differs from the reference: among rounds of equal AUC the one of least validation loss is kept, since few labels soon reach an AUC of 1.
 * @throws AppError BAD_ARGUMENT when the loss is no longer a number
 */
export async function* fit(
  learner: Learner,
  context: {
    at: { labelSet: string; percent: number; draw: number };
    validation: LocatedTiles;
    reportEveryMs: number;
    signal: AbortSignal;
  },
): AsyncGenerator<Extract<RunEventBody, { kind: "finetune" }>, { epochs: number; score: Learner["score"] }> {
  const { at, reportEveryMs, signal } = context;
  const { positions, labels } = context.validation;
  let best = { auc: -1, loss: Number.POSITIVE_INFINITY, epochs: 0 };
  let risenAt = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  for (let round = 1; round <= learner.rounds; round++) {
    const loss = await learner.advance(round, signal);
    if (!Number.isFinite(loss)) throw lossIsLost(round);
    const scores = await learner.score(positions, signal);
    const validationAuc = computeMetrics(scores, labels, THRESHOLD).auc;
    const validationLoss = logLoss(scores, labels);
    if (validationAuc > best.auc) risenAt = round;
    if (validationAuc > best.auc || (validationAuc === best.auc && validationLoss < best.loss)) {
      best = { auc: validationAuc, loss: validationLoss, epochs: learner.epochs(round) };
      learner.keep();
    }
    const isLast = round === learner.rounds || round - risenAt >= learner.patience;
    if (isLast || performance.now() - reportedAt >= reportEveryMs) {
      yield { kind: "finetune", ...at, epoch: round, epochs: learner.rounds, loss, validationAuc };
      reportedAt = performance.now();
    }
    await tf.nextFrame();
    signal.throwIfAborted();
    if (isLast) break;
  }
  learner.restore();
  return { epochs: best.epochs, score: learner.score };
}

function lossIsLost(round: number): AppError {
  return new AppError(
    "BAD_ARGUMENT",
    `the loss of fine-tuning is no longer a number in epoch ${round}: lower the fine-tuning's learning rate and start the run again`,
    { data: { epoch: round } },
  );
}
