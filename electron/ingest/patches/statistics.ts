// Mean, standard deviation and range of each band, streamed. DN are whole numbers, so the sums are exact and may be merged in any order.
import type { BandStatistics } from "../../../shared/domain/dataset.ts";
import { NO_DATA_DN, type Radiometry, SATURATED_DN } from "../../../shared/raster/radiometry.ts";
import { createMomentsKernel, KERNEL_VALUES, type MomentsKernel } from "./moments-kernel.ts";

/** Exact moments of a band's valid DN (not 0, not 65535), after the radiometric offset and its clamp. */
export interface BandMoments {
  count: number;
  sum: bigint;
  sumOfSquares: bigint;
  minimum: number;
  maximum: number;
}

/** Moments as JSON holds them. */
export type StoredMoments = readonly [count: number, sum: string, sumOfSquares: string, minimum: number, maximum: number];

export function emptyMoments(): BandMoments {
  return { count: 0, sum: 0n, sumOfSquares: 0n, minimum: Number.POSITIVE_INFINITY, maximum: Number.NEGATIVE_INFINITY };
}

/**
 * Adds the pixels `start` to `end` of a band.
 * @param offset the radiometric offset; values are clamped at 1 after it, as reflectance is (`reflectanceOf`)
 * @returns pixels without data (DN 0)
 */
export function addPixels(moments: BandMoments, dn: Uint16Array, start: number, end: number, offset: number): number {
  let missing = 0;
  // Stretches short enough for sums of squares that are exact in a double.
  for (let from = start; from < end; from += KERNEL_VALUES) {
    const to = Math.min(end, from + KERNEL_VALUES);
    const isWhole = (to - from) % 8 === 0 && addWholeStretch(moments, dn, from, to, offset);
    if (!isWhole) missing += addMaskedStretch(moments, dn, from, to, offset);
  }
  return missing;
}

let kernel: MomentsKernel | null | undefined;

/**
 * Adds a stretch in which every pixel is valid and above the offset, as nearly all are.
 * @returns false, with nothing added, when one is not, or the processor cannot do it
 */
function addWholeStretch(moments: BandMoments, dn: Uint16Array, start: number, end: number, offset: number): boolean {
  if (kernel === undefined) kernel = createMomentsKernel();
  if (!kernel) return false;
  const { sum, sumOfSquares, minimum, maximum } = kernel(dn, start, end);
  if (minimum === NO_DATA_DN || maximum === SATURATED_DN || minimum + offset < 1) return false;
  const count = end - start;
  moments.count += count;
  moments.sum += BigInt(sum + count * offset);
  moments.sumOfSquares += BigInt(sumOfSquares + offset * (2 * sum + count * offset));
  moments.minimum = Math.min(moments.minimum, minimum + offset);
  moments.maximum = Math.max(moments.maximum, maximum + offset);
  return true;
}

function addMaskedStretch(moments: BandMoments, dn: Uint16Array, start: number, end: number, offset: number): number {
  let missing = 0;
  let masked = 0;
  let sum = 0;
  let sumOfSquares = 0;
  let minimum = SATURATED_DN;
  let maximum = 0;
  for (let i = start; i < end; i++) {
    let value = dn[i]!;
    if (value === NO_DATA_DN) {
      missing++;
      continue;
    }
    if (value === SATURATED_DN) {
      masked++;
      continue;
    }
    if (offset !== 0) value = Math.max(value + offset, 1);
    sum += value;
    sumOfSquares += value * value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const count = end - start - missing - masked;
  if (count === 0) return missing;
  moments.count += count;
  moments.sum += BigInt(sum);
  moments.sumOfSquares += BigInt(sumOfSquares);
  moments.minimum = Math.min(moments.minimum, minimum);
  moments.maximum = Math.max(moments.maximum, maximum);
  return missing;
}

/** Adds `from` to `into`. */
export function mergeMoments(into: BandMoments, from: BandMoments): void {
  into.count += from.count;
  into.sum += from.sum;
  into.sumOfSquares += from.sumOfSquares;
  into.minimum = Math.min(into.minimum, from.minimum);
  into.maximum = Math.max(into.maximum, from.maximum);
}

export function storeMoments({ count, sum, sumOfSquares, minimum, maximum }: BandMoments): StoredMoments {
  return count === 0 ? [0, "0", "0", 0, 0] : [count, String(sum), String(sumOfSquares), minimum, maximum];
}

export function restoreMoments([count, sum, sumOfSquares, minimum, maximum]: StoredMoments): BandMoments {
  return count === 0 ? emptyMoments() : { count, sum: BigInt(sum), sumOfSquares: BigInt(sumOfSquares), minimum, maximum };
}

/** Statistics of reflectance. `std` is that of the population (divided by n). All 0 for a band without a valid pixel. */
export function statisticsOf({ count, sum, sumOfSquares, minimum, maximum }: BandMoments, { quantification }: Radiometry): BandStatistics {
  if (count === 0) return { mean: 0, std: 0, validPixels: 0, minimum: 0, maximum: 0 };
  const n = BigInt(count);
  // n^2 variance as a whole number: no cancellation.
  const scaledVariance = n * sumOfSquares - sum * sum;
  return {
    mean: ratio(sum, n) / quantification,
    std: Math.sqrt(ratio(scaledVariance, n * n)) / quantification,
    validPixels: count,
    minimum: minimum / quantification,
    maximum: maximum / quantification,
  };
}

/** a / b to the full precision of a double, for whole numbers of any size. */
function ratio(a: bigint, b: bigint): number {
  const whole = a / b;
  const rest = a - whole * b;
  return Number(whole) + Number((rest << 64n) / b) / 2 ** 64;
}
