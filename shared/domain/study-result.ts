// What a study found: every arm's scores with intervals, against the control, the selection of couplets, and the finding in plain words.
// Pure, and meant to be called again after each event: it works on whatever has been evaluated so far.
import { AUGMENTATIONS, type AugmentationName, type Family, familyOf } from "./augmentations.ts";
import { f1Score, precisionOf, recallOf } from "./metrics.ts";
import { PUBLISHED_CONTROL_F1, PUBLISHED_SWEEP, publishedF1 } from "./published.ts";
import { Random } from "./random.ts";
import { StudyConfig } from "./run-config.ts";
import type { Evaluation, RunStatus } from "./run-state.ts";
import { DEFAULT_THRESHOLD, THRESHOLD_STEPS, type ThresholdCounts } from "./scored-cell.ts";
import {
  bottomProbabilities,
  CONFIDENCE,
  clusteredInterval,
  f1StandardError,
  formatWithInterval,
  type Interval,
  mean,
  spearman,
  spearmanInterval,
  supportedDecimals,
  tQuantile,
} from "./statistics.ts";
import {
  ALL_ARMS,
  type ArmFamily,
  type ArmId,
  armFamily,
  CONTROL_ARM,
  COUPLET_ARMS,
  coupletOf,
  DROPPED_SHARE,
  FULL_ARM,
  selectCouplets,
} from "./study.ts";
import type { StudyStatistics } from "./study-statistics.ts";

/** The part of an evaluation that scores need. `ap` is null where it was not recorded. */
export type ScoredEvaluation = Pick<
  Evaluation,
  "labelSet" | "percent" | "draw" | "tp" | "fp" | "tn" | "fn" | "precision" | "recall" | "f1" | "auc"
> & {
  readonly ap: number | null;
};

/** A run as far as its result goes: `RunState` has both fields. */
export interface ScoredRun {
  readonly arm: ArmId;
  readonly seed: number;
  readonly status: RunStatus;
  readonly evaluations: readonly ScoredEvaluation[];
}

/** What intervals are taken over. `test tiles`: one value an arm; the interval shows the finite test set alone and says nothing of seeds. */
const INTERVALS_OF = [
  "test tiles, seeds and label draws",
  "test tiles and seeds",
  "seeds",
  "test tiles and label draws",
  "label draws",
  "test tiles",
] as const;
export type IntervalOf = (typeof INTERVALS_OF)[number];

export interface Scores {
  readonly f1: number | null;
  readonly auc: number | null;
  readonly ap: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  /** fp / (fp + tn). */
  readonly falsePositiveRate: number | null;
  /** Share of positives among the test tiles. */
  readonly positiveShare: number | null;
}

export interface SeedScore {
  readonly seed: number;
  readonly f1: number;
  /** F1 of each label draw, mean over label sets and percents, in the order of `drawNumbers`. */
  readonly draws: readonly number[];
  readonly drawNumbers: readonly number[];
}

/** Mean of the paired differences of two arms over the seeds and label draws that both have. */
export interface Difference extends Interval {
  readonly mean: number;
  readonly pairs: number;
  /** Two-sided, of this comparison alone; null where the test tiles' scores are not at hand. */
  readonly p: number | null;
  /** After Holm's correction over all comparisons of its kind. */
  readonly pHolm: number | null;
}

/** Means over seeds and label draws. Those without anything evaluated are null. */
export interface ArmResult extends Scores {
  readonly arm: ArmId;
  readonly family: ArmFamily;
  /** The arm's runs as one word: running before failed before queued; finished when all are. */
  readonly status: RunStatus;
  readonly runs: number;
  readonly finished: number;
  readonly failed: number;
  readonly byLabelSet: Readonly<Record<string, Scores>>;
  readonly byPercent: readonly { readonly percent: number; readonly f1: number }[];
  readonly seeds: readonly SeedScore[];
  readonly interval: Interval | null;
  readonly intervalOf: IntervalOf | null;
  /** Place by F1 among the arms of the sweep with a score, the control included; 1 is best. */
  readonly rank: number | null;
  /** To the control; null without two pairs. */
  readonly difference: Difference | null;
  /** Of the best couplet to this one; null for the best, for what is no couplet, and where the test tiles' scores are not at hand. */
  readonly toBest: Difference | null;
  /** Whether it is better after Holm's correction or, without one, the interval of the difference lies above 0; null when there is none. */
  readonly beatsControl: boolean | null;
  readonly trailsControl: boolean | null;
  readonly isDropped: boolean;
  readonly probabilityBottomQuarter: number | null;
  readonly publishedF1: number | null;
}

