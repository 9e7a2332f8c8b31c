// Columns of tiles as queries. They come from the page's own origin by both doors, see `columnPaths`.
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type Columns, decodeColumns } from "../../../../shared/contract/columns.ts";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import { HostUnreachable } from "../../../state/connection.ts";
import { isPassing } from "../../../state/errors.ts";

/**
 * The columns at a path, in a form of the view's own.
 * @param form the same function each time
 */
export function useColumns<T>({ fingerprint }: Dataset, path: string, form: (columns: Columns) => T): UseQueryResult<T> {
  return useQuery({
    queryKey: ["columns", fingerprint, path],
    queryFn: async ({ signal }) => form(await fetchColumns(path, signal)),
    // Another data set has another fingerprint, and so has this one when it is changed.
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    retry: (failures, error) => failures < 2 && isPassing(error),
  });
}

async function fetchColumns(path: string, signal: AbortSignal): Promise<Columns> {
  const response = await fetch(path, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new HostUnreachable({ cause: error });
  });
  if (!response.ok) throw new Error(await response.text());
  return decodeColumns(await response.arrayBuffer());
}
