// The compute engine as it is told to the user.
import { z } from "zod";

/** The engine in use. `reason` says why a better one is not. */
export const EngineInfo = z.object({
  name: z.enum(["tensorflow", "wasm"]),
  version: z.string(),
  device: z.enum(["cpu", "gpu"]),
  threads: z.int(),
  reason: z.string().optional(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

/** What `doctor` found: the engine, and each thing checked with what to do about it. */
export const EngineReport = z.object({
  engine: EngineInfo,
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
