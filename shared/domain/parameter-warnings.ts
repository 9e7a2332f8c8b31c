// What parameters of the augmentations do whatever the tile: draws that flip the sign, that no surface reflects, or that change nothing.
import type { AugmentationName, AugmentationSettings } from "./augmentations.ts";
import { PHYSICAL_RANGE } from "./preview.ts";

export interface ParameterWarning {
  readonly operation: AugmentationName;
  readonly parameter: string;
  readonly message: string;
}

/** Reflectance of fresh snow and thick cloud, the brightest that scenes hold much of. */
const BRIGHTEST = 1;

/** @see domain: sign flips, values outside physics, identity */
export function parameterWarnings({ profile, parameters }: AugmentationSettings): ParameterWarning[] {
  const warnings: ParameterWarning[] = [];
  const warn = (operation: AugmentationName, parameter: string, message: string) => warnings.push({ operation, parameter, message });
  for (const [operation, values] of Object.entries(parameters) as [AugmentationName, Readonly<Record<string, unknown>>][]) {
    if (values.probability === 0) warn(operation, "probability", "It is never applied.");
    for (const [parameter, value] of Object.entries(values))
      if (changesNothing(operation, parameter, value)) warn(operation, parameter, "Nothing changes: every draw is the tile itself.");
  }
  const [low, high] = parameters.gain.factor;
  if (low < 0) {
    const share = high > 0 ? -low / (high - low) : 1;
    warn("gain", "factor", `${Math.round(share * 100)} % of the draws flip the sign: bright surfaces become dark.`);
  }
  if (profile === "physical" && high * BRIGHTEST > PHYSICAL_RANGE[1])
    warn("gain", "factor", `Above ${PHYSICAL_RANGE[1]} snow and cloud come out brighter than any surface reflects.`);
  if (parameters.contrast.factor[1] === 0) warn("contrast", "factor", "All of the view becomes its mean: nothing is left to learn from.");
  return warnings;
}

function changesNothing(operation: AugmentationName, parameter: string, value: unknown): boolean {
  const isAlways = (neutral: number) => Array.isArray(value) && value[0] === neutral && value[1] === neutral;
  switch (`${operation} ${parameter}`) {
    case "brightness offset":
      return isAlways(0);
    case "contrast factor":
    case "zoom area":
    case "zoom factor":
      return isAlways(1);
    case "speckle rate":
      return isAlways(0);
    case "shift fraction":
    case "rotation maxDegrees":
      return value === 0;
    default:
      return false;
  }
}
