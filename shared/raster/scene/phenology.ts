// What grows in a field on a day of the year: leaf area, pigments and moisture of crops and of natural vegetation.
import type { Random } from "../../domain/random.ts";
import type { Canopy } from "./spectra.ts";

/** A crop's calendar. Days are days of the year at latitude 45 degrees; a region shifts them. */
export interface Crop {
  readonly name: string;
  readonly greenUpDay: number;
  readonly senescenceDay: number;
  readonly harvestDay: number;
  /** Leaf area index (m2 of leaf per m2 of ground) at its peak. */
  readonly maxLai: number;
  /** Watered by its grower: soil stays moist and leaves full of water. */
  readonly isIrrigated: boolean;
  /** Days between cuts, for fodder that is mown again and again. */
  readonly cutEveryDays?: number;
  /** First and last day under water (rice). */
  readonly floodedDays?: readonly [number, number];
  /** First and last day of yellow flower (rape). */
  readonly flowerDays?: readonly [number, number];
}

const crop = (
  name: string,
  [greenUpDay, senescenceDay, harvestDay]: readonly [number, number, number],
  maxLai: number,
  isIrrigated: boolean,
  more: Partial<Crop> = {},
): Crop => ({ name, greenUpDay, senescenceDay, harvestDay, maxLai, isIrrigated, ...more });

export const CROPS = {
  winterCereal: crop("winter cereal", [70, 162, 190], 4.6, false),
  rape: crop("rape", [68, 168, 192], 4.4, false, { flowerDays: [106, 134] }),
  sunflower: crop("sunflower", [150, 228, 252], 2.6, false),
  maize: crop("rain-fed maize", [156, 246, 270], 4.2, false),
  beet: crop("beet", [142, 290, 305], 4.2, false),
  fallow: crop("fallow", [75, 160, 360], 1.3, false),
  irrigatedMaize: crop("irrigated maize", [146, 256, 278], 5.6, true),
  tomato: crop("tomato", [142, 232, 246], 4.2, true),
  potato: crop("potato", [132, 226, 250], 4.6, true),
  vegetables: crop("vegetables", [100, 268, 275], 3.6, true, { cutEveryDays: 75 }),
  alfalfa: crop("alfalfa", [62, 300, 320], 4.8, true, { cutEveryDays: 34 }),
  irrigatedCereal: crop("irrigated cereal", [66, 172, 196], 5.8, true),
  rice: crop("rice", [172, 248, 276], 5.4, true, { floodedDays: [108, 196] }),
} as const satisfies Readonly<Record<string, Crop>>;

/** A field on one day. */
export interface FieldState {
  /** Share of the ground hidden by leaves or straw, 0 to 1. */
  readonly cover: number;
  readonly canopy: Canopy;
  /** Wetness of the soil, 0 (dry) to 1 (saturated). */
  readonly wetness: number;
  readonly isFlooded: boolean;
}

/** Share of the ground that leaves hide, for a leaf area index. */
export const coverOf = (lai: number) => 1 - Math.exp(-0.55 * lai);

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * A crop on a day.
 * @param day day of the year, shifts of region, year and field already taken off
 * @param rainWetness wetness that rain alone gives the soil, 0 to 1
 */
export function fieldState(crop: Crop, day: number, rainWetness: number, random: Random): FieldState {
  const vigour = random.uniform(0.78, 1.08) * (crop.isIrrigated ? 1.02 : 0.95);
  const lastWatered = random.next();
  const tilled = random.uniform(15, 75);
  const phase = random.next();
  const strawCover = random.uniform(0.25, 0.6);
  const growth = logistic((day - crop.greenUpDay - 14) / 8) * logistic((crop.senescenceDay + 10 - day) / 6);
  const decay = logistic((day - crop.senescenceDay) / 5);
  let lai = crop.maxLai * vigour * growth;
  if (crop.cutEveryDays) {
    const sinceCut = (((day / crop.cutEveryDays + phase) % 1) + 1) % 1;
    lai *= 0.3 + 0.7 * logistic((sinceCut - 0.3) * 12);
  }
  const isWatered = crop.isIrrigated && day > crop.greenUpDay - 25 && day < crop.senescenceDay;
  const wetness = Math.min(1, rainWetness + (isWatered ? 0.3 + 0.45 * lastWatered : 0));
  const isFlooded = crop.floodedDays !== undefined && day > crop.floodedDays[0] + 20 * (phase - 0.5) && day < crop.floodedDays[1];
  if (day > crop.harvestDay + 12 * (phase - 0.5)) {
    const isTilled = day > crop.harvestDay + tilled;
    const canopy = { chlorophyll: 0.03, water: 0.12, brown: 0.75, lit: 0.95 };
    return { cover: isTilled ? 0.05 : strawCover, canopy, wetness, isFlooded: false };
  }
  // Dying leaves hide the ground for some time yet.
  const standing = 0.62 * crop.maxLai * vigour * decay;
  const flowering = crop.flowerDays && day > crop.flowerDays[0] && day < crop.flowerDays[1] ? 0.45 : 1;
  const drought = crop.isIrrigated ? 1 : Math.min(1, 0.72 + rainWetness);
  const canopy = {
    chlorophyll: (0.12 + 0.9 * vigour * (1 - decay)) * flowering * (0.75 + 0.25 * drought),
    water: (0.2 + 0.85 * (1 - decay)) * drought,
    brown: 0.03 + 0.7 * decay,
    lit: 0.97,
  };
  return { cover: coverOf(Math.max(lai, standing)), canopy, wetness, isFlooded };
}

/** How grass stands on a day. */
export interface GrassClimate {
  readonly day: number;
  /** 0 (green all summer) to 1 (burnt by June). */
  readonly aridity: number;
  readonly rainWetness: number;
}

/**
 * Grassland that nobody waters.
 * @param lushness 0.3 (poor, stony) to 1.2 (meadow by a river)
 */
export function grassState(climate: GrassClimate, lushness: number): FieldState {
  const summer = logistic((climate.day - 158) / 9) * logistic((292 - climate.day) / 12);
  const thirst = Math.min(1, Math.max(0, climate.aridity * 1.35 - 0.38 * lushness));
  const dryness = summer * thirst;
  const lai = 3.6 * lushness * (1 - 0.8 * dryness) * (0.55 + 0.45 * logistic((climate.day - 85) / 12));
  return {
    cover: coverOf(lai + 1.1 * dryness),
    canopy: { chlorophyll: 0.88 - 0.74 * dryness, water: 0.9 - 0.65 * dryness, brown: 0.06 + 0.62 * dryness, lit: 0.9 },
    wetness: climate.rainWetness,
    isFlooded: false,
  };
}

/** Leaves of broad-leaved trees: in leaf from the end of April at latitude 45 degrees, turning in October. */
export function deciduousCover(day: number): number {
  return 0.3 + 0.65 * logistic((day - 112) / 6) * logistic((292 - day) / 8);
}
