// Weights of a file as the start of pretraining: torchvision's, timm's, torchgeo's for Sentinel-2, or those that a run left.
import type * as tf from "@tensorflow/tfjs-core";
import { BAND_NAMES, type BandName } from "../domain/bands.ts";
import { AppError } from "../domain/errors.ts";
import type { RunConfig } from "../domain/run-config.ts";
import { CONTROL_ARM } from "../domain/study.ts";
import { type CheckpointState, captureCheckpoint } from "./checkpoint.ts";
import type { Encoder } from "./encoders/index.ts";
import { createNetwork, type Network } from "./model.ts";
import { createOptimiser } from "./optimisers.ts";
import { disposeAll, initialiseParameters, isTrainable, prefixed } from "./parameters.ts";
import { importTensors, type StoredTensor, torchShape } from "./weights.ts";

/** Weights that fit an encoder, and what had to be done to them. */
export interface AdaptedWeights {
  /** By the encoder's own names, in PyTorch's layout. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}

export interface AdaptOptions {
  /** Of the file, for messages. */
  readonly path: string;
  readonly encoder: Encoder;
  /** Bands of the input, in channel order. */
  readonly bands: readonly BandName[];
  /** Bands of the file's first convolution, in channel order; null: by their number, 13 being all and 3 red, green, blue. */
  readonly fileBands: readonly BandName[] | null;
}

/**
 * Picks an encoder's weights out of a file's tensors. What precedes its names in the file (`module.`, `state_dict.backbone.`) is found out,
 * and parts that the encoder does not have (classifiers, projection heads) are left out. The first convolution's channels are chosen by band.
 * @throws AppError BAD_FILE naming what is missing, too much or of another shape; BAD_ARGUMENT when the bands of the file are not known
 */
export function adaptWeights(file: ReadonlyMap<string, StoredTensor>, options: AdaptOptions): AdaptedWeights {
  const { path, encoder, bands } = options;
  const otherEncoder = (what: string) =>
    new AppError(
      "BAD_FILE",
      `${path} does not hold the weights of ${encoder.name}: ${what}. Choose the encoder that it was made for, or another file.`,
    );
  const names = encoder.specifications.map(({ name }) => name);
  const own = new Set(names);
  const prefix = prefixOf(file, names);
  const missing = names.filter((name) => !file.has(prefix + name));
  if (missing.length > 0) throw otherEncoder(`it lacks ${some(missing, prefix)}`);
  const parts = new Set(names.map(partOf));
  const extra = [...file.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => parts.has(partOf(name)) && !own.has(name) && !name.endsWith(".num_batches_tracked"));
  if (extra.length > 0) throw otherEncoder(`it has layers more: ${some(extra, prefix)}`);

  const notes: string[] = [];
  const tensors = encoder.specifications.map(({ name, shape }, i): [string, StoredTensor] => {
    const stored = file.get(prefix + name)!;
    const expected = torchShape(shape);
    const takesBands = i === 0 && stored.shape.length === expected.length;
    if (takesBands) expected[1] = stored.shape[1]!;
    if (stored.dtype !== "float32" || stored.shape.join() !== expected.join())
      throw otherEncoder(`its ${prefix}${name} has the shape [${stored.shape.join(", ")}], not [${expected.join(", ")}]`);
    return [name, takesBands ? chooseBands(stored, bands, bandsOf(stored.shape[1]!, options), notes) : stored];
  });
  return { tensors: new Map(tensors), notes };
}

/** The part of a network to which a parameter belongs: `layer1`, `conv1`. */
const partOf = (name: string) => name.slice(0, name.indexOf("."));

/** What precedes the names in the file: of all that precedes the first name there, what finds the most of them. */
function prefixOf(file: ReadonlyMap<string, StoredTensor>, names: readonly string[]): string {
  const first = names[0]!;
  let best = { prefix: "", found: 0 };
  for (const key of file.keys()) {
    const prefix = key.slice(0, -first.length);
    if (!key.endsWith(first) || !(prefix === "" || prefix.endsWith("."))) continue;
    const found = names.filter((name) => file.has(prefix + name)).length;
    if (found > best.found) best = { prefix, found };
  }
  return best.prefix;
}

