// A branch that a compiled step can take: the condition is a value of the step's input, not of the code that was recorded.
import * as tf from "@tensorflow/tfjs-core";

/**
 * `calculate(x)` where the condition is true, else `x`. Without a gradient.
 * @param condition known now, or a bool scalar of a step that is being recorded
 * @param calculate gives a tensor of the shape of `x`. What it computes from other tensors is computed in any case, unless they pass through
 *   `gate` first
 */
export function when<T extends tf.Tensor>(
  condition: boolean | tf.Tensor,
  x: T,
  calculate: (x: T, gate: <G extends tf.Tensor>(tensor: G) => G) => T,
): T {
  if (typeof condition === "boolean") return condition ? calculate(x, (tensor) => tensor) : x;
  const ways = <G extends tf.Tensor>(tensor: G) => tf.engine().runKernel("Switch", { x: tensor, condition }) as [otherwise: G, taken: G];
  const [otherwise, taken] = ways(x);
  return tf.engine().runKernel("Merge", { a: otherwise, b: calculate(taken, (tensor) => ways(tensor)[1]) }) as T;
}
