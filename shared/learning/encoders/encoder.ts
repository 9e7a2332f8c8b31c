// What an encoder is: a pure function over named parameters, from tiles to the representation h.
import * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../../domain/run-config.ts";
import type { ParameterSpecification, Parameters } from "../parameters.ts";
import type { Layer, Mode } from "./layers.ts";
import { moveStatistics, type SeenStatistic } from "./running-statistics.ts";

export interface EncoderOutput {
  /** Global mean of the last stage's features. // [N, features] */
  readonly h: tf.Tensor2D;
  /** New values of the running statistics, by name; empty in `eval`. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
}

export interface ForwardOptions {
  /** Weight of this batch in the running statistics; PyTorch's default is 0.1. */
  readonly momentum?: number | tf.Scalar;
  /** Whether blocks compute their activations again for the gradient: less memory, a third more time. */
  readonly recomputes?: boolean;
}

export interface Encoder {
  readonly name: EncoderName;
  /** Channels of the input. */
  readonly channels: number;
  /** Width of h. */
  readonly features: number;
  /** The first is the convolution that takes the input's channels. */
  readonly specifications: readonly ParameterSpecification[];
  /** @param x standardised tiles // [N, H, W, C] */
  forward(parameters: Parameters, x: tf.Tensor4D, mode: Mode, options?: ForwardOptions): EncoderOutput;
}

/** PyTorch's default. */
export const NORM_MOMENTUM = 0.1;

/** An encoder of layers: h is the mean of what they put out over the tile. @param features channels that the layers put out */
export function encoderOf(layers: Layer, about: Pick<Encoder, "name" | "channels" | "features">): Encoder {
  return {
    ...about,
    specifications: layers.specifications,
    forward(parameters, x, mode, { momentum = NORM_MOMENTUM, recomputes = false } = {}) {
      const seen: SeenStatistic[] = [];
      const y = layers.apply({ parameters, mode, seen, recomputes }, x);
      return { h: tf.mean(y, [1, 2]), statistics: moveStatistics(seen, momentum) };
    },
  };
}
