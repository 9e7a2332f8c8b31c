// Activations computed again for the gradient instead of kept for it: memory for time (Chen et al., arXiv 1604.06174).
import * as tf from "@tensorflow/tfjs-core";

/** A function of an image-like tensor and of parameters; `aside` is what it gives besides, which carries no gradient. */
export type Segment = (
  x: tf.Tensor4D,
  parameters: readonly tf.Tensor[],
) => { readonly y: tf.Tensor4D; readonly aside: readonly tf.Tensor[] };

/** The segment's results. Of the first computation only they are kept; the gradient computes the segment once more. */
export function recompute(segment: Segment, x: tf.Tensor4D, parameters: readonly tf.Tensor[]): ReturnType<Segment> {
  // customGrad has one output; the rest leaves it by the side.
  let kept: tf.Tensor[] = [];
  const calculate = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [input, ...values] = args.slice(0, -1) as tf.Tensor[];
    const { y, aside } = segment(input as tf.Tensor4D, values);
    kept = aside.map((tensor) => tf.keep(tensor.clone()));
    save([input!, ...values]);
    return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(segment, dy, saved) };
  });
  const y = calculate(x, ...parameters) as tf.Tensor4D;
  // Taken out of the custom function's scope by `keep`, they are given back to the caller's.
  const aside = kept.map((tensor) => tensor.clone());
  tf.dispose(kept);
  return { y, aside };
}

function gradients(segment: Segment, dy: tf.Tensor, [x, ...values]: tf.Tensor[]): tf.Tensor[] {
  // A gradient within a gradient: tfjs-core has one tape and forgets the outer one.
  const { state } = tf.engine();
  const tape = state.activeTape;
  try {
    const again = after(dy, x!);
    return tf.grads((input: tf.Tensor, ...own: tf.Tensor[]) => segment(input as tf.Tensor4D, own).y)([again, ...values], dy);
  } finally {
    state.activeTape = tape;
  }
}

/** `x`, but not before `first` is there: else a graph would compute the segment at once, or take the two computations for one. */
function after<T extends tf.Tensor>(first: tf.Tensor, x: T): T {
  return tf.getKernel("After", tf.getBackend()) ? (tf.engine().runKernel("After", { first, x }) as T) : x.clone();
}
