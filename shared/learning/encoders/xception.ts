// Xception (Chollet, arXiv 1610.02357) in the names and arithmetic of timm's `legacy_xception`, the port of the Keras model that the study used.
import * as tf from "@tensorflow/tfjs-core";
import { type Encoder, encoderOf } from "./encoder.ts";
import {
  batchNorm,
  convolution,
  depthwise,
  identity,
  type Layer,
  maxPool,
  recomputable,
  rectifier,
  sequence,
  specificationsOf,
} from "./layers.ts";

const NORM_EPSILON = 1e-5;

/** Outputs of the separable convolutions of each block, and its stride, in order. */
const BLOCKS: readonly { readonly widths: readonly number[]; readonly stride: 1 | 2 }[] = [
  { widths: [128, 128], stride: 2 },
  { widths: [256, 256], stride: 2 },
  { widths: [728, 728], stride: 2 },
  ...Array.from({ length: 8 }, () => ({ widths: [728, 728, 728], stride: 1 as const })),
  { widths: [728, 1024], stride: 2 },
];

/**
 * Xception.
 * Differs from the reference: max-pools and strided shortcuts are padded alike on all sides, as in PyTorch; Keras pads after the end.
 * @param channels channels of the input
 */
export function createXception(channels: number): Encoder {
  const layers = [
    convolution("conv1", { inputs: channels, outputs: 32, kernel: 3, stride: 2, padding: "none" }),
    norm("bn1", 32),
    rectifier,
    convolution("conv2", { inputs: 32, outputs: 64, kernel: 3, padding: "none" }),
    norm("bn2", 64),
    rectifier,
  ];
  let inputs = 64;
  BLOCKS.forEach(({ widths, stride }, i) => {
    layers.push(recomputable(block(`block${i + 1}`, { inputs, widths, stride, rectifiesFirst: i > 0 })));
    inputs = widths.at(-1)!;
  });
  layers.push(separable("conv3", 1024, 1536), norm("bn3", 1536), rectifier);
  layers.push(separable("conv4", 1536, 2048), norm("bn4", 2048), rectifier);
  return encoderOf(sequence(...layers), { name: "xception", channels, features: 2048 });
}

const norm = (name: string, channels: number): Layer => batchNorm(name, channels, NORM_EPSILON);

/** A 3 x 3 filter for each channel, then a 1 x 1 convolution. */
const separable = (name: string, inputs: number, outputs: number): Layer =>
  sequence(depthwise(`${name}.conv1`, inputs, 3), convolution(`${name}.pointwise`, { inputs, outputs, kernel: 1 }));

interface BlockShape {
  readonly inputs: number;
  readonly widths: readonly number[];
  readonly stride: 1 | 2;
  readonly rectifiesFirst: boolean;
}

/** The sum of separable convolutions, pooled where the block strides, and a shortcut, projected where the shape changes. */
function block(name: string, { inputs, widths, stride, rectifiesFirst }: BlockShape): Layer {
  const outputs = widths.at(-1)!;
  const body: Layer[] = []; // as in PyTorch, a layer's name is its position
  widths.forEach((width, i) => {
    if (i > 0 || rectifiesFirst) body.push(rectifier);
    body.push(separable(`${name}.rep.${body.length}`, widths[i - 1] ?? inputs, width));
    body.push(norm(`${name}.rep.${body.length}`, width));
  });
  if (stride === 2) body.push(maxPool("half"));
  const main = sequence(...body);
  const shortcut =
    stride === 2
      ? sequence(convolution(`${name}.skip`, { inputs, outputs, kernel: 1, stride }), norm(`${name}.skipbn`, outputs))
      : identity;
  return {
    specifications: specificationsOf(shortcut, main),
    apply(pass, x) {
      const around = shortcut.apply(pass, x);
      return tf.add(main.apply(pass, x), around) as tf.Tensor4D;
    },
  };
}
