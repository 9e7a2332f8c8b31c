// The preview of a tile's two views, drawn anew shortly after every change.
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
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

/** Pause after a change before the host is asked, ms: a dragged slider asks for what it rests on. */
const PAUSE_MS = 20;

/** The views of a request; while new ones are drawn, the former stay. */
export function usePreview(request: PreviewRequest) {
  const { queries } = useHost();
  const [asked] = useDebouncedValue(JSON.stringify(request), PAUSE_MS);
  const input = JSON.parse(asked) as HostInputs["augmentation"]["preview"];
  return useQuery(
    queries.augmentation.preview.queryOptions({
      input,
      placeholderData: keepPreviousData,
      staleTime: 60_000,
      gcTime: 60_000,
      retry: false,
    }),
  );
}
