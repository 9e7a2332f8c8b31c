// Takes picked tiles out of use, or puts them back, by an exclusion list as a user would write one; the lists are kept as a record.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../shared/domain/errors.ts";
import { parseTileList } from "../../../shared/domain/tile-list.ts";
import { writeFileAtomic } from "../../files/atomic-file.ts";
import { readAllTiles } from "../catalogue/catalogue.ts";
import { labelDataset } from "./label-dataset.ts";

/**
 * @param tiles rows, as `formatTileList` writes them
 * @returns how many tiles are out of use then
 * @throws AppError BAD_ARGUMENT, BUSY while something else changes the data set
 */
export async function useTiles(datasetFolder: string, { tiles, inUse }: { tiles: string; inUse: boolean }): Promise<number> {
  const { id } = await readAllTiles(datasetFolder, ["id"]);
  const rows = parseTileList(tiles, id.length);
  const ids = rows && Array.from(rows, (row) => id[row]);
  if (!ids || ids.length === 0 || ids.includes(undefined))
    throw new AppError("BAD_ARGUMENT", `"${tiles.slice(0, 80)}" is no list of the data set's tiles, whose rows are 0 to ${id.length - 1}.`);
  const folder = join(datasetFolder, "lists");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${new Date().toISOString().replaceAll(":", "")}-${inUse ? "back-in-use" : "out-of-use"}.txt`);
  await writeFileAtomic(path, `${ids.join("\n")}\n`);
  const { excluded } = await labelDataset({
    datasetFolder,
    source: { kind: "exclude", paths: [path] },
    mode: inUse ? "remove" : "add",
    complete: false,
  });
  return excluded;
}
