// One step of gradient descent as a pure function of tensors: no read-back, no branch on data, so an engine may record and compile it.
import * as tf from "@tensorflow/tfjs-core";
import type { Network } from "./model.ts";
import { type ContrastiveLossOptions, contrastiveLoss } from "./nt-xent.ts";
import type { Optimiser, Slots } from "./optimisers.ts";
import { type Parameters, parameter, prefixed, within } from "./parameters.ts";
import type { ViewDraws, Views, ViewTensors } from "./views.ts";

const OPTIMISER = "optimiser.";

/** All that a step changes. */
export interface TrainState {
  readonly parameters: Parameters;
  readonly slots: Slots;
}

export interface StepResult {
  /** New tensors, or copies. */
  readonly state: TrainState;
  readonly loss: tf.Scalar;
}

export interface Objective {
  readonly loss: tf.Scalar;
  /** New running statistics by name. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
}

/**
 * Differentiates an objective and takes one optimiser step. Parameters that are not learned keep their values, but for running statistics.
 * @param names what is learned
 * @param learningRate a scalar tensor
 */
export function descend(
  state: TrainState,
  { optimiser, names, learningRate }: { optimiser: Optimiser; names: readonly string[]; learningRate: tf.Scalar },
  objective: (parameters: Parameters) => Objective,
): StepResult {
  const parameterNames = [...state.parameters.keys()];
  const slotNames = [...state.slots.keys()];
  // `tidy` looks for its results in arrays, not in maps.
  const [loss, parameters, slots] = tf.tidy((): [tf.Scalar, tf.Tensor[], tf.Tensor[]] => {
    let statistics: ReadonlyMap<string, tf.Tensor> = new Map();
    const evaluate = () => {
      const result = objective(state.parameters);
      statistics = new Map(Array.from(result.statistics, ([name, tensor]) => [name, tf.keep(tensor)]));
      return result.loss;
    };
    const learned = names.map((name) => parameter(state.parameters, name));
    const { value, grads } = tf.valueAndGrads(evaluate)(learned);
    const gradients = new Map(names.map((name, i) => [name, grads[i]!]));
    const update = optimiser.update(state.parameters, gradients, state.slots, learningRate);
    const moved = new Map(Array.from(statistics, ([name, tensor]) => [name, tensor.clone()]));
    tf.dispose([...statistics.values()]); // kept above, out of the scope of differentiation
    return [
      value as tf.Scalar,
      parameterNames.map((name) => update.parameters.get(name) ?? moved.get(name) ?? parameter(state.parameters, name).clone()),
      slotNames.map((name) => parameter(update.slots, name)),
    ];
  });
  return {
    loss,
    state: {
      parameters: new Map(parameterNames.map((name, i) => [name, parameters[i]!])),
      slots: new Map(slotNames.map((name, i) => [name, slots[i]!])),
    },
  };
}

/** A state's tensors in one map, as a program holds them: slots under `optimiser.`. */
export function mergeState({ parameters, slots }: TrainState): Map<string, tf.Tensor> {
  return new Map([...parameters, ...prefixed(slots, OPTIMISER)]);
}

/** The inverse of `mergeState`; the tensors are shared, not copied. */
export function splitState(state: Parameters): TrainState {
  return { parameters: new Map([...state].filter(([name]) => !name.startsWith(OPTIMISER))), slots: within(state, OPTIMISER) };
}

export interface PretrainStep {
  readonly network: Network;
  readonly views: Pick<Views, "apply">;
  readonly optimiser: Optimiser;
  /** Names of what is learned, in the optimiser's order. */
  readonly names: readonly string[];
  readonly loss: ContrastiveLossOptions;
}

/**
 * SimCLR's step: both views of every tile through encoder and head as one batch of 2N, the contrastive loss, one update.
 * @param tiles // [N, S, S, C]
 * @see SimCLR, arXiv 2002.05709, algorithm 1
 */
export function trainStep(
  { network, views, optimiser, names, loss }: PretrainStep,
  state: TrainState,
  tiles: tf.Tensor4D,
  draws: ViewDraws | ViewTensors,
  learningRate: tf.Scalar,
): StepResult {
  const both = views.apply(tiles, draws);
  return descend(state, { optimiser, names, learningRate }, (parameters) => {
    const { z, statistics } = network.forward(parameters, both, "train");
    return { loss: contrastiveLoss(z, loss), statistics };
  });
}
