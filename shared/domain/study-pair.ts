// Two studies side by side: the same arms aligned, how far their F1 differs, and how alike they rank them.
import { spearman, spearmanInterval } from "./statistics.ts";
import { type ArmId, coupletOf } from "./study.ts";
import type { ArmResult, Difference, RankAgreement, StudyResult } from "./study-result.ts";

export interface NamedResult {
  readonly name: string;
  readonly result: StudyResult;
}

/** One arm in both studies. */
export interface ArmPair {
  readonly arm: ArmId;
  readonly first: ArmResult & { readonly f1: number };
  readonly second: ArmResult & { readonly f1: number };
  /** First minus second. */
  readonly difference: number;
  /** Its 95 % interval; null where one of the two has none. */
  readonly interval: Pick<Difference, "low" | "high"> | null;
}

export interface StudyPair {
  readonly names: readonly [string, string];
  /** Arms that both have a score of, largest difference first. */
  readonly arms: readonly ArmPair[];
  /** Of the couplets; null with fewer than three in common. */
  readonly agreement: RankAgreement | null;
  /** What the two say together, in plain words. */
  readonly headline: string;
}

/**
 * Aligns two studies. They were made on their own, so their errors are: the interval of a difference has the root of the sum of both squared
 * half-widths (Altman and Bland 2003). It says nothing about why they differ: data, encoder, settings.
 */
export function studyPair(first: NamedResult, second: NamedResult): StudyPair {
  const every = ({ arms, full }: StudyResult) => (full ? [...arms, full] : arms);
  const others = new Map(every(second.result).map((arm) => [arm.arm, arm]));
  const arms = every(first.result).flatMap((a): ArmPair[] => {
    const b = others.get(a.arm);
    if (a.f1 === null || b === undefined || b.f1 === null) return [];
    const difference = a.f1 - b.f1;
    const half = a.interval && b.interval ? Math.hypot(a.interval.high - a.interval.low, b.interval.high - b.interval.low) / 2 : null;
    return [
      {
        ...{ arm: a.arm, first: { ...a, f1: a.f1 }, second: { ...b, f1: b.f1 }, difference },
        interval: half === null ? null : { low: difference - half, high: difference + half },
      },
    ];
  });
  arms.sort((a, b) => b.difference - a.difference);
  const couplets = arms.filter(({ arm }) => coupletOf(arm));
  const rho = spearman(
    couplets.map((pair) => pair.first.f1),
    couplets.map((pair) => pair.second.f1),
  );
  const names = [first.name, second.name] as const;
  const agreement =
    rho === null ? null : { between: names, spearman: rho, interval: spearmanInterval(rho, couplets.length), couplets: couplets.length };
  return { names, arms, agreement, headline: headlineOf(names, arms, agreement) };
}

function headlineOf([a, b]: readonly [string, string], arms: readonly ArmPair[], agreement: RankAgreement | null): string {
  if (arms.length === 0) return `${a} and ${b} have no arm with a score in common.`;
  const told = arms.filter(({ interval }) => interval);
  const higher = told.filter(({ interval }) => interval!.low > 0).length;
  const lower = told.filter(({ interval }) => interval!.high < 0).length;
  const counts =
    told.length === 0
      ? `${arms.filter(({ difference }) => difference > 0).length} of ${arms.length} arms score higher in ${a} than in ${b}`
      : `${higher || "None"} of ${told.length} arms score higher in ${a} than in ${b} (95 % each), ${lower || "none"} lower`;
  if (!agreement) return `${counts}.`;
  const { spearman: rho, interval } = agreement;
  // Without an interval they agree, or disagree, in every pair, or are too few.
  const isChance = interval ? interval.low <= 0 && interval.high >= 0 : Math.abs(rho) < 1;
  const words = isChance
    ? "that they rank the couplets alike cannot be shown"
    : rho < 0
      ? "they rank the couplets against each other"
      : rho < 0.5
        ? "they rank the couplets a little alike"
        : "they rank the couplets alike";
  return `${counts}; ${words} (Spearman ${rho.toFixed(2).replace("-", "−")}).`;
}
