// The compute engine as it is told to the user.
import { z } from "zod";

/** The engine in use. `reason` says why a better one is not. */
export const EngineInfo = z.object({
  name: z.enum(["tensorflow", "wasm"]),
  version: z.string(),
  device: z.enum(["cpu", "gpu"]),
  threads: z.int(),
  memoryBytes: z.number().optional().describe("all that the device has: the machine's memory, or the GPU's; not there when unknown"),
  ownKernels: z.boolean().optional().describe("whether the application's own operations are compiled into it"),
  reason: z.string().optional(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

/** An NVIDIA GPU as its driver tells of it. */
export const Gpu = z.object({
  uuid: z.string(),
  name: z.string(),
  memoryBytes: z.number().nullable().describe("null where GPU and processor share the memory"),
  freeBytes: z.number().nullable(),
  driver: z.string(),
  computeCapability: z.string(),
});
export type Gpu = z.infer<typeof Gpu>;

/** What `doctor` found: the engine, the GPUs, and each thing checked with what to do about it. */
export const EngineReport = z.object({
  engine: EngineInfo,
  gpus: z.array(Gpu),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(["ok", "missing", "problem", "info"]),
      detail: z.string(),
      advice: z.string().optional(),
    }),
  ),
});
export type EngineReport = z.infer<typeof EngineReport>;
