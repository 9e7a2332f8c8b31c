// The classifier head as a learner: Adam on the head alone over cached features, or on the whole network below it.
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../domain/random.ts";
import type { FinetuneSettings } from "../domain/run-config.ts";
import { classify, type DropoutMasks, drawMasks, HEAD_WIDTH, headSpecifications } from "./classifier-head.ts";
import type { Features } from "./features.ts";
import { padded, type TileFeed } from "./feed.ts";
import type { Learner, LocatedParts } from "./learner.ts";
import { sigmoid } from "./logistic-regression.ts";
import { featureWidth, type Network } from "./model.ts";
import { sparseSoftmaxCrossEntropy } from "./ops/cross-entropy.ts";
import { createOptimiser } from "./optimisers.ts";
import {
  disposeAll,
  initialiseParameters,
  isTrainable,
  type ParameterSpecification,
  type Parameters,
  prefixed,
  prefixedSpecifications,
  within,
} from "./parameters.ts";
import type { Program, ProgramFunction, Programs, TensorSpecification, Tensors } from "./program.ts";
import { descend, mergeState, splitState } from "./train-step.ts";

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
  readonly programs: Programs;
  /** Of the random streams. */
  readonly key: readonly (number | string)[];
}

const HEAD = "head.";
const MASKS = ["mask0", "mask1"] as const;
/** Tiles scored at once. */
const SCORE_BATCH = 64;

/** Batches of one size, as a program takes them. */
interface Group {
  readonly size: number;
  /** For each batch the indices into `parts.train`. */
  readonly batches: readonly Int32Array[];
}

