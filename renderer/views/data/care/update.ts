// Going on with an ingest, or adding what is new: the job is shown among the data sets.
import { useMutation } from "@tanstack/react-query";
import { showError } from "../../../components/notices.tsx";
import { useHost } from "../../../state/host.tsx";
import { useRoute } from "../../../state/router.ts";

export function useUpdate(dataset: string) {
  const { client } = useHost();
  const { go } = useRoute();
  return useMutation({
    mutationFn: () => client.dataset.update({ dataset }),
    onSuccess: () => go({ place: "data" }),
    onError: (error) => showError(error, `Nothing was added to ${dataset}`),
  });
}
