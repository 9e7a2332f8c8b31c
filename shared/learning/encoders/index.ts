// The catalogue of encoders.
import type { EncoderName } from "../../domain/run-config.ts";
import type { Encoder } from "./encoder.ts";
import { createInceptionV3 } from "./inception.ts";
import { createResNet, type ResNetShape } from "./resnet.ts";
import { createResNetV2 } from "./resnet-v2.ts";
import { createXception } from "./xception.ts";

const IMAGENET_STEM = { kernel: 7, stride: 2, pool: true } as const;

/**
 * Shapes of the residual networks by name. `small` is for tiles of about 32 px: one block a stage. Its stem halves the side at once, which makes
 * a step twice as fast as keeping it, and the greater width gives back what that costs in F1. A width that is no multiple of 16 is slower than
 * the next one that is: oneDNN has no vectorised batch normalisation for it.
 */
const RESNETS: Readonly<Record<Exclude<EncoderName, "resnet101v2" | "xception" | "inceptionv3">, ResNetShape>> = {
  resnet18: { block: "basic", blocks: [2, 2, 2, 2], width: 64, stem: IMAGENET_STEM },
  resnet50: { block: "bottleneck", blocks: [3, 4, 6, 3], width: 64, stem: IMAGENET_STEM },
  resnet101: { block: "bottleneck", blocks: [3, 4, 23, 3], width: 64, stem: IMAGENET_STEM },
  resnet152: { block: "bottleneck", blocks: [3, 8, 36, 3], width: 64, stem: IMAGENET_STEM },
  small: { block: "basic", blocks: [1, 1, 1, 1], width: 32, stem: { kernel: 3, stride: 2, pool: false } },
};

/** An encoder by name. @param channels bands of the input */
export function createEncoder(name: EncoderName, { channels }: { channels: number }): Encoder {
  switch (name) {
    case "resnet101v2":
      return createResNetV2(name, [3, 4, 23, 3], channels);
    case "xception":
      return createXception(channels);
    case "inceptionv3":
      return createInceptionV3(channels);
    default:
      return createResNet(name, RESNETS[name], channels);
  }
}

export type { Encoder, EncoderOutput, ForwardOptions } from "./encoder.ts";
export type { Mode } from "./layers.ts";
