// Residual networks with normalisation and rectifier before each convolution (He et al., arXiv 1603.05027), in the names and arithmetic of
// timm's `resnetv2_101`, so that weights go to and come from PyTorch exactly.
import * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../../domain/run-config.ts";
import { type Encoder, encoderOf } from "./encoder.ts";
import {
  batchNorm,
  type ConvolutionOptions,
  convolution,
  type Layer,
  maxPool,
  recomputable,
  rectifier,
  sequence,
  specificationsOf,
} from "./layers.ts";

const STEM_WIDTH = 64;
const NORM_EPSILON = 1e-5;

/**
 * A pre-activation residual network of bottlenecks.
 * Differs from the reference: the study used Keras' ResNet101V2. Depth, widths and pre-activation are the same; timm strides in the first
 * block of a stage where Keras strides in the last, and has no biases where Keras has some. timm's is taken because PyTorch's weights fit it;
 * the study trained from random weights, so none are lost.
 * @param blocks blocks of each of the four stages
 * @param channels channels of the input
 */
export function createResNetV2(name: EncoderName, blocks: readonly number[], channels: number): Encoder {
  const layers = [convolution("stem.conv", { inputs: channels, outputs: STEM_WIDTH, kernel: 7, stride: 2 }), maxPool("half")];
  let inputs = STEM_WIDTH;
  blocks.forEach((count, stage) => {
    const width = STEM_WIDTH * 2 ** stage;
    for (let i = 0; i < count; i++) {
      const block = bottleneck(`stages.${stage}.blocks.${i}`, { inputs, width, stride: stage > 0 && i === 0 ? 2 : 1, projects: i === 0 });
      layers.push(recomputable(block));
      inputs = 4 * width;
    }
  });
  layers.push(activation("norm", inputs));
  return encoderOf(sequence(...layers), { name, channels, features: inputs });
}

const activation = (name: string, channels: number): Layer => sequence(batchNorm(name, channels, NORM_EPSILON), rectifier);

interface BottleneckShape {
  readonly inputs: number;
  readonly width: number;
  readonly stride: 1 | 2;
  /** Whether the shortcut is a 1 x 1 projection of the activated input; else it is the input as it came. */
  readonly projects: boolean;
}

function bottleneck(name: string, { inputs, width, stride, projects }: BottleneckShape): Layer {
  const outputs = 4 * width;
  const activated = (index: number, options: ConvolutionOptions) =>
    sequence(activation(`${name}.norm${index}`, options.inputs), convolution(`${name}.conv${index}`, options));
  const shortcut = projects ? convolution(`${name}.downsample.conv`, { inputs, outputs, kernel: 1, stride }) : undefined;
  const first = activation(`${name}.norm1`, inputs);
  const rest = sequence(
    convolution(`${name}.conv1`, { inputs, outputs: width, kernel: 1 }),
    activated(2, { inputs: width, outputs: width, kernel: 3, stride }),
    activated(3, { inputs: width, outputs, kernel: 1 }),
  );
  return {
    specifications: specificationsOf(...(shortcut ? [shortcut] : []), first, rest),
    apply(pass, x) {
      const active = first.apply(pass, x);
      const around = shortcut ? shortcut.apply(pass, active) : x;
      return tf.add(rest.apply(pass, active), around) as tf.Tensor4D;
    },
  };
}
