// The projection head g: h -> z, 1024-512-128 with ReLU between (SimCLR-S2, arXiv 2108.05484).
import * as tf from "@tensorflow/tfjs-core";
import { relu } from "./ops/relu.ts";
import { linearSpecifications, type ParameterSpecification, type Parameters, parameter } from "./parameters.ts";

/** Widths of the three layers. */
export const PROJECTION_WIDTHS = [1024, 512, 128] as const;

export interface Projection {
  /** The second layer after its ReLU: what the study fine-tunes on. // [N, 512] */
  readonly projection2: tf.Tensor2D;
  /** The embedding that the loss compares, not normalised. // [N, 128] */
  readonly z: tf.Tensor2D;
}

/** Parameters by the names that `torch.nn.Sequential(Linear, ReLU, Linear, ReLU, Linear)` gives. @param features width of h */
export function projectionSpecifications(features: number): ParameterSpecification[] {
  const [first, second, third] = PROJECTION_WIDTHS;
  return [
    ...linearSpecifications("0", features, first),
    ...linearSpecifications("2", first, second),
    ...linearSpecifications("4", second, third),
  ];
}

/** @param h // [N, features] */
export function project(parameters: Parameters, h: tf.Tensor2D): Projection {
  const projection2 = relu(linear(parameters, "2", relu(linear(parameters, "0", h))));
  return { projection2, z: linear(parameters, "4", projection2) };
}

/** x W + b. @param x // [N, in] */
export function linear(parameters: Parameters, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(tf.matMul(x, parameter<tf.Tensor2D>(parameters, `${name}.weight`)), parameter(parameters, `${name}.bias`));
}
