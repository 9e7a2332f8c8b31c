// The readable versions: what `apply` does to one view, pixel by pixel in plain loops, from the definitions and not from the code.
import type { Profile } from "../../../../shared/domain/augmentations.ts";
import { philoxNormal, philoxUniform } from "../../../../shared/learning/ops/philox.ts";
import type { ViewDraws } from "../../../../shared/learning/views.ts";

/** An image [S, S, C]. */
export interface Image {
  readonly side: number;
  readonly channels: number;
  readonly values: ArrayLike<number>;
}
export type Border = "reflect" | "nearest" | "wrap";

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
const modulo = (value: number, period: number) => ((value % period) + period) % period;

/** Brings a coordinate into the tile: d c b a | a b c d | d c b a for `reflect`. */
function inside(coordinate: number, side: number, border: Border): number {
  if (border === "nearest") return clamp(coordinate, 0, side - 1);
  // As TensorFlow: between the last pixel and the first there is no blend. For coordinates within one tile of the border.
  if (border === "wrap")
    return clamp(coordinate < 0 ? coordinate + side : coordinate > side - 1 ? coordinate - side : coordinate, 0, side - 1);
  const phase = modulo(coordinate + 0.5, 2 * side);
  return clamp((phase < side ? phase : 2 * side - phase) - 0.5, 0, side - 1);
}

/** Bilinear resampling by an affine map from output to input. */
export function transformed({ side, channels, values }: Image, map: ArrayLike<number>, border: Border): number[] {
  const out: number[] = [];
  const at = (row: number, column: number, c: number) =>
    values[(Math.min(row, side - 1) * side + Math.min(column, side - 1)) * channels + c]!;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = inside(map[0]! * column + map[1]! * row + map[2]!, side, border);
      const y = inside(map[3]! * column + map[4]! * row + map[5]!, side, border);
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [u, v] = [x - left, y - top];
      for (let c = 0; c < channels; c++) {
        const upper = (1 - u) * at(top, left, c) + u * at(top, left + 1, c);
        const lower = (1 - u) * at(top + 1, left, c) + u * at(top + 1, left + 1, c);
        out.push((1 - v) * upper + v * lower);
      }
    }
  }
  return out;
}

/** A two-dimensional convolution with the outer product of the taps. */
export function blurred({ side, channels, values }: Image, taps: ArrayLike<number>, profile: Profile): number[] {
  const mirror = (i: number): number => {
    if (i >= 0 && i < side) return i;
    if (profile === "published") return mirror(i < 0 ? -i : 2 * side - 2 - i);
    return mirror(i < 0 ? -1 - i : 2 * side - 1 - i);
  };
  const out: number[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = -6; i <= 6; i++) {
          for (let j = -6; j <= 6; j++) {
            const weight = taps[Math.abs(i)]! * taps[Math.abs(j)]!;
            sum += weight * values[(mirror(row + i) * side + mirror(column + j)) * channels + c]!;
          }
        }
        out.push(sum);
      }
    }
  }
  return out;
}

export interface OracleOptions {
  readonly side: number;
  readonly channels: number;
  readonly profile: Profile;
  readonly border: Border;
  readonly means: ArrayLike<number>;
  readonly stds: ArrayLike<number>;
  /** Of published speckle. */
  readonly speckleValue: number;
}

/** All views of a batch. @param tiles [N, S, S, C] @returns [2N, S, S, C] */
export function oracleViews(tiles: ArrayLike<number>, { arrays }: ViewDraws, options: OracleOptions): number[] {
  const { side, channels, profile, border, means, stds, speckleValue } = options;
  const size = side * side * channels;
  const count = tiles.length / size;
  const total = 2 * count * size;
  const noise = arrays.noiseSeed
    ? (profile === "physical" ? philoxNormal : philoxUniform)([arrays.noiseSeed.values[0]!, arrays.noiseSeed.values[1]!], total)
    : new Float32Array(total);
  const out: number[] = [];
  for (let view = 0; view < 2 * count; view++) {
    let image = Array.from({ length: size }, (_, i) => tiles[(view % count) * size + i]!);
    const row = (name: keyof typeof arrays, width: number) => arrays[name]?.values.subarray(view * width, (view + 1) * width);
    const map = row("transforms", 8);
    if (map) image = transformed({ side, channels, values: image }, map, border);
    const taps = row("blurTaps", 7);
    if (taps) image = blurred({ side, channels, values: image }, taps, profile);
    const [contrast] = row("contrast", 1) ?? [1];
    for (let c = 0; c < channels; c++) {
      let mean = 0;
      for (let p = 0; p < side * side; p++) mean += image[p * channels + c]! / (side * side);
      for (let p = 0; p < side * side; p++) image[p * channels + c] = (image[p * channels + c]! - mean) * contrast! + mean;
    }
    const [brightness] = row("brightness", 1) ?? [0];
    const gain = row("gain", channels) ?? new Float32Array(channels).fill(1);
    const [speckle] = row("speckle", 1) ?? [0];
    image = image.map((value, i) => {
      const c = i % channels;
      const random = noise[view * size + i]!;
      const brighter = value + brightness!;
      if (profile === "published") {
        if (random < speckle!) return -speckleValue;
        return random >= 1 - speckle! ? speckleValue : brighter * gain[c]!;
      }
      const reflectance = brighter * stds[c]! + means[c]!;
      const gamma = (1 - speckle! / 9 + (Math.sqrt(speckle!) / 3) * random) ** 3;
      return (reflectance * gain[c]! * gamma - means[c]!) / stds[c]!;
    });
    for (const value of image) out.push(value);
  }
  return out;
}
