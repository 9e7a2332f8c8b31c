// What a study's scores of test tiles say: intervals of every arm's F1, paired differences to the control and to the best couplet with p-values
// after Holm's correction, and how likely each couplet belongs to the bottom quarter. All from the same resamples of the test tiles, and from the
// spread of seeds and label draws that the arms share.
import { z } from "zod";
import { f1Score } from "./metrics.ts";
import { resampleTiles, type WeightedCell } from "./paired-bootstrap.ts";
import { Random } from "./random.ts";
import { DEFAULT_THRESHOLD, type ScoredCell } from "./scored-cell.ts";
import { CONFIDENCE, chiSquare99, holm, mean, studentScale, tProbability, tQuantile } from "./statistics.ts";
import { type ArmId, CONTROL_ARM, coupletOf, DROPPED_SHARE } from "./study.ts";

const TestedDifference = z.object({
  arm: z.string(),
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  p: z.number().describe("two-sided, of this comparison alone"),
  pHolm: z.number().describe("after Holm's correction over its family"),
  pairs: z.int().describe("pairs of seed and label draw that both arms have"),
});
export type TestedDifference = z.infer<typeof TestedDifference>;

export const StudyStatistics = z.object({
  threshold: z.number(),
  resamples: z.int(),
  tiles: z.int().describe("distinct test tiles"),
  seeds: z.int().describe("seeds that any arm has"),
  draws: z.int().describe("label draws that any arm has"),
  arms: z.array(z.object({ arm: z.string(), f1: z.number(), low: z.number(), high: z.number(), units: z.int().describe("seeds x draws") })),
  /** Every arm but the control; corrected over all of them. */
  toControl: z.array(TestedDifference),
  /** The best couplet minus each other one; corrected over all pairs of couplets, since the best one was picked by the same scores. */
  toBest: z.object({ best: z.string(), pairs: z.int(), others: z.array(TestedDifference) }).nullable(),
  bottomQuarter: z.record(z.string(), z.number()),
});
export type StudyStatistics = z.infer<typeof StudyStatistics>;

/** Resamples of the test tiles. A standard error from so many is 1.6 % off, one standard deviation. */
export const RESAMPLES = 2000;

/** Of them so many tell what the finite test set adds to the scatter of seeds and label draws. */
const NOISE_RESAMPLES = 50;

export interface StatisticsOptions {
  readonly threshold?: number;
  readonly resamples?: number;
}

/**
 * Statistics of a study. Yields resamples done; null when no arm has a complete fine-tuning. A (seed, draw) counts once it has every label set and
 * percent that any has.
 * @throws AppError BAD_FILE as `resampleTiles`
 */
export function* studyStatistics(
  cells: readonly ScoredCell[],
  { threshold = DEFAULT_THRESHOLD, resamples = RESAMPLES }: StatisticsOptions = {},
): Generator<number, StudyStatistics | null> {
  const arms = armsOf(cells, threshold);
  if (arms.length === 0) return null;
  const units = arms.flatMap(({ units: own }) => own);
  const weighted = units.flatMap(({ cells: own }, row): WeightedCell[] => own.map((cell) => ({ cell, row, weight: 1 / own.length })));
  const drawn = { values: new Float64Array(resamples * arms.length), resamples };
  const noise: Float64Array[] = [];
  const tiles = yield* resampleTiles(weighted, {
    ...{ rows: units.length, threshold, resamples, random: Random.of("paired bootstrap") },
    take(f1, round) {
      let from = 0;
      arms.forEach(({ weights }, arm) => {
        for (let i = 0; i < weights.length; i++) drawn.values[round * arms.length + arm]! += weights[i]! * f1[from + i]!;
        from += weights.length;
      });
      if (noise.length < NOISE_RESAMPLES) noise.push(f1.map((value, i) => value - units[i]!.f1));
    },
  });
  const uncertainty = uncertaintyOf(arms, drawn, noise);
  const couplets = arms.flatMap(({ arm }, i) => (coupletOf(arm) ? [i] : []));
  return {
    threshold,
    resamples,
    tiles,
    seeds: new Set(units.map(({ seed }) => seed)).size,
    draws: new Set(units.map(({ draw }) => draw)).size,
    arms: arms.map(({ arm, f1, units }, i) => {
      const half = halfWidth(uncertainty.terms(i));
      return { arm, f1, low: Math.max(0, f1 - half), high: Math.min(1, f1 + half), units: units.length };
    }),
    toControl: againstControl(arms, uncertainty),
    toBest: againstBest(arms, couplets, uncertainty),
    bottomQuarter: bottomQuarter(arms, couplets, { drawn, uncertainty, random: Random.of("bottom quarter") }),
  };
}

