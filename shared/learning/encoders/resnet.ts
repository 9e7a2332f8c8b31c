// Residual networks in torchvision's layer order, names and arithmetic (He et al., arXiv 1512.03385; bottleneck stride on the 3 x 3: "v1.5"),
// so that weights go to and come from PyTorch exactly.
import * as tf from "@tensorflow/tfjs-core";
import type { EncoderName } from "../../domain/run-config.ts";
import { batchNormTrain } from "../ops/batch-norm.ts";
import { relu } from "../ops/relu.ts";
import { normSpecifications, type ParameterSpecification, type Parameters, parameter } from "../parameters.ts";
import type { Encoder, EncoderOutput, ForwardOptions, Mode } from "./encoder.ts";

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

/** torchvision's batch normalisation. */
export const NORM_EPSILON = 1e-5;
export const NORM_MOMENTUM = 0.1;

interface Convolution {
  /** Of the convolution; its normalisation is `norm`. */
  readonly name: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: 1 | 2;
}

interface Block {
  readonly layers: readonly Convolution[];
  /** The shortcut's 1 x 1 projection where the shape changes. */
  readonly downsample: Convolution | undefined;
}

/**
 * A residual network.
 * @param channels channels of the input
 */
export function createResNet(name: EncoderName, shape: ResNetShape, channels: number): Encoder {
  const stem: Convolution = { name: "conv1", norm: "bn1", inputs: channels, outputs: shape.width, ...shape.stem };
  const blocks: Block[] = [];
  let inputs = shape.width;
  shape.blocks.forEach((count, stage) => {
    const width = shape.width * 2 ** stage;
    for (let i = 0; i < count; i++) {
      const block = createBlock(`layer${stage + 1}.${i}`, shape.block, inputs, width, stage > 0 && i === 0 ? 2 : 1);
      blocks.push(block);
      inputs = block.layers.at(-1)!.outputs;
    }
  });
  const convolutions = [stem, ...blocks.flatMap(({ layers, downsample }) => (downsample ? [...layers, downsample] : layers))];
  const specifications = convolutions.flatMap((layer): ParameterSpecification[] => [
    { name: `${layer.name}.weight`, kind: "convolution", shape: [layer.kernel, layer.kernel, layer.inputs, layer.outputs] },
    ...normSpecifications(layer.norm, layer.outputs),
  ]);

  function forward(parameters: Parameters, x: tf.Tensor4D, mode: Mode, options: ForwardOptions = {}): EncoderOutput {
    const seen: SeenStatistic[] = [];
    const layer = (input: tf.Tensor4D, convolution: Convolution) =>
      normalise(convolve(input, parameter(parameters, `${convolution.name}.weight`), convolution), convolution.norm);

    function normalise(input: tf.Tensor4D, norm: string): tf.Tensor4D {
      const scale = parameter<tf.Tensor1D>(parameters, `${norm}.weight`);
      const offset = parameter<tf.Tensor1D>(parameters, `${norm}.bias`);
      const mean = parameter<tf.Tensor1D>(parameters, `${norm}.running_mean`);
      const variance = parameter<tf.Tensor1D>(parameters, `${norm}.running_var`);
      if (mode === "eval") return tf.batchNorm4d(input, mean, variance, offset, scale, NORM_EPSILON);
      const batch = batchNormTrain(input, scale, offset, NORM_EPSILON);
      const samples = input.shape[0] * input.shape[1] * input.shape[2];
      // PyTorch normalises by the biased variance and keeps the unbiased one.
      const unbiased = samples > 1 ? samples / (samples - 1) : 1;
      seen.push({ name: `${norm}.running_mean`, running: mean, batch: batch.mean, factor: 1 });
      seen.push({ name: `${norm}.running_var`, running: variance, batch: batch.variance, factor: unbiased });
      return batch.y;
    }

    let y: tf.Tensor4D = relu(layer(x, stem));
    if (shape.stem.pool) y = maxPool(y);
    for (const block of blocks) {
      const shortcut = block.downsample ? layer(y, block.downsample) : y;
      let residual = y;
      block.layers.forEach((convolution, i) => {
        residual = layer(residual, convolution);
        if (i < block.layers.length - 1) residual = relu(residual);
      });
      y = relu(tf.add(residual, shortcut) as tf.Tensor4D);
    }
    return { h: tf.mean(y, [1, 2]), statistics: blend(seen, options.momentum ?? NORM_MOMENTUM) };
  }

  return { name, channels, features: inputs, specifications, forward };
}

