// The rectifier with a gradient of one operation: tfjs-core's own takes six on the native engine, more time than the rectifier's convolution saves.

import * as tf from "@tensorflow/tfjs-core";

/**
 * max(x, 0). Its gradient is read off the result, so the input need not be kept.
 * The engine's "ReluGrad" kernel (`{ dy, y } -> dx`) is used where it has one.
 */
export function relu<T extends tf.Tensor>(x: T): T {
  const isFused = tf.getKernel("ReluGrad", tf.getBackend()) !== undefined;
  const rectify = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const y = tf.relu(x);
    save([y]);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) => {
      const [y] = kept as [tf.Tensor];
      return isFused ? (tf.engine().runKernel("ReluGrad", { dy, y }) as tf.Tensor) : tf.mul(dy, tf.sign(y)); // y is never negative
    };
    return { value: y, gradFunc };
  });
  return rectify(x) as T;
}
