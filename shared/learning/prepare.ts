// Raw tiles to the network's input, on the device: mask, reflectance, standardise, one grid for all bands, channel order.
// The same numbers as the plain loops of shared/raster, as tensor operations without control flow, so that an engine may record them.
import * as tf from "@tensorflow/tfjs-core";
import type { BandName } from "../domain/bands.ts";
import { AppError } from "../domain/errors.ts";
import { NO_DATA_DN, SATURATED_DN } from "../raster/radiometry.ts";
import { MINIMUM_VALID_WEIGHT, methodFor, resampleMatrix } from "../raster/resample.ts";
import { spreadOf } from "../raster/standardise.ts";
import type { TensorSpecification, Tensors } from "./program.ts";
import type { RawTiles, TileLayout } from "./tiles.ts";

export interface Preparation {
  /** Side of the network's input, px. */
  readonly pixels: number;
  readonly channels: number;
  /** Mean reflectance of each channel. // [C] */
  readonly means: Float32Array;
  /** Standard deviation of each channel's reflectance; 1 for a constant band. // [C] */
  readonly stds: Float32Array;
  /** Standardised reflectance, no data 0. The caller frees it. // [N, S, S, C] */
  prepare(raw: RawTiles): tf.Tensor4D;
  /**
   * First half of `prepare`: the DN of the bands in use, a tensor for each group in use, `dn0`, `dn1` .. Two DN share an int32 where the
   * engine can take them apart and a tile's DN are even in number // [N, B h h / 2], else they are float32 // [N, B, h, h]
   */
  upload(raw: RawTiles): Record<string, tf.Tensor>;
  /** What `upload` gives for a batch of `count` tiles. */
  specifications(count: number): Readonly<Record<string, TensorSpecification>>;
  /** Second half of `prepare`: a pure function of tensors. // [N, S, S, C] */
  standardise(dn: Tensors): tf.Tensor4D;
  dispose(): void;
}

export interface PreparationOptions {
  readonly layout: TileLayout;
  /** Bands in channel order. */
  readonly bands: readonly BandName[];
  /** Side of the result, px; the tile's own when null. */
  readonly inputPixels: number | null;
}

/** A group of the layout, reduced to the bands in use. */
interface UsedGroup {
  /** Its place in the layout. */
  readonly index: number;
  readonly pixels: number;
  /** Bands that the store holds. */
  readonly stored: number;
  /** Places of the bands in use among them. */
  readonly picks: readonly number[];
  readonly bands: readonly BandName[];
}

/**
 * What makes raw tiles into the network's input.
 * @throws BAD_ARGUMENT when the data set lacks a band or its statistics
 */
