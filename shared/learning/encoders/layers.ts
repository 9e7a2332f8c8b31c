// Layers that encoders are built of. A layer owns no values: it says which parameters it needs and applies itself to a pass that brings them.
// Padding, pooling and normalisation are PyTorch's, bit for bit where the engine allows it.
import * as tf from "@tensorflow/tfjs-core";
import { batchNormTrain } from "../ops/batch-norm.ts";
import { recompute, type Segment } from "../ops/recompute.ts";
import { relu } from "../ops/relu.ts";
import { isTrainable, normSpecifications, type ParameterSpecification, type Parameters, parameter } from "../parameters.ts";
import type { SeenStatistic } from "./running-statistics.ts";

/** `train`: batch statistics normalise, and running statistics move. `eval`: running statistics normalise. */
export type Mode = "train" | "eval";

/** One way of a batch through a network. */
export interface Pass {
  readonly parameters: Parameters;
  readonly mode: Mode;
  /** Where normalisations put their batch statistics in `train`. */
  readonly seen: SeenStatistic[];
  /** Whether blocks compute their activations again for the gradient. */
  readonly recomputes: boolean;
}

export interface Layer {
  /** In the order of PyTorch's state dict. */
  readonly specifications: readonly ParameterSpecification[];
  /** @param x // [N, H, W, C] */
  apply(pass: Pass, x: tf.Tensor4D): tf.Tensor4D;
}

export const identity: Layer = { specifications: [], apply: (_, x) => x };

export const rectifier: Layer = { specifications: [], apply: (_, x) => relu(x) };

/** One layer after another. */
export function sequence(...layers: readonly Layer[]): Layer {
  return {
    specifications: specificationsOf(...layers),
    apply: (pass, x) => layers.reduce((y, layer) => layer.apply(pass, y), x),
  };
}

/** All branches on the same input, their channels end to end. */
export function parallel(...branches: readonly Layer[]): Layer {
  return {
    specifications: specificationsOf(...branches),
    apply: (pass, x) =>
      tf.concat4d(
        branches.map((branch) => branch.apply(pass, x)),
        3,
      ),
  };
}

/** A layer that computes its activations again for the gradient, in a pass that asks for it. */
export function recomputable(layer: Layer): Layer {
  const learned = layer.specifications.filter(isTrainable).map(({ name }) => name);
  return {
    specifications: layer.specifications,
    apply(pass, x) {
      if (!pass.recomputes || pass.mode === "eval") return layer.apply(pass, x);
      let seen: SeenStatistic[] = [];
      const segment: Segment = (input, values) => {
        seen = [];
        const parameters = new Map([...pass.parameters, ...learned.map((name, i): [string, tf.Tensor] => [name, values[i]!])]);
        const y = layer.apply({ ...pass, parameters, seen }, input);
        return { y, aside: seen.map(({ batch }) => batch) };
      };
      const values = learned.map((name) => parameter(pass.parameters, name));
      const { y, aside } = recompute(segment, x, values);
      pass.seen.push(...seen.map((statistic, i) => ({ ...statistic, batch: aside[i] as tf.Tensor1D })));
      return y;
    },
  };
}

/** Those of several layers, in their order. */
export const specificationsOf = (...layers: readonly Layer[]): ParameterSpecification[] =>
  layers.flatMap(({ specifications }) => specifications);

export interface ConvolutionOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Side in pixels, or height and width. */
  readonly kernel: number | readonly [number, number];
  readonly stride?: 1 | 2;
  /** `half` (default): floor(k / 2) zeros on every side, which keeps the size at stride 1; `none`: whole windows only. */
  readonly padding?: "half" | "none";
}

/** A convolution without bias. Parameter: `<name>.weight`. */
export function convolution(name: string, { inputs, outputs, kernel, stride = 1, padding = "half" }: ConvolutionOptions): Layer {
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  return {
    specifications: [{ name: `${name}.weight`, kind: "convolution", shape: [height, width, inputs, outputs] }],
    apply({ parameters }, x) {
      const weights = parameter<tf.Tensor4D>(parameters, `${name}.weight`);
      if (padding === "none" || (height === 1 && width === 1)) return tf.conv2d(x, weights, stride, "valid");
      const [top, bottom] = borders(x.shape[1], height, stride);
      const [left, right] = borders(x.shape[2], width, stride);
      // TensorFlow's "same" pads less at the top and left where the stride does not divide: there the padding is explicit.
      const isSame = (before: number, after: number) => after === before || after === before + 1;
      if (isSame(top, bottom) && isSame(left, right)) return tf.conv2d(x, weights, stride, "same");
      return tf.conv2d(x, weights, stride, paddings(top, bottom, left, right));
    },
  };
}

