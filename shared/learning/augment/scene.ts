// What every operation draws from, and what it draws for the interface.
import type { AugmentationName, AugmentationSettings } from "../../domain/augmentations.ts";
import type { Random } from "../../domain/random.ts";

/**
 * The stage of a study. `full` is the second one: the published profile's geometric operations differ there (the study rewrote them between
 * its sweep and its full runs); the physical profile's are the same in both.
 */
export type Stage = "arm" | "full";

/** What an operation's parameters may depend on. */
export interface Scene {
  readonly settings: AugmentationSettings;
  readonly stage: Stage;
  /** Side of a tile, px. */
  readonly pixels: number;
  readonly channels: number;
}

/** One operation's draw for one view. */
export interface Draw<Value> {
  readonly value: Value;
  /** What was drawn, for people: `blur, sigma 1.2 px`; null when the view is left as it is. */
  readonly words: string | null;
}

/** Draws an operation's parameters for one view. Always takes as many random numbers as it needs and no fixed count. */
export type Sampler<Value> = (random: Random, scene: Scene) => Draw<Value>;

/** A signed number for people: `+0.21`, `-3`. */
export function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return value < 0 ? text : `+${text}`;
}

/** Order in which a view's operations act. The geometric ones act as one. */
export const OPERATION_ORDER: readonly AugmentationName[] = [
  "flip",
  "rotation",
  "shift",
  "zoom",
  "blur",
  "contrast",
  "brightness",
  "gain",
  "speckle",
];
