// The study's nouns: arms, how an arm draws its views, the score of an arm, and the rule that drops the bottom quarter of the couplets.
import {
  AUGMENTATIONS,
  type AugmentationName,
  COUPLETS,
  type Couplet,
  familyOf,
  GEOMETRIC_AUGMENTATIONS,
  PIXEL_AUGMENTATIONS,
} from "./augmentations.ts";

/** `blur+brightness` .. (36 couplets), `pixel`, `geometric`, `all`, `none`, the control `random-init`; and `full`, the second stage. */
export type ArmId = string;

export const SPECIAL_ARMS = ["pixel", "geometric", "all", "none"] as const;
/** The control: the same encoder without pretraining. Mandatory in every study. */
export const CONTROL_ARM = "random-init";
/** The second stage: pretraining with a random remaining couplet for each view. */
export const FULL_ARM = "full";

/** The id of a couplet's arm; the order of the two does not matter. */
export function coupletId(couplet: readonly [AugmentationName, AugmentationName]): ArmId {
  const [a, b] = couplet;
  return AUGMENTATIONS.indexOf(a) <= AUGMENTATIONS.indexOf(b) ? `${a}+${b}` : `${b}+${a}`;
}

export const COUPLET_ARMS: readonly ArmId[] = COUPLETS.map(coupletId);
/** The 40 arms and the control, in the order of the tables. */
export const ALL_ARMS: readonly ArmId[] = [...COUPLET_ARMS, ...SPECIAL_ARMS, CONTROL_ARM];

/** The couplet of an arm, or `undefined` when it is none. */
export function coupletOf(arm: ArmId): Couplet | undefined {
  return COUPLETS[COUPLET_ARMS.indexOf(arm)];
}

export type ArmFamily = "pixel" | "geometric" | "mixed" | "special" | "control" | "full";

/** The family by which charts colour an arm. */
export function armFamily(arm: ArmId): ArmFamily {
  const couplet = coupletOf(arm);
  if (couplet) {
    const [first, second] = couplet.map(familyOf);
    return first === second ? first! : "mixed";
  }
  if (arm === CONTROL_ARM) return "control";
  if (arm === FULL_ARM) return "full";
  return "special";
}

/**
 * How an arm draws a view: one list of operations for all views, or for each view a random list of the pool
 * (second stage: the couplets that were not dropped).
 */
export type ViewPool = readonly (readonly AugmentationName[])[];

/** The pool of an arm of the sweep. @param kept couplets of the second stage, needed for `full` only. */
export function viewPool(arm: ArmId, kept: readonly ArmId[] = []): ViewPool {
  const couplet = coupletOf(arm);
  if (couplet) return [couplet];
  switch (arm) {
    case "pixel":
      return [PIXEL_AUGMENTATIONS];
    case "geometric":
      return [GEOMETRIC_AUGMENTATIONS];
    case "all":
      return [AUGMENTATIONS];
    case FULL_ARM:
      return kept.map(coupletOf).filter((c) => c !== undefined);
    default:
      return [[]]; // none: the identity twice; random-init is not pretrained
  }
}

/** Share of the couplets that the study drops: 9 of 36 (SimCLR-S2, April 2021). */
export const DROPPED_SHARE = 0.25;

/**
 * The rule of the study: of the couplets with a score, the lowest quarter (rounded down) is dropped.
 * @param scores F1 per arm; arms that are no couplets are ignored. Ties are broken by the arm's place in the matrix.
 * @param count how many are dropped instead
 */
export function selectCouplets(scores: ReadonlyMap<ArmId, number>, count?: number): { kept: ArmId[]; dropped: ArmId[] } {
  const ranked = COUPLET_ARMS.filter((arm) => scores.has(arm)).sort((a, b) => scores.get(b)! - scores.get(a)!);
  const dropCount = count ?? Math.floor(ranked.length * DROPPED_SHARE);
  return { kept: ranked.slice(0, ranked.length - dropCount), dropped: ranked.slice(ranked.length - dropCount) };
}
