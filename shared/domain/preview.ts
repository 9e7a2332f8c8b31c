// What augmentations do to a tile, in figures: histograms and spectral profile of each band, and warnings where a view leaves physics.
import { type AugmentationName, familyOf, type Profile } from "./augmentations.ts";
import { BANDS, type BandName } from "./bands.ts";

/** Reflectance of several bands on one grid. */
export interface ReflectanceImage {
  readonly bands: readonly BandName[];
  /** Side, px. */
  readonly pixels: number;
  /** // [C, S, S] */
  readonly data: Float32Array;
  /** 1 = valid; all valid when absent. // [C, S, S] */
  readonly mask?: Uint8Array | null;
}

/** Figures of one band of an image, reflectance. */
export interface BandProfile {
  band: BandName;
  wavelengthNm: number;
  mean: number;
  minimum: number;
  maximum: number;
  /** Pixels in equal bins over `histogramRange`; the last bin holds its upper end. */
  histogram: number[];
  histogramRange: [number, number];
}

export const HISTOGRAM_BINS = 64;

/**
 * Profiles of images of the same bands; a band's histograms share one range, so they can be drawn on one axis.
 * @returns for each image, for each band; a band without a valid pixel has zeros throughout
 */
export function profileImages(images: readonly ReflectanceImage[]): BandProfile[][] {
  const extremes = images.map((image) => image.bands.map((_, c) => extremesOf(image, c)));
  return images.map((image, i) =>
    image.bands.map((band, c) => {
      const present = extremes.map((ofImage) => ofImage[c]!).filter(({ count }) => count > 0);
      const range: [number, number] =
        present.length > 0
          ? [Math.min(...present.map(({ minimum }) => minimum)), Math.max(...present.map(({ maximum }) => maximum))]
          : [0, 0];
      const { count, mean, minimum, maximum } = extremes[i]![c]!;
      const histogram = histogramOf(image, c, range);
      const { wavelengthNm } = BANDS[band];
      if (count === 0) return { band, wavelengthNm, mean: 0, minimum: 0, maximum: 0, histogram, histogramRange: range };
      return { band, wavelengthNm, mean, minimum, maximum, histogram, histogramRange: range };
    }),
  );
}

/** Profiles of one image. */
export function profileBands(image: ReflectanceImage): BandProfile[] {
  return profileImages([image])[0]!;
}

