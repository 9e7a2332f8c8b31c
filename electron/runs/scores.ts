// Reads the scores of test tiles that finished runs leave in `scores.parquet`.
import type { RunRef } from "../../shared/contract/app.ts";
import { AppError } from "../../shared/domain/errors.ts";
import type { ScoredCell } from "../../shared/domain/scored-cell.ts";
import { type ParquetValue, readParquet } from "../files/parquet.ts";
import { runFiles } from "./run-folder.ts";

/** The scores of a run, a fine-tuning an entry. @throws AppError NOT_FOUND, BAD_FILE */
export async function readScores(runFolder: string, { arm, seed }: RunRef): Promise<ScoredCell[]> {
  const path = runFiles(runFolder).scores;
  const columns = await readParquet(path, { columns: ["labelSet", "percent", "draw", "index", "label", "score"] }).catch(
    (error: unknown) => {
      throw error instanceof AppError ? error : damaged(path, "a column is missing", error);
    },
  );
  const { labelSet, percent, draw, index, label, score } = columns as Record<string, ParquetValue[]>;
  const cells: ScoredCell[] = [];
  const rows = labelSet!.length;
  for (let from = 0; from < rows; ) {
    let to = from + 1;
    while (to < rows && labelSet![to] === labelSet![from] && percent![to] === percent![from] && draw![to] === draw![from]) to++;
    const scores = Float64Array.from(score!.slice(from, to) as number[]);
    const labels = Uint8Array.from(label!.slice(from, to) as number[]);
    const key = { labelSet: String(labelSet![from]), percent: Number(percent![from]), draw: Number(draw![from]) };
    const positives = labels.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
    if (scores.some((value) => !(value >= 0 && value <= 1))) throw damaged(path, "a score is not in 0..1");
    if (positives === 0 || positives === labels.length) throw damaged(path, `${key.labelSet} has tiles of one kind only`);
    cells.push({ arm, seed, ...key, tiles: Int32Array.from(index!.slice(from, to) as number[]), labels, scores });
    from = to;
  }
  return cells;
}

function damaged(path: string, what: string, cause?: unknown): AppError {
  return new AppError(
    "BAD_FILE",
    `${path} does not hold the scores of a run (${what}). Restore it, or delete the run's folder and run it again.`,
    {
      cause,
    },
  );
}