/** One (seed, draw) of an arm, complete. */
interface Unit {
  readonly seed: number;
  readonly draw: number;
  readonly f1: number;
  readonly cells: readonly ScoredCell[];
}

interface Arm {
  readonly arm: ArmId;
  readonly units: readonly Unit[];
  /** Part of each unit in the arm's F1: the mean over draws, then over seeds. */
  readonly weights: readonly number[];
  readonly f1: number;
}

/** Level (a seed, a draw) to a mean. */
type Row = ReadonlyMap<number, number>;

function armsOf(cells: readonly ScoredCell[], threshold: number): Arm[] {
  const wanted = new Set(cells.map(({ labelSet, percent }) => `${percent} ${labelSet}`)).size;
  const byUnit = grouped(cells, ({ arm, seed, draw }) => `${arm} ${seed} ${draw}`);
  const units = [...byUnit.values()].filter((own) => own.length === wanted);
  const byArm = grouped(units, (own) => own[0]!.arm);
  return [...byArm].map(([arm, lists]) => {
    const own = lists.map((list): Unit => {
      const [{ seed, draw }] = list as [ScoredCell, ...ScoredCell[]];
      return { seed, draw, f1: mean(list.map((cell) => cellF1(cell, threshold))), cells: list };
    });
    const bySeed = means(own, ({ seed }) => seed);
    const weights = own.map(({ seed }) => 1 / (bySeed.size * own.filter((unit) => unit.seed === seed).length));
    return { arm, units: own, weights, f1: mean([...bySeed.values()]) };
  });
}

function cellF1({ scores, labels }: ScoredCell, threshold: number): number {
  let [tp, fp, fn] = [0, 0, 0];
  for (let i = 0; i < scores.length; i++) {
    const isCalled = scores[i]! >= threshold;
    if (labels[i]! > 0) isCalled ? tp++ : fn++;
    else if (isCalled) fp++;
  }
  return f1Score({ tp, fp, fn, tn: 0 });
}

type Levelled = Pick<Unit, "seed" | "draw" | "f1">;

function means(units: readonly Levelled[], key: (unit: Levelled) => number): Map<number, number> {
  return new Map([...grouped(units, key)].map(([level, own]) => [level, mean(own.map(({ f1 }) => f1))]));
}

/** Map.groupBy, which Node 20 lacks. */
function grouped<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const own = groups.get(keyOf(value));
    if (own) own.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

/** A part of a variance, and the degrees of freedom that it was estimated with. */
interface Term {
  readonly variance: number;
  readonly df: number;
}

/** How much arms scatter over the levels of a factor (seeds, label draws) beside what the levels do to all arms alike. */
export interface Spread {
  /** Variance of one level's deviation, of each arm: the arms' common one, or its own where that is clearly larger. */
  readonly arms: readonly (Term & { readonly isOwn: boolean })[];
  readonly pooled: Term;
  /** Variance of what a level does to all arms alike. */
  readonly shared: Term;
}

/**
 * Pools the scatter of an arms x levels table (two-way analysis of variance). Three seeds of one arm tell little of its spread; of 41 arms they tell
 * enough. An arm beyond the 99 % point of chi-square counts its own spread instead. Null without anything to estimate a spread from.
 * @param table an arm an entry; levels may be missing
 */
export function pooledSpread(table: readonly Row[]): Spread | null {
  const levels = [...new Set(table.flatMap((row) => [...row.keys()]))];
  const complete = table.filter((row) => row.size === levels.length);
  const isShared = complete.length > 1;
  const effects = new Map(
    levels.map((level) => [level, isShared ? mean(complete.map((row) => row.get(level)! - mean([...row.values()]))) : 0]),
  );
  const squares = table.map((row) => {
    const deviations = [...row].map(([level, value]) => value - effects.get(level)!);
    const centre = mean(deviations);
    return deviations.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  });
  const free = table.reduce((sum, row) => sum + Math.max(0, row.size - 1), 0);
  const df = free - (isShared ? levels.length - 1 : 0);
  if (df <= 0) return null;
  const pooled = { variance: squares.reduce((sum, square) => sum + square, 0) / df, df };
  const arms = table.map((row, i) => {
    const ownDf = row.size - 1;
    // Fitting the effects takes its part of every arm's scatter.
    const own = ownDf > 0 ? (squares[i]! / ownDf) * (free / df) : 0;
    const isOwn = table.length > 2 && own > (pooled.variance * chiSquare99(ownDf)) / ownDf;
    return isOwn ? { variance: own, df: ownDf, isOwn } : { ...pooled, isOwn };
  });
  const between = isShared ? [...effects.values()].reduce((sum, effect) => sum + effect ** 2, 0) / (levels.length - 1) : 0;
  return {
    arms,
    pooled,
    shared: { variance: Math.max(0, between - pooled.variance / Math.max(1, complete.length)), df: levels.length - 1 },
  };
}

