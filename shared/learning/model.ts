// A model: an encoder and a projection head with their parameters, as pretraining leaves it and fine-tuning takes it.
import type * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../domain/run-config.ts";
import { createEncoder, type Encoder, type ForwardOptions, type Mode } from "./encoders/index.ts";
import {
  disposeAll,
  initialiseParameters,
  type ParameterSpecification,
  type Parameters,
  prefixed,
  prefixedSpecifications,
  within,
} from "./parameters.ts";
import { type Projection, project, projectionSpecifications } from "./projection-head.ts";

/** The network apart from its values: `encoder.` and `projection.` parameters. */
export interface Network {
  readonly encoder: Encoder;
  readonly specifications: readonly ParameterSpecification[];
  /** @param x standardised tiles or views // [N, H, W, C] */
  forward(parameters: Parameters, x: tf.Tensor4D, mode: Mode, options?: ForwardOptions): NetworkOutput;
}

export interface NetworkOutput extends Projection {
  /** // [N, encoder.features] */
  readonly h: tf.Tensor2D;
  /** New running statistics by name; empty in `eval`. */
  readonly statistics: ReadonlyMap<string, tf.Tensor>;
}

/** Layers whose output is a representation of a tile. */
export type FeatureLayer = "h" | "projection2" | "z";

export interface Model {
  readonly network: Network;
  readonly parameters: Parameters;
  dispose(): void;
}

/** @param channels bands of the input */
export function createNetwork(encoderName: EncoderName, channels: number): Network {
  const encoder = createEncoder(encoderName, { channels });
  return {
    encoder,
    specifications: [
      ...prefixedSpecifications(encoder.specifications, "encoder."),
      ...prefixedSpecifications(projectionSpecifications(encoder.features), "projection."),
    ],
    forward(parameters, x, mode, options) {
      const { h, statistics } = encoder.forward(within(parameters, "encoder."), x, mode, options);
      return { h, ...project(within(parameters, "projection."), h), statistics: new Map(prefixed(statistics, "encoder.")) };
    },
  };
}

/** Width of a layer's output. */
export function featureWidth(network: Network, layer: FeatureLayer): number {
  if (layer === "h") return network.encoder.features;
  const bias = network.specifications.find(({ name }) => name === `projection.${layer === "projection2" ? 2 : 4}.bias`);
  return bias!.shape[0]!;
}

/** A model that owns its parameters. */
export function createModel(network: Network, parameters: Parameters): Model {
  return { network, parameters, dispose: () => disposeAll(parameters) };
}

/** Fresh weights: the start of every run, and the whole of the control arm. */
export function initialiseModel(network: Network, seed: number): Model {
  return createModel(network, initialiseParameters(network.specifications, seed));
}
