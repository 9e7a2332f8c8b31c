// The head that fine-tuning puts on the representation: 256-256, ELU and dropout after each, one logit (SimCLR-S2, arXiv 2108.05484).
import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../domain/random.ts";
import { linearSpecifications, type ParameterSpecification, type Parameters } from "./parameters.ts";
import { linear } from "./projection-head.ts";

export const HEAD_WIDTH = 256;

/** Names as `torch.nn.Sequential(Linear, ELU, Dropout, Linear, ELU, Dropout, Linear)` gives. @param features width of the input */
export function headSpecifications(features: number): ParameterSpecification[] {
  return [
    ...linearSpecifications("0", features, HEAD_WIDTH),
    ...linearSpecifications("3", HEAD_WIDTH, HEAD_WIDTH),
    ...linearSpecifications("6", HEAD_WIDTH, 1),
  ];
}

/** Factors of both hidden layers: 0 for a dropped unit, 1 / (1 - rate) for a kept one. // each [N, 256] */
export type DropoutMasks = readonly [tf.Tensor2D, tf.Tensor2D];

/** Masks drawn on the host, so that every engine drops the same units. */
export function drawMasks(random: Random, count: number, rate: number): DropoutMasks {
  const draw = () => {
    const mask = new Float32Array(count * HEAD_WIDTH);
    for (let i = 0; i < mask.length; i++) mask[i] = random.chance(rate) ? 0 : 1 / (1 - rate);
    return tf.tensor2d(mask, [count, HEAD_WIDTH]);
  };
  return [draw(), draw()];
}

/** Logits. @param x features // [N, features] @returns // [N, 1] */
export function classify(parameters: Parameters, x: tf.Tensor2D, masks?: DropoutMasks): tf.Tensor2D {
  let y: tf.Tensor2D = tf.elu(linear(parameters, "0", x));
  if (masks) y = tf.mul(y, masks[0]);
  y = tf.elu(linear(parameters, "3", y));
  if (masks) y = tf.mul(y, masks[1]);
  return linear(parameters, "6", y);
}
