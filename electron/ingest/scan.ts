// Says what a folder holds, without reading all of it.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { ReadingTrial, ScanResult } from "../../shared/domain/dataset.ts";
import { MAXIMUM_THREADS } from "./ingest.ts";
import { openReaderPool } from "./patches/reader-pool.ts";
import { edgeNote, type SurveyedSource, type SurveyOptions, surveyFolder } from "./survey/survey.ts";
import { tryReading } from "./trial.ts";

export interface ScanOptions extends SurveyOptions {
  /** Whether to read a few tiles of each source, for what an ingest will take: a second or two a source. */
  readonly isTried?: boolean;
}

/**
 * Finds all kinds of sources (SOURCE_KINDS), at any depth and in zip archives.
 * @param options.tilePixels side of a tile on the 10 m grid, px (default 120), for the number of tiles
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, NO_DATA
 */
export async function scanFolder(path: string, { isTried = false, ...options }: ScanOptions = {}): Promise<ScanResult> {
  const { sources, problems } = await surveyFolder(resolve(path), options);
  const trials = isTried ? await tryAll(sources, options) : [];
  return {
    sources: sources.map(({ source, raggedScenes }, i) => ({
      ...source,
      notes: [...source.notes, ...(raggedScenes > 0 ? [edgeNote(raggedScenes, source.tilePixels)] : [])],
      trial: trials[i] ?? null,
    })),
    problems: [...problems],
    threads: Math.min(availableParallelism(), MAXIMUM_THREADS),
    freeBytes: null,
  };
}

async function tryAll(sources: readonly SurveyedSource[], { signal }: SurveyOptions): Promise<(ReadingTrial | null)[]> {
  const pool = openReaderPool({ threads: 1, signal });
  try {
    const trials: (ReadingTrial | null)[] = [];
    for (const source of sources) trials.push(await tryReading(source, pool, signal));
    return trials;
  } finally {
    await pool.close();
  }
}
