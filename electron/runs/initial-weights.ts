// The file of weights that runs start from: read, known by its content, refused when it is another one.
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { z } from "zod";
import { BAND_NAMES, type BandName } from "../../shared/domain/bands.ts";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import type { InitialWeights } from "../../shared/domain/run-config.ts";
import { decodeSafetensors } from "../../shared/learning/safetensors.ts";
import { decodeTorchCheckpoint, isTorchCheckpoint } from "../../shared/learning/torch-checkpoint.ts";
import type { StoredTensor } from "../../shared/learning/weights.ts";
import { readBytes } from "../files/atomic-file.ts";

export interface InitialWeightsFile {
  readonly path: string;
  readonly sha256: string;
  /** Under the file's names, in PyTorch's layout. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Bands of its first convolution: as given, else those of the run that left the file; null when neither says. */
  readonly bands: readonly BandName[] | null;
}

/** What a run writes beside the weights that it leaves (`writeWeights`). */
const RunBands = z.object({ bands: z.array(z.enum(BAND_NAMES)) });

/**
 * Reads the file of a run's settings: safetensors, or what `torch.save` wrote.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE or UNSUPPORTED with the path; BAD_ARGUMENT when its content is not the recorded one
 */
export async function readInitialWeights({ path, bands, sha256 }: InitialWeights): Promise<InitialWeightsFile> {
  if (path === null) throw new Error("there is no file of initial weights to read");
  const bytes = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "EISDIR" || error.code === "ENOTDIR")
      throw new AppError("NOT_FOUND", `There is no file of initial weights ${path}. Give its path, or leave it empty for random weights.`);
    throw new AppError("NO_ACCESS", `The initial weights ${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const found = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== null && sha256 !== found)
    throw new AppError(
      "BAD_ARGUMENT",
      `The initial weights ${path} have changed (SHA-256 ${found}, recorded ${sha256}), and results would not compare. Restore the file, or start anew.`,
    );
  try {
    if (isTorchCheckpoint(bytes)) return { path, sha256: found, tensors: decodeTorchCheckpoint(bytes), bands };
    const { tensors, metadata } = decodeSafetensors(bytes);
    return { path, sha256: found, tensors, bands: bands ?? runBands(metadata.config) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `The initial weights ${path}: ${error.message}`, { cause: error });
  }
}

function runBands(config: string | undefined): readonly BandName[] | null {
  try {
    return RunBands.parse(JSON.parse(config ?? "")).bands;
  } catch {
    return null; // not left by a run
  }
}

/**
 * Settings whose file of initial weights has its whole path and the hash of its content, so that every run starts from the same weights.
 * @throws as `readInitialWeights`
 */
export async function pinInitialWeights<T extends { readonly initialWeights: InitialWeights }>(config: T): Promise<T> {
  const { initialWeights } = config;
  if (initialWeights.path === null) return config;
  const path = resolve(initialWeights.path);
  const { sha256 } = await readInitialWeights({ ...initialWeights, path });
  return { ...config, initialWeights: { ...initialWeights, path, sha256 } };
}
