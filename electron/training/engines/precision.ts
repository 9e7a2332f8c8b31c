// Which numbers a step is computed in: bfloat16 where the machine is faster with it, float32 elsewhere.
import { readFileSync } from "node:fs";
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import type { Precision, RunConfig } from "../../../shared/domain/run-config.ts";

/** Instructions that multiply bfloat16 numbers, by Linux' names for them. */
const BF16_FLAGS = ["avx512_bf16", "amx_bf16", "bf16"];

/** The processor's instruction sets by Linux' names; empty where they are not told. */
export function processorFlags(): readonly string[] {
  try {
    return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  } catch {
    return [];
  }
}

/**
 * The precision of a run's steps. `auto` takes bf16 on a processor that has instructions for it and on a GPU. The wasm engine has float32 only.
 */
export function precisionOf(precision: RunConfig["precision"], engine: EngineInfo, flags = processorFlags()): Precision {
  if (engine.name !== "tensorflow") return "f32";
  if (precision !== "auto") return precision;
  return engine.device === "gpu" || BF16_FLAGS.some((flag) => flags.includes(flag)) ? "bf16" : "f32";
}