/** A round is an epoch of Adam on the head, and on the network below it when there are no cached features. */
export function createHeadLearner({ network, parameters, feed, features, settings, parts, key, programs }: HeadLearnerOptions): Learner {
  const width = featureWidth(network, settings.features);
  const headParts = prefixedSpecifications(headSpecifications(width), HEAD);
  const below = features ? [] : network.specifications.filter((specification) => isBelowHead(specification, settings.features));
  const learned = [...below, ...headParts].filter(isTrainable);
  const names = learned.map(({ name }) => name);
  const optimiser = createOptimiser({ name: "adam", specifications: learned });
  const trainCount = parts.train.positions.length;
  const sizes = batchSizes(trainCount, settings.batchSize);
  let best: Map<string, tf.Tensor> | undefined;
  let step = 0;

  /** What the network or the cached features give to a program. */
  const form = features
    ? {
        specifications: (count: number): Record<string, TensorSpecification> => ({ x: { shape: [count, width], dtype: "float32" } }),
        input: ({ x }: Tensors) => x!,
      }
    : { specifications: feed.specifications, input: feed.tiles };

  function logits(current: Parameters, inputs: Tensors, mode: "train" | "eval", masks?: DropoutMasks) {
    const head = within(current, HEAD);
    const x = form.input(inputs);
    if (features) return { logits: classify(head, x as tf.Tensor2D, masks), statistics: new Map<string, tf.Tensor>() };
    const output = network.forward(current, x as tf.Tensor4D, mode);
    return { logits: classify(head, output[settings.features], masks), statistics: output.statistics };
  }

  const maskShapes = (size: number): Record<string, TensorSpecification> =>
    settings.dropout > 0 ? Object.fromEntries(MASKS.map((name) => [name, { shape: [size, HEAD_WIDTH], dtype: "float32" }])) : {};

  const training = (size: number): ProgramFunction => ({
    inputs: { ...form.specifications(size), labels: { shape: [size], dtype: "int32" }, ...maskShapes(size) },
    run(all, inputs) {
      const masks = settings.dropout > 0 ? (MASKS.map((name) => inputs[name]!) as unknown as DropoutMasks) : undefined;
      const learningRate = tf.scalar(settings.learningRate);
      const { state, loss } = descend(splitState(all), { optimiser, names, learningRate }, (current) => {
        const output = logits(current, inputs, "train", masks);
        return { loss: binaryCrossEntropy(output.logits, inputs.labels as tf.Tensor1D), statistics: output.statistics };
      });
      return { outputs: { loss }, state: mergeState(state) };
    },
  });

  const headStart = initialiseParameters(headSpecifications(width), Random.of(...key, "head").nextInt32());
  const slots = optimiser.initialise();
  const start = mergeState({ parameters: new Map([...(features ? [] : parameters), ...prefixed(headStart, HEAD)]), slots });
  const program: Program = programs.build(
    {
      ...Object.fromEntries(sizes.map((size) => [`train ${size}`, training(size)])),
      score: {
        inputs: form.specifications(SCORE_BATCH),
        run: (all, inputs) => ({ outputs: { logits: logits(splitState(all).parameters, inputs, "eval").logits } }),
      },
    },
    start,
  );
  disposeAll(headStart, slots);

  /** Batches as equal as can be, none with a single tile left over; those of one size after another. */
  function order(epoch: number): Group[] {
    const shuffled = Int32Array.from(Random.of(...key, "order", epoch).shuffled(Array.from({ length: trainCount }, (_, i) => i)));
    const count = Math.ceil(trainCount / settings.batchSize);
    const batches = Array.from({ length: count }, (_, i) =>
      shuffled.slice(Math.floor((i * trainCount) / count), Math.floor(((i + 1) * trainCount) / count)),
    );
    return sizes.map((size) => ({ size, batches: batches.filter(({ length }) => length === size) }));
  }

  /** Features of these positions, or their tiles. */
  async function* inputsOf(batches: Iterable<Int32Array>, signal: AbortSignal): AsyncGenerator<Tensors> {
    if (!features) for await (const { inputs } of feed.batches(batches, { signal })) yield inputs;
    else for (const positions of batches) yield { x: gatherRows(features, positions) };
  }

  return {
    rounds: settings.epochs,
    patience: settings.patience,
    async advance(epoch, signal) {
      let total = 0;
      for (const { size, batches } of order(epoch)) {
        const positions = batches.map((batch) => batch.map((index) => parts.train.positions[index]!));
        let i = 0;
        for await (const given of inputsOf(positions, signal)) {
          const labels = tf.tensor1d(
            Int32Array.from(batches[i++]!, (index) => parts.train.labels[index]!),
            "int32",
          );
          const masks = settings.dropout > 0 ? drawMasks(Random.of(...key, "dropout", step), size, settings.dropout) : [];
          const inputs = { ...given, labels, ...Object.fromEntries(masks.map((mask, at) => [MASKS[at]!, mask])) };
          const { loss } = program.run(`train ${size}`, inputs);
          total += (await loss!.data())[0]! * size;
          tf.dispose([...Object.values(inputs), loss!]);
          step++;
          await tf.nextFrame();
          signal.throwIfAborted();
        }
      }
      return total / trainCount;
    },
    async score(positions, signal) {
      const scores = new Float32Array(positions.length);
      const batches = Array.from(padded(positions.length, SCORE_BATCH), (batch) => batch.map((at) => positions[at]!));
      let at = 0;
      for await (const inputs of inputsOf(batches, signal)) {
        const { logits: output } = program.run("score", inputs);
        for (const value of (await output!.data()).subarray(0, positions.length - at)) scores[at++] = sigmoid(value);
        tf.dispose([...Object.values(inputs), output!]);
        if (!features) await tf.nextFrame();
        signal.throwIfAborted();
      }
      return scores;
    },
    keep() {
      if (best) disposeAll(best);
      best = program.read();
    },
    restore() {
      if (best) program.write(best);
    },
    epochs: (epoch) => epoch,
    dispose() {
      program.dispose();
      if (best) disposeAll(best);
    },
  };
}

/** The sizes of batches as equal as can be: one, or two that differ by one. */
function batchSizes(count: number, batchSize: number): number[] {
  const batches = Math.ceil(count / batchSize);
  return [...new Set([Math.floor(count / batches), Math.ceil(count / batches)])];
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
