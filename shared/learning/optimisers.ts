// Optimisers as pure functions of named tensors: Adam, SGD with momentum, LARS. Their state ("slots") is a map that a checkpoint stores as it is.
import * as tf from "@tensorflow/tfjs-core";
import { isDecayed, type ParameterSpecification, type Parameters, parameter } from "./parameters.ts";

export type OptimiserName = "adam" | "sgd" | "lars";

/** Optimiser state by name: `step`, and for each kind of slot (`first`, `second`, `momentum`) a tensor over all learned parameters, or one for each. */
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
 * An optimiser of these parameters.
 * Where the engine has kernels that update a parameter ("ApplyAdam", "ApplyMomentum"), every parameter has slots of its own; elsewhere the
 * arithmetic runs on one vector of all of them, end to end: a dozen operations a step instead of a dozen a parameter, which would cost a
 * small network more than its convolutions.
 */
export function createOptimiser({ name, weightDecay = 0, specifications }: OptimiserOptions): Optimiser {
  const isFused = tf.getKernel("ApplyAdam", tf.getBackend()) !== undefined;
  const layout = isFused ? separateSlots(name, specifications) : packedSlots(name, specifications);
  const names = specifications.map((specification) => specification.name);
  const inOrder = (tensors: Parameters) => names.map((of) => parameter(tensors, of));

  function update(parameters: Parameters, gradients: Parameters, slots: Slots, learningRate: tf.Scalar): Update {
    const values = inOrder(parameters);
    const decayed = inOrder(gradients).map((gradient, i) =>
      weightDecay > 0 && isDecayed(specifications[i]!) ? tf.add(gradient, tf.mul(values[i]!, weightDecay)) : gradient,
    );
    const step: tf.Scalar = tf.add(parameter<tf.Scalar>(slots, "step"), 1);
    const used = name === "lars" ? trustedGradients(values, decayed, specifications, learningRate) : decayed;
    const next = layout.update(values, used, slots, { step, learningRate });
    return {
      parameters: new Map(names.map((of, i) => [of, next.values[i]!])),
      slots: new Map<string, tf.Tensor>([["step", step], ...next.slots]),
    };
  }

  return {
    name,
    initialise: () => new Map<string, tf.Tensor>([["step", tf.scalar(0)], ...layout.initialise()]),
    update,
    nameSlots: (slots) => new Map([["step", parameter(slots, "step").clone()], ...layout.nameSlots(slots)]),
    packSlots: (named) => new Map([["step", parameter(named, "step").clone()], ...layout.packSlots(named)]),
  };
}

/** How slots are laid out, and a step of all parameters in that layout. */
interface SlotLayout {
  initialise(): [string, tf.Tensor][];
  update(
    values: readonly tf.Tensor[],
    gradients: readonly tf.Tensor[],
    slots: Slots,
    at: { readonly step: tf.Scalar; readonly learningRate: tf.Scalar },
  ): { readonly values: readonly tf.Tensor[]; readonly slots: readonly [string, tf.Tensor][] };
  nameSlots(slots: Slots): [string, tf.Tensor][];
  packSlots(named: Parameters): [string, tf.Tensor][];
}

const kindsOf = (name: OptimiserName) => (name === "adam" ? ["first", "second"] : ["momentum"]);

/** A slot a parameter and kind, under the name that a file gives it. */
function separateSlots(name: OptimiserName, specifications: readonly ParameterSpecification[]): SlotLayout {
  const kinds = kindsOf(name);
  const slotNames = specifications.flatMap((specification) => kinds.map((kind) => `${kind}.${specification.name}`));
  const copies = (slots: Parameters) => slotNames.map((slot): [string, tf.Tensor] => [slot, parameter(slots, slot).clone()]);

  return {
    initialise: () =>
      specifications.flatMap(({ name: of, shape }) => kinds.map((kind): [string, tf.Tensor] => [`${kind}.${of}`, tf.zeros([...shape])])),
    update(values, gradients, slots, { step, learningRate }) {
      const shared = name === "adam" ? adamRates(step, learningRate) : undefined;
      const nextSlots: [string, tf.Tensor][] = [];
      const nextValues = specifications.map(({ name: of }, i) => {
        const inputs = {
          value: values[i]!,
          gradient: gradients[i]!,
          rate: shared?.rate ?? (name === "lars" ? tf.scalar(1) : learningRate),
        };
        const own = Object.fromEntries(kinds.map((kind) => [kind, parameter(slots, `${kind}.${of}`)]));
        const [next, ...ownNext] = shared
          ? (tf.engine().runKernel("ApplyAdam", { ...inputs, ...own, floor: shared.floor }, ADAM) as tf.Tensor[])
          : (tf.engine().runKernel("ApplyMomentum", { ...inputs, ...own }, { momentum: SGD_MOMENTUM }) as tf.Tensor[]);
        kinds.forEach((kind, k) => {
          nextSlots.push([`${kind}.${of}`, ownNext[k]!]);
        });
        return next!;
      });
      return { values: nextValues, slots: nextSlots };
    },
    nameSlots: copies,
    packSlots: copies,
  };
}

