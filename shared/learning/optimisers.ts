// Optimisers as pure functions of named tensors: Adam, SGD with momentum, LARS. Their state ("slots") is a map that a checkpoint stores as it is.
import * as tf from "@tensorflow/tfjs-core";
import { isDecayed, type ParameterSpecification, type Parameters, parameter } from "./parameters.ts";

export type OptimiserName = "adam" | "sgd" | "lars";

/** Optimiser state by name: `step`, and for each kind of slot (`first`, `second`, `momentum`) one tensor over all learned parameters. */
export type Slots = Parameters;

export interface OptimiserOptions {
  readonly name: OptimiserName;
  /** L2 penalty added to the gradients of weights; biases and norms have none. */
  readonly weightDecay?: number;
  /** What is learned, in a fixed order. */
  readonly specifications: readonly ParameterSpecification[];
}

export interface Update {
  /** New values of the learned parameters. */
  readonly parameters: Map<string, tf.Tensor>;
  readonly slots: Map<string, tf.Tensor>;
}

export interface Optimiser {
  readonly name: OptimiserName;
  /** The state before the first step: zeros. */
  initialise(): Map<string, tf.Tensor>;
  /**
   * One step. Pure: makes new tensors and frees none.
   * @param learningRate a scalar tensor, so that a recorded step takes it as an input
   */
  update(parameters: Parameters, gradients: Parameters, slots: Slots, learningRate: tf.Scalar): Update;
  /** The state by parameter, for a file: `step`, and `momentum.encoder.conv1.weight` in the parameter's shape. New tensors. */
  nameSlots(slots: Slots): Map<string, tf.Tensor>;
  /** The inverse of `nameSlots`. New tensors. @throws a plain Error when one is missing */
  packSlots(named: Parameters): Map<string, tf.Tensor>;
}

/** Adam's published constants (arXiv 1412.6980), torch.optim.Adam's defaults. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
export const SGD_MOMENTUM = 0.9;
/** LARS' trust coefficient (arXiv 1708.03888; google-research/simclr, lars_optimizer.py). */
export const LARS_TRUST = 1e-3;

/**
 * An optimiser of these parameters. Its arithmetic runs on one vector of all of them, end to end: a dozen operations a step instead of a
 * dozen a parameter, which would cost a small network more than its convolutions.
 */