/** Main effect of one operation: the mean F1 of the couplets that hold it. */
export interface OperationEffect {
  readonly operation: AugmentationName;
  readonly family: Family;
  readonly couplets: number;
  readonly f1: number | null;
  readonly interval: Interval | null;
  /** Against the mean of all couplets. */
  readonly effect: number | null;
  readonly differenceToControl: number | null;
}

/** How alike two halves of the evidence rank the couplets. */
export interface RankAgreement {
  /** What is compared, such as `regular` and `extended`. */
  readonly between: readonly [string, string];
  readonly spearman: number;
  readonly interval: Interval | null;
  readonly couplets: number;
}

export interface StudyResult {
  /** Every arm of the sweep, in the order of the tables. */
  readonly arms: readonly ArmResult[];
  readonly control: ArmResult | null;
  /** The second stage; null before it has any run. */
  readonly full: ArmResult | null;
  readonly labelSets: readonly string[];
  readonly percents: readonly number[];
  readonly intervalOf: IntervalOf | null;
  readonly progress: { readonly runs: number; readonly finished: number; readonly failed: number; readonly running: number };
  readonly selection: {
    readonly kept: readonly ArmId[];
    readonly dropped: readonly ArmId[];
    readonly byHand: boolean;
    /** What the bottom-quarter rule drops, best first. */
    readonly droppedByRule: readonly ArmId[];
    /** Per couplet with a score; null when there is one value an arm. */
    readonly probabilityBottomQuarter: Readonly<Record<ArmId, number | null>>;
  };
  readonly operations: readonly OperationEffect[];
  readonly agreement: { readonly labelSets: readonly RankAgreement[]; readonly seeds: readonly RankAgreement[] };
  /** Couplets beside the best one that cannot be told apart from it; null when intervals are missing. */
  readonly alike: { readonly best: ArmId; readonly others: readonly ArmId[] } | null;
  /** Of the test tiles' scores; null where they are not at hand, and the intervals are over what the runs' metrics tell. */
  readonly statistics: Pick<StudyStatistics, "threshold" | "resamples" | "tiles"> | null;
  /** Where a score counts as positive. */
  readonly threshold: number;
  /** The finding in plain words, one or two sentences. */
  readonly headline: string;
  /** What to keep in mind when reading it, a sentence each. */
  readonly caveats: readonly string[];
}

export interface ResultOptions {
  readonly statistics?: StudyStatistics | null | undefined;
  readonly threshold?: number | undefined;
  /** While something moves under a hand: the chances of the bottom quarter come from fewer resamples. */
  readonly isQuick?: boolean | undefined;
}

/**
 * The result of a study from its runs, complete or not. An evaluation counts once its seed and draw have all label sets and percents, so that no
 * score rests on the easier label set alone.
 * @param runs the sweep's and, if any, the second stage's; in any order
 * @param options.statistics of the test tiles' scores. They count for the arms whose runs they are of; new ones wait with the intervals of their metrics.
 * @param options.threshold that the runs' evaluations are at, see `atThreshold`
 */
