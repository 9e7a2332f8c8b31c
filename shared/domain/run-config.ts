// The settings of a run and of a study. One strict zod schema is the source of defaults, ranges, units and help: form, CLI flags, record and checkpoint read it.
import { z } from "zod";
import { AugmentationSettings } from "./augmentations.ts";
import { BAND_NAMES, STUDY_BANDS } from "./bands.ts";
import { LABEL_SETS } from "./labels.ts";
import { ALL_ARMS, CONTROL_ARM } from "./study.ts";

export const ENGINES = ["auto", "tensorflow", "wasm"] as const;
/** `bf16`: convolutions and what follows them in bfloat16; weights, statistics, loss and optimiser in float32. */
export const PRECISIONS = ["f32", "bf16"] as const;
export type Precision = (typeof PRECISIONS)[number];
export const ENCODERS = ["resnet18", "resnet50", "resnet101", "resnet152", "resnet101v2", "xception", "inceptionv3", "small"] as const;
export type EncoderName = (typeof ENCODERS)[number];
/** Least side of the input, px, of encoders that halve it so often without padding that nothing would be left. */
export const MINIMUM_INPUT_PIXELS: Readonly<Partial<Record<EncoderName, number>>> = { inceptionv3: 75 };

export const PretrainSettings = z.strictObject({
  epochs: z.int().min(1).max(10_000).default(50).describe("passes over the pretraining tiles"),
  tiles: z.int().min(2).nullable().default(null).describe("tiles used for pretraining, drawn at random; all when empty"),
  batchSize: z.int().min(2).max(4096).default(32).describe("tiles a step; each gives two views"),
  accumulate: z
    .int()
    .min(1)
    .max(1024)
    .default(1)
    .describe("batches whose gradients are averaged for one update; the loss compares tiles of one batch only"),
  clipNorm: z.number().gt(0).nullable().default(null).describe("largest norm of all gradients together; not limited when empty"),
  recompute: z
    .boolean()
    .default(false)
    .describe("compute activations again for the gradient: less memory for large encoders, a third more time"),
  temperature: z.number().min(0.01).max(10).default(0.1).describe("NT-Xent temperature"),
  loss: z.enum(["nt-xent", "dcl"]).default("nt-xent").describe("contrastive loss; dcl (decoupled) helps small batches"),
  optimiser: z.enum(["adam", "sgd", "lars"]).default("adam").describe("optimiser"),
  learningRate: z.number().min(1e-7).max(10).default(5e-4).describe("peak learning rate"),
  weightDecay: z.number().min(0).max(1).default(0).describe("L2 penalty on weights, not on biases and norms"),
  warmupShare: z.number().min(0).max(0.5).default(0.05).describe("share of the steps with rising learning rate, before the cosine"),
  checkpointEverySteps: z.int().min(1).default(200).describe("steps between checkpoints"),
  healthEveryEpochs: z.int().min(1).default(5).describe("epochs between health checks on the probe tiles"),
  probeTiles: z.int().min(8).max(4096).default(256).describe("tiles of the fixed probe set"),
});
export type PretrainSettings = z.infer<typeof PretrainSettings>;

/** Updates in a pass over so many tiles; a rest too small for one waits for the next pass. */
export function stepsPerEpoch(tiles: number, { batchSize, accumulate }: Pick<PretrainSettings, "batchSize" | "accumulate">): number {
  return Math.floor(tiles / (batchSize * accumulate));
}

export const LabelSetSchema = z.strictObject({ name: z.string().min(1), classes: z.array(z.string()).min(1) });

export const FinetuneSettings = z.strictObject({
  mode: z
    .enum(["full", "frozen", "linear"])
    .default("full")
    .describe("full: whole network trainable; frozen: the head on cached features; linear: logistic regression on cached features"),
  features: z
    .enum(["h", "projection2"])
    .default("projection2")
    .describe("input of the head: encoder output h, or the second projection layer (the study)"),
  labelSets: z
    .array(LabelSetSchema)
    .default([
      { ...LABEL_SETS.regular, classes: [...LABEL_SETS.regular.classes] },
      { ...LABEL_SETS.extended, classes: [...LABEL_SETS.extended.classes] },
    ])
    .describe("label sets; F1 of an arm is their mean"),
  percents: z.array(z.number().gt(0).max(100)).min(1).default([3]).describe("percent of the training labels used"),
  labelDraws: z.int().min(1).max(100).default(1).describe("independent draws of the labelled tiles"),
  split: z
    .enum(["spatial", "random"])
    .default("spatial")
    .describe("spatial: no block of land is in two parts; random reproduces the study"),
  blockMetres: z.number().min(1200).max(200_000).default(12_000).describe("side of a block of the spatial split, metres"),
  trainShare: z.number().min(0.05).max(0.9).default(0.6).describe("share of the tiles for training labels"),
  validationShare: z.number().min(0.02).max(0.5).default(0.15).describe("share of the tiles for validation"),
  balanced: z.boolean().default(true).describe("undersample the more frequent class in every part"),
  minimumPerClass: z.int().min(1).default(4).describe("least labelled tiles a class, whatever the percent"),
  epochs: z.int().min(1).max(10_000).default(200).describe("most epochs; early stop may end sooner"),
  patience: z.int().min(1).default(25).describe("epochs without a better validation AUC before the early stop; best weights are restored"),
  batchSize: z.int().min(2).max(4096).default(32).describe("tiles a step"),
  learningRate: z.number().min(1e-7).max(10).default(5e-5).describe("Adam learning rate"),
  dropout: z.number().min(0).max(0.95).default(0.5).describe("dropout in the head"),
});
export type FinetuneSettings = z.infer<typeof FinetuneSettings>;

