// What an encoder is: a pure function over named parameters, from tiles to the representation h.
import type * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../../domain/run-config.ts";
import type { ParameterSpecification, Parameters } from "../parameters.ts";

/** `train`: batch statistics normalise, and running statistics move. `eval`: running statistics normalise. */
export type Mode = "train" | "eval";

export interface EncoderOutput {
  /** Global mean of the last stage's features. // [N, features] */
  readonly h: tf.Tensor2D;
  /** New values of the running statistics, by name; empty in `eval`. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
}

export interface ForwardOptions {
  /** Weight of this batch in the running statistics; PyTorch's default is 0.1. */
  readonly momentum?: number | tf.Scalar;
}

export interface Encoder {
  readonly name: EncoderName;
  /** Channels of the input. */
  readonly channels: number;
  /** Width of h. */
  readonly features: number;
  readonly specifications: readonly ParameterSpecification[];
  /** @param x standardised tiles // [N, H, W, C] */
  forward(parameters: Parameters, x: tf.Tensor4D, mode: Mode, options?: ForwardOptions): EncoderOutput;
}
