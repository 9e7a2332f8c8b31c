// One step of gradient descent as a pure function of tensors: no read-back, no branch on data, so an engine may record and compile it.
import * as tf from "@tensorflow/tfjs-core";
import type { PretrainSettings } from "../domain/run-config.ts";
import type { Network } from "./model.ts";
import { contrastiveLoss } from "./nt-xent.ts";
import type { Optimiser, Slots } from "./optimisers.ts";
import { cloneAll, disposeAll, isTrainable, type Parameters, parameter, prefixed, within } from "./parameters.ts";
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

/** What an objective gives: its value, the slope of each learned parameter, and running statistics that it moved. */
export interface Slopes extends Objective {
  /** By name. */
  readonly gradients: Parameters;
}

/** @param names what is learned */
export function differentiate(parameters: Parameters, names: readonly string[], objective: (parameters: Parameters) => Objective): Slopes {
  let kept: ReadonlyMap<string, tf.Tensor> = new Map();
  const evaluate = () => {
    const result = objective(parameters);
    kept = new Map(Array.from(result.statistics, ([name, tensor]) => [name, tf.keep(tensor)]));
    return result.loss;
  };
  const { value, grads } = tf.valueAndGrads(evaluate)(names.map((name) => parameter(parameters, name)));
  // Out of the scope of differentiation, into the caller's.
  const statistics = cloneAll(kept);
  disposeAll(kept);
  return { loss: value as tf.Scalar, gradients: new Map(names.map((name, i) => [name, grads[i]!])), statistics };
}

/** Gradients of which all together have at most this norm. */
export function clipped(gradients: Parameters, largestNorm: number): Parameters {
  const norm = tf.sqrt(tf.addN(Array.from(gradients.values(), (gradient) => tf.sum(tf.square(gradient)))));
  const scale = tf.minimum(1, tf.div(largestNorm, tf.maximum(norm, 1e-30)));
  return new Map(Array.from(gradients, ([name, gradient]) => [name, tf.mul(gradient, scale)]));
}

export interface Descent {
  readonly optimiser: Optimiser;
  /** Names of what is learned, in the optimiser's order. */
  readonly names: readonly string[];
  readonly learningRate: tf.Scalar;
}

/** Takes one optimiser step down the objective. Parameters that are not learned keep their values, but for running statistics. */
export function descend(state: TrainState, descent: Descent, objective: (parameters: Parameters) => Objective): StepResult {
  const { loss, gradients, statistics } = differentiate(state.parameters, descent.names, objective);
  return { loss, state: update(state, descent, gradients, statistics) };
}

function update(
  { parameters, slots }: TrainState,
  { optimiser, learningRate }: Descent,
  gradients: Parameters,
  statistics: Parameters,
): TrainState {
  const next = optimiser.update(parameters, gradients, slots, learningRate);
  return { parameters: new Map([...parameters, ...statistics, ...next.parameters]), slots: new Map([...slots, ...next.slots]) };
}

/** A state's tensors in one map, as a program holds them: slots under `optimiser.`. */
export function mergeState({ parameters, slots }: TrainState): Map<string, tf.Tensor> {
  return new Map([...parameters, ...prefixed(slots, OPTIMISER)]);
}

/** The inverse of `mergeState`; the tensors are shared, not copied. */
export function splitState(state: Parameters): TrainState {
  const isParameter = (name: string) => !name.startsWith(OPTIMISER) && !name.startsWith(SUM);
  return { parameters: new Map([...state].filter(([name]) => isParameter(name))), slots: within(state, OPTIMISER) };
}

export interface PretrainStep {
  readonly network: Network;
  readonly views: Pick<Views, "apply">;
  readonly optimiser: Optimiser;
  /** Names of what is learned, in the optimiser's order. */
  readonly names: readonly string[];
  readonly settings: Pick<PretrainSettings, "loss" | "temperature" | "accumulate" | "clipNorm" | "recompute">;
}

/** What a step takes besides its state. */
export interface StepInputs {
  /** // [N, S, S, C] */
  readonly tiles: tf.Tensor4D;
  readonly draws: ViewDraws | ViewTensors;
}

const SUM = "gradient.";

/** The sums of gradients that a step of several batches starts from; none where a step is one batch. */
export function initialSums({ network, settings }: Pick<PretrainStep, "network" | "settings">): Map<string, tf.Tensor> {
  const learned = settings.accumulate > 1 ? network.specifications.filter(isTrainable) : [];
  return new Map(learned.map(({ name, shape }) => [SUM + name, tf.zeros([...shape])]));
}

/** SimCLR's loss and its slopes: both views of every tile go through encoder and head as one batch of 2N. */
function slopesOf({ network, views, names, settings }: PretrainStep, parameters: Parameters, { tiles, draws }: StepInputs): Slopes {
  const both = views.apply(tiles, draws);
  return differentiate(parameters, names, (current) => {
    const { z, statistics } = network.forward(current, both, "train", { recomputes: settings.recompute });
    return { loss: contrastiveLoss(z, settings), statistics };
  });
}

/**
 * A batch of a step that is not its last: adds its gradients to the sums.
 * @param state `mergeState`'s, and `initialSums`
 */
export function accumulateStep(step: PretrainStep, state: Parameters, inputs: StepInputs): { loss: tf.Scalar; state: Parameters } {
  const { loss, gradients, statistics } = slopesOf(step, splitState(state).parameters, inputs);
  const sums = Array.from(gradients, ([name, gradient]): [string, tf.Tensor] => [
    SUM + name,
    tf.add(parameter(state, SUM + name), gradient),
  ]);
  return { loss, state: new Map([...statistics, ...sums]) };
}

/**
 * SimCLR's step, or the last batch of one: one update by the mean of the gradients.
 * @param state `mergeState`'s, and `initialSums`
 * @returns what of the state it changes
 * @see SimCLR, arXiv 2002.05709, algorithm 1
 */
export function trainStep(
  step: PretrainStep,
  state: Parameters,
  inputs: StepInputs,
  learningRate: tf.Scalar,
): { loss: tf.Scalar; state: Parameters } {
  const { accumulate, clipNorm } = step.settings;
  const before = splitState(state);
  const { loss, gradients, statistics } = slopesOf(step, before.parameters, inputs);
  const sums = within(state, SUM);
  const mean = (name: string, gradient: tf.Tensor) => tf.div(tf.add(parameter(sums, name), gradient), accumulate);
  const all: Parameters = accumulate > 1 ? new Map(Array.from(gradients, ([name, gradient]) => [name, mean(name, gradient)])) : gradients;
  const next = update(before, { ...step, learningRate }, clipNorm === null ? all : clipped(all, clipNorm), statistics);
  const zeros = Array.from(sums, ([name, sum]): [string, tf.Tensor] => [SUM + name, tf.zerosLike(sum)]);
  return { loss, state: new Map([...mergeState(next), ...zeros]) };
}