/** A file whose weights pretraining starts from. */
export const InitialWeights = z.strictObject({
  path: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "file that the encoder starts from, safetensors or .pth of PyTorch, under torchvision's or timm's names; random weights when empty",
    ),
  bands: z
    .array(z.enum(BAND_NAMES))
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "bands of the file's first convolution, in its channel order; when empty: as the file says, else all 13 or B04,B03,B02 by their number",
    ),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null)
    .describe("SHA-256 of the file, hexadecimal; filled in from the file, and any other file is refused from then on"),
});
export type InitialWeights = z.infer<typeof InitialWeights>;

/** What one run does and with what: pretraining one arm with one seed, then its fine-tunings. Stored in `run.json`. */
export const RunConfig = z.strictObject({
  version: z.literal(1),
  dataset: z.string().min(1).describe("data set of the workspace"),
  arm: z.string().min(1).describe("arm of the study"),
  kept: z.array(z.string()).default([]).describe("couplets of the second stage"),
  seed: z.int().min(0).default(1).describe("seed of weights, order, views and label draws"),
  engine: z.enum(ENGINES).default("auto").describe("compute engine"),
  threads: z.int().min(1).max(256).nullable().default(null).describe("compute threads; all cores when empty"),
  precision: z
    .enum(["auto", ...PRECISIONS])
    .default("auto")
    .describe("numbers of the step; auto: bf16 where the machine is faster with it"),
  encoder: z.enum(ENCODERS).default("resnet18").describe("encoder"),
  initialWeights: InitialWeights.prefault({}).describe("where the encoder's weights come from; the control keeps them as they are"),
  bands: z
    .array(z.enum(BAND_NAMES))
    .min(1)
    .default([...STUDY_BANDS])
    .describe("bands, in channel order"),
  inputPixels: z
    .int()
    .min(16)
    .max(512)
    .nullable()
    .default(null)
    .describe("side of the network's input, px; smaller than the tile: area means; the tile's own when empty"),
  augmentation: AugmentationSettings,
  pretrain: PretrainSettings.prefault({}),
  finetune: FinetuneSettings.prefault({}),
});
export type RunConfig = z.infer<typeof RunConfig>;

/** The settings that all runs of a study share. Stored in `study.json`. */
export const StudyConfig = RunConfig.omit({ arm: true, kept: true, seed: true }).extend({
  arms: z
    .array(z.enum(ALL_ARMS as [string, ...string[]]))
    .default([...ALL_ARMS])
    .transform((arms) => ALL_ARMS.filter((arm) => arms.includes(arm) || arm === CONTROL_ARM))
    .describe("arms; the control is always among them"),
  seeds: z.array(z.int().min(0)).min(1).default([1]).describe("seeds; every arm runs once with each"),
  full: z
    .strictObject({
      epochs: z.int().min(1).max(10_000).nullable().default(null).describe("epochs of the second stage; as in the sweep when empty"),
      seeds: z.array(z.int().min(0)).min(1).nullable().default(null).describe("seeds of the second stage; as in the sweep when empty"),
    })
    .prefault({})
    .describe("second stage: full pretraining with the couplets that are left"),
});
export type StudyConfig = z.infer<typeof StudyConfig>;
/** What a user gives: everything but the data set may be left out. */
export type StudyConfigInput = z.input<typeof StudyConfig>;

export interface Preset {
  readonly name: PresetName;
  readonly description: string;
  /** Everything but `version` and `dataset`. */
  readonly settings: Omit<StudyConfigInput, "version" | "dataset">;
}
export const PRESET_NAMES = ["demo", "quick", "published"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Ready-made settings. `published` follows the study's sweep (April 2021) but for its schedule's defect (zero learning rate after 1,000 steps). */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  demo: {
    name: "demo",
    description: "all 41 arms in minutes on a laptop: a small encoder on tiles averaged to 32 px; shows the way, ranks little",
    settings: {
      encoder: "small",
      inputPixels: 32,
      pretrain: { epochs: 4, batchSize: 64, temperature: 0.2, tiles: 768, learningRate: 1e-3, healthEveryEpochs: 4 },
      finetune: { mode: "linear", features: "h", percents: [10], labelDraws: 4 },
    },
  },
  quick: {
    name: "quick",
    description: "all 41 arms, three seeds, a small encoder at 32 px: an hour or two on a workstation; tells good arms from the control",
    settings: {
      encoder: "small",
      inputPixels: 32,
      seeds: [1, 2, 3],
      pretrain: { epochs: 20, batchSize: 64, temperature: 0.2, tiles: 1024, learningRate: 1e-3, healthEveryEpochs: 10 },
      finetune: { mode: "linear", features: "h", percents: [10], labelDraws: 6 },
    },
  },
  published: {
    name: "published",
    description:
      "the study's sweep: ResNet-50 at 120 px, 50 epochs on 1 % of BigEarthNet, whole network fine-tuned on 3 % of the labels; a GPU's work",
    settings: {
      encoder: "resnet50",
      augmentation: { profile: "published" },
      pretrain: { epochs: 50, batchSize: 32, tiles: 5903 },
      finetune: { split: "random" },
    },
  },
};
