// Chooses and loads the compute engine: the native one where it is set up, the WebAssembly one everywhere else. Their code is loaded with them.

import { availableParallelism, totalmem } from "node:os";
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { readGpus, visibleGpus } from "./gpus.ts";
import { rememberedFailure } from "./remembered.ts";
import { findRuntime, hasNvidiaGpu } from "./runtime.ts";

/** The engines by name. */
export type EngineName = EngineInfo["name"];

/**
 * Loads an engine as tfjs-core's backend in this thread.
 * @param choice `auto` takes the best there is; the environment variable SIMCLR_S2_ENGINE overrides it
 * @param options.threads threads of one operation (default: one a core)
 * @throws ENGINE_UNAVAILABLE when an engine asked for by name cannot be used here
 */
export async function loadEngine(choice: "auto" | EngineName = "auto", options: { threads?: number } = {}): Promise<EngineInfo> {
  const wanted = choice === "auto" ? chosenByEnvironment() : choice;
  let reason: string | undefined;
  if (wanted !== "wasm") {
    const found = findRuntime();
    if (found.kind === "ready") {
      try {
        const { loadTensorflow } = await import("./tensorflow.ts");
        const { version, device, ownKernels } = await loadTensorflow(found.runtime, options);
        const threads = Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism();
        const gpuReason = device === "cpu" && hasNvidiaGpu() ? "an NVIDIA GPU is present, but TensorFlow does not use it" : undefined;
        const memoryBytes = device === "gpu" ? await gpuMemory() : machineMemory();
        return {
          ...{ name: "tensorflow", version, device, threads, ownKernels },
          ...(memoryBytes === undefined ? {} : { memoryBytes }),
          ...(gpuReason ? { reason: gpuReason } : {}),
        };
      } catch (error) {
        reason = `The TensorFlow runtime in ${found.runtime.folder} could not be loaded: ${messageOf(error)}`;
      }
    } else reason = (rememberedFailure("cpu") ?? found).reason;
    if (wanted === "tensorflow") throw new AppError("ENGINE_UNAVAILABLE", reason);
  }
  const { loadWasm } = await import("./wasm.ts");
  const wasm = await loadWasm(options);
  const reasons = [reason ?? "the wasm engine was asked for", wasm.reason].filter((why) => why !== undefined);
  return { name: "wasm", version: wasm.version, device: "cpu", threads: wasm.threads, reason: reasons.join("; ") };
}

/** Of the GPU that TensorFlow computes on: the first that it sees. */
async function gpuMemory(): Promise<number | undefined> {
  const { gpus } = await readGpus();
  return visibleGpus(gpus)[0]?.memoryBytes ?? undefined;
}

/** The machine's memory, or what this process may take of it. */
export function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function chosenByEnvironment(): "auto" | EngineName {
  const name = process.env.SIMCLR_S2_ENGINE || "auto";
  if (name === "auto" || name === "tensorflow" || name === "wasm") return name;
  throw new AppError("BAD_ARGUMENT", `SIMCLR_S2_ENGINE is "${name}": it takes auto, tensorflow or wasm`);
}