function extremesOf({ data, mask, pixels }: ReflectanceImage, channel: number) {
  const start = channel * pixels * pixels;
  let [count, sum] = [0, 0];
  let [minimum, maximum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = start; i < start + pixels * pixels; i++) {
    if (mask && !mask[i]) continue;
    const value = data[i]!;
    count++;
    sum += value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  return { count, mean: sum / count, minimum, maximum };
}

function histogramOf({ data, mask, pixels }: ReflectanceImage, channel: number, [low, high]: readonly [number, number]): number[] {
  const bins = new Array<number>(HISTOGRAM_BINS).fill(0);
  const scale = high > low ? HISTOGRAM_BINS / (high - low) : 0;
  const start = channel * pixels * pixels;
  for (let i = start; i < start + pixels * pixels; i++) {
    if (mask && !mask[i]) continue;
    const bin = Math.floor((data[i]! - low) * scale);
    bins[Math.min(Math.max(bin, 0), HISTOGRAM_BINS - 1)]! += 1;
  }
  return bins;
}

export interface PreviewWarning {
  /** The operation that causes it, where one alone can. */
  readonly operation: AugmentationName | null;
  readonly message: string;
}

/** Reflectance that a Sentinel-2 scene can hold: noise and over-correction below, bright cloud and snow above. */
export const PHYSICAL_RANGE = [-0.05, 1.6] as const;

/** How a view's words begin when its gain is negative; see `learning/augment/gain.ts`. */
export const NEGATIVE_GAIN_WORDS = "gain x -";

/** Values that differ by less are the same, reflectance. */
const SAME_REFLECTANCE = 1e-5;

export interface PreviewPair {
  readonly before: ReflectanceImage;
  readonly after: ReflectanceImage;
  /** Operations of the view. */
  readonly operations: readonly AugmentationName[];
  readonly profile: Profile;
  /** What was drawn, in words; finds a sign flip that a geometric operation hides. */
  readonly drawn?: readonly string[];
}

/** What is wrong with a view: its sign is flipped, it leaves physics, or it is the tile itself. */
export function previewWarnings({ before, after, operations, profile, drawn = [] }: PreviewPair): PreviewWarning[] {
  const warnings: PreviewWarning[] = [];
  if (isSignFlipped(before, after, operations, drawn)) {
    const message = "The sign is flipped: bright surfaces become dark, and dark ones bright. No scene looks like this.";
    warnings.push({ operation: operations.includes("gain") && profile === "published" ? "gain" : null, message });
  }
  const share = shareOutside(after);
  if (share > 0 && share > shareOutside(before)) {
    const [low, high] = PHYSICAL_RANGE;
    const message = `${percentText(share)} of the values lie outside what a surface can reflect (below ${low} or above ${high}).`;
    warnings.push({ operation: culprit(operations, profile), message });
  }
  if (isSame(before, after)) {
    warnings.push({ operation: operations.length === 1 ? operations[0]! : null, message: "The view is the tile itself: nothing changes." });
  }
  return warnings;
}

/** The operation that makes values unphysical, where only one can: interpolation and blur never leave the range of their input. */
function culprit(operations: readonly AugmentationName[], profile: Profile): AugmentationName | null {
  if (profile === "published" && operations.includes("speckle")) return "speckle"; // sets values to +-5 standard deviations
  const candidates = operations.filter((name) => familyOf(name) === "pixel" && name !== "blur");
  return candidates.length === 1 ? candidates[0]! : null;
}

/** Without a geometric operation pixels lie where they were, and negative correlation tells; with one, the words do. */
function isSignFlipped(
  before: ReflectanceImage,
  after: ReflectanceImage,
  operations: readonly AugmentationName[],
  drawn: readonly string[],
): boolean {
  if (drawn.some((words) => words.startsWith(NEGATIVE_GAIN_WORDS))) return true;
  if (operations.some((name) => familyOf(name) === "geometric")) return false;
  return before.bands.some((_, c) => correlation(before, after, c) < -0.5);
}

function correlation(before: ReflectanceImage, after: ReflectanceImage, channel: number): number {
  const start = channel * before.pixels ** 2;
  const end = start + before.pixels ** 2;
  const { mean: meanBefore } = extremesOf(before, channel);
  const { mean: meanAfter } = extremesOf(after, channel);
  let [products, squaresBefore, squaresAfter] = [0, 0, 0];
  for (let i = start; i < end; i++) {
    if (before.mask && !before.mask[i]) continue;
    const x = before.data[i]! - meanBefore;
    const y = after.data[i]! - meanAfter;
    products += x * y;
    squaresBefore += x * x;
    squaresAfter += y * y;
  }
  return products / Math.max(Math.sqrt(squaresBefore * squaresAfter), 1e-12);
}

function shareOutside({ data, mask }: ReflectanceImage): number {
  let [outside, count] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (mask && !mask[i]) continue;
    count++;
    if (data[i]! < PHYSICAL_RANGE[0] || data[i]! > PHYSICAL_RANGE[1]) outside++;
  }
  return count > 0 ? outside / count : 0;
}

function percentText(share: number): string {
  const percent = share * 100;
  return percent < 0.1 ? "Less than 0.1 %" : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

function isSame(before: ReflectanceImage, after: ReflectanceImage): boolean {
  for (let i = 0; i < before.data.length; i++) {
    if (Math.abs(after.data[i]! - before.data[i]!) > SAME_REFLECTANCE) return false;
  }
  return true;
}
