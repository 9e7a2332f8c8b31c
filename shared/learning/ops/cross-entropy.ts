// Softmax cross-entropy against class numbers: fused where the engine has a kernel for it.

import * as tf from "@tensorflow/tfjs-core";

/**
 * The cross-entropy of each row's softmax with its true class: `logSumExp(logits) - logits[label]`.
 * @param logits [N, K]
 * @param labels int32 [N], each in [0, K)
 * @returns [N]; its gradient reaches the logits only
 */
export function sparseSoftmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const isFused = tf.getKernel("SparseSoftmaxCrossEntropyWithLogits", tf.getBackend()) !== undefined;
  const crossEntropy = tf.customGrad((...args) => {
    const [logits, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const { loss, slope } = isFused ? fused(logits, labels) : composed(logits, labels);
    save([slope]);
    return { value: loss, gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => tf.mul(tf.expandDims(dy, 1), kept[0]!) };
  });
  return crossEntropy(logits) as tf.Tensor1D;
}

function fused(logits: tf.Tensor2D, labels: tf.Tensor1D): { loss: tf.Tensor; slope: tf.Tensor } {
  const [loss, slope] = tf.engine().runKernel("SparseSoftmaxCrossEntropyWithLogits", { logits, labels }) as tf.Tensor[];
  return { loss: loss!, slope: slope! };
}

function composed(logits: tf.Tensor2D, labels: tf.Tensor1D): { loss: tf.Tensor; slope: tf.Tensor } {
  const truth = tf.oneHot(labels, logits.shape[1], 1, 0, "float32");
  const logProbabilities = tf.sub(logits, tf.logSumExp(logits, 1, true));
  return { loss: tf.neg(tf.sum(tf.mul(logProbabilities, truth), 1)), slope: tf.sub(tf.exp(logProbabilities), truth) };
}
