// One stored tile as reflectance on one grid: what pictures, profiles and exports show.
import type { BandName } from "../domain/bands.ts";
import type { BandGroup } from "../domain/dataset.ts";
import { AppError } from "../domain/errors.ts";
import type { ReflectanceImage } from "../domain/preview.ts";
import { type Radiometry, toReflectance } from "./radiometry.ts";
import { resampleBand } from "./resample.ts";

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
    const native = toReflectance(raw[index]!.subarray(start, start + size), radiometry);
    const resampled = resampleBand(native.data, native.mask, { from: group.pixels, to: pixels });
    data.set(resampled.data, channel * area);
    mask.set(resampled.mask, channel * area);
  });
  return { bands, pixels, data, mask };
}