export function studyResult(
  study: { readonly config: StudyConfig; readonly droppedByHand: readonly ArmId[] | null },
  runs: readonly ScoredRun[],
  { statistics: given = null, threshold = DEFAULT_THRESHOLD, isQuick = false }: ResultOptions = {},
): StudyResult {
  const { labelSets, percents } = askedFor(study.config, runs);
  const sweepRuns = runs.filter(({ arm }) => arm !== FULL_ARM);
  const tables = new Map<ArmId, ArmTable>();
  for (const arm of new Set([...study.config.arms, ...sweepRuns.map((run) => run.arm), FULL_ARM])) {
    const own = runs.filter((run) => run.arm === arm);
    tables.set(arm, armTable(arm, own, labelSets, percents));
  }
  const statistics = given && given.threshold === threshold ? currentStatistics(given, tables) : null;
  for (const arm of statistics?.arms ?? []) {
    const table = tables.get(arm.arm)!;
    tables.set(arm.arm, { ...table, interval: { low: arm.low, high: arm.high }, intervalOf: statistics!.intervalOf });
  }
  const control = tables.get(CONTROL_ARM);
  const scored = ALL_ARMS.filter((arm) => tables.get(arm)?.f1 != null);
  const ranked = [...scored].sort((a, b) => tables.get(b)!.f1! - tables.get(a)!.f1!);
  const couplets = scored.filter((arm) => coupletOf(arm));
  const bestFirst = ranked.filter((arm) => coupletOf(arm));
  // Where the best couplet has no test tiles' scores, differences to another one are not to the best.
  const toBest = statistics?.toBest?.best === bestFirst[0] ? (statistics?.toBest ?? null) : null;

  const rule = selectCouplets(new Map(couplets.map((arm) => [arm, tables.get(arm)!.f1!])));
  const byHand = study.droppedByHand;
  const dropped = byHand ?? rule.dropped;
  const isBottomKnown = statistics !== null && couplets.every((arm) => arm in statistics.bottomQuarter);
  const probabilities: ReadonlyMap<ArmId, number | null> = isBottomKnown
    ? new Map(couplets.map((arm) => [arm, statistics.bottomQuarter[arm]!]))
    : bottomProbabilities(new Map(couplets.map((arm) => [arm, tables.get(arm)!.seeds.map((seed) => seed.draws)])), {
        random: Random.of("bottom quarter"),
        share: DROPPED_SHARE,
        ...(isQuick ? { resamples: QUICK_RESAMPLES } : {}),
      });

  const finish = (table: ArmTable): ArmResult => {
    const tested = statistics?.toControl.find(({ arm }) => arm === table.arm) ?? null;
    const difference = tested ?? (control && table.arm !== CONTROL_ARM ? pairedDifference(table, control) : null);
    const isTold =
      difference && (difference.pHolm === null ? difference.low > 0 || difference.high < 0 : difference.pHolm < 1 - CONFIDENCE);
    const place = ranked.indexOf(table.arm);
    const { units: _, ...plain } = table;
    return {
      ...plain,
      rank: place < 0 ? null : place + 1,
      difference,
      toBest: toBest?.others.find(({ arm }) => arm === table.arm) ?? null,
      beatsControl: difference && isTold && difference.mean > 0,
      trailsControl: difference && isTold && difference.mean < 0,
      isDropped: dropped.includes(table.arm),
      probabilityBottomQuarter: probabilities.get(table.arm) ?? null,
      publishedF1: publishedF1(table.arm),
    };
  };
  const arms = ALL_ARMS.filter((arm) => tables.has(arm)).map((arm) => finish(tables.get(arm)!));
  const full = runs.some(({ arm }) => arm === FULL_ARM) ? finish(tables.get(FULL_ARM)!) : null;
  const coupletTables = couplets.map((arm) => tables.get(arm)!);
  const partial: Omit<StudyResult, "headline" | "caveats"> = {
    arms,
    control: arms.find(({ arm }) => arm === CONTROL_ARM) ?? null,
    full,
    labelSets,
    percents,
    intervalOf: commonIntervalOf(arms),
    progress: progressOf(arms, sweepRuns),
    selection: {
      kept: byHand ? COUPLET_ARMS.filter((arm) => tables.has(arm) && !byHand.includes(arm)) : rule.kept,
      dropped,
      byHand: byHand !== null,
      droppedByRule: rule.dropped,
      probabilityBottomQuarter: Object.fromEntries(probabilities),
    },
    operations: AUGMENTATIONS.map((operation) => operationEffect(operation, coupletTables, control)),
    agreement: { labelSets: labelSetAgreement(coupletTables, labelSets), seeds: seedAgreement(coupletTables) },
    alike: alikeTo(
      bestFirst.map((arm) => tables.get(arm)!),
      toBest,
    ),
    statistics: statistics && { threshold, resamples: statistics.resamples, tiles: statistics.tiles },
    threshold,
  };
  return { ...partial, headline: headlineOf(partial), caveats: caveatsOf(partial) };
}

/**
 * The same runs scored at another threshold. What has no counts is left out: scores at two thresholds do not compare. AUC and AP know no threshold.
 * @param threshold a multiple of 0.01 in 0..1
 */
