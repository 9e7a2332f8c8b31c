// Named augmentation parameters: the two that are built in, and a user's own in files of the workspace.
import { z } from "zod";
import { AugmentationSettings, PROFILES, type Profile } from "./augmentations.ts";
import { NameSchema } from "./workspace.ts";

/** `profiles/<name>.json`. */
export const ProfileFile = z.object({ version: z.literal(1), augmentation: AugmentationSettings });

/** A name that no built-in profile has. */
export const ProfileName = NameSchema.refine(
  (name) => !(PROFILES as readonly string[]).includes(name),
  "this is the name of a built-in profile",
);

export const AugmentationProfile = z.object({ name: NameSchema, augmentation: AugmentationSettings });
export type AugmentationProfile = z.infer<typeof AugmentationProfile>;

/** The study's parameters and the default, which cannot be changed. */
export const BUILT_IN_PROFILES: Readonly<Record<Profile, AugmentationProfile>> = {
  physical: { name: "physical", augmentation: AugmentationSettings.parse({ profile: "physical" }) },
  published: { name: "published", augmentation: AugmentationSettings.parse({ profile: "published" }) },
};
