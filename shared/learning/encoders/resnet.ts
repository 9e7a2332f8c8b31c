// Residual networks in torchvision's layer order, names and arithmetic (He et al., arXiv 1512.03385; bottleneck stride on the 3 x 3: "v1.5"),
// so that weights go to and come from PyTorch exactly.
import * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../../domain/run-config.ts";
import { relu } from "../ops/relu.ts";
import { type Encoder, encoderOf } from "./encoder.ts";
import {
  batchNorm,
  type ConvolutionOptions,
  convolution,
  identity,
  type Layer,
  maxPool,
  recomputable,
  rectifier,
  sequence,
  specificationsOf,
} from "./layers.ts";

/** What tells one residual network from another. */
export interface ResNetShape {
  readonly block: "basic" | "bottleneck";
  /** Blocks of each stage; each stage after the first halves the side. */
  readonly blocks: readonly number[];
  /** Channels of the stem; stage s has width 2^s times this, bottlenecks put out 4 times that. */
  readonly width: number;
  readonly stem: {
    readonly kernel: number;
    readonly stride: 1 | 2;
    /** A 3 x 3 max-pool of stride 2 after the stem. */
    readonly pool: boolean;
  };
}

const NORM_EPSILON = 1e-5;

/**
 * A residual network.
 * @param channels channels of the input
 */
export function createResNet(name: EncoderName, shape: ResNetShape, channels: number): Encoder {
  const { kernel, stride, pool } = shape.stem;
  const layers = [normed("conv1", "bn1", { inputs: channels, outputs: shape.width, kernel, stride }), rectifier];
  if (pool) layers.push(maxPool("half"));
  let inputs = shape.width;
  shape.blocks.forEach((count, stage) => {
    const width = shape.width * 2 ** stage;
    const outputs = shape.block === "basic" ? width : 4 * width;
    for (let i = 0; i < count; i++) {
      layers.push(
        recomputable(block(`layer${stage + 1}.${i}`, shape.block, { inputs, width, outputs, stride: stage > 0 && i === 0 ? 2 : 1 })),
      );
      inputs = outputs;
    }
  });
  return encoderOf(sequence(...layers), { name, channels, features: inputs });
}

const normed = (name: string, norm: string, options: ConvolutionOptions): Layer =>
  sequence(convolution(name, options), batchNorm(norm, options.outputs, NORM_EPSILON));

interface BlockShape {
  readonly inputs: number;
  readonly width: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
}

/** The rectified sum of the block's convolutions and its shortcut, a 1 x 1 projection where the shape changes. */
function block(name: string, kind: ResNetShape["block"], { inputs, width, outputs, stride }: BlockShape): Layer {
  const plan: readonly ConvolutionOptions[] =
    kind === "basic"
      ? [
          { inputs, outputs: width, kernel: 3, stride },
          { inputs: width, outputs, kernel: 3 },
        ]
      : [
          { inputs, outputs: width, kernel: 1 },
          { inputs: width, outputs: width, kernel: 3, stride },
          { inputs: width, outputs, kernel: 1 },
        ];
  const body = sequence(
    ...plan.flatMap((options, i) => {
      const layer = normed(`${name}.conv${i + 1}`, `${name}.bn${i + 1}`, options);
      return i < plan.length - 1 ? [layer, rectifier] : [layer];
    }),
  );
  const changes = stride !== 1 || inputs !== outputs;
  const shortcut = changes ? normed(`${name}.downsample.0`, `${name}.downsample.1`, { inputs, outputs, kernel: 1, stride }) : identity;
  return {
    specifications: specificationsOf(body, shortcut),
    apply(pass, x) {
      const around = shortcut.apply(pass, x);
      return relu(tf.add(body.apply(pass, x), around) as tf.Tensor4D);
    },
  };
}
