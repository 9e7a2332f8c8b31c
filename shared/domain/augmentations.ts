// The nine augmentations of the study: families, parameters in both profiles, couplets. Source: SimCLR-S2 (arXiv 2108.05484) and its public code.
import { z } from "zod";

export const PIXEL_AUGMENTATIONS = ["blur", "brightness", "contrast", "gain", "speckle"] as const;
export const GEOMETRIC_AUGMENTATIONS = ["flip", "rotation", "shift", "zoom"] as const;
/** All nine, in the order of the matrix' rows and columns. */
export const AUGMENTATIONS = [...PIXEL_AUGMENTATIONS, ...GEOMETRIC_AUGMENTATIONS] as const;
export type AugmentationName = (typeof AUGMENTATIONS)[number];
export type Family = "pixel" | "geometric";

/** The family of an augmentation. */
export function familyOf(name: AugmentationName): Family {
  return (PIXEL_AUGMENTATIONS as readonly string[]).includes(name) ? "pixel" : "geometric";
}

/** Two different augmentations, in the order of `AUGMENTATIONS`. */
export type Couplet = readonly [AugmentationName, AugmentationName];

/** All 36 couplets, row by row of the matrix' upper triangle. */
export const COUPLETS: readonly Couplet[] = AUGMENTATIONS.flatMap((first, i) =>
  AUGMENTATIONS.slice(i + 1).map((second): Couplet => [first, second]),
);

/**
 * `physical` (default): every draw is a scene that Sentinel-2 could have seen. `published`: the study's own operations, defects included
 * (gain flips the sign of half its draws, speckle sets pixels to +-5 standard deviations).
 */
export const PROFILES = ["physical", "published"] as const;
export type Profile = (typeof PROFILES)[number];

const probability = (value: number) =>
  z.number().min(0).max(1).default(value).describe("probability that the operation is applied to a view");
/** @param unit stands behind the numbers on the screen */
const range = (low: number, high: number, min: number, max: number, description: string, unit: string) =>
  z
    .tuple([z.number().min(min).max(max), z.number().min(min).max(max)])
    .refine(([a, b]) => a <= b, "the lower end lies above the upper end")
    .default([low, high])
    .describe(description)
    .meta({ unit });

/**
 * Parameters of the nine operations; one strict schema a profile, the source of defaults, ranges, units and help.
 * Ranges are drawn uniformly, once per view unless said otherwise.
 */
export const PhysicalParameters = z.strictObject({
  blur: z
    .strictObject({
      probability: probability(0.8),
      sigmaPixels: range(0.1, 2, 0.05, 2, "Gaussian sigma, px; the kernel spans 2 ceil(3 sigma) + 1, at most 13 px", "px"),
    })
    .prefault({}),
  brightness: z
    .strictObject({
      probability: probability(0.8),
      offset: range(-0.4, 0.4, -2, 2, "added to every band alike, in band standard deviations", "std"),
    })
    .prefault({}),
  contrast: z
    .strictObject({ probability: probability(0.8), factor: range(0.6, 1.4, 0, 3, "stretch about the view's band mean", "times") })
    .prefault({}),
  gain: z
    .strictObject({
      probability: probability(0.8),
      factor: range(0.7, 1.3, 0.1, 3, "multiplies reflectance, all bands", "times"),
      bandJitter: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.05)
        .describe("further relative change of each band, +-")
        .meta({ unit: "of the gain" }),
    })
    .prefault({}),
  speckle: z
    .strictObject({
      probability: probability(0.8),
      looks: range(16, 64, 4, 1024, "looks L of multiplicative Gamma(L, 1/L) noise on reflectance; fewer is noisier", "looks"),
    })
    .prefault({}),
  flip: z.strictObject({ probability: probability(0.5).describe("of each axis on its own") }).prefault({}),
  rotation: z.strictObject({ probability: probability(0.75).describe("of one of 90, 180, 270 degrees, each as likely") }).prefault({}),
  shift: z
    .strictObject({
      fraction: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.1)
        .describe("largest shift in each axis, fraction of the tile's side; border reflected")
        .meta({ unit: "of the side" }),
    })
    .prefault({}),
  zoom: z
    .strictObject({ area: range(0.6, 1, 0.05, 1, "area of the random crop that is resized back, fraction of the tile", "of the tile") })
    .prefault({}),
});

export const PublishedParameters = z.strictObject({
  blur: z
    .strictObject({ probability: probability(0.8), sigmaPixels: range(0.1, 2, 0.05, 2, "Gaussian sigma, px; kernel 5 x 5", "px") })
    .prefault({}),
  brightness: z
    .strictObject({ probability: probability(0.8), offset: range(-0.4, 0.4, -2, 2, "added to all standardised bands", "std") })
    .prefault({}),
  contrast: z
    .strictObject({ probability: probability(0.8), factor: range(0.6, 1.4, 0, 3, "stretch about the view's band mean", "times") })
    .prefault({}),
  gain: z
    .strictObject({
      probability: probability(0.8),
      factor: range(-0.5, 0.5, -2, 2, "multiplies the standardised image: half the draws flip its sign", "times"),
    })
    .prefault({}),
  speckle: z
    .strictObject({
      probability: probability(0.8),
      rate: range(0, 0.02, 0, 0.5, "share of pixels set to +value, and again to -value", "of the pixels"),
      value: z.number().min(0).max(20).default(5).describe("in standard deviations").meta({ unit: "std" }),
    })
    .prefault({}),
  flip: z.strictObject({ probability: probability(0.5).describe("of each axis on its own") }).prefault({}),
  rotation: z
    .strictObject({
      maxDegrees: z
        .number()
        .min(0)
        .max(180)
        .default(180)
        .describe("uniform +- this angle, nearest edge pixel beyond the border")
        .meta({ unit: "°" }),
    })
    .prefault({}),
  shift: z
    .strictObject({
      fraction: z
        .number()
        .min(0)
        .max(0.5)
        .default(0.1)
        .describe("largest shift in each axis, fraction of the side; nearest edge pixel")
        .meta({ unit: "of the side" }),
    })
    .prefault({}),
  zoom: z.strictObject({ factor: range(0.8, 1.2, 0.2, 3, "scale of each axis, drawn apart; nearest edge pixel", "times") }).prefault({}),
});

export type PhysicalParameters = z.infer<typeof PhysicalParameters>;
export type PublishedParameters = z.infer<typeof PublishedParameters>;

/** The augmentation settings of a run: a profile with its parameters, complete. */
export const AugmentationSettings = z
  .discriminatedUnion("profile", [
    z.strictObject({ profile: z.literal("physical"), parameters: PhysicalParameters.prefault({}) }),
    z.strictObject({ profile: z.literal("published"), parameters: PublishedParameters.prefault({}) }),
  ])
  .prefault({ profile: "physical" });
export type AugmentationSettings = z.infer<typeof AugmentationSettings>;
