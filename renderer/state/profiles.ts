// The augmentation profiles of the workspace, and the one that the draft is made from.
import { useQuery } from "@tanstack/react-query";
import { type AugmentationProfile, BUILT_IN_PROFILES } from "../../shared/domain/augmentation-profile.ts";
import type { AugmentationSettings } from "../../shared/domain/augmentations.ts";
import { useHost } from "./host.tsx";
import type { DraftControl } from "./use-study-draft.ts";

export interface Profiles {
  readonly own: readonly AugmentationProfile[];
  /** The user's profile in hand; null: a built-in one. */
  readonly loaded: AugmentationProfile | null;
  /** Parameters that the draft began with. */
  readonly base: AugmentationSettings;
}

export function useProfiles({ profileName, profile }: Pick<DraftControl, "profileName" | "profile">): Profiles {
  const { queries } = useHost();
  const own = useQuery(queries.profile.list.queryOptions()).data ?? [];
  const loaded = own.find(({ name }) => name === profileName) ?? null;
  return { own, loaded, base: (loaded ?? BUILT_IN_PROFILES[profile]).augmentation };
}
