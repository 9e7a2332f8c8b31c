// The catalogue of encoders.
import type { EncoderName } from "../../domain/run-config.ts";
import type { Encoder } from "./encoder.ts";
import { createResNet, type ResNetShape } from "./resnet.ts";

const IMAGENET_STEM = { kernel: 7, stride: 2, pool: true } as const;

/**
 * Shapes of the encoders by name. `small` is for tiles of about 32 px: one block a stage. Its stem halves the side at once, which makes a step
 * twice as fast as keeping it, and the greater width gives back what that costs in F1.
 */
export const ENCODER_SHAPES: Readonly<Record<EncoderName, ResNetShape>> = {
  resnet18: { block: "basic", blocks: [2, 2, 2, 2], width: 64, stem: IMAGENET_STEM },
  resnet50: { block: "bottleneck", blocks: [3, 4, 6, 3], width: 64, stem: IMAGENET_STEM },
  small: { block: "basic", blocks: [1, 1, 1, 1], width: 24, stem: { kernel: 3, stride: 2, pool: false } },
};

/** An encoder by name. @param channels bands of the input */
export function createEncoder(name: EncoderName, { channels }: { channels: number }): Encoder {
  return createResNet(name, ENCODER_SHAPES[name], channels);
}

export type { Encoder, EncoderOutput, ForwardOptions, Mode } from "./encoder.ts";
