// What the host tells of an embedding, asked for once and kept: points and groups come as bytes.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { HostOutputs } from "../../../shared/contract/client.ts";
import {
  type EmbeddingRef,
  embeddingTarget,
  type ProjectionMethod,
  type ProjectionRecord,
  type TileGroups,
} from "../../../shared/domain/embedding.ts";
import type { Job } from "../../../shared/domain/workspace.ts";
import { useHost, useJobs } from "../../state/host.tsx";
import { intoSquare } from "./camera.ts";

export type EmbeddedRun = HostOutputs["embedding"]["runs"][number];

/** Tiles that are picked, of both panels. */
export interface TileSelection {
  readonly tiles: ReadonlySet<number>;
}

export interface EmbeddedPoints {
  /** Row of the store of each point, ascending. */
  readonly tiles: Int32Array<ArrayBuffer>;
  /** As the projection gave them. // [n, 2] */
  readonly raw: Float32Array<ArrayBuffer>;
  /** Brought into the square from -1 to 1. // [n, 2] */
  readonly places: Float32Array<ArrayBuffer>;
}

/** Place of a tile among the points; null: it is not among them. */
export function pointOf({ tiles }: Pick<EmbeddedPoints, "tiles">, tile: number): number | null {
  let [low, high] = [0, tiles.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (tiles[middle] === tile) return middle;
    if (tiles[middle]! < tile) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

export const isSameMethod = (a: ProjectionMethod, b: ProjectionMethod): boolean =>
  a.kind === "umap" && b.kind === "umap" ? a.neighbours === b.neighbours && a.minDistance === b.minDistance : a.kind === b.kind;

/** The latest job on an embedding. */
export function useEmbeddingJob(ref: EmbeddingRef): Job | null {
  const target = embeddingTarget(ref);
  return useJobs()?.find((job) => job.kind === "embedding" && job.target === target) ?? null;
}

export type EmbeddingState = HostOutputs["embedding"]["get"];

/** What there is of an embedding; asked for again when a job on it ends. */
export function useEmbedding(ref: EmbeddingRef, job: Job | null) {
  const { client } = useHost();
  return useQuery({
    queryKey: ["embedding", ref, job?.id, job?.status],
    queryFn: ({ signal }) => client.embedding.get(ref, { signal }),
    staleTime: 0,
    // Only that of the same embedding: another one's points are not these.
    placeholderData: (previous: EmbeddingState | undefined, query) =>
      query && embeddingTarget(query.queryKey[1] as EmbeddingRef) === embeddingTarget(ref) ? previous : undefined,
  });
}

export function useEmbeddedPoints(ref: EmbeddingRef, projection: ProjectionRecord) {
  const { client } = useHost();
  const { method, key } = projection;
  return useQuery({
    queryKey: ["embedding points", ref, method, key],
    queryFn: async ({ signal }): Promise<EmbeddedPoints> => {
      const { tiles: n, data } = await client.embedding.points({ ...ref, method }, { signal });
      const bytes = await data.arrayBuffer();
      const tiles = new Int32Array(bytes, 0, n);
      const raw = new Float32Array(bytes, 4 * n);
      return { tiles, raw, places: intoSquare(raw) };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 5 * 60_000,
    structuralSharing: false,
  });
}

export function useTileGroups(ref: EmbeddingRef, key: string, by: string) {
  const { client } = useHost();
  return useQuery({
    queryKey: ["embedding groups", ref, key, by],
    queryFn: async ({ signal }): Promise<TileGroups> => {
      const { names, isOrdered, codes } = await client.embedding.groups({ ...ref, by }, { signal });
      return { names, isOrdered, codes: new Uint16Array(await codes.arrayBuffer()) };
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
}

export function useQuality(ref: EmbeddingRef, { method, key }: ProjectionRecord, by: string) {
  const { client } = useHost();
  return useQuery({
    queryKey: ["embedding quality", ref, method, key, by],
    queryFn: ({ signal }) => client.embedding.quality({ ...ref, method, by }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

export function useNeighbours(ref: EmbeddingRef, key: string, tile: number | null) {
  const { client } = useHost();
  return useQuery({
    queryKey: ["embedding neighbours", ref, key, tile],
    queryFn: ({ signal }) => client.embedding.neighbours({ ...ref, tile: tile!, count: 24 }, { signal }),
    enabled: tile !== null,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
    retry: false,
  });
}
