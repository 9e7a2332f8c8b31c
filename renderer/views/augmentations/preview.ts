// The preview of a tile's two views, drawn anew after every change.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { HostInputs, HostOutputs } from "../../../shared/contract/client.ts";
import type { AugmentationName, Profile } from "../../../shared/domain/augmentations.ts";
import { useHost } from "../../state/host.tsx";
import type { Settings } from "../../state/setting-fields.ts";

export type Preview = HostOutputs["augmentation"]["preview"];

export interface PreviewRequest {
  readonly dataset: string;
  readonly index: number;
  readonly operations: readonly AugmentationName[];
  readonly augmentation: { readonly profile: Profile; readonly parameters: Settings };
  readonly combination: string;
  readonly seed: number;
}

/**
 * The views of a request; while new ones are drawn, the former stay. One request is out at a time: a dragged slider is followed as fast as the
 * host draws, and no wish waits behind older ones.
 */
export function usePreview(request: PreviewRequest) {
  const { queries } = useHost();
  const wanted = JSON.stringify(request);
  const [asked, ask] = useState(wanted);
  const input = JSON.parse(asked) as HostInputs["augmentation"]["preview"];
  const preview = useQuery(
    queries.augmentation.preview.queryOptions({
      input,
      placeholderData: keepPreviousData,
      staleTime: 60_000,
      gcTime: 60_000,
      retry: false,
    }),
  );
  if (asked !== wanted && !preview.isFetching) ask(wanted);
  return preview;
}
