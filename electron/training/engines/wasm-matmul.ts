// Matrix products by the one form that the WebAssembly backend does fast and on all its threads: two matrices, neither transposed.

import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "./wasm-kernel.ts";

/** Turns transposed factors, and multiplies the matrices of a batch one by one. */
export function batchMatMul(own: Kernel<tf.BatchMatMulAttrs>): Kernel<tf.BatchMatMulAttrs> {
  return (backend, { a, b }, { transposeA, transposeB }) => {
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    const product = (left: tf.Tensor, right: tf.Tensor) =>
      tf.engine().makeTensorFromTensorInfo(own(backend, { a: left, b: right }, { transposeA: false, transposeB: false }));
    return tf.tidy(() => {
      const lefts = matrices(a!, transposeA);
      const rights = matrices(b!, transposeB);
      const count = Math.max(lefts.length, rights.length);
      const products = Array.from({ length: count }, (_, i) => product(lefts[i % lefts.length]!, rights[i % rights.length]!));
      const [rows, columns] = products[0]!.shape.slice(-2) as [number, number];
      return tf.reshape(count === 1 ? products[0]! : tf.concat(products, 0), [...batch, rows, columns]);
    });
  };
}

/** The matrices of a batch, each [1, rows, columns] as it is to be multiplied. */
function matrices(tensor: tf.Tensor, isTransposed: boolean): tf.Tensor3D[] {
  const [rows, columns] = tensor.shape.slice(-2) as [number, number];
  const stacked = tf.reshape<tf.Rank.R3>(tensor, [-1, rows, columns]);
  const turned = isTransposed ? tf.transpose(stacked, [0, 2, 1]) : stacked;
  return turned.shape[0] === 1 ? [turned] : tf.split(turned, turned.shape[0]);
}
