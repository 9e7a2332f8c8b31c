// The numbers behind the figures as tables, for CSV files and for copying: whatever is drawn can be had as text.
import type { Evaluation, RunState } from "./run-state.ts";
import { CURVE_STEPS, type MeanCurve } from "./scored-cell.ts";
import type { ArmId } from "./study.ts";
import type { StudyPair } from "./study-pair.ts";
import type { StudyResult } from "./study-result.ts";

export type Cell = string | number | boolean | null;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A run with its state, as lists and reports have it. */
export interface StudyRun {
  readonly arm: ArmId;
  readonly seed: number;
  readonly state: RunState;
}

/** Every arm with all that the bars and the matrix show. */
export function armTable(result: StudyResult): Table {
  const arms = result.full ? [...result.arms, result.full] : result.arms;
  const seeds = [...new Set(arms.flatMap((arm) => arm.seeds.map(({ seed }) => seed)))].sort((a, b) => a - b);
  const ofSet = result.labelSets.flatMap((name) => (["f1", "auc", "ap", "precision", "recall"] as const).map((score) => ({ name, score })));
  return {
    columns: [
      ...["arm", "family", "status", "rank", "f1", "f1_low", "f1_high", "interval_of", "auc", "ap", "precision", "recall"],
      ...ofSet.map(({ name, score }) => `${score} (${name})`),
      ...(result.percents.length > 1 ? result.percents.map((percent) => `f1 (${percent} %)`) : []),
      ...seeds.map((seed) => `f1 (seed ${seed})`),
      ...[
        "to_control",
        "to_control_low",
        "to_control_high",
        "to_control_p",
        "to_control_p_holm",
        "pairs",
        "beats_control",
        "trails_control",
      ],
      ...["best_minus_this", "best_minus_this_low", "best_minus_this_high", "best_minus_this_p_holm"],
      ...["dropped", "p_bottom_quarter", "published_f1", "runs", "finished", "failed"],
    ],
    rows: arms.map((arm) => [
      ...[arm.arm, arm.family, arm.status, arm.rank, arm.f1, arm.interval?.low ?? null, arm.interval?.high ?? null, arm.intervalOf],
      ...[arm.auc, arm.ap, arm.precision, arm.recall],
      ...ofSet.map(({ name, score }) => arm.byLabelSet[name]?.[score] ?? null),
      ...(result.percents.length > 1
        ? result.percents.map((percent) => arm.byPercent.find((entry) => entry.percent === percent)?.f1 ?? null)
        : []),
      ...seeds.map((seed) => arm.seeds.find((score) => score.seed === seed)?.f1 ?? null),
      ...[arm.difference?.mean ?? null, arm.difference?.low ?? null, arm.difference?.high ?? null],
      ...[arm.difference?.p ?? null, arm.difference?.pHolm ?? null, arm.difference?.pairs ?? null, arm.beatsControl, arm.trailsControl],
      ...[arm.toBest?.mean ?? null, arm.toBest?.low ?? null, arm.toBest?.high ?? null, arm.toBest?.pHolm ?? null],
      ...[arm.isDropped, arm.probabilityBottomQuarter, arm.publishedF1, arm.runs, arm.finished, arm.failed],
    ]),
  };
}

/** Main effects of the operations. */
export function operationTable(result: StudyResult): Table {
  return {
    columns: ["operation", "family", "couplets", "f1", "f1_low", "f1_high", "to_mean_of_couplets", "to_control"],
    rows: result.operations.map((row) => [
      ...[row.operation, row.family, row.couplets, row.f1, row.interval?.low ?? null, row.interval?.high ?? null],
      ...[row.effect, row.differenceToControl],
    ]),
  };
}

/** F1 of every arm on each label set. */
export function labelSetTable({ arms, labelSets }: StudyResult): Table {
  return {
    columns: ["arm", "family", ...labelSets.map((name) => `f1 (${name})`), "dropped"],
    rows: arms.map((arm) => [arm.arm, arm.family, ...labelSets.map((name) => arm.byLabelSet[name]?.f1 ?? null), arm.isDropped]),
  };
}

/** Points of mean curves: a row a place on the x axis, a column an arm. */
export function curveTable(curves: readonly MeanCurve[], kind: "roc" | "pr", labelSet: string): Table {
  const own = curves.filter((curve) => curve.labelSet === labelSet);
  const first = kind === "roc" ? 0 : 1;
  return {
    columns: kind === "roc" ? ["false_positive_rate", ...own.map(({ arm }) => arm)] : ["recall", ...own.map(({ arm }) => arm)],
    rows: Array.from({ length: CURVE_STEPS + 1 - first }, (_, i) => [
      (i + first) / CURVE_STEPS,
      ...own.map((curve) => (kind === "roc" ? curve.sensitivity : curve.precision)[i] ?? null),
    ]),
  };
}

/** Two studies arm by arm. */
export function pairTable(pair: StudyPair | null): Table {
  const [first, second] = pair?.names ?? ["first", "second"];
  return {
    columns: ["arm", "family", `f1 (${first})`, `f1 (${second})`, "difference", "difference_low", "difference_high"],
    rows: (pair?.arms ?? []).map(({ arm, first: a, second: b, difference, interval }) => [
      ...[arm, a.family, a.f1, b.f1, difference, interval?.low ?? null, interval?.high ?? null],
    ]),
  };
}

/** Every run: where it stands, how it trained, how long it took. */
export function runTable(runs: readonly StudyRun[]): Table {
  return {
    columns: [
      ...["arm", "seed", "status", "engine", "step", "steps", "loss", "chance", "verdict", "embedding_std", "effective_rank"],
      ...["alignment", "uniformity", "knn_f1", "f1", "started", "seconds", "error"],
    ],
    rows: runs.map(({ arm, seed, state }) => {
      const health = state.health.at(-1);
      const seconds = state.startedAt !== null && state.updatedAt !== null ? Math.round((state.updatedAt - state.startedAt) / 1000) : null;
      return [
        ...[arm, seed, state.status, state.engine, state.step, state.steps, state.curve.at(-1)?.loss ?? null, state.chance],
        ...[health?.verdict ?? null, health?.embeddingStd ?? null, health?.effectiveRank ?? null, health?.alignment ?? null],
        ...[health?.uniformity ?? null, health?.knnF1 ?? null, state.f1],
        ...[state.startedAt === null ? null : new Date(state.startedAt).toISOString(), seconds, state.error?.message ?? null],
      ];
    }),
  };
}

const EVALUATION_COLUMNS = [
  ...["labelSet", "percent", "draw", "mode", "train", "validation", "test", "epochs", "tp", "fp", "tn", "fn"],
  ...["accuracy", "precision", "recall", "f1", "auc", "ap"],
] as readonly (keyof Evaluation)[];

/** Every fine-tuning of every run. */
export function evaluationTable(runs: readonly StudyRun[]): Table {
  return {
    columns: ["arm", "seed", ...EVALUATION_COLUMNS],
    rows: runs.flatMap(({ arm, seed, state }) =>
      state.evaluations.map((evaluation) => [arm, seed, ...EVALUATION_COLUMNS.map((column) => evaluation[column])]),
    ),
  };
}

/** A table as CSV (RFC 4180): CRLF, quotes where needed, an empty field for null and for numbers that are not finite; numbers in full precision. */
export function toCsv({ columns, rows }: Table): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function field(cell: Cell): string {
  if (cell === null || (typeof cell === "number" && !Number.isFinite(cell))) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
