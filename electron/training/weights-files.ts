// The weights that a finished pretraining leaves: `encoder.safetensors` with torchvision's names and layout, and `projection.safetensors`.
import { join } from "node:path";
import { AppError } from "../../shared/domain/errors.ts";
import { RunConfig } from "../../shared/domain/run-config.ts";
import type { CheckpointState } from "../../shared/learning/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors } from "../../shared/learning/safetensors.ts";
import type { StoredTensor } from "../../shared/learning/weights.ts";
import { readBytes, writeFileAtomic } from "../files/atomic-file.ts";

/** Written in this order: the encoder's file says that both are there. */
const PARTS = ["projection", "encoder"] as const;

/** Paths of the weights in a run folder. */
export const weightsFiles = (folder: string) => PARTS.map((part) => join(folder, `${part}.safetensors`));

/** Writes the weights of a finished pretraining. The optimiser is left out. */
export async function writeWeights(folder: string, { step, config, tensors }: CheckpointState): Promise<void> {
  const metadata = { format: "pt", version: "1", step: String(step), config: JSON.stringify(config) };
  for (const part of PARTS) {
    const prefix = `${part}.`;
    const own = new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
    await writeFileAtomic(join(folder, `${part}.safetensors`), encodeSafetensors({ tensors: own, metadata }));
  }
}

/** The weights that `writeWeights` left; `undefined` when there are none. @throws AppError BAD_FILE */
export async function readWeights(folder: string): Promise<CheckpointState | undefined> {
  const tensors = new Map<string, StoredTensor>();
  let state: CheckpointState | undefined;
  for (const part of [...PARTS].reverse()) {
    const found = await readPart(folder, part);
    if (!found) return undefined;
    state ??= found;
    for (const [name, tensor] of found.tensors) tensors.set(`${part}.${name}`, tensor);
  }
  return state && { ...state, tensors };
}

/** The encoder alone, by its own names, as of a run that was packed without its projection head; `undefined` when there is none. @throws AppError BAD_FILE */
export function readEncoder(folder: string): Promise<CheckpointState | undefined> {
  return readPart(folder, "encoder");
}

async function readPart(folder: string, part: (typeof PARTS)[number]): Promise<CheckpointState | undefined> {
  const path = join(folder, `${part}.safetensors`);
  const bytes = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new AppError("NO_ACCESS", `${path} cannot be read: ${error.message}`, { cause: error });
  });
  if (!bytes) return undefined;
  const { tensors, metadata } = decodeSafetensors(bytes);
  const step = Number(metadata.step);
  let config: unknown;
  try {
    config = JSON.parse(metadata.config ?? "");
  } catch {
    config = undefined;
  }
  const parsed = RunConfig.safeParse(config);
  if (!Number.isSafeInteger(step) || !parsed.success)
    throw new AppError("BAD_FILE", `The weights in ${folder} do not say which run made them. Delete the run and run it again.`);
  return { step, config: parsed.data, tensors };
}
