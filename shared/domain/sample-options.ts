// The settings of a simulated sample: the source of the form, the command's flags and the sample's own record.
import { z } from "zod";

export const SampleOptions = z.strictObject({
  patches: z.int().min(1).max(200_000).default(2048).describe("number of patches (a patch is 1.2 km x 1.2 km and takes 150 kB)"),
  seed: z.int().min(0).max(2_147_483_647).default(1).describe("seed of the simulation: the same seed gives the same patches"),
  granules: z.int().min(1).max(6).default(6).describe("number of granules, in up to four UTM zones, that the patches are spread over"),
  irrigatedShare: z.number().min(0).max(0.8).default(0.27).describe("share of patches with permanently irrigated land, about (0 to 0.8)"),
  noiseScale: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .describe("sensor noise as a factor on Sentinel-2's specification (1 is the specification)"),
});
export type SampleOptions = z.infer<typeof SampleOptions>;