function createBlock(name: string, kind: ResNetShape["block"], inputs: number, width: number, stride: 1 | 2): Block {
  const outputs = kind === "basic" ? width : 4 * width;
  const plan: readonly (readonly [number, number, number, 1 | 2])[] =
    kind === "basic"
      ? [
          [inputs, width, 3, stride],
          [width, width, 3, 1],
        ]
      : [
          [inputs, width, 1, 1],
          [width, width, 3, stride],
          [width, outputs, 1, 1],
        ];
  const layers = plan.map(
    ([from, to, kernel, step], i): Convolution => ({
      name: `${name}.conv${i + 1}`,
      norm: `${name}.bn${i + 1}`,
      inputs: from,
      outputs: to,
      kernel,
      stride: step,
    }),
  );
  const changes = stride !== 1 || inputs !== outputs;
  return {
    layers,
    downsample: changes ? { name: `${name}.downsample.0`, norm: `${name}.downsample.1`, inputs, outputs, kernel: 1, stride } : undefined,
  };
}

/**
 * A convolution with PyTorch's padding of floor(k / 2) on every side. TensorFlow's "same" pads less at the top and left where the stride
 * does not divide: there the padding is explicit.
 * @param x // [N, H, W, in]
 * @param weights // [k, k, in, out]
 */
function convolve(x: tf.Tensor4D, weights: tf.Tensor4D, { kernel, stride }: Convolution): tf.Tensor4D {
  if (kernel === 1) return tf.conv2d(x, weights, stride, "valid");
  const [top, bottom] = borders(x.shape[1], kernel, stride);
  const [left, right] = borders(x.shape[2], kernel, stride);
  if (isSame(top, bottom) && isSame(left, right)) return tf.conv2d(x, weights, stride, "same");
  const padding: tf.backend_util.ExplicitPadding = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return tf.conv2d(x, weights, stride, padding);
}

/** Pixels that PyTorch's padding adds before and after, less those after the end that no window reaches. */
function borders(side: number, kernel: number, stride: number): [number, number] {
  const before = Math.floor(kernel / 2);
  const windows = Math.floor((side + 2 * before - kernel) / stride) + 1;
  return [before, (windows - 1) * stride + kernel - side - before];
}

/** TensorFlow's "same" puts the smaller half of the padding first. */
const isSame = (before: number, after: number) => after === before || after === before + 1;

/** 3 x 3, stride 2, padding 1. Its input comes from a ReLU, so a border of zeros is as good as PyTorch's of -infinity. */
function maxPool(x: tf.Tensor4D): tf.Tensor4D {
  const [top, bottom] = borders(x.shape[1], 3, 2);
  const [left, right] = borders(x.shape[2], 3, 2);
  const padded = tf.pad4d(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return tf.maxPool(padded, 3, 2, "valid");
}

interface SeenStatistic {
  readonly name: string;
  /** // [C] */
  readonly running: tf.Tensor1D;
  /** // [C] */
  readonly batch: tf.Tensor1D;
  readonly factor: number;
}

/** running + momentum (factor batch - running), for all statistics end to end: eight operations instead of three or four each. */
function blend(seen: readonly SeenStatistic[], momentum: number | tf.Scalar): Map<string, tf.Tensor> {
  if (seen.length === 0) return new Map();
  const sizes = seen.map(({ running }) => running.size);
  const factors = tf.tensor1d(Float32Array.from(seen.flatMap(({ factor }, i) => Array<number>(sizes[i]!).fill(factor))));
  const running = tf.concat1d(seen.map((statistic) => statistic.running));
  const batch = tf.concat1d(seen.map((statistic) => statistic.batch));
  const moved = tf.add(running, tf.mul(tf.sub(tf.mul(batch, factors), running), momentum)) as tf.Tensor1D;
  return new Map(tf.split(moved, sizes).map((part, i) => [seen[i]!.name, part]));
}