export function atThreshold(runs: readonly ScoredRun[], counts: readonly ThresholdCounts[], threshold: number): ScoredRun[] {
  const k = Math.round(threshold * THRESHOLD_STEPS);
  const keyOf = (seed: number, arm: ArmId, e: { labelSet: string; percent: number; draw: number }) =>
    `${seed} ${arm} ${e.draw} ${e.percent} ${e.labelSet}`;
  const cells = new Map(counts.map((cell) => [keyOf(cell.seed, cell.arm, cell), cell]));
  return runs.map((run) => ({
    ...run,
    evaluations: run.evaluations.flatMap((evaluation) => {
      const cell = cells.get(keyOf(run.seed, run.arm, evaluation));
      if (!cell) return [];
      const [tp, fp] = [cell.tp[k]!, cell.fp[k]!];
      const matrix = { tp, fp, fn: cell.positives - tp, tn: cell.negatives - fp };
      return [{ ...evaluation, ...matrix, precision: precisionOf(matrix), recall: recallOf(matrix), f1: f1Score(matrix) }];
    }),
  }));
}

interface CurrentStatistics extends StudyStatistics {
  readonly intervalOf: IntervalOf;
}

/** The part of the statistics that is of the runs as they are now; null without any. */
function currentStatistics(given: StudyStatistics, tables: ReadonlyMap<ArmId, ArmTable>): CurrentStatistics | null {
  const isCurrent = ({ arm, f1, units }: StudyStatistics["arms"][number]) => {
    const table = tables.get(arm);
    return table?.f1 != null && table.units.length === units && Math.abs(table.f1 - f1) < 1e-9;
  };
  const arms = given.arms.filter(isCurrent);
  if (arms.length === 0) return null;
  const known = new Set(arms.map(({ arm }) => arm));
  const over = ["test tiles", ...(given.seeds > 1 ? ["seeds"] : []), ...(given.draws > 1 ? ["label draws"] : [])];
  const intervalOf = INTERVALS_OF.find((name) => name === `${over.slice(0, -1).join(", ")} and ${over.at(-1)}` || name === over.join())!;
  return {
    ...given,
    arms,
    toControl: known.has(CONTROL_ARM) ? given.toControl.filter(({ arm }) => known.has(arm)) : [],
    toBest:
      given.toBest && known.has(given.toBest.best)
        ? { ...given.toBest, others: given.toBest.others.filter(({ arm }) => known.has(arm)) }
        : null,
    bottomQuarter: Object.fromEntries(Object.entries(given.bottomQuarter).filter(([arm]) => known.has(arm))),
    intervalOf,
  };
}

/** Decimals that the intervals of F1 support: one number for all scores that are shown of a study. */
export const scoreDecimals = ({ arms, full }: Pick<StudyResult, "arms" | "full">): number =>
  supportedDecimals([...arms, ...(full ? [full] : [])].map(({ interval }) => interval));

/** The same of differences between arms. */
export const differenceDecimals = ({ arms, full }: Pick<StudyResult, "arms" | "full">): number =>
  supportedDecimals([...arms, ...(full ? [full] : [])].map(({ difference }) => difference));

/** Arms whose curves are drawn unless others are asked for: the best one and the control. */
export const curveArms = (arms: StudyResult["arms"]): ArmId[] => [
  ...new Set([...arms.flatMap(({ arm, rank }) => (rank === 1 ? [arm] : [])), CONTROL_ARM]),
];

/** Enough to show a chance within 7 %. */
const QUICK_RESAMPLES = 200;

/** The result as it would be with other couplets dropped: the lowest ones. */
export function withLowestDropped(result: StudyResult, count: number): StudyResult {
  const { kept, dropped } = selectCouplets(new Map(result.arms.flatMap(({ arm, f1 }) => (f1 === null ? [] : [[arm, f1] as const]))), count);
  const marked = (arm: ArmResult) => ({ ...arm, isDropped: dropped.includes(arm.arm) });
  return { ...result, arms: result.arms.map(marked), selection: { ...result.selection, kept, dropped, byHand: true } };
}

/** Values of one (seed, draw), complete over label sets and percents. */
interface Unit {
  readonly seed: number;
  readonly draw: number;
  readonly f1: number;
}

interface ArmTable
  extends Omit<
    ArmResult,
    "rank" | "difference" | "toBest" | "beatsControl" | "trailsControl" | "isDropped" | "probabilityBottomQuarter" | "publishedF1"
  > {
  readonly units: readonly Unit[];
}

