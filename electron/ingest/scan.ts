// Says what a folder holds, without reading all of it.
import { resolve } from "node:path";
import type { ScanResult } from "../../shared/domain/dataset.ts";
import { edgeNote, type SurveyOptions, surveyFolder } from "./survey.ts";

/**
 * Finds all kinds of sources (SOURCE_KINDS), at any depth and in zip archives.
 * @param options.tilePixels side of a tile on the 10 m grid, px (default 120), for the number of tiles
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, NO_DATA
 */
export async function scanFolder(path: string, options: SurveyOptions = {}): Promise<ScanResult> {
  const { sources, problems } = await surveyFolder(resolve(path), options);
  return {
    sources: sources.map(({ source, raggedScenes }) => ({
      ...source,
      notes: [...source.notes, ...(raggedScenes > 0 ? [edgeNote(raggedScenes, source.tilePixels)] : [])],
    })),
    problems: [...problems],
  };
}
