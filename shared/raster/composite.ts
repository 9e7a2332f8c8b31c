// Reflectance to a picture: a band combination, a stretch and a mark for no data, as RGBA.
import type { BandCombination } from "../domain/band-combinations.ts";
import type { BandName } from "../domain/bands.ts";
import { AppError } from "../domain/errors.ts";
import { viridis } from "./viridis.ts";

/** Reflectance of several bands on one grid; also a `ReflectanceImage` of domain/preview.ts. */
export interface CompositeSource {
  readonly bands: readonly BandName[];
  /** Side, px. */
  readonly pixels: number;
  /** // [C, S, S] */
  readonly data: Float32Array;
  /** 1 = valid; all valid when absent. // [C, S, S] */
  readonly mask?: Uint8Array | null;
}

/** From black to white, for each channel of the picture. */
export type StretchRange = readonly [number, number];

/**
 * What is shown from black to white. `catalogue`: the combination's own range, so all tiles are comparable; `percentiles` of the tile, each
 * channel on its own unless the combination is balanced; `ranges`: given ones, to show several pictures alike (see `stretchOf`).
 */
export type Stretch =
  | { readonly kind: "catalogue" }
  | { readonly kind: "percentiles"; readonly low: number; readonly high: number }
  | { readonly kind: "ranges"; readonly ranges: readonly StretchRange[] };

export interface CompositeOptions {
  /** By default percentiles 2 to 98. An index is always shown over its own range, unless ranges are given. */
  readonly stretch?: Stretch;
  /** How a pixel without data looks; hatched by default. */
  readonly noData?: "transparent" | "hatched";
}

const DEFAULT_STRETCH: Stretch = { kind: "percentiles", low: 2, high: 98 };

/**
 * Draws a picture.
 * @returns RGBA // [S, S, 4]
 * @throws BAD_ARGUMENT when the image lacks a band of the combination
 */
export function composite(source: CompositeSource, combination: BandCombination, options: CompositeOptions = {}): Uint8Array<ArrayBuffer> {
  const { stretch = DEFAULT_STRETCH, noData = "hatched" } = options;
  const layers = layersOf(source, combination);
  const ranges = rangesOf(layers, combination, stretch);
  const { valid } = layers;
  const area = source.pixels * source.pixels;
  const out = new Uint8Array(area * 4);
  const [first, second = first, third = first] = layers.values.map((values, i) => toBytes(values, ranges[i]!));
  const isColoured = combination.kind === "index";
  const colours = isColoured ? viridis() : null;
  for (let i = 0; i < area; i++) {
    const at = i * 4;
    if (!valid[i]) {
      if (noData === "hatched") paintHatch(out, at, i % source.pixels, Math.floor(i / source.pixels));
      continue;
    }
    out[at] = colours ? colours[first![i]! * 3]! : first![i]!;
    out[at + 1] = colours ? colours[first![i]! * 3 + 1]! : second![i]!;
    out[at + 2] = colours ? colours[first![i]! * 3 + 2]! : third![i]!;
    out[at + 3] = 255;
  }
  return out;
}

/** The ranges that a stretch comes to on an image, to show others alike by `{ kind: "ranges", ranges }`. */
export function stretchOf(source: CompositeSource, combination: BandCombination, stretch: Stretch = DEFAULT_STRETCH): StretchRange[] {
  return rangesOf(layersOf(source, combination), combination, stretch);
}

/** What is shown: one layer, or red, green and blue. */
interface Layers {
  /** // each [S, S] */
  readonly values: readonly Float32Array[];
  /** 1 = all bands valid. // [S, S] */
  readonly valid: Uint8Array;
}

