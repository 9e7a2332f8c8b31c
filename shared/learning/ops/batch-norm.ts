// Batch normalisation in training: fused where the engine has a kernel for it, composed with a closed-form gradient elsewhere.

import * as tf from "@tensorflow/tfjs-core";

/** A normalised batch and the statistics that moving averages take in; the statistics carry no gradient. */
export interface BatchNormResult {
  /** [N, H, W, C] */
  readonly y: tf.Tensor4D;
  /** [C] */
  readonly mean: tf.Tensor1D;
  /** [C], biased: divided by N*H*W. PyTorch's moving variance takes the unbiased one: multiply by n / (n - 1). */
  readonly variance: tf.Tensor1D;
}

/**
 * Normalises each channel by the batch's own statistics: `scale * (x - mean) / sqrt(variance + epsilon) + offset`.
 * @param x [N, H, W, C]
 * @param scale [C]
 * @param offset [C]
 * @see Ioffe and Szegedy, "Batch normalization" (2015), section 3
 */
export function batchNormTrain(x: tf.Tensor4D, scale: tf.Tensor1D, offset: tf.Tensor1D, epsilon: number): BatchNormResult {
  const isFused = tf.getKernel("FusedBatchNormTrain", tf.getBackend()) !== undefined;
  // customGrad has one output, the statistics leave it by the side.
  let statistics: [tf.Tensor1D, tf.Tensor1D] | undefined;
  const normalise = tf.customGrad((...args) => {
    const [x, scale, offset, save] = args as unknown as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const forward = isFused ? fusedForward(x, scale, offset, epsilon) : composedForward(x, scale, offset, epsilon);
    statistics = [forward.mean, forward.variance];
    for (const statistic of statistics) tf.keep(statistic);
    save([x, scale, ...forward.saved]);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) =>
      isFused ? fusedGradient(dy, kept, epsilon) : composedGradient(dy as tf.Tensor4D, kept);
    return { value: forward.y, gradFunc };
  });
  const y = normalise(x, scale, offset) as tf.Tensor4D;
  // Taken out of the custom function's scope by `keep`, they are given back to the caller's.
  const [mean, variance] = statistics!.map((statistic) => {
    const owned = tf.clone(statistic);
    statistic.dispose();
    return owned;
  }) as [tf.Tensor1D, tf.Tensor1D];
  return { y, mean, variance };
}

interface Forward extends BatchNormResult {
  readonly saved: tf.Tensor[];
}

function fusedForward(x: tf.Tensor4D, scale: tf.Tensor1D, offset: tf.Tensor1D, epsilon: number): Forward {
  const outputs = tf.engine().runKernel("FusedBatchNormTrain", { x, scale, offset }, { epsilon }) as tf.Tensor[];
  const [y, mean, variance, ...reserved] = outputs;
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D, saved: reserved };
}

function fusedGradient(dy: tf.Tensor, [x, scale, ...reserved]: tf.Tensor[], epsilon: number): tf.Tensor[] {
  const [reserved1, reserved2, reserved3] = reserved as [tf.Tensor, tf.Tensor, tf.Tensor];
  const inputs = { dy, x: x!, scale: scale!, reserved1, reserved2, reserved3 };
  return tf.engine().runKernel("FusedBatchNormTrainGrad", inputs, { epsilon }) as tf.Tensor[];
}

function composedForward(x: tf.Tensor4D, scale: tf.Tensor1D, offset: tf.Tensor1D, epsilon: number): Forward {
  const mean = tf.mean<tf.Tensor1D>(x, [0, 1, 2]);
  const centred = tf.sub(x, mean);
  const variance = tf.mean<tf.Tensor1D>(tf.square(centred), [0, 1, 2]);
  const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon));
  const y = tf.add(tf.mul(centred, tf.mul(inverseDeviation, scale)), offset) as tf.Tensor4D;
  return { y, mean, variance, saved: [mean, inverseDeviation] };
}

/** `dx = scale / deviation * (dy - mean(dy) - xHat * mean(dy * xHat))`. */
function composedGradient(dy: tf.Tensor4D, kept: tf.Tensor[]): tf.Tensor[] {
  const [x, scale, mean, inverseDeviation] = kept as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  const normalised = tf.mul(tf.sub(x, mean), inverseDeviation);
  const count = x.size / scale.size;
  const dOffset = tf.sum(dy, [0, 1, 2]);
  const dScale = tf.sum(tf.mul(dy, normalised), [0, 1, 2]);
  const pull = tf.add(tf.div(dOffset, count), tf.mul(normalised, tf.div(dScale, count)));
  const dx = tf.mul(tf.sub(dy, pull), tf.mul(scale, inverseDeviation));
  return [dx, dScale, dOffset];
}
