// A model that is not trained any more: its running statistics made anew, and its representations of tiles.
import * as tf from "@tensorflow/tfjs-core";
import { consecutive, padded, type TileFeed } from "./feed.ts";
import { type FeatureLayer, featureWidth, type Model } from "./model.ts";
import type { Parameters } from "./parameters.ts";
import { EAGER_PROGRAMS, type Program, type Programs } from "./program.ts";

/** Tiles that go through the encoder at once. */
const FEATURE_BATCH = 64;

/** Vectors of tiles, row by row. */
export interface Features {
  readonly count: number;
  readonly width: number;
  /** // [count, width] */
  readonly values: Float32Array;
}

export interface Representation {
  /**
   * Makes the running statistics the plain mean over batches of these tiles. Done for every arm before fine-tuning: pretraining leaves
   * statistics of augmented views, the control those of nothing at all, and evaluation normalises plain tiles.
   * @param count tiles of the calibration feed; a rest smaller than a batch is left out
   * @see "precise BN", arXiv 2105.07576, section 3
   */
  recalibrate(signal: AbortSignal): Promise<void>;
  /** Features of all tiles in the order of the feed, normalised by the running statistics. */
  features(signal: AbortSignal): Promise<Features>;
  /** The same, a batch at a time. @param from positions that are left out first */
  batches(signal: AbortSignal, from?: number): AsyncGenerator<{ readonly at: number; readonly values: Float32Array }, void>;
  /** Numbers a tile. */
  readonly width: number;
  /** Copies of the parameters as they are now; the caller frees them. */
  parameters(): Map<string, tf.Tensor>;
  dispose(): void;
}

export interface RepresentationOptions {
  /** Stays as it is. */
  readonly model: Pick<Model, "network" | "parameters">;
  /** Encoder output h, second projection layer after its ReLU, or the embedding z. */
  readonly layer: FeatureLayer;
  readonly calibration: { readonly tiles: TileFeed; readonly count: number };
  readonly tiles: TileFeed;
  readonly count: number;
  readonly programs?: Programs | undefined;
}

/** A copy of a model to take features from. */
export function createRepresentation(options: RepresentationOptions): Representation {
  const { layer, calibration, tiles, count, programs = EAGER_PROGRAMS } = options;
  const { network, parameters } = options.model;
  const calibrationBatch = Math.min(FEATURE_BATCH, calibration.count);
  const batchSize = Math.min(FEATURE_BATCH, count);
  const program: Program<"calibrate" | "represent"> = programs.build(
    {
      calibrate: {
        inputs: { ...calibration.tiles.specifications(calibrationBatch), share: { shape: [], dtype: "float32" } },
        run(state: Parameters, { share, ...inputs }) {
          const momentum = share as tf.Scalar;
          return { outputs: {}, state: network.forward(state, calibration.tiles.tiles(inputs), "train", { momentum }).statistics };
        },
      },
      represent: {
        inputs: tiles.specifications(batchSize),
        run: (state, inputs) => ({ outputs: { values: network.forward(state, tiles.tiles(inputs), "eval")[layer] } }),
      },
    },
    parameters,
  );

  const width = featureWidth(network, layer);
  async function* batches(signal: AbortSignal, from = 0): ReturnType<Representation["batches"]> {
    let at = from;
    for await (const { inputs } of tiles.batches(padded(count, batchSize, from), { signal })) {
      const { values } = program.run("represent", inputs);
      const output = (await values!.data()) as Float32Array;
      tf.dispose([...Object.values(inputs), values!]);
      yield { at, values: output.subarray(0, (count - at) * width) };
      at += batchSize;
      await tf.nextFrame();
      signal.throwIfAborted();
    }
  }

  return {
    async recalibrate(signal) {
      let batches = 0;
      const whole = calibration.count - (calibration.count % calibrationBatch);
      for await (const batch of calibration.tiles.batches(consecutive(whole, calibrationBatch), { signal })) {
        batches++;
        const inputs = { ...batch.inputs, share: tf.scalar(1 / batches) };
        program.run("calibrate", inputs);
        tf.dispose(Object.values(inputs));
        await tf.nextFrame();
        signal.throwIfAborted();
      }
    },
    width,
    async features(signal) {
      const values = new Float32Array(count * width);
      for await (const batch of batches(signal)) values.set(batch.values, batch.at * width);
      return { count, width, values };
    },
    batches,
    parameters: () => program.read(),
    dispose: () => program.dispose(),
  };
}