export function createOptimiser({ name, weightDecay = 0, specifications }: OptimiserOptions): Optimiser {
  const kinds = name === "adam" ? ["first", "second"] : ["momentum"];
  const names = specifications.map((specification) => specification.name);
  const sizes = specifications.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
  const size = sizes.reduce((sum, part) => sum + part, 0);

  /** All tensors end to end. // [size] */
  const pack = (tensors: readonly tf.Tensor[]): tf.Tensor1D =>
    tf.concat1d(tensors.map((tensor) => (tensor.rank === 1 ? (tensor as tf.Tensor1D) : tf.reshape(tensor, [-1]))));
  const unpack = (vector: tf.Tensor1D): tf.Tensor[] =>
    tf.split(vector, sizes).map((part, i) => {
      const { shape } = specifications[i]!;
      return shape.length === 1 ? part : tf.reshape(part, [...shape]);
    });
  const inOrder = (tensors: Parameters, prefix = "") => names.map((of) => parameter(tensors, prefix + of));

  function initialise(): Map<string, tf.Tensor> {
    return new Map<string, tf.Tensor>([["step", tf.scalar(0)], ...kinds.map((kind): [string, tf.Tensor] => [kind, tf.zeros([size])])]);
  }

  function update(parameters: Parameters, gradients: Parameters, slots: Slots, learningRate: tf.Scalar): Update {
    const values = inOrder(parameters);
    const decayed = inOrder(gradients).map((gradient, i) =>
      weightDecay > 0 && isDecayed(specifications[i]!) ? tf.add(gradient, tf.mul(values[i]!, weightDecay)) : gradient,
    );
    const step: tf.Scalar = tf.add(parameter<tf.Scalar>(slots, "step"), 1);
    const gradient = pack(decayed);
    const previous = kinds.map((kind) => parameter<tf.Tensor1D>(slots, kind));
    const { change, next } =
      name === "adam"
        ? adamRule(gradient, previous, step, learningRate)
        : name === "sgd"
          ? sgdRule(gradient, previous, learningRate)
          : larsRule(pack(trustedGradients(values, decayed, learningRate)), previous);
    return {
      parameters: new Map(unpack(change).map((part, i) => [names[i]!, tf.sub(values[i]!, part)])),
      slots: new Map<string, tf.Tensor>([["step", step], ...kinds.map((kind, i): [string, tf.Tensor] => [kind, next[i]!])]),
    };
  }

  /** LARS' gradients times their rate: weights by their norm over the gradient's, biases and norms by the learning rate alone. */
  function trustedGradients(values: readonly tf.Tensor[], gradients: readonly tf.Tensor[], learningRate: tf.Scalar): tf.Tensor[] {
    return gradients.map((gradient, i) => {
      if (!isDecayed(specifications[i]!)) return tf.mul(gradient, learningRate);
      const valueNorm = tf.norm(values[i]!);
      const gradientNorm = tf.norm(gradient);
      const isKnown = tf.logicalAnd(tf.greater(valueNorm, 0), tf.greater(gradientNorm, 0));
      const trust = tf.where(isKnown, tf.div(tf.mul(valueNorm, LARS_TRUST), tf.maximum(gradientNorm, 1e-30)), tf.onesLike(valueNorm));
      return tf.mul(gradient, tf.mul(learningRate, trust));
    });
  }

  function nameSlots(slots: Slots): Map<string, tf.Tensor> {
    const named = new Map<string, tf.Tensor>([["step", parameter(slots, "step").clone()]]);
    for (const kind of kinds) {
      const parts = tf.tidy(() => unpack(parameter<tf.Tensor1D>(slots, kind)));
      parts.forEach((part, i) => {
        named.set(`${kind}.${names[i]}`, part);
      });
    }
    return named;
  }

  function packSlots(named: Parameters): Map<string, tf.Tensor> {
    const slots = new Map<string, tf.Tensor>([["step", parameter(named, "step").clone()]]);
    for (const kind of kinds)
      slots.set(
        kind,
        tf.tidy(() => pack(inOrder(named, `${kind}.`))),
      );
    return slots;
  }

  return { name, initialise, update, nameSlots, packSlots };
}

interface Change {
  /** What is taken off the parameters. // [size] */
  readonly change: tf.Tensor1D;
  readonly next: readonly tf.Tensor1D[];
}

/** torch.optim.Adam's order of operations: epsilon is added after the second moment's bias is corrected. */
function adamRule(gradient: tf.Tensor1D, previous: readonly tf.Tensor1D[], step: tf.Scalar, learningRate: tf.Scalar): Change {
  const [first, second] = previous as [tf.Tensor1D, tf.Tensor1D];
  const { beta1, beta2, epsilon } = ADAM;
  // 1 - beta^step as -expm1(step ln beta): exact to float32 also at the first steps.
  const correction1 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta1))));
  const correction2 = tf.sqrt(tf.neg(tf.expm1(tf.mul(step, Math.log(beta2)))));
  const rate = tf.div(tf.mul(learningRate, correction2), correction1);
  const floor = tf.mul(correction2, epsilon);
  const m: tf.Tensor1D = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - beta1));
  const v: tf.Tensor1D = tf.add(second, tf.mul(tf.sub(tf.square(gradient), second), 1 - beta2));
  return { change: tf.mul(rate, tf.div(m, tf.add(tf.sqrt(v), floor))), next: [m, v] };
}

/** torch.optim.SGD with momentum 0.9, no dampening, not Nesterov. */
function sgdRule(gradient: tf.Tensor1D, [momentum]: readonly tf.Tensor1D[], learningRate: tf.Scalar): Change {
  const m: tf.Tensor1D = tf.add(tf.mul(momentum!, SGD_MOMENTUM), gradient);
  return { change: tf.mul(learningRate, m), next: [m] };
}

/** Classic momentum as in google-research/simclr: the rate is in the momentum. */
function larsRule(trusted: tf.Tensor1D, [momentum]: readonly tf.Tensor1D[]): Change {
  const m: tf.Tensor1D = tf.add(tf.mul(momentum!, SGD_MOMENTUM), trusted);
  return { change: m, next: [m] };
}
