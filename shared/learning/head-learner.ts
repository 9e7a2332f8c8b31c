// The classifier head as a learner: Adam on the head alone over cached features, or on the whole network below it.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../domain/random.ts";
import type { FinetuneSettings } from "../domain/run-config.ts";
import { classify, drawMasks, headSpecifications } from "./classifier-head.ts";
import type { Features } from "./features.ts";
import type { TileFeed } from "./feed.ts";
import type { Learner, LocatedParts } from "./learner.ts";
import { sigmoid } from "./logistic-regression.ts";
import { featureWidth, type Network } from "./model.ts";
import { sparseSoftmaxCrossEntropy } from "./ops/cross-entropy.ts";
import { createOptimiser } from "./optimisers.ts";
import {
  cloneAll,
  disposeAll,
  initialiseParameters,
  isTrainable,
  type ParameterSpecification,
  type Parameters,
  prefixed,
  prefixedSpecifications,
  within,
} from "./parameters.ts";
import { descend, disposeState, type TrainState, tidyStep } from "./train-step.ts";

/** Input of the head: cached features, or tiles through the whole trainable network. */
export interface HeadLearnerOptions {
  readonly network: Network;
  /** Of the model, calibrated; shared by all draws. */
  readonly parameters: Parameters;
  readonly feed: TileFeed;
  /** Given: the head alone learns. */
  readonly features: Features | undefined;
  readonly settings: FinetuneSettings;
  readonly parts: LocatedParts;
  /** Of the random streams. */
  readonly key: readonly (number | string)[];
}

const HEAD = "head.";
/** Tiles scored at once. */
const SCORE_BATCH = 64;

/** A round is an epoch of Adam on the head, and on the network below it when there are no cached features. */
export function createHeadLearner({ network, parameters, feed, features, settings, parts, key }: HeadLearnerOptions): Learner {
  const headParts = prefixedSpecifications(headSpecifications(featureWidth(network, settings.features)), HEAD);
  const below = features ? [] : network.specifications.filter((specification) => isBelowHead(specification, settings.features));
  const learned = [...below, ...headParts].filter(isTrainable);
  const names = learned.map(({ name }) => name);
  const optimiser = createOptimiser({ name: "adam", specifications: learned });
  const headStart = new Map(
    prefixed(
      initialiseParameters(headSpecifications(featureWidth(network, settings.features)), Random.of(...key, "head").nextInt32()),
      HEAD,
    ),
  );
  let state: TrainState = {
    parameters: new Map([...(features ? [] : cloneAll(parameters)), ...headStart]),
    slots: optimiser.initialise(),
  };
  let best: Map<string, tf.Tensor> | undefined;
  let step = 0;

  /** Batches as equal as can be, none with a single tile left over. // for each the indices into `parts.train` */
  function order(epoch: number): number[][] {
    const count = parts.train.positions.length;
    const shuffled = Random.of(...key, "order", epoch).shuffled(Array.from({ length: count }, (_, i) => i));
    const batches = Math.ceil(count / settings.batchSize);
    return Array.from({ length: batches }, (_, i) =>
      shuffled.slice(Math.floor((i * count) / batches), Math.floor(((i + 1) * count) / batches)),
    );
  }

  /** Features of these positions, or their tiles. */
  async function* inputs(batches: readonly Int32Array[], signal: AbortSignal): AsyncGenerator<tf.Tensor> {
    if (!features) for await (const { tiles } of feed.batches(batches, { signal })) yield tiles;
    else for (const positions of batches) yield gatherRows(features, positions);
  }

  function logits(current: Parameters, x: tf.Tensor, mode: "train" | "eval", masks?: ReturnType<typeof drawMasks>) {
    const head = within(current, HEAD);
    if (features) return { logits: classify(head, x as tf.Tensor2D, masks), statistics: new Map<string, tf.Tensor>() };
    const output = network.forward(current, x as tf.Tensor4D, mode);
    return { logits: classify(head, output[settings.features], masks), statistics: output.statistics };
  }

  return {
    rounds: settings.epochs,
    patience: settings.patience,
    async advance(epoch, signal) {
      const batches = order(epoch);
      const positions = batches.map((batch) => Int32Array.from(batch, (i) => parts.train.positions[i]!));
      let total = tf.scalar(0);
      let i = 0;
      try {
        for await (const x of inputs(positions, signal)) {
          const batch = batches[i++]!;
          const result = tidyStep(() => {
            const labels = tf.tensor1d(
              batch.map((index) => parts.train.labels[index]!),
              "int32",
            );
            const masks = settings.dropout > 0 ? drawMasks(Random.of(...key, "dropout", step), batch.length, settings.dropout) : undefined;
            return descend(state, { optimiser, names, learningRate: tf.scalar(settings.learningRate) }, (current) => {
              const output = logits(current, x, "train", masks);
              return { loss: binaryCrossEntropy(output.logits, labels), statistics: output.statistics };
            });
          });
          const before = total;
          total = tf.tidy(() => tf.add(before, tf.mul(result.loss, batch.length)));
          tf.dispose([x, before, result.loss]);
          disposeState(state);
          state = result.state;
          step++;
          await tf.nextFrame();
          signal.throwIfAborted();
        }
        return (await total.data())[0]! / parts.train.positions.length;
      } finally {
        total.dispose();
      }
    },
    async score(positions, signal) {
      const scores = new Float32Array(positions.length);
      const batches: Int32Array[] = [];
      for (let from = 0; from < positions.length; from += SCORE_BATCH) batches.push(positions.slice(from, from + SCORE_BATCH));
      let at = 0;
      for await (const x of inputs(batches, signal)) {
        const output = tf.tidy(() => logits(state.parameters, x, "eval").logits);
        const values = await output.data();
        for (const value of values) scores[at++] = sigmoid(value);
        tf.dispose([x, output]);
        if (!features) await tf.nextFrame();
        signal.throwIfAborted();
      }
      return scores;
    },
    keep() {
      if (best) disposeAll(best);
      best = cloneAll(state.parameters);
    },
    restore() {
      if (!best) return;
      disposeState(state);
      state = { parameters: best, slots: new Map() };
      best = undefined;
    },
    epochs: (epoch) => epoch,
    dispose() {
      disposeState(state);
      if (best) disposeAll(best);
    },
  };
}

/** Whether a parameter takes part in the head's input; what lies above the chosen layer has no gradient. */
function isBelowHead({ name }: ParameterSpecification, layer: FinetuneSettings["features"]): boolean {
  if (name.startsWith("encoder.")) return true;
  return layer === "projection2" && (name.startsWith("projection.0.") || name.startsWith("projection.2."));
}

function gatherRows({ width, values }: Features, positions: Int32Array): tf.Tensor2D {
  const rows = new Float32Array(positions.length * width);
  positions.forEach((position, i) => {
    rows.set(values.subarray(position * width, (position + 1) * width), i * width);
  });
  return tf.tensor2d(rows, [positions.length, width]);
}

/** Mean binary cross-entropy of logits [N, 1], as that of two classes with logits 0 and x. */
function binaryCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.mean(sparseSoftmaxCrossEntropy(tf.concat2d([tf.zerosLike(logits), logits], 1), labels));
}
