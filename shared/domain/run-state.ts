// Events of a run, one line each in `events.jsonl`, and the reducer that turns them into what a screen shows.
import { z } from "zod";

/** Scores of one fine-tuning: one label set, percent and label draw. */
export const Evaluation = z.object({
  labelSet: z.string(),
  percent: z.number(),
  draw: z.int(),
  mode: z.string(),
  train: z.int().describe("labelled training tiles"),
  validation: z.int(),
  test: z.int(),
  epochs: z.int().describe("epochs of the best weights"),
  tp: z.int(),
  fp: z.int(),
  tn: z.int(),
  fn: z.int(),
  accuracy: z.number(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  auc: z.number(),
  ap: z.number(),
});
export type Evaluation = z.infer<typeof Evaluation>;

export const VERDICTS = ["learning", "not learning", "collapsing"] as const;

/** Health of the representation on the fixed probe tiles. */
export const Health = z.object({
  embeddingStd: z.number().describe("mean std of the l2-normalised embedding's dimensions, times sqrt(d): 1 is uniform, 0 collapsed"),
  effectiveRank: z.number().describe("RankMe of the encoder output h"),
  alignment: z.number().describe("mean squared distance of positive pairs"),
  uniformity: z.number().describe("log mean Gaussian potential (Wang and Isola 2020)"),
  knnF1: z.number().nullable().describe("leave-one-out k-NN F1 of the first label set on h; null without labels"),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
});
export type Health = z.infer<typeof Health>;

/** Every event carries `at`, the wall clock in ms since 1970, put on when it is written. */
export const RunEvent = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("started"), at: z.number(), engine: z.string(), device: z.string(), resumedAtStep: z.int() }),
  z.object({ kind: z.literal("phase"), at: z.number(), phase: z.enum(["prepare", "pretrain", "finetune"]), detail: z.string() }),
  z.object({
    kind: z.literal("step"),
    at: z.number(),
    step: z.int().describe("steps done"),
    steps: z.int().describe("steps in all"),
    epoch: z.number(),
    loss: z.number().describe("mean loss since the last event"),
    chance: z.number().describe("ln(2N - 1) for NT-Xent: the loss of equal embeddings"),
    learningRate: z.number(),
    viewsPerSecond: z.number(),
    feedWaitMs: z.number().describe("mean wait for data a step"),
  }),
  Health.extend({ kind: z.literal("health"), at: z.number(), step: z.int() }),
  z.object({ kind: z.literal("checkpoint"), at: z.number(), step: z.int() }),
  z.object({
    kind: z.literal("finetune"),
    at: z.number(),
    labelSet: z.string(),
    percent: z.number(),
    draw: z.int(),
    epoch: z.int(),
    epochs: z.int(),
    loss: z.number(),
    validationAuc: z.number(),
  }),
  z.object({ kind: z.literal("evaluated"), at: z.number(), evaluation: Evaluation }),
  z.object({
    kind: z.literal("finished"),
    at: z.number(),
    f1: z.number().nullable().describe("mean over label sets; null without labels"),
  }),
  z.object({ kind: z.literal("interrupted"), at: z.number(), step: z.int(), reason: z.enum(["paused", "cancelled"]) }),
  z.object({ kind: z.literal("failed"), at: z.number(), code: z.string(), message: z.string() }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
/** An event before its time is put on. */
export type RunEventBody = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, "at"> : never) : never;

export type RunStatus = "queued" | "running" | "paused" | "cancelled" | "failed" | "finished";

export interface LossPoint {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly viewsPerSecond: number;
  readonly feedWaitMs: number;
  readonly at: number;
}

export interface RunState {
  readonly status: RunStatus;
  readonly phase: string | null;
  readonly detail: string | null;
  readonly engine: string | null;
  readonly step: number;
  readonly steps: number;
  readonly chance: number | null;
  readonly curve: readonly LossPoint[];
  readonly health: readonly (Health & { step: number })[];
  readonly evaluations: readonly Evaluation[];
  readonly f1: number | null;
  readonly startedAt: number | null;
  readonly updatedAt: number | null;
  /** Time that processes worked on it, without pauses. */
  readonly workedMs: number;
  readonly error: { code: string; message: string } | null;
}

export const QUEUED: RunState = {
  status: "queued",
  phase: null,
  detail: null,
  engine: null,
  step: 0,
  steps: 0,
  chance: null,
  curve: [],
  health: [],
  evaluations: [],
  f1: null,
  startedAt: null,
  updatedAt: null,
  workedMs: 0,
  error: null,
};

/** The state after one more event. Pure; a resumed run cuts the points beyond the step that it resumes at, so nothing is drawn twice. */
export function reduceRun(state: RunState, event: RunEvent): RunState {
  const wasWorking = state.status === "running" && state.updatedAt !== null && event.kind !== "started";
  const next = {
    ...state,
    updatedAt: event.at,
    workedMs: state.workedMs + (wasWorking ? Math.max(0, event.at - state.updatedAt!) : 0),
  };
  switch (event.kind) {
    case "started":
      return {
        ...next,
        status: "running",
        engine: `${event.engine} ${event.device}`,
        startedAt: state.startedAt ?? event.at,
        step: event.resumedAtStep,
        curve: state.curve.filter((point) => point.step <= event.resumedAtStep),
        health: state.health.filter((health) => health.step <= event.resumedAtStep),
        evaluations: [],
        error: null,
      };
    case "phase":
      return { ...next, phase: event.phase, detail: event.detail };
    case "step":
      return {
        ...next,
        step: event.step,
        steps: event.steps,
        chance: event.chance,
        curve: [
          ...state.curve,
          {
            step: event.step,
            epoch: event.epoch,
            loss: event.loss,
            learningRate: event.learningRate,
            viewsPerSecond: event.viewsPerSecond,
            feedWaitMs: event.feedWaitMs,
            at: event.at,
          },
        ],
      };
    case "health":
      return { ...next, health: [...state.health, event] };
    case "checkpoint":
      return next;
    case "finetune":
      return { ...next, phase: "finetune", detail: `${event.labelSet}, ${event.percent} %, draw ${event.draw + 1}: epoch ${event.epoch}` };
    case "evaluated":
      return { ...next, evaluations: [...state.evaluations, event.evaluation] };
    case "finished":
      return { ...next, status: "finished", phase: null, detail: null, f1: event.f1 };
    case "interrupted":
      return { ...next, status: event.reason, phase: null, detail: null, error: null };
    case "failed":
      return { ...next, status: "failed", phase: null, detail: null, error: { code: event.code, message: event.message } };
  }
}
