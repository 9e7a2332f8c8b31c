// Running statistics of batch normalisations: what `eval` normalises by, moved by every batch that is trained on.
import * as tf from "@tensorflow/tfjs-core";

/** A statistic of one normalisation in one batch. */
export interface SeenStatistic {
  /** Of the running statistic. */
  readonly name: string;
  /** // [C] */
  readonly running: tf.Tensor1D;
  /** // [C] */
  readonly batch: tf.Tensor1D;
  /** By which the batch's is multiplied first. */
  readonly factor: number;
}

/** running + momentum (factor batch - running), for all statistics end to end: eight operations instead of three or four each. */
export function moveStatistics(seen: readonly SeenStatistic[], momentum: number | tf.Scalar): Map<string, tf.Tensor> {
  if (seen.length === 0) return new Map();
  const sizes = seen.map(({ running }) => running.size);
  const factors = tf.tensor1d(Float32Array.from(seen.flatMap(({ factor }, i) => Array<number>(sizes[i]!).fill(factor))));
  const running = tf.concat1d(seen.map((statistic) => statistic.running));
  const batch = tf.concat1d(seen.map((statistic) => statistic.batch));
  const moved = tf.add(running, tf.mul(tf.sub(tf.mul(batch, factors), running), momentum)) as tf.Tensor1D;
  return new Map(tf.split(moved, sizes).map((part, i) => [seen[i]!.name, part]));
}