/** The spread that the test tiles do not explain: what the resamples scatter over the same levels is taken off. */
function beyondTiles(raw: Spread, ofTiles: readonly number[]): Spread {
  const less = <T extends Term>(term: T): T => ({ ...term, variance: Math.max(0, term.variance - mean(ofTiles)) });
  return { arms: raw.arms.map(less), pooled: less(raw.pooled), shared: raw.shared };
}

interface Factor {
  readonly spread: Spread;
  readonly levels: readonly ReadonlySet<number>[];
}

interface Uncertainty {
  /** Parts of the variance of an arm's F1. */
  terms(arm: number): Term[];
  /** Parts of the variance of a difference of two arms' F1. */
  pairTerms(a: number, b: number): Term[];
  /** Parts of the variance of an arm's F1 that come from its seeds and label draws alone. */
  ownTerms(arm: number): Term[];
}

/** So many degrees of freedom are as good as a normal distribution. */
const MANY = 1e6;

/**
 * Tiles, seeds and label draws are crossed: a tile that a seed's encoder misses by chance scatters both. So that it is counted once, seeds and draws
 * count what the tiles do not explain.
 * @param noise resampled minus actual F1 of each unit, some resamples
 */
function uncertaintyOf(arms: readonly Arm[], drawn: Drawn, noise: readonly Float64Array[]): Uncertainty {
  const covariance = covarianceOf(drawn, arms.length);
  const at = (a: number, b: number) => covariance[a * arms.length + b]!;
  const factors = (["seed", "draw"] as const).flatMap((level): Factor[] => {
    const table = arms.map(({ units }) => means(units, (unit) => unit[level]));
    const raw = pooledSpread(table);
    if (!raw) return [];
    const ofTiles = noise.map((f1) => {
      let from = 0;
      const deviations = arms.map(({ units }) => {
        const own = units.map((unit, i) => ({ ...unit, f1: f1[from + i]! }));
        from += units.length;
        return means(own, (unit) => unit[level]);
      });
      return pooledSpread(deviations)!.pooled.variance;
    });
    return [{ spread: beyondTiles(raw, ofTiles), levels: table.map((row) => new Set(row.keys())) }];
  });
  const ownTerms = (arm: number) =>
    factors.map(({ spread, levels }) => ({ variance: spread.arms[arm]!.variance / levels[arm]!.size, df: spread.arms[arm]!.df }));
  const tiles = (variance: number): Term => ({ variance: Math.max(0, variance), df: MANY });
  return {
    ownTerms,
    terms: (arm) => [
      tiles(at(arm, arm)),
      ...ownTerms(arm),
      ...factors.map(({ spread: { shared }, levels }) => ({ variance: shared.variance / levels[arm]!.size, df: shared.df })),
    ],
    pairTerms: (a, b) => [
      tiles(at(a, a) + at(b, b) - 2 * at(a, b)),
      ...factors.flatMap(({ spread, levels }) => {
        const [first, second] = [levels[a]!, levels[b]!];
        const common = [...first].filter((level) => second.has(level)).length;
        // What a level does to both alike cancels where both have it.
        const apart = 1 / first.size + 1 / second.size - (2 * common) / (first.size * second.size);
        return [
          ...pairOfArms(spread, [a, first.size], [b, second.size]),
          { variance: spread.shared.variance * apart, df: spread.shared.df },
        ];
      }),
    ],
  };
}

function pairOfArms({ arms }: Spread, ...pair: readonly (readonly [number, number])[]): Term[] {
  const parts = pair.map(([arm, n]) => ({ ...arms[arm]!, variance: arms[arm]!.variance / n }));
  const pooled = parts.filter(({ isOwn }) => !isOwn);
  // One estimate used twice is one term.
  const joined = pooled.length > 0 ? [{ variance: pooled.reduce((sum, { variance }) => sum + variance, 0), df: pooled[0]!.df }] : [];
  return [...joined, ...parts.filter(({ isOwn }) => isOwn)];
}

/** F1 of each arm in each resample of the tiles, [resamples, arms]. */
interface Drawn {
  readonly values: Float64Array;
  readonly resamples: number;
}

function covarianceOf({ values, resamples }: Drawn, rows: number): Float64Array {
  const centres = new Float64Array(rows);
  for (let i = 0; i < values.length; i++) centres[i % rows]! += values[i]! / resamples;
  const out = new Float64Array(rows * rows);
  for (let round = 0; round < resamples; round++) {
    for (let a = 0; a < rows; a++) {
      const deviation = (values[round * rows + a]! - centres[a]!) / (resamples - 1);
      for (let b = 0; b < rows; b++) out[a * rows + b]! += deviation * (values[round * rows + b]! - centres[b]!);
    }
  }
  return out;
}

