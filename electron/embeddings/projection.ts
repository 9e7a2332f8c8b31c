// Pictures of features: principal components, or UMAP over the neighbours that features have by cosine.
import type { ProjectionMethod, ProjectionRecord } from "../../shared/domain/embedding.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { type Matrix, unitRows } from "../../shared/embedding/matrix.ts";
import { nearestNeighbours, recallOf } from "../../shared/embedding/neighbours.ts";
import { fitPca, projectRows } from "../../shared/embedding/pca.ts";
import { umapGraph, umapLayout } from "../../shared/embedding/umap.ts";

/** Dimensions that neighbours are found in: more take longer and add noise. */
const REDUCED = 50;
const SEED = 1;

export interface ProjectionProgress {
  readonly what: string;
  /** Of the whole, 0..1. */
  readonly share: number;
}

export type Projected = Pick<ProjectionRecord, "explained" | "componentRows" | "recall"> & { readonly points: Matrix };

/** @throws AppError NO_DATA for fewer tiles than neighbours */
export function project(features: Matrix, method: ProjectionMethod, onProgress: (progress: ProjectionProgress) => void): Projected {
  const tell = (what: string, from: number, to: number) => (done: number, total: number) =>
    onProgress({ what, share: from + ((to - from) * done) / total });
  if (method.kind === "pca") {
    const pca = fitPca(features, 2, { onProgress: tell("covariance", 0, 0.9) });
    return { points: flat(projectRows(features, pca)), explained: [...pca.explained], componentRows: pca.rows, recall: null };
  }
  const count = method.neighbours - 1;
  if (features.rows <= count)
    throw new AppError("NO_DATA", `${features.rows} tiles cannot have ${method.neighbours} neighbours. Choose fewer neighbours.`);
  const unit = unitRows(features);
  const pca = fitPca(unit, REDUCED, { onProgress: tell("covariance", 0, 0.1) });
  const reduced = projectRows(unit, pca);
  const neighbours = nearestNeighbours(reduced, count, tell("neighbours", 0.1, 0.5));
  const graph = umapGraph(neighbours);
  const points = umapLayout(graph, {
    minDistance: method.minDistance,
    seed: SEED,
    initial: flat(reduced),
    onProgress: tell("layout", 0.5, 1),
  });
  return {
    points,
    explained: [...pca.explained],
    componentRows: pca.rows,
    recall: neighbours.isExact ? 1 : recallOf(reduced, neighbours),
  };
}

/** The first two columns; a second one of zeros where there is but one. */
function flat({ rows, columns, values }: Matrix): Matrix {
  const out = new Float32Array(2 * rows);
  for (let i = 0; i < rows; i++) for (let c = 0; c < Math.min(2, columns); c++) out[2 * i + c] = values[i * columns + c]!;
  return { rows, columns: 2, values: out };
}
