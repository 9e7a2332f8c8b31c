// One stored tile as reflectance on one grid: what pictures, profiles and exports show.
import type { BandName } from "../domain/bands.ts";
import type { BandGroup } from "../domain/dataset.ts";
import { AppError } from "../domain/errors.ts";
import type { ReflectanceImage } from "../domain/preview.ts";
import { NO_DATA_DN, type Radiometry, SATURATED_DN, toReflectance } from "./radiometry.ts";
import { MINIMUM_VALID_WEIGHT, resampleBand } from "./resample.ts";

export interface TileReflectanceOptions {
  /** Layout of the store. */
  readonly groups: readonly BandGroup[];
  readonly radiometry: Radiometry;
  /** Bands of the result, in order; all of the store when absent. */
  readonly bands?: readonly BandName[];
  /** Side of the result, px. */
  readonly pixels: number;
  /** Which tile of `raw`; the first when absent. */
  readonly tile?: number;
}

/**
 * Reflectance of a tile, bands of all groups brought to one grid: bicubic upwards, area means downwards, no data kept apart.
 * @param raw for each group DN // [N, bands, h, h]
 * @throws BAD_ARGUMENT when the store lacks a band
 */
export function tileReflectance(raw: readonly Uint16Array[], options: TileReflectanceOptions): ReflectanceImage & { mask: Uint8Array } {
  const { groups, radiometry, pixels, tile = 0 } = options;
  const available = groups.flatMap((group) => group.bands);
  const bands = options.bands ?? available;
  const area = pixels * pixels;
  const data = new Float32Array(bands.length * area);
  const mask = new Uint8Array(bands.length * area);
  bands.forEach((band, channel) => {
    const index = groups.findIndex((group) => group.bands.includes(band));
    const group = groups[index];
    if (!group) {
      const message = `The data set has no ${band}: it holds ${available.join(", ")}. Choose bands among these.`;
      throw new AppError("BAD_ARGUMENT", message, { data: { missing: [band], available } });
    }
    const size = group.pixels * group.pixels;
    const start = (tile * group.bands.length + group.bands.indexOf(band)) * size;
    const dn = raw[index]!.subarray(start, start + size);
    const sizes = { from: group.pixels, to: pixels };
    if (group.pixels % pixels === 0) {
      const into = { data: data.subarray(channel * area, (channel + 1) * area), mask: mask.subarray(channel * area, (channel + 1) * area) };
      blockMeans(dn, radiometry, sizes, into);
      return;
    }
    const native = toReflectance(dn, radiometry);
    const resampled = resampleBand(native.data, native.mask, sizes);
    data.set(resampled.data, channel * area);
    mask.set(resampled.mask, channel * area);
  });
  return { bands, pixels, data, mask };
}

/** What `toReflectance` and `resampleBand` come to where a pixel of the result is a whole block of stored ones: in one pass, for grids of many tiles. */
function blockMeans(
  dn: Uint16Array,
  { quantification, offset }: Radiometry,
  { from, to }: { from: number; to: number },
  into: { data: Float32Array; mask: Uint8Array },
): void {
  const side = from / to;
  const fewest = MINIMUM_VALID_WEIGHT * side * side;
  for (let row = 0, out = 0; row < to; row++) {
    for (let column = 0; column < to; column++, out++) {
      let [sum, count] = [0, 0];
      for (let y = row * side; y < (row + 1) * side; y++) {
        for (let at = y * from + column * side, end = at + side; at < end; at++) {
          const value = dn[at]!;
          if (value === NO_DATA_DN || value === SATURATED_DN) continue;
          sum += Math.max(value + offset, 1);
          count++;
        }
      }
      if (count < fewest) continue;
      into.mask[out] = 1;
      into.data[out] = sum / count / quantification;
    }
  }
}
