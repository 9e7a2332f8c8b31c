// What is worked out from the features of an embedding: pictures, neighbours, measures. Long: a thread of its own does it.
import type { EmbeddingQuality, ProjectionMethod } from "../../shared/domain/embedding.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { Random } from "../../shared/domain/random.ts";
import { type Matrix, rowsOf } from "../../shared/embedding/matrix.ts";
import { nearestByCosine } from "../../shared/embedding/neighbours.ts";
import { pictureQuality } from "../../shared/embedding/quality.ts";
import { readEmbeddedTiles, readFeatures, readPoints, writeProjection } from "../runs/embeddings.ts";
import { type ProjectionProgress, project } from "./projection.ts";

/** `folder` is that of the embedding, `key` of its features. */
export type EmbeddingTask = { readonly folder: string; readonly key: string } & (
  | { readonly kind: "project"; readonly method: ProjectionMethod }
  /** @param tile row of the store */
  | { readonly kind: "neighbours"; readonly tile: number; readonly count: number }
  /** @param codes class of each tile; those of `left` are left out */
  | { readonly kind: "quality"; readonly method: ProjectionMethod; readonly codes: Uint16Array; readonly left: readonly number[] }
);

export interface TaskResults {
  readonly project: null;
  readonly neighbours: { readonly index: number; readonly cosine: number }[];
  readonly quality: EmbeddingQuality;
}

/** Tiles that are compared with each other for the measures: 2,000 take 2 s. */
const QUALITY_TILES = 2_000;
const QUALITY_NEIGHBOURS = 10;

export class EmbeddingTasks {
  /** What neighbours were last looked for in: they are found for one tile after another. */
  private known: { readonly folder: string; readonly key: string; readonly features: Matrix; readonly tiles: Int32Array } | undefined;

  /** @throws AppError BAD_FILE, NOT_FOUND, NO_DATA */
  async run(task: EmbeddingTask, onProgress: (progress: ProjectionProgress) => void): Promise<TaskResults[EmbeddingTask["kind"]]> {
    const { features, tiles } = await this.load(task);
    switch (task.kind) {
      case "project": {
        const startedAt = Date.now();
        const { points, ...facts } = project(features, task.method, onProgress);
        const seconds = (Date.now() - startedAt) / 1000;
        await writeProjection(task.folder, { version: 1, key: task.key, method: task.method, seconds, ...facts }, points);
        return null;
      }
      case "neighbours": {
        const row = tiles.indexOf(task.tile);
        if (row < 0)
          throw new AppError(
            "NOT_FOUND",
            `Tile ${task.tile} is not among the ${tiles.length} embedded ones: it is out of use, or was not drawn.`,
          );
        return nearestByCosine(features, row, task.count).map(({ row: at, cosine }) => ({ index: tiles[at]!, cosine }));
      }
      case "quality": {
        const points = await readPoints(task.folder, task.method);
        const rows = drawRows(task.codes, task.left);
        const codes = rows.map((row) => task.codes[row]!);
        if (new Set(codes).size < 2) throw new AppError("NO_DATA", "There are not two groups of tiles to tell apart.");
        return pictureQuality(rowsOf(features, rows), rowsOf(points, rows), codes, Math.min(QUALITY_NEIGHBOURS, rows.length - 1));
      }
    }
  }

  private async load({ kind, folder, key }: EmbeddingTask) {
    if (this.known?.folder === folder && this.known.key === key) return this.known;
    this.known = undefined;
    const loaded = { folder, key, features: await readFeatures(folder), tiles: await readEmbeddedTiles(folder) };
    if (kind === "neighbours") this.known = loaded;
    return loaded;
  }
}

function drawRows(codes: Uint16Array, left: readonly number[]): number[] {
  const rows = [...codes.keys()].filter((row) => !left.includes(codes[row]!));
  return rows.length <= QUALITY_TILES ? rows : Random.of("tiles of the measures").shuffled(rows).slice(0, QUALITY_TILES);
}