/** Label sets and percents that count: the study's, but for those that no finished run could evaluate (no positives in the data set). */
function askedFor(config: StudyConfig, runs: readonly ScoredRun[]): { labelSets: string[]; percents: number[] } {
  const asked = config.finetune.labelSets.map(({ name }) => name);
  const finished = runs.filter(({ status, evaluations }) => status === "finished" && evaluations.length > 0);
  const seen = new Set(finished.flatMap(({ evaluations }) => evaluations.map(({ labelSet }) => labelSet)));
  const present = asked.filter((name) => seen.has(name));
  return { labelSets: present.length > 0 ? present : asked, percents: [...config.finetune.percents] };
}

function armTable(arm: ArmId, runs: readonly ScoredRun[], labelSets: readonly string[], percents: readonly number[]): ArmTable {
  const units: Unit[] = [];
  const counted: ScoredEvaluation[] = [];
  for (const run of [...runs].sort((a, b) => a.seed - b.seed)) {
    for (const draw of [...new Set(run.evaluations.map((evaluation) => evaluation.draw))].sort((a, b) => a - b)) {
      const cells = labelSets.flatMap((labelSet) =>
        percents.map((percent) =>
          run.evaluations.findLast((e) => e.draw === draw && e.labelSet === labelSet && e.percent === percent && Number.isFinite(e.f1)),
        ),
      );
      const complete = cells.filter((cell) => cell !== undefined);
      if (complete.length < cells.length || cells.length === 0) continue;
      counted.push(...complete);
      units.push({ seed: run.seed, draw, f1: mean(complete.map(({ f1 }) => f1)) });
    }
  }
  const seeds = bySeed(units);
  // Every seed weighs the same, whatever its number of draws, here and in the interval.
  const f1 = seeds.length > 0 ? mean(seeds.map((seed) => seed.f1)) : null;
  const finished = runs.filter(({ status }) => status === "finished").length;
  return {
    arm,
    family: armFamily(arm),
    status: commonStatus(runs),
    runs: runs.length,
    finished,
    failed: runs.filter(({ status }) => status === "failed").length,
    ...scoresOf(counted),
    f1,
    byLabelSet: Object.fromEntries(labelSets.map((name) => [name, scoresOf(counted.filter(({ labelSet }) => labelSet === name))])),
    byPercent: percents.flatMap((percent) => {
      const score = scoresOf(counted.filter((evaluation) => evaluation.percent === percent)).f1;
      return score === null ? [] : [{ percent, f1: score }];
    }),
    seeds,
    ...intervalOf(seeds, counted),
    units,
  };
}

function bySeed(units: readonly Unit[]): SeedScore[] {
  return [...new Set(units.map(({ seed }) => seed))].map((seed) => {
    const own = units.filter((unit) => unit.seed === seed);
    return { seed, f1: mean(own.map(({ f1 }) => f1)), draws: own.map(({ f1 }) => f1), drawNumbers: own.map(({ draw }) => draw) };
  });
}

function intervalOf(
  seeds: readonly SeedScore[],
  counted: readonly ScoredEvaluation[],
): { interval: Interval | null; intervalOf: IntervalOf | null } {
  const interval = clusteredInterval(seeds.map(({ draws }) => draws));
  if (interval) return { interval, intervalOf: seeds.length > 1 ? "seeds" : "label draws" };
  if (seeds.length === 0 || counted.some(({ tp, fp, fn }) => tp + fp + fn === 0)) return { interval: null, intervalOf: null };
  const centre = mean(counted.map(({ f1 }) => f1));
  const half = (tQuantile(0.975, 1e6) * Math.sqrt(counted.reduce((sum, counts) => sum + f1StandardError(counts) ** 2, 0))) / counted.length;
  return { interval: { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }, intervalOf: "test tiles" };
}

/** Mean of what is finite; null of nothing. */
function meanOf(values: readonly (number | null)[]): number | null {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  return finite.length > 0 ? mean(finite) : null;
}

function scoresOf(evaluations: readonly ScoredEvaluation[]): Scores {
  const of = (pick: (evaluation: ScoredEvaluation) => number | null) => meanOf(evaluations.map(pick));
  return {
    f1: of((e) => e.f1),
    auc: of((e) => e.auc),
    ap: of((e) => e.ap),
    precision: of((e) => e.precision),
    recall: of((e) => e.recall),
    falsePositiveRate: of(({ fp, tn }) => fp / (fp + tn)),
    positiveShare: of(({ tp, fp, tn, fn }) => (tp + fn) / (tp + fp + tn + fn)),
  };
}