/** Red, green, blue: the order of ImageNet's and of torchgeo's RGB weights. */
const RGB: readonly BandName[] = ["B04", "B03", "B02"];

function bandsOf(channels: number, { path, fileBands: given }: AdaptOptions): readonly BandName[] {
  const hint = "Give them in the file's channel order as the bands of the initial weights, such as B02,B03,B04,B08.";
  if (given && given.length !== channels)
    throw new AppError(
      "BAD_ARGUMENT",
      `The first convolution of ${path} takes ${channels} channels, but ${given.length} bands are named. ${hint}`,
    );
  if (given) return given;
  if (channels === BAND_NAMES.length) return BAND_NAMES;
  if (channels === RGB.length) return RGB;
  throw new AppError(
    "BAD_ARGUMENT",
    `The first convolution of ${path} takes ${channels} channels, and nothing says which bands they are. ${hint}`,
  );
}

/**
 * The filters of the input's bands; a band that the file lacks gets the mean of the file's.
 * @param filters // [out, file's bands, height, width]
 */
function chooseBands(filters: StoredTensor, bands: readonly BandName[], fileBands: readonly BandName[], notes: string[]): StoredTensor {
  const [outputs, channels, height, width] = filters.shape as [number, number, number, number];
  const size = height * width;
  const data = new Float32Array(outputs * bands.length * size);
  for (let o = 0; o < outputs; o++) {
    const own = filters.data.subarray(o * channels * size, (o + 1) * channels * size);
    bands.forEach((band, b) => {
      const to = data.subarray((o * bands.length + b) * size, (o * bands.length + b + 1) * size);
      const c = fileBands.indexOf(band);
      if (c >= 0) to.set(own.subarray(c * size, (c + 1) * size));
      else for (let i = 0; i < own.length; i++) to[i % size]! += own[i]! / channels;
    });
  }
  const lacking = bands.filter((band) => !fileBands.includes(band));
  const unused = fileBands.filter((band) => !bands.includes(band));
  if (lacking.length > 0) notes.push(`The file has no filters of ${lacking.join(", ")}: they start as the mean of its filters.`);
  if (unused.length > 0) notes.push(`The file's filters of ${unused.join(", ")} are not used.`);
  return { dtype: "float32", shape: [outputs, bands.length, height, width], data };
}

function some(names: readonly string[], prefix: string): string {
  const shown = names.slice(0, 3).map((name) => prefix + name);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}

/** A network's first parameters: the encoder's from a file, the rest drawn by the seed. @param weights by the encoder's names */
export function startingParameters(network: Network, seed: number, weights: ReadonlyMap<string, StoredTensor>): Map<string, tf.Tensor> {
  const given = new Map(prefixed(weights, "encoder."));
  const drawn = network.specifications.filter(({ name }) => !given.has(name));
  return new Map([...importTensors(given), ...initialiseParameters(drawn, seed)]);
}

/**
 * The checkpoint before the first step of a run that starts from a file: pretraining goes on from it as from any other, and the control
 * arm keeps it.
 * @param weights by the encoder's names
 */
export async function startingCheckpoint(config: RunConfig, weights: ReadonlyMap<string, StoredTensor>): Promise<CheckpointState> {
  const network = createNetwork(config.encoder, config.bands.length);
  const specifications = network.specifications.filter(isTrainable);
  const { optimiser: name, weightDecay } = config.pretrain;
  const optimiser = config.arm === CONTROL_ARM ? null : createOptimiser({ name, weightDecay, specifications });
  const parameters = startingParameters(network, config.seed, weights);
  const slots = optimiser?.initialise() ?? new Map<string, tf.Tensor>();
  try {
    return await captureCheckpoint({ parameters, slots }, { step: 0, config, optimiser });
  } finally {
    disposeAll(parameters, slots);
  }
}