export function createPreparation({ layout, bands, inputPixels }: PreparationOptions): Preparation {
  const groups = usedGroups(layout, bands);
  const pixels = inputPixels ?? layout.tilePixels;
  const moments = bands.map((band) => layout.statistics[band]!);
  const means = Float32Array.from(moments, ({ mean }) => mean);
  const stds = Float32Array.from(moments, spreadOf);
  const { quantification, offset } = layout.radiometry;

  // (max(dn + offset, 1) / quantification - mean) / std, as one multiplication and one addition a band.
  const scales = groups.map((group) => bandColumn(group, (i) => 1 / (quantification * stds[i]!)));
  const shifts = groups.map((group) => bandColumn(group, (i) => -means[i]! / stds[i]!));
  const axes = groups.map((group) =>
    group.pixels === pixels
      ? null
      : tf.keep(tf.tensor2d(resampleMatrix(group.pixels, pixels, methodFor(group.pixels, pixels)), [pixels, group.pixels])),
  );
  const stackedBands = groups.flatMap((group) => group.bands);
  const order = bands.map((band) => stackedBands.indexOf(band));
  const isOrdered = order.every((place, i) => place === i);

  function bandColumn(group: UsedGroup, columnValue: (channel: number) => number): tf.Tensor4D {
    const values = group.bands.map((band) => columnValue(bands.indexOf(band)));
    return tf.keep(tf.tensor4d(values, [1, values.length, 1, 1]));
  }

  const canUnpack = tf.getKernel("UnpackUint16", tf.getBackend()) !== undefined;
  const isPacked = ({ picks, pixels: side }: UsedGroup) => canUnpack && (picks.length * side * side) % 2 === 0;

  function specification(group: UsedGroup, count: number): TensorSpecification {
    const { picks, pixels: side } = group;
    if (isPacked(group)) return { shape: [count, (picks.length * side * side) / 2], dtype: "int32" };
    return { shape: [count, picks.length, side, side], dtype: "float32" };
  }

  function uploadGroup(group: UsedGroup, { groups: sources, count }: RawTiles): tf.Tensor {
    const { index, stored, picks, pixels: side } = group;
    const area = side * side;
    const source = sources[index];
    if (source?.length !== count * stored * area) {
      throw new Error(`raw tiles: group ${index} has ${source?.length} values, not ${count} x ${stored} x ${side} x ${side}`);
    }
    const size = count * picks.length * area;
    const values = isPacked(group) ? new Uint16Array(size) : new Float32Array(size);
    let at = 0;
    for (let tile = 0; tile < count; tile++) {
      for (const pick of picks) {
        const start = (tile * stored + pick) * area;
        values.set(source.subarray(start, start + area), at);
        at += area;
      }
    }
    const { shape, dtype } = specification(group, count);
    return tf.tensor(values instanceof Uint16Array ? new Int32Array(values.buffer) : values, [...shape], dtype);
  }

  const byName = <T>(of: (group: UsedGroup) => T): Record<string, T> =>
    Object.fromEntries(groups.map((group, place) => [`dn${place}`, of(group)]));

  /** // -> [N, B, h, h] */
  function unpack(dn: tf.Tensor, { picks, pixels: side }: UsedGroup): tf.Tensor4D {
    if (dn.dtype !== "int32") return dn as tf.Tensor4D;
    return tf.engine().runKernel("UnpackUint16", { packed: dn }, { shape: [dn.shape[0]!, picks.length, side, side] }) as tf.Tensor4D;
  }

  /** // dn [N, B, h, h] -> [N, B, S, S] */
  function prepareGroup(dn: tf.Tensor4D, place: number): tf.Tensor4D {
    const valid = tf.cast(tf.logicalAnd(tf.greater(dn, NO_DATA_DN), tf.less(dn, SATURATED_DN)), "float32");
    const lifted = tf.maximum(tf.add(dn, offset), 1);
    const standardised = tf.add(tf.mul(lifted, scales[place]!), shifts[place]!);
    const masked = tf.mul(standardised, valid) as tf.Tensor4D;
    const axis = axes[place];
    if (!axis) return masked;
    const sums = resample(masked, axis);
    const weights = resample(valid as tf.Tensor4D, axis);
    const isValid = tf.cast(tf.greaterEqual(weights, MINIMUM_VALID_WEIGHT), "float32");
    return tf.mul(tf.div(sums, tf.maximum(weights, MINIMUM_VALID_WEIGHT)), isValid) as tf.Tensor4D;
  }

  function standardise(dn: Tensors): tf.Tensor4D {
    return tf.tidy(() => {
      const prepared = groups.map((group, place) => prepareGroup(unpack(dn[`dn${place}`]!, group), place));
      const stacked = tf.concat4d(prepared, 1); // [N, C, S, S]
      const ordered = isOrdered ? stacked : tf.gather(stacked, tf.tensor1d(order, "int32"), 1);
      return tf.transpose(ordered, [0, 2, 3, 1]);
    });
  }

  return {
    pixels,
    channels: bands.length,
    means,
    stds,
    upload: (raw) => byName((group) => uploadGroup(group, raw)),
    specifications: (count) => byName((group) => specification(group, count)),
    standardise,
    prepare: (raw) => tf.tidy(() => standardise(byName((group) => uploadGroup(group, raw)))),
    dispose: () => tf.dispose([scales, shifts, axes.filter((axis) => axis !== null)]),
  };
}

/** `M x M^T` for every tile and band. // x [N, B, h, h], axis [S, h] -> [N, B, S, S] */
function resample(x: tf.Tensor4D, axis: tf.Tensor2D): tf.Tensor4D {
  const [n, bands, height] = x.shape;
  const [side] = axis.shape;
  const wide = tf.matMul(tf.reshape(x, [n * bands * height, height]), axis, false, true); // [N B h, S]
  const columns = tf.transpose(tf.reshape(wide, [n * bands, height, side]), [0, 2, 1]); // [N B, S', h]
  const both = tf.matMul(tf.reshape(columns, [n * bands * side, height]), axis, false, true); // [N B S', S]
  return tf.reshape(tf.transpose(tf.reshape(both, [n * bands, side, side]), [0, 2, 1]), [n, bands, side, side]);
}

function usedGroups(layout: TileLayout, bands: readonly BandName[]): UsedGroup[] {
  const available = layout.groups.flatMap((group) => group.bands);
  const missing = bands.filter((band) => !available.includes(band));
  if (missing.length > 0) {
    throw new AppError(
      "BAD_ARGUMENT",
      `The data set has no ${missing.join(", ")}: it holds ${available.join(", ")}. Choose bands among these.`,
      {
        data: { missing, available },
      },
    );
  }
  const unknown = bands.filter((band) => !layout.statistics[band]);
  if (unknown.length > 0) {
    const message = `The data set has no mean and standard deviation of ${unknown.join(", ")}: ingest it again, or leave these bands out.`;
    throw new AppError("BAD_ARGUMENT", message, { data: { missing: unknown, available: Object.keys(layout.statistics) } });
  }
  if (bands.length === 0) throw new AppError("BAD_ARGUMENT", "No band is chosen: the network needs at least one.");
  const repeated = bands.filter((band, i) => bands.indexOf(band) !== i);
  if (repeated.length > 0) throw new AppError("BAD_ARGUMENT", `A band is chosen twice: ${repeated.join(", ")}.`, { data: { repeated } });
  return layout.groups.flatMap((group, index) => {
    const used = bands.filter((band) => group.bands.includes(band));
    const picks = used.map((band) => group.bands.indexOf(band));
    return used.length > 0 ? [{ index, pixels: group.pixels, stored: group.bands.length, picks, bands: used }] : [];
  });
}