function commonStatus(runs: readonly ScoredRun[]): RunStatus {
  const has = (status: RunStatus) => runs.some((run) => run.status === status);
  if (runs.length > 0 && runs.every(({ status }) => status === "finished")) return "finished";
  return (["running", "failed", "paused", "cancelled"] as const).find(has) ?? "queued";
}

function commonIntervalOf(arms: readonly ArmResult[]): IntervalOf | null {
  return INTERVALS_OF.find((kind) => arms.some((arm) => arm.intervalOf === kind)) ?? null;
}

function progressOf(arms: readonly ArmResult[], runs: readonly ScoredRun[]): StudyResult["progress"] {
  const total = (pick: (arm: ArmResult) => number) => arms.reduce((sum, arm) => sum + pick(arm), 0);
  return {
    runs: total((arm) => arm.runs),
    finished: total((arm) => arm.finished),
    failed: total((arm) => arm.failed),
    running: runs.filter(({ status }) => status === "running").length,
  };
}

/** Differences of the (seed, draw) pairs that both arms have, a list a seed. */
function pairedDifference(arm: ArmTable, other: ArmTable): Difference | null {
  const groups = new Map<number, number[]>();
  for (const unit of arm.units) {
    const match = other.units.find(({ seed, draw }) => seed === unit.seed && draw === unit.draw);
    if (match) groups.set(unit.seed, [...(groups.get(unit.seed) ?? []), unit.f1 - match.f1]);
  }
  const differences = [...groups.values()];
  const interval = clusteredInterval(differences);
  return interval && { mean: mean(differences.map(mean)), ...interval, pairs: differences.flat().length, p: null, pHolm: null };
}

function operationEffect(operation: AugmentationName, couplets: readonly ArmTable[], control: ArmTable | undefined): OperationEffect {
  const holding = couplets.filter(({ arm }) => coupletOf(arm)!.includes(operation));
  const f1 = holding.length > 0 ? mean(holding.map((arm) => arm.f1!)) : null;
  // Over the seeds and draws that all these couplets have, so that each value is a mean over the same couplets.
  const shared = (holding[0]?.units ?? []).filter((unit) =>
    holding.every((arm) => arm.units.some(({ seed, draw }) => seed === unit.seed && draw === unit.draw)),
  );
  const means = shared.map((unit) => ({
    ...unit,
    f1: mean(holding.map((arm) => arm.units.find(({ seed, draw }) => seed === unit.seed && draw === unit.draw)!.f1)),
  }));
  return {
    operation,
    family: familyOf(operation),
    couplets: holding.length,
    f1,
    interval: clusteredInterval(bySeed(means).map(({ draws }) => draws)),
    effect: f1 === null ? null : f1 - mean(couplets.map((arm) => arm.f1!)),
    differenceToControl: f1 === null || control?.f1 == null ? null : f1 - control.f1,
  };
}

function agreementOf(between: readonly [string, string], a: readonly (number | null)[], b: readonly (number | null)[]): RankAgreement[] {
  const both = a.flatMap((value, i) => (value === null || b[i] == null ? [] : [[value, b[i]!] as const]));
  const correlation = spearman(
    both.map(([x]) => x),
    both.map(([, y]) => y),
  );
  if (correlation === null) return [];
  return [{ between, spearman: correlation, interval: spearmanInterval(correlation, both.length), couplets: both.length }];
}

/** Every pair of a list. */
const pairsOf = <T>(items: readonly T[]): (readonly [T, T])[] => items.flatMap((a, i) => items.slice(i + 1).map((b) => [a, b] as const));

function labelSetAgreement(couplets: readonly ArmTable[], labelSets: readonly string[]): RankAgreement[] {
  const scores = (name: string) => couplets.map((arm) => arm.byLabelSet[name]?.f1 ?? null);
  return pairsOf(labelSets).flatMap(([a, b]) => agreementOf([a, b], scores(a), scores(b)));
}

function seedAgreement(couplets: readonly ArmTable[]): RankAgreement[] {
  const seeds = [...new Set(couplets.flatMap((arm) => arm.seeds.map(({ seed }) => seed)))].sort((a, b) => a - b);
  const scores = (wanted: number) => couplets.map((arm) => arm.seeds.find(({ seed }) => seed === wanted)?.f1 ?? null);
  return pairsOf(seeds).flatMap(([a, b]) => agreementOf([`seed ${a}`, `seed ${b}`], scores(a), scores(b)));
}