/** Standard error and degrees of freedom of a sum of parts (Satterthwaite 1946). */
function combined(terms: readonly Term[]): { error: number; df: number } {
  const variance = terms.reduce((sum, term) => sum + term.variance, 0);
  const spread = terms.reduce((sum, term) => sum + (term.variance > 0 ? term.variance ** 2 / term.df : 0), 0);
  return { error: Math.sqrt(variance), df: spread > 0 ? Math.min(MANY, variance ** 2 / spread) : MANY };
}

function halfWidth(terms: readonly Term[]): number {
  const { error, df } = combined(terms);
  return error * tQuantile((1 + CONFIDENCE) / 2, df);
}

/** Two-sided p-value of two arms being alike. */
function pairP(arms: readonly Arm[], a: number, b: number, { pairTerms }: Uncertainty): number {
  const { error, df } = combined(pairTerms(a, b));
  const difference = Math.abs(arms[a]!.f1 - arms[b]!.f1);
  return error > 0 ? Math.min(1, 2 * tProbability(-difference / error, df)) : difference === 0 ? 1 : 0;
}

/** First minus second. */
function differenceOf(
  arms: readonly Arm[],
  a: number,
  b: number,
  { pairTerms }: Uncertainty,
): Omit<TestedDifference, "arm" | "p" | "pHolm"> {
  const [first, second] = [arms[a]!, arms[b]!];
  const difference = first.f1 - second.f1;
  const half = halfWidth(pairTerms(a, b));
  return {
    mean: difference,
    low: difference - half,
    high: difference + half,
    pairs: first.units.filter((unit) => second.units.some(({ seed, draw }) => seed === unit.seed && draw === unit.draw)).length,
  };
}

function againstControl(arms: readonly Arm[], uncertainty: Uncertainty): TestedDifference[] {
  const control = arms.findIndex(({ arm }) => arm === CONTROL_ARM);
  if (control < 0) return [];
  const others = arms.flatMap((_, i) => (i === control ? [] : [i]));
  const values = others.map((i) => pairP(arms, i, control, uncertainty));
  const corrected = holm(values);
  return others.map((i, place) => ({
    arm: arms[i]!.arm,
    ...differenceOf(arms, i, control, uncertainty),
    p: values[place]!,
    pHolm: corrected[place]!,
  }));
}

function againstBest(arms: readonly Arm[], couplets: readonly number[], uncertainty: Uncertainty): StudyStatistics["toBest"] {
  if (couplets.length < 2) return null;
  const best = couplets.reduce((a, b) => (arms[b]!.f1 > arms[a]!.f1 ? b : a));
  const pairs = couplets.flatMap((a, i) => couplets.slice(i + 1).map((b) => ({ a, b, p: pairP(arms, a, b, uncertainty) })));
  const corrected = holm(pairs.map(({ p }) => p));
  const others = pairs.flatMap(({ a, b, p }, i): TestedDifference[] => {
    if (a !== best && b !== best) return [];
    const other = a === best ? b : a;
    return [{ arm: arms[other]!.arm, ...differenceOf(arms, best, other, uncertainty), p, pHolm: corrected[i]! }];
  });
  return { best: arms[best]!.arm, pairs: pairs.length, others };
}

/** Share of the resamples in which a couplet is among the lowest quarter; seeds and label draws move it by their spread. */
function bottomQuarter(
  arms: readonly Arm[],
  couplets: readonly number[],
  { drawn, uncertainty, random }: { drawn: Drawn; uncertainty: Uncertainty; random: Random },
): Record<ArmId, number> {
  const count = Math.floor(couplets.length * DROPPED_SHARE);
  const spreads = couplets.map((i) => combined(uncertainty.ownTerms(i)));
  const hits = new Float64Array(couplets.length);
  const scores = new Float64Array(couplets.length);
  const order = couplets.map((_, place) => place);
  for (let round = 0; round < drawn.resamples; round++) {
    couplets.forEach((arm, place) => {
      const { error, df } = spreads[place]!;
      scores[place] = drawn.values[round * arms.length + arm]! + error * studentScale(Math.round(df), random) * random.normal();
    });
    order.sort((a, b) => scores[a]! - scores[b]!);
    for (let i = 0; i < count; i++) hits[order[i]!]!++;
  }
  return Object.fromEntries(couplets.map((arm, place) => [arms[arm]!.arm, hits[place]! / drawn.resamples]));
}
