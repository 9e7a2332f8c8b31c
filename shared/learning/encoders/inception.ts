// Inception v3 (Szegedy et al., arXiv 1512.00567) in torchvision's names and arithmetic, without its auxiliary classifier and its rescaling of
// RGB (`aux_logits=False, transform_input=False`).
import { type Encoder, encoderOf } from "./encoder.ts";
import {
  averagePool,
  batchNorm,
  type ConvolutionOptions,
  convolution,
  type Layer,
  maxPool,
  parallel,
  recomputable,
  rectifier,
  sequence,
} from "./layers.ts";

/** torchvision's, as TensorFlow's model had it. */
const NORM_EPSILON = 1e-3;

/**
 * Inception v3. It needs tiles of at least 75 px (MINIMUM_INPUT_PIXELS).
 * Differs from the reference: the study used Keras' InceptionV3, whose normalisations have no scale and whose average pools leave the border
 * out of the mean; torchvision's is taken because PyTorch's weights fit it.
 * @param channels channels of the input
 */
export function createInceptionV3(channels: number): Encoder {
  const layers = sequence(
    unit("Conv2d_1a_3x3", channels, 32, 3, { stride: 2, padding: "none" }),
    unit("Conv2d_2a_3x3", 32, 32, 3, { padding: "none" }),
    unit("Conv2d_2b_3x3", 32, 64, 3),
    maxPool("none"),
    unit("Conv2d_3b_1x1", 64, 80, 1),
    unit("Conv2d_4a_3x3", 80, 192, 3, { padding: "none" }),
    maxPool("none"),
    recomputable(mixed5("Mixed_5b", 192, 32)),
    recomputable(mixed5("Mixed_5c", 256, 64)),
    recomputable(mixed5("Mixed_5d", 288, 64)),
    recomputable(mixed6a("Mixed_6a", 288)),
    recomputable(mixed6("Mixed_6b", 128)),
    recomputable(mixed6("Mixed_6c", 160)),
    recomputable(mixed6("Mixed_6d", 160)),
    recomputable(mixed6("Mixed_6e", 192)),
    recomputable(mixed7a("Mixed_7a", 768)),
    recomputable(mixed7("Mixed_7b", 1280)),
    recomputable(mixed7("Mixed_7c", 2048)),
  );
  return encoderOf(layers, { name: "inceptionv3", channels, features: 2048 });
}

/** Convolution, normalisation, rectifier: torchvision's BasicConv2d. */
const unit = (
  name: string,
  inputs: number,
  outputs: number,
  kernel: ConvolutionOptions["kernel"],
  options: Pick<ConvolutionOptions, "stride" | "padding"> = {},
): Layer =>
  sequence(convolution(`${name}.conv`, { inputs, outputs, kernel, ...options }), batchNorm(`${name}.bn`, outputs, NORM_EPSILON), rectifier);

/** A stride of 2 over whole windows only. */
const STRIDED = { stride: 2, padding: "none" } as const;

/** 224 + pool channels, the side kept. */
const mixed5 = (name: string, inputs: number, pool: number): Layer =>
  parallel(
    unit(`${name}.branch1x1`, inputs, 64, 1),
    sequence(unit(`${name}.branch5x5_1`, inputs, 48, 1), unit(`${name}.branch5x5_2`, 48, 64, 5)),
    sequence(
      unit(`${name}.branch3x3dbl_1`, inputs, 64, 1),
      unit(`${name}.branch3x3dbl_2`, 64, 96, 3),
      unit(`${name}.branch3x3dbl_3`, 96, 96, 3),
    ),
    sequence(averagePool, unit(`${name}.branch_pool`, inputs, pool, 1)),
  );

/** 480 channels more, the side halved. */
const mixed6a = (name: string, inputs: number): Layer =>
  parallel(
    unit(`${name}.branch3x3`, inputs, 384, 3, STRIDED),
    sequence(
      unit(`${name}.branch3x3dbl_1`, inputs, 64, 1),
      unit(`${name}.branch3x3dbl_2`, 64, 96, 3),
      unit(`${name}.branch3x3dbl_3`, 96, 96, 3, STRIDED),
    ),
    maxPool("none"),
  );

/** 768 channels in and out; 7 x 7 windows as rows and columns of `width` channels. */
const mixed6 = (name: string, width: number): Layer =>
  parallel(
    unit(`${name}.branch1x1`, 768, 192, 1),
    sequence(
      unit(`${name}.branch7x7_1`, 768, width, 1),
      unit(`${name}.branch7x7_2`, width, width, [1, 7]),
      unit(`${name}.branch7x7_3`, width, 192, [7, 1]),
    ),
    sequence(
      unit(`${name}.branch7x7dbl_1`, 768, width, 1),
      unit(`${name}.branch7x7dbl_2`, width, width, [7, 1]),
      unit(`${name}.branch7x7dbl_3`, width, width, [1, 7]),
      unit(`${name}.branch7x7dbl_4`, width, width, [7, 1]),
      unit(`${name}.branch7x7dbl_5`, width, 192, [1, 7]),
    ),
    sequence(averagePool, unit(`${name}.branch_pool`, 768, 192, 1)),
  );

/** 512 channels more, the side halved. */
const mixed7a = (name: string, inputs: number): Layer =>
  parallel(
    sequence(unit(`${name}.branch3x3_1`, inputs, 192, 1), unit(`${name}.branch3x3_2`, 192, 320, 3, STRIDED)),
    sequence(
      unit(`${name}.branch7x7x3_1`, inputs, 192, 1),
      unit(`${name}.branch7x7x3_2`, 192, 192, [1, 7]),
      unit(`${name}.branch7x7x3_3`, 192, 192, [7, 1]),
      unit(`${name}.branch7x7x3_4`, 192, 192, 3, STRIDED),
    ),
    maxPool("none"),
  );

/** 2048 channels; 3 x 3 windows as a row beside a column. */
const mixed7 = (name: string, inputs: number): Layer =>
  parallel(
    unit(`${name}.branch1x1`, inputs, 320, 1),
    sequence(
      unit(`${name}.branch3x3_1`, inputs, 384, 1),
      parallel(unit(`${name}.branch3x3_2a`, 384, 384, [1, 3]), unit(`${name}.branch3x3_2b`, 384, 384, [3, 1])),
    ),
    sequence(
      unit(`${name}.branch3x3dbl_1`, inputs, 448, 1),
      unit(`${name}.branch3x3dbl_2`, 448, 384, 3),
      parallel(unit(`${name}.branch3x3dbl_3a`, 384, 384, [1, 3]), unit(`${name}.branch3x3dbl_3b`, 384, 384, [3, 1])),
    ),
    sequence(averagePool, unit(`${name}.branch_pool`, inputs, 192, 1)),
  );