/** By the tests of all pairs; a couplet without test tiles' scores by the interval of its own difference. */
function alikeTo(ranked: readonly ArmTable[], toBest: StudyStatistics["toBest"]): StudyResult["alike"] {
  const [best, ...others] = ranked;
  if (!best) return null;
  const tested = new Map(toBest?.others.map(({ arm, pHolm }) => [arm, pHolm]));
  const compared = others.flatMap((table) => {
    const pHolm = tested.get(table.arm);
    if (pHolm !== undefined) return [{ arm: table.arm, isApart: pHolm < 1 - CONFIDENCE }];
    const difference = pairedDifference(best, table);
    return difference ? [{ arm: table.arm, isApart: difference.low > 0 }] : [];
  });
  if (compared.length === 0) return null;
  return { best: best.arm, others: compared.filter(({ isApart }) => !isApart).map(({ arm }) => arm) };
}

/** `1 couplet`, `2 couplets`. */
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function headlineOf(result: Omit<StudyResult, "headline" | "caveats">): string {
  const { runs, finished, failed } = result.progress;
  const scored = result.arms.filter(({ arm, f1 }) => f1 !== null && arm !== CONTROL_ARM);
  if (scored.length === 0) {
    if (finished > 0 && finished === runs) return "All runs finished without scores: the study has no labels to fine-tune on.";
    return `No arm has a score yet: ${finished} of ${counted(runs, "run")} finished.`;
  }
  const opening = finished + failed < runs ? `So far (${finished} of ${runs} runs): ` : "";
  const text = `${comparisonSentence(result, scored)}; ${bestSentence(result, scored)}.`;
  return opening + (opening ? text : text[0]!.toUpperCase() + text.slice(1));
}

function comparisonSentence(result: Omit<StudyResult, "headline" | "caveats">, scored: readonly ArmResult[]): string {
  const couplets = scored.filter(({ arm }) => coupletOf(arm));
  const [group, noun] = couplets.length > 0 ? [couplets, "couplet"] : [scored, "arm"];
  const compared = group.filter(({ beatsControl }) => beatsControl !== null);
  const control = result.control?.f1;
  if (compared.length > 0) {
    const better = compared.filter(({ beatsControl }) => beatsControl).length;
    const worse = compared.filter(({ trailsControl }) => trailsControl).length;
    const share =
      better === compared.length && better > 1
        ? `all ${counted(better, noun)}`
        : `${better || "none"} of ${counted(compared.length, noun)}`;
    return `${share} ${better === 1 || (better === 0 && compared.length === 1) ? "beats" : "beat"} the control (95 %)${worse > 0 ? `, ${worse} ${worse === 1 ? "is" : "are"} worse than it` : ""}`;
  }
  if (control == null) return `the control has no score yet, so none of ${counted(scored.length, "arm")} can be judged`;
  const above = group.filter(({ f1 }) => f1! > control).length;
  return `${above} of ${counted(group.length, noun)} scored above the control, with one value each: chance cannot be told from effect`;
}

function bestSentence(result: Omit<StudyResult, "headline" | "caveats">, scored: readonly ArmResult[]): string {
  const { alike, intervalOf } = result;
  const first = scored.reduce((a, b) => (b.f1! > a.f1! ? b : a));
  const best = alike ? scored.find(({ arm }) => arm === alike.best)! : first;
  const score = `F1 ${formatWithInterval(best.f1!, intervalOf === "test tiles" ? null : best.interval, scoreDecimals(result))}`;
  if (!alike) return `best is ${best.arm} (${score})`;
  const name = `${best.arm} (${score}), the best couplet`;
  if (alike.others.length === 0) return `${name}, stands apart from all others`;
  return `${counted(alike.others.length, "other")} cannot be told apart from ${name}`;
}