/**
 * A convolution of each channel by a square filter of its own, without bias, stride 1, padded by floor(k / 2).
 * Parameter: `<name>.weight`, [k, k, 1, C] here and [C, 1, k, k] in PyTorch (`groups=C`).
 */
export function depthwise(name: string, channels: number, kernel: number): Layer {
  return {
    specifications: [{ name: `${name}.weight`, kind: "depthwise", shape: [kernel, kernel, 1, channels] }],
    apply({ parameters }, x) {
      const weights = parameter<tf.Tensor4D>(parameters, `${name}.weight`);
      return tf.depthwiseConv2d(x, tf.reshape(weights, [kernel, kernel, channels, 1]), 1, "same");
    },
  };
}

/**
 * Batch normalisation of each channel. Parameters: `<name>.weight`, `.bias`, `.running_mean`, `.running_var`.
 * @param epsilon added to the variance: 1e-5 by default in PyTorch
 */
export function batchNorm(name: string, channels: number, epsilon: number): Layer {
  return {
    specifications: normSpecifications(name, channels),
    apply({ parameters, mode, seen }, x) {
      const scale = parameter<tf.Tensor1D>(parameters, `${name}.weight`);
      const offset = parameter<tf.Tensor1D>(parameters, `${name}.bias`);
      const mean = parameter<tf.Tensor1D>(parameters, `${name}.running_mean`);
      const variance = parameter<tf.Tensor1D>(parameters, `${name}.running_var`);
      if (mode === "eval") return tf.batchNorm4d(x, mean, variance, offset, scale, epsilon);
      const batch = batchNormTrain(x, scale, offset, epsilon);
      const samples = x.shape[0] * x.shape[1] * x.shape[2];
      // PyTorch normalises by the biased variance and keeps the unbiased one.
      const unbiased = samples > 1 ? samples / (samples - 1) : 1;
      seen.push({ name: `${name}.running_mean`, running: mean, batch: batch.mean, factor: 1 });
      seen.push({ name: `${name}.running_var`, running: variance, batch: batch.variance, factor: unbiased });
      return batch.y;
    },
  };
}

/** As good as PyTorch's border of -infinity, and a number in every type of a float's range. */
const LOWEST = -3e38;

/** The largest of 3 x 3 pixels, stride 2. @param padding `half`: a border of 1 pixel that is never the largest; `none`: whole windows only */
export function maxPool(padding: "half" | "none"): Layer {
  return {
    specifications: [],
    apply(_, x) {
      if (padding === "none") return tf.maxPool(x, 3, 2, "valid");
      const [top, bottom] = borders(x.shape[1], 3, 2);
      const [left, right] = borders(x.shape[2], 3, 2);
      return tf.maxPool(tf.pad4d(x, paddings(top, bottom, left, right), LOWEST), 3, 2, "valid");
    },
  };
}

/** The mean of 3 x 3 pixels, stride 1; a border of zeros counts, as by default in PyTorch (`count_include_pad`). */
export const averagePool: Layer = {
  specifications: [],
  apply: (_, x) => tf.avgPool(tf.pad4d(x, paddings(1, 1, 1, 1)), 3, 1, "valid"),
};

/** Pixels that PyTorch's padding of floor(k / 2) adds before and after, less those after the end that no window reaches. */
function borders(side: number, kernel: number, stride: number): [number, number] {
  const before = Math.floor(kernel / 2);
  const windows = Math.floor((side + 2 * before - kernel) / stride) + 1;
  return [before, (windows - 1) * stride + kernel - side - before];
}

const paddings = (top: number, bottom: number, left: number, right: number): [[0, 0], [number, number], [number, number], [0, 0]] => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];
