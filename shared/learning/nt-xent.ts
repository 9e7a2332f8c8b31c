// Contrastive losses on a batch of 2N embeddings: NT-Xent (SimCLR, arXiv 2002.05709, algorithm 1) and DCL (arXiv 2110.06848, equation 6).
import * as tf from "@tensorflow/tfjs-core";
import { sparseSoftmaxCrossEntropy } from "./ops/cross-entropy.ts";

/** Far below any similarity, so that exp gives 0 in float32. */
const MASKED = -1e9;

export interface ContrastiveLossOptions {
  readonly loss: "nt-xent" | "dcl";
  /** Divides the cosine similarities. */
  readonly temperature: number;
}

/**
 * The contrastive loss, mean over all 2N views. (google-research/simclr's is the sum of both directions: twice this.)
 * @param z embeddings of the first views, then those of the second, not normalised // [2N, D]
 */
export function contrastiveLoss(z: tf.Tensor2D, { loss, temperature }: ContrastiveLossOptions): tf.Scalar {
  return loss === "dcl" ? decoupledLoss(z, temperature) : ntXent(z, temperature);
}

/** The loss of a network that tells nothing apart: that of 2N equal embeddings. @param n tiles of a batch */
export function chanceLoss(loss: ContrastiveLossOptions["loss"], n: number): number {
  return Math.log(loss === "dcl" ? 2 * n - 2 : 2 * n - 1);
}

/** Normalised temperature-scaled cross-entropy: which of the 2N - 1 others is the same tile? */
export function ntXent(z: tf.Tensor2D, temperature: number): tf.Scalar {
  const views = z.shape[0];
  const positives = Int32Array.from({ length: views }, (_, i) => (i + views / 2) % views);
  const others: tf.Tensor2D = tf.add(similarities(z, temperature), selfMask(views)); // [2N, 2N]
  return tf.mean(sparseSoftmaxCrossEntropy(others, tf.tensor1d(positives, "int32")));
}

/** NT-Xent without the positive pair in the denominator: its gradient does not fade in small batches. Needs 2 tiles or more. */
export function decoupledLoss(z: tf.Tensor2D, temperature: number): tf.Scalar {
  const views = z.shape[0];
  const n = views / 2;
  const unit = normaliseRows(z);
  const positive = tf.div(tf.sum(tf.mul(tf.slice(unit, [0, 0], [n, -1]), tf.slice(unit, [n, 0], [n, -1])), 1), temperature); // [N]
  const similarity = tf.div(tf.matMul(unit, unit, false, true), temperature);
  const negatives = tf.logSumExp(tf.add(similarity, tf.add(selfMask(views), positiveMask(views))), 1); // [2N]
  return tf.sub(tf.mean(negatives), tf.mean(positive));
}

/** Rows of length 1. // [M, D] */
export function normaliseRows(z: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(z, tf.rsqrt(tf.add(tf.sum(tf.square(z), 1, true), 1e-12)));
}

/** Cosine similarity of every two rows over the temperature. // [M, M] */
function similarities(z: tf.Tensor2D, temperature: number): tf.Tensor2D {
  const unit = normaliseRows(z);
  return tf.div(tf.matMul(unit, unit, false, true), temperature);
}

/** MASKED on the diagonal, 0 elsewhere. */
function selfMask(views: number): tf.Tensor2D {
  const mask = new Float32Array(views * views);
  for (let i = 0; i < views; i++) mask[i * views + i] = MASKED;
  return tf.tensor2d(mask, [views, views]);
}

/** MASKED where row and column are the two views of one tile. */
function positiveMask(views: number): tf.Tensor2D {
  const mask = new Float32Array(views * views);
  for (let i = 0; i < views; i++) mask[i * views + ((i + views / 2) % views)] = MASKED;
  return tf.tensor2d(mask, [views, views]);
}
