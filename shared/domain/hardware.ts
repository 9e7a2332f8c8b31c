// What the machine of the host is doing, as sampled while someone watches.
import { z } from "zod";

const share = z.number().min(0).max(1);

export const GpuSample = z.object({
  name: z.string(),
  busy: share.nullable().describe("share of the time in which a kernel ran"),
  usedBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  watts: z.number().nullable(),
  celsius: z.number().nullable(),
});
export type GpuSample = z.infer<typeof GpuSample>;

export const HardwareSample = z.object({
  at: z.number().describe("wall clock, ms since 1970"),
  cores: z.int(),
  machineBusy: share.describe("of all cores together"),
  ownBusy: share.describe("of all cores together, by the host's process with its threads"),
  ownBytes: z.number().describe("resident memory of the host's process"),
  freeBytes: z.number().describe("memory that programs can still get"),
  totalBytes: z.number(),
  diskFreeBytes: z.number().nullable().describe("on the workspace's disk"),
  readBytesPerSecond: z.number().nullable().describe("by the host's process from the disk itself; null where the system does not tell"),
  writtenBytesPerSecond: z.number().nullable(),
  gpus: z.array(GpuSample),
});
export type HardwareSample = z.infer<typeof HardwareSample>;
