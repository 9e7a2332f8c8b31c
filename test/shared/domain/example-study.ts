// A made-up study for tests of results, figures and reports: F1 near the published values, with seeds and label draws that differ.
import { publishedF1 } from "../../../shared/domain/published.ts";
import { Random } from "../../../shared/domain/random.ts";
import type { StudyRun } from "../../../shared/domain/result-tables.ts";
import { StudyConfig } from "../../../shared/domain/run-config.ts";
import { type Evaluation, QUEUED, type RunState, type RunStatus } from "../../../shared/domain/run-state.ts";
import { ALL_ARMS, CONTROL_ARM, FULL_ARM } from "../../../shared/domain/study.ts";
import { type StudyResult, studyResult } from "../../../shared/domain/study-result.ts";
import type { Study } from "../../../shared/domain/workspace.ts";

export interface ExampleOptions {
  readonly arms?: readonly string[];
  readonly seeds?: readonly number[];
  readonly draws?: number;
  /** Arms that have finished; the next one runs, the others wait. */
  readonly finished?: number;
  readonly failed?: readonly string[];
  readonly labelSets?: readonly string[];
  /** Standard deviation between seeds. */
  readonly spread?: number;
  readonly withFull?: boolean;
  readonly f1Of?: (arm: string) => number;
}

export interface ExampleStudy {
  readonly study: Study;
  readonly runs: StudyRun[];
  readonly result: StudyResult;
}

const baseF1 = (arm: string) => (arm === FULL_ARM ? 0.83 : publishedF1(arm)!);

/** The study, its runs and its result. The same options give the same numbers. */
export function exampleStudy({
  arms = ALL_ARMS,
  seeds = [1, 2, 3],
  draws = 2,
  finished = 41,
  failed = [],
  labelSets = ["regular", "extended"],
  spread = 0.004,
  withFull = false,
  f1Of = baseF1,
}: ExampleOptions = {}): ExampleStudy {
  const config = StudyConfig.parse({
    version: 1,
    dataset: "example",
    arms: [...arms],
    seeds: [...seeds],
    finetune: { labelDraws: draws, labelSets: labelSets.map((name) => ({ name, classes: ["Vineyards"] })) },
  });
  const ids = withFull ? [...config.arms, FULL_ARM] : config.arms;
  const runs = ids.flatMap((arm, i) =>
    seeds.map((seed): StudyRun => {
      const status: RunStatus = failed.includes(arm) ? "failed" : i < finished ? "finished" : i === finished ? "running" : "queued";
      return { arm, seed, state: stateOf({ arm, seed, status, draws, labelSets, f1: f1Of(arm), spread }) };
    }),
  );
  const study: Study = { version: 1, name: "example", created: "2026-01-02T03:04:05.000Z", preset: null, config, droppedByHand: null };
  return { study, runs, result: resultOf(study, runs) };
}

/** The result of a study's runs. */
export const resultOf = (study: Study, runs: readonly StudyRun[]): StudyResult =>
  studyResult(
    study,
    runs.map(({ arm, seed, state }) => ({ arm, seed, status: state.status, evaluations: state.evaluations })),
  );

function stateOf(options: {
  arm: string;
  seed: number;
  status: RunStatus;
  draws: number;
  labelSets: readonly string[];
  f1: number;
  spread: number;
}): RunState {
  const { arm, seed, status, draws, labelSets, f1, spread } = options;
  if (status === "queued") return QUEUED;
  const random = Random.of(arm, seed);
  const shared = Random.of("draws", seed);
  const centre = f1 + spread * random.normal();
  const evaluations = Array.from({ length: draws }, (_, draw) => {
    const common = 0.01 * shared.normal();
    return labelSets.map((labelSet) => evaluationOf(labelSet, draw, centre + common + 0.002 * random.normal()));
  }).flat();
  const points = arm === CONTROL_ARM ? 0 : status === "finished" ? 60 : 20;
  return {
    ...QUEUED,
    status,
    engine: "tensorflow cpu",
    step: points,
    steps: points === 0 ? 0 : 60,
    chance: points === 0 ? null : 4.14,
    curve: Array.from({ length: points }, (_, i) => ({
      step: i + 1,
      epoch: (i + 1) / 10,
      loss: 2 + 2 * Math.exp(-i / 20) + 0.05 * random.normal(),
      learningRate: 1e-3,
      viewsPerSecond: 100,
      feedWaitMs: 0.2,
      at: 1.7e12 + i * 1000,
    })),
    health:
      points < 40
        ? []
        : [10, 30, 50].map((step) => ({
            step,
            embeddingStd: 0.5 + step / 200,
            effectiveRank: 10 + step,
            alignment: 0.5,
            uniformity: -2 - step / 50,
            knnF1: step < 20 ? null : 0.7,
            verdict: "learning",
            reason: "",
          })),
    evaluations: status === "finished" ? evaluations : [],
    f1: status === "finished" ? centre : null,
    startedAt: 1.7e12,
    updatedAt: 1.7e12 + 60_000,
    error: status === "failed" ? { code: "BAD_FILE", message: 'The tile "a" <ends> after 3 & 4 MB' } : null,
  };
}

function evaluationOf(labelSet: string, draw: number, wanted: number): Evaluation {
  const f1 = Math.min(0.99, Math.max(0.01, wanted));
  const tp = Math.round(200 * f1);
  return {
    ...{ labelSet, percent: 3, draw, mode: "full", train: 60, validation: 30, test: 400, epochs: 9 },
    ...{
      tp,
      fp: 200 - tp,
      tn: tp,
      fn: 200 - tp,
      accuracy: f1,
      precision: f1,
      recall: f1,
      f1,
      auc: Math.min(1, f1 + 0.05),
      ap: Math.min(1, f1 + 0.04),
    },
  };
}