function layersOf({ bands, pixels, data, mask }: CompositeSource, combination: BandCombination): Layers {
  const missing = combination.bands.filter((band) => !bands.includes(band));
  if (missing.length > 0) {
    const message = `${combination.name} needs ${missing.join(", ")}, which the image lacks. Choose another band combination.`;
    throw new AppError("BAD_ARGUMENT", message, { data: { missing, available: bands } });
  }
  const area = pixels * pixels;
  const starts = combination.bands.map((band) => bands.indexOf(band) * area);
  const values = starts.map((start) => data.subarray(start, start + area));
  const valid = new Uint8Array(area).fill(1);
  for (const start of starts) {
    for (let i = 0; i < area; i++) if ((mask && !mask[start + i]) || !Number.isFinite(data[start + i]!)) valid[i] = 0;
  }
  return { values: combination.kind === "index" ? [normalisedDifference(values[0]!, values[1]!)] : values, valid };
}

/** `(a - b) / (a + b)`; 0 where the sum is 0. */
export function normalisedDifference(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) {
    const sum = a[i]! + b[i]!;
    out[i] = sum === 0 ? 0 : (a[i]! - b[i]!) / sum;
  }
  return out;
}

function rangesOf({ values, valid }: Layers, combination: BandCombination, stretch: Stretch): StretchRange[] {
  if (stretch.kind === "ranges") return values.map((_, i) => stretch.ranges[i] ?? stretch.ranges[0] ?? combination.range);
  if (stretch.kind === "catalogue" || combination.kind === "index") return values.map(() => combination.range);
  const shown = values.map((layer) => measured(layer, valid));
  const rangeOf = (sample: Float32Array): StretchRange =>
    sample.length === 0 ? [0, 1] : [percentileOf(sample, stretch.low), percentileOf(sample, stretch.high)];
  if (combination.kind !== "colour" || !combination.isBalanced) return shown.map(rangeOf);
  const all = new Float32Array(shown.reduce((sum, layer) => sum + layer.length, 0));
  let at = 0;
  for (const layer of shown) {
    all.set(layer, at);
    at += layer.length;
  }
  const range = rangeOf(all);
  return values.map(() => range);
}

/** The values of valid pixels. */
function measured(layer: Float32Array, valid: Uint8Array): Float32Array {
  const out = new Float32Array(layer.length);
  let n = 0;
  for (let i = 0; i < layer.length; i++) if (valid[i]) out[n++] = layer[i]!;
  return out.subarray(0, n);
}

const BINS = 1024;

/** `percentile` of values in any order: only those of the bins that hold its two neighbours are sorted, a fifteenth of the time for a tile. */
export function percentileOf(values: Float32Array, percent: number): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < low) low = values[i]!;
    if (values[i]! > high) high = values[i]!;
  }
  if (!(high > low)) return low;
  const scale = BINS / (high - low);
  const binOf = (value: number) => Math.min(BINS - 1, Math.floor((value - low) * scale));
  const counts = new Uint32Array(BINS);
  for (let i = 0; i < values.length; i++) counts[binOf(values[i]!)]!++;
  const place = (percent / 100) * (values.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, values.length - 1);
  // Bins `first` to `last` hold both order statistics; `before` values lie under them.
  let [first, before] = [0, 0];
  while (before + counts[first]! <= below) before += counts[first++]!;
  let [last, through] = [first, before + counts[first]!];
  while (through <= above) through += counts[++last]!;
  const near = new Float32Array(through - before);
  for (let i = 0, n = 0; i < values.length; i++) {
    const bin = binOf(values[i]!);
    if (bin >= first && bin <= last) near[n++] = values[i]!;
  }
  near.sort();
  return near[below - before]! + (place - below) * (near[above - before]! - near[below - before]!);
}

/** Linear between order statistics, as NumPy's default. @param sorted ascending; @param percent 0..100 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** A constant layer becomes mid-grey. */
function toBytes(values: Float32Array, [low, high]: StretchRange): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(values.length);
  const scale = high > low ? 255 / (high - low) : 0;
  const base = high > low ? 0 : 127;
  for (let i = 0; i < bytes.length; i++) bytes[i] = base + (values[i]! - low) * scale; // clamps and rounds
  return bytes;
}

/** Grey diagonals, told apart from any surface by their regularity. */
function paintHatch(out: Uint8Array, at: number, x: number, y: number): void {
  const level = (x + y) % 8 < 2 ? 168 : 96;
  out[at] = level;
  out[at + 1] = level;
  out[at + 2] = level;
  out[at + 3] = 255;
}
