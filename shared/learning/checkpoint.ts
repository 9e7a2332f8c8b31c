// A checkpoint: all that a run needs to go on as if it had not stopped. Order, views and learning rate follow from seed and step.
import type * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../domain/errors.ts";
import { RunConfig } from "../domain/run-config.ts";
import { createModel, createNetwork, type Model, type Network } from "./model.ts";
import type { Optimiser } from "./optimisers.ts";
import { disposeAll, initialiseParameters, type ParameterSpecification, type Parameters, prefixed, within } from "./parameters.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import type { TrainState } from "./train-step.ts";
import { exportTensors, importTensors, type StoredTensor } from "./weights.ts";

export interface CheckpointState {
  /** Steps done. */
  readonly step: number;
  readonly config: RunConfig;
  /** `encoder.*` and `projection.*` in PyTorch's names and layout, optimiser slots under `optimiser.`. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const OPTIMISER = "optimiser.";
const ENCODER = "encoder.";

/** Copies a state from the device. @param optimiser null where there is nothing to go on with, as in the control arm */
export async function captureCheckpoint(
  { parameters, slots }: TrainState,
  { step, config, optimiser }: { step: number; config: RunConfig; optimiser: Optimiser | null },
): Promise<CheckpointState> {
  const named = optimiser?.nameSlots(slots) ?? new Map<string, tf.Tensor>();
  try {
    return { step, config, tensors: await exportTensors(new Map([...parameters, ...prefixed(named, OPTIMISER)])) };
  } finally {
    disposeAll(named);
  }
}

/**
 * The state of a checkpoint on the device.
 * @throws AppError BAD_FILE when tensors are missing or of another shape
 */
export function restoreTrainState(checkpoint: CheckpointState, network: Network, optimiser: Optimiser): TrainState {
  const parameters = importWeights(network.specifications, checkpoint.tensors);
  const slots = importTensors(new Map([...checkpoint.tensors].filter(([name]) => name.startsWith(OPTIMISER))));
  const expected = optimiser.initialise();
  const expectedNamed = optimiser.nameSlots(expected);
  try {
    for (const [name, { shape }] of expectedNamed) checkShape(OPTIMISER + name, slots.get(OPTIMISER + name)?.shape, shape);
    checkCount(slots.size, expectedNamed.size);
    return { parameters, slots: optimiser.packSlots(within(slots, OPTIMISER)) };
  } catch (error) {
    disposeAll(parameters);
    throw error;
  } finally {
    disposeAll(slots, expected, expectedNamed);
  }
}

/**
 * The model of a checkpoint, e.g. for fine-tuning or export.
 * @throws AppError BAD_FILE when tensors are missing or of another shape
 */
export function modelFromCheckpoint(checkpoint: CheckpointState): Model {
  const { config, tensors } = checkpoint;
  const network = createNetwork(config.encoder, config.bands.length);
  return createModel(network, importWeights(network.specifications, tensors));
}

/**
 * The model of an encoder alone, with a projection head as the run began with: for features, which come before the head.
 * @param checkpoint its tensors by the encoder's own names
 * @throws as `modelFromCheckpoint`
 */
export function modelFromEncoder({ config, tensors }: CheckpointState): Model {
  const network = createNetwork(config.encoder, config.bands.length);
  const isOfEncoder = ({ name }: ParameterSpecification) => name.startsWith(ENCODER);
  const weights = importWeights(network.specifications.filter(isOfEncoder), new Map(prefixed(tensors, ENCODER)));
  const head = initialiseParameters(
    network.specifications.filter((specification) => !isOfEncoder(specification)),
    config.seed,
  );
  return createModel(network, new Map([...weights, ...head]));
}

function importWeights(specifications: readonly ParameterSpecification[], tensors: ReadonlyMap<string, StoredTensor>): Parameters {
  const weights = importTensors(new Map([...tensors].filter(([name]) => !name.startsWith(OPTIMISER))));
  try {
    for (const { name, shape } of specifications) checkShape(name, weights.get(name)?.shape, shape);
    checkCount(weights.size, specifications.length);
  } catch (error) {
    disposeAll(weights);
    throw error;
  }
  return weights;
}

function checkShape(name: string, found: readonly number[] | undefined, shape: readonly number[]): void {
  if (!found) throw otherNetwork(`it has no tensor ${name}`);
  if (found.join() !== shape.join())
    throw otherNetwork(`its tensor ${name} has the shape [${found.join(", ")}], not [${shape.join(", ")}]`);
}

function checkCount(found: number, expected: number): void {
  if (found !== expected) throw otherNetwork(`it has ${found} tensors instead of ${expected}`);
}

function otherNetwork(what: string): AppError {
  return new AppError(
    "BAD_FILE",
    `the checkpoint is of another network or optimiser: ${what}. Start the run again, or use the settings it was made with.`,
  );
}

/** The bytes of a checkpoint file; Python's `safetensors` and `load_state_dict` read it. */
export function encodeCheckpoint({ step, config, tensors }: CheckpointState): Uint8Array {
  return encodeSafetensors({ tensors, metadata: { format: "pt", version: "1", step: String(step), config: JSON.stringify(config) } });
}

/** @throws AppError BAD_FILE when the bytes are no checkpoint of ours */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointState {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const step = /^\d{1,15}$/.test(metadata.step ?? "") ? Number(metadata.step) : undefined;
  let config: unknown;
  try {
    config = JSON.parse(metadata.config ?? "");
  } catch {
    config = undefined;
  }
  const parsed = RunConfig.safeParse(config);
  if (metadata.version !== "1" || step === undefined || !parsed.success)
    throw new AppError("BAD_FILE", "this safetensors file is no checkpoint of a run: its metadata lacks a valid version, step or config.");
  return { step, config: parsed.data, tensors };
}
