// Representations of tiles by a model that is not trained any more, and its running statistics made anew.
import * as tf from "@tensorflow/tfjs-core";
import { consecutive, type TileFeed } from "./feed.ts";
import { type FeatureLayer, featureWidth, type Model, type Network } from "./model.ts";
import { type Parameters, parameter } from "./parameters.ts";

/** Tiles that go through the encoder at once. */
const FEATURE_BATCH = 64;

/** Vectors of tiles, row by row. */
export interface Features {
  readonly count: number;
  readonly width: number;
  /** // [count, width] */
  readonly values: Float32Array;
}

/**
 * Features of `count` tiles in the order of the feed, normalised by the model's running statistics.
 * @param layer encoder output h, second projection layer after its ReLU, or the embedding z
 */
export async function extractFeatures(
  model: Pick<Model, "network" | "parameters">,
  tiles: TileFeed,
  { count, layer, signal }: { count: number; layer: FeatureLayer; signal: AbortSignal },
): Promise<Features> {
  const width = featureWidth(model.network, layer);
  const values = new Float32Array(count * width);
  let at = 0;
  for await (const batch of tiles.batches(consecutive(count, FEATURE_BATCH), { signal })) {
    const output = tf.tidy(() => model.network.forward(model.parameters, batch.tiles, "eval")[layer]);
    values.set((await output.data()) as Float32Array, at * width);
    at += batch.tiles.shape[0];
    tf.dispose([batch.tiles, output]);
    await tf.nextFrame();
    signal.throwIfAborted();
  }
  return { count, width, values };
}

/**
 * The parameters with running statistics that are the plain mean over batches of these tiles; all other tensors are shared copies.
 * Done for every arm before fine-tuning: pretraining leaves statistics of augmented views, the control those of nothing at all,
 * and evaluation normalises plain tiles.
 * @see "precise BN", arXiv 2105.07576, section 3
 */
export async function recalibrate(
  network: Network,
  parameters: Parameters,
  tiles: TileFeed,
  { count, signal }: { count: number; signal: AbortSignal },
): Promise<Map<string, tf.Tensor>> {
  const calibrated = new Map(Array.from(parameters, ([name, tensor]) => [name, tensor.clone()]));
  let batches = 0;
  for await (const batch of tiles.batches(consecutive(count, FEATURE_BATCH), { signal })) {
    batches++;
    const names: string[] = [];
    const updated = tf.tidy(() => {
      const { statistics } = network.forward(calibrated, batch.tiles, "train", { momentum: 1 / batches });
      names.push(...statistics.keys());
      return [...statistics.values()];
    });
    names.forEach((name, i) => {
      parameter(calibrated, name).dispose();
      calibrated.set(name, updated[i]!);
    });
    batch.tiles.dispose();
    await tf.nextFrame();
    signal.throwIfAborted();
  }
  return calibrated;
}