function caveatsOf(result: Omit<StudyResult, "headline" | "caveats">): string[] {
  const { arms, agreement, intervalOf, control, progress, threshold } = result;
  const out: string[] = [];
  if (threshold !== DEFAULT_THRESHOLD)
    out.push(
      `Scores count as positive from ${threshold} on instead of ${DEFAULT_THRESHOLD}. A threshold that was picked by the test tiles makes F1 look better than it will be on others.`,
    );
  const compared = arms.filter(({ beatsControl }) => beatsControl !== null).length;
  const corrected = arms.flatMap(({ difference }) => (difference?.pHolm == null ? [] : [difference]));
  if (intervalOf === "test tiles")
    out.push("One run and one label draw an arm: the intervals show the finite test set alone; other seeds would move the scores further.");
  if (intervalOf === "label draws" || intervalOf === "test tiles and label draws")
    out.push(`One seed: the intervals are over ${intervalOf} and leave out how much another pretraining would differ.`);
  const everything = meanOf(
    result.labelSets.map((name) => {
      const share = arms.find(({ byLabelSet }) => byLabelSet[name]?.positiveShare != null)?.byLabelSet[name]?.positiveShare;
      return share == null ? null : (2 * share) / (1 + share);
    }),
  );
  const highest = Math.max(...arms.map(({ f1 }) => f1 ?? 0));
  if (everything !== null && highest > 0 && highest < everything)
    out.push(
      `Calling every test tile positive would give F1 ${everything.toFixed(2)}, more than any arm: AUC and AP tell the arms apart better.`,
    );
  if (corrected.length > 1) {
    const before = corrected.filter(({ low }) => low > 0).length;
    out.push(
      `Comparisons are corrected by Holm's method for there being ${corrected.length} of them; without it ${before} would seem to beat the control.`,
    );
  } else if (compared >= 20)
    out.push(`Of ${compared} comparisons at 95 %, about ${Math.round(compared * 0.025) || 1} would beat the control by chance alone.`);
  for (const { between, spearman: rho, couplets, interval } of agreement.labelSets)
    if (couplets >= 10)
      out.push(
        `Label sets ${between[0]} and ${between[1]} rank the couplets with Spearman ${rho.toFixed(2)}${interval && interval.low <= 0 ? ", which chance explains" : ""}.`,
      );
  const seedPairs = agreement.seeds.filter(({ couplets }) => couplets >= 10);
  if (seedPairs.length > 0)
    out.push(
      `Seeds rank the couplets with Spearman ${mean(seedPairs.map((pair) => pair.spearman)).toFixed(2)} (mean of ${counted(seedPairs.length, "pair")}).`,
    );
  if (!control || control.f1 === null) out.push("Without the control's score, no gain of pretraining can be shown.");
  if (progress.failed > 0) out.push(`${counted(progress.failed, "run")} failed and ${progress.failed === 1 ? "is" : "are"} left out.`);
  return out;
}

/** Settings of the published sweep, as far as this application has them. */
const publishedConfig = () =>
  StudyConfig.parse({
    version: 1,
    dataset: "bigearthnet",
    encoder: "resnet50",
    augmentation: { profile: "published" },
    finetune: { split: "random" },
  });

/**
 * The published sweep as a result, to be opened and compared with one's own. It has one value an arm; its control was published as one number
 * without a confusion matrix, so it has a score and nothing else.
 */
export function publishedResult(): StudyResult {
  const arms = [...new Set(PUBLISHED_SWEEP.map(({ arm }) => arm))];
  const runs = arms.map(
    (arm): ScoredRun => ({
      arm,
      seed: 1,
      status: "finished",
      evaluations: PUBLISHED_SWEEP.filter((evaluation) => evaluation.arm === arm).map((evaluation) => ({
        ...evaluation,
        draw: 0,
        ap: null,
      })),
    }),
  );
  const result = studyResult({ config: publishedConfig(), droppedByHand: null }, runs);
  const better = result.arms.filter(({ f1 }) => f1 !== null && f1 > PUBLISHED_CONTROL_F1).length;
  const withControl = result.arms.map((arm) =>
    arm.arm === CONTROL_ARM ? { ...arm, status: "finished" as const, f1: PUBLISHED_CONTROL_F1, rank: better + 1 } : arm,
  );
  const shifted = withControl.map((arm) =>
    arm.arm !== CONTROL_ARM && arm.rank !== null && arm.rank > better ? { ...arm, rank: arm.rank + 1 } : arm,
  );
  const full: Omit<StudyResult, "headline" | "caveats"> = {
    ...result,
    arms: shifted,
    control: shifted.find(({ arm }) => arm === CONTROL_ARM)!,
    operations: result.operations.map((operation) => ({
      ...operation,
      differenceToControl: operation.f1 === null ? null : operation.f1 - PUBLISHED_CONTROL_F1,
    })),
  };
  return { ...full, headline: headlineOf(full), caveats: caveatsOf(full) };
}