/** One vector a kind, of all parameters end to end. */
function packedSlots(name: OptimiserName, specifications: readonly ParameterSpecification[]): SlotLayout {
  const kinds = kindsOf(name);
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

  return {
    initialise: () => kinds.map((kind) => [kind, tf.zeros([size])]),
    update(values, gradients, slots, { step, learningRate }) {
      const gradient = pack(gradients);
      const previous = kinds.map((kind) => parameter<tf.Tensor1D>(slots, kind));
      const { change, next } =
        name === "adam"
          ? adamRule(gradient, previous, adamRates(step, learningRate))
          : momentumRule(gradient, previous, name === "lars" ? undefined : learningRate);
      return {
        values: unpack(change).map((part, i) => tf.sub(values[i]!, part)),
        slots: kinds.map((kind, i) => [kind, next[i]!]),
      };
    },
    nameSlots: (slots) =>
      kinds.flatMap((kind) => {
        const parts = tf.tidy(() => unpack(parameter<tf.Tensor1D>(slots, kind)));
        return parts.map((part, i): [string, tf.Tensor] => [`${kind}.${specifications[i]!.name}`, part]);
      }),
    packSlots: (named) =>
      kinds.map((kind) => [kind, tf.tidy(() => pack(specifications.map(({ name: of }) => parameter(named, `${kind}.${of}`))))]),
  };
}

/** LARS' gradients times their rate: weights by their norm over the gradient's, biases and norms by the learning rate alone. */
function trustedGradients(
  values: readonly tf.Tensor[],
  gradients: readonly tf.Tensor[],
  specifications: readonly ParameterSpecification[],
  learningRate: tf.Scalar,
): tf.Tensor[] {
  return gradients.map((gradient, i) => {
    if (!isDecayed(specifications[i]!)) return tf.mul(gradient, learningRate);
    const valueNorm = norm(values[i]!);
    const gradientNorm = norm(gradient);
    const isKnown = tf.logicalAnd(tf.greater(valueNorm, 0), tf.greater(gradientNorm, 0));
    const trust = tf.where(isKnown, tf.div(tf.mul(valueNorm, LARS_TRUST), tf.maximum(gradientNorm, 1e-30)), tf.onesLike(valueNorm));
    return tf.mul(gradient, tf.mul(learningRate, trust));
  });
}

const norm = (x: tf.Tensor): tf.Tensor => tf.sqrt(tf.sum(tf.square(x)));

interface Change {
  /** What is taken off the parameters. // [size] */
  readonly change: tf.Tensor1D;
  readonly next: readonly tf.Tensor1D[];
}

interface AdamRates {
  readonly rate: tf.Scalar;
  /** Added to the root of the second moment. */
  readonly floor: tf.Scalar;
}

/**
 * Adam's rate with both moments' bias corrections in it. torch.optim.Adam adds epsilon after the second moment's bias is corrected, so here
 * epsilon has the correction's root as a factor.
 */
function adamRates(step: tf.Scalar, learningRate: tf.Scalar): AdamRates {
  const { beta1, beta2, epsilon } = ADAM;
  // 1 - beta^step as -expm1(step ln beta): exact to float32 also at the first steps.
  const correction1 = tf.neg(tf.expm1(tf.mul(step, Math.log(beta1))));
  const correction2 = tf.sqrt(tf.neg(tf.expm1(tf.mul(step, Math.log(beta2)))));
  return { rate: tf.div(tf.mul(learningRate, correction2), correction1), floor: tf.mul(correction2, epsilon) };
}

function adamRule(gradient: tf.Tensor1D, previous: readonly tf.Tensor1D[], { rate, floor }: AdamRates): Change {
  const [first, second] = previous as [tf.Tensor1D, tf.Tensor1D];
  const m: tf.Tensor1D = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - ADAM.beta1));
  const v: tf.Tensor1D = tf.add(second, tf.mul(tf.sub(tf.square(gradient), second), 1 - ADAM.beta2));
  return { change: tf.mul(rate, tf.div(m, tf.add(tf.sqrt(v), floor))), next: [m, v] };
}

/**
 * Momentum 0.9, no dampening, not Nesterov (torch.optim.SGD).
 * @param rate undefined where it is in the gradients already, as in google-research/simclr's LARS
 */
function momentumRule(gradient: tf.Tensor1D, [momentum]: readonly tf.Tensor1D[], rate: tf.Scalar | undefined): Change {
  const m: tf.Tensor1D = tf.add(tf.mul(momentum!, SGD_MOMENTUM), gradient);
  return { change: rate ? tf.mul(rate, m) : m, next: [m] };
}
