// What of a catalogue is searched, as a table in DuckDB's memory: filters, orders and counts need milliseconds there. About 200 bytes a tile, for few data sets at once.
import { stat } from "node:fs/promises";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { queryParquet } from "../../files/parquet.ts";
import { datasetFile, readDataset, tilesFile } from "./dataset-folder.ts";

/** The index of one data set. */
export interface CatalogueIndex {
  /** Its table: the columns asked for, those of few values as ENUM, with `footprint` as `west`, `east`, `south`, `north` in degrees, `east` above 180 across the antimeridian. */
  readonly table: string;
  /** Rows of the data set. */
  readonly tiles: number;
  readonly folders: Dataset["folders"];
}

interface Entry {
  /** Tells whether the files are still the same. */
  readonly stamp: string;
  readonly index: Promise<CatalogueIndex>;
  users: number;
  isDropped: boolean;
}

/** Data sets whose index is kept. */
const KEPT = 2;

/** Columns of few different values are kept as numbers: they are counted five times as fast. */
const CODED = {
  labels: "unnest(labels)",
  date: '"date"',
  granule: "granule",
  source: '"source"',
  country: "country",
  split: '"split"',
} as const;

/** By folder, the one used last at the end. */
const entries = new Map<string, Entry>();
let made = 0;

/**
 * Runs queries over the index of a catalogue. It is made on first use, kept, and made anew when the files have changed.
 * @param select gives the SELECT of the columns that the index holds, among them `index` and `footprint`
 * @throws AppError NOT_FOUND without a complete data set, BAD_FILE
 */
export async function withCatalogueIndex<T>(
  datasetFolder: string,
  select: () => Promise<string>,
  use: (index: CatalogueIndex) => Promise<T>,
): Promise<T> {
  const stamp = await stampOf(datasetFolder);
  let entry = entries.get(datasetFolder);
  if (entry) entries.delete(datasetFolder);
  if (entry && entry.stamp !== stamp) {
    drop(entry);
    entry = undefined;
  }
  entry ??= { stamp, index: build(datasetFolder, select), users: 0, isDropped: false };
  entries.set(datasetFolder, entry);
  entry.users++;
  for (const [folder, other] of [...entries].slice(0, -KEPT)) {
    entries.delete(folder);
    drop(other);
  }
  try {
    return await use(await entry.index);
  } catch (error) {
    if (
      await entry.index.then(
        () => false,
        () => true,
      )
    )
      entries.delete(datasetFolder);
    throw error;
  } finally {
    entry.users--;
    if (entry.isDropped) drop(entry);
  }
}

async function stampOf(datasetFolder: string): Promise<string> {
  const files = [tilesFile(datasetFolder), datasetFile(datasetFolder)];
  const found = await Promise.all(files.map((file) => stat(file, { bigint: true }).catch(() => null)));
  return found.map((one) => (one ? `${one.ino} ${one.size} ${one.mtimeNs}` : "none")).join();
}

/** Frees the table once nobody queries it. */
function drop(entry: Entry): void {
  entry.isDropped = true;
  if (entry.users > 0) return;
  const free = async () => {
    const { table } = await entry.index;
    await queryParquet(`DROP TABLE ${table}`);
    for (const column of Object.keys(CODED)) await queryParquet(`DROP TYPE ${table}_${column}`);
  };
  free().catch(() => {});
}

async function build(datasetFolder: string, select: () => Promise<string>): Promise<CatalogueIndex> {
  const { tiles, folders } = await readDataset(datasetFolder);
  const table = `catalogue_${process.pid}_${made++}`;
  const corner = (i: number) => `footprint[${i}]`;
  const longitudes = [1, 3, 5, 7].map(corner);
  const unwrapped = longitudes
    .map((longitude) => `CASE WHEN wraps AND ${longitude} < 0 THEN ${longitude} + 360 ELSE ${longitude} END`)
    .join(", ");
  const latitudes = [2, 4, 6, 8].map(corner).join(", ");
  // Rows behind the last belong to an addition that was not finished.
  const rows = `(SELECT *, greatest(${longitudes.join(", ")}) - least(${longitudes.join(", ")}) > 180 AS wraps
     FROM (${await select()}) WHERE "index" < ${tiles})`;
  const coded = [];
  for (const [column, values] of Object.entries(CODED)) {
    // Without a value there would be no type.
    await queryParquet(
      `CREATE TYPE ${table}_${column} AS ENUM (SELECT DISTINCT v FROM (SELECT ${values} AS v FROM ${rows} UNION ALL SELECT '') WHERE v IS NOT NULL ORDER BY v)`,
    );
    coded.push(`"${column}"::${table}_${column}${column === "labels" ? "[]" : ""} AS "${column}"`);
  }
  await queryParquet(
    `CREATE TABLE ${table} AS SELECT * EXCLUDE (footprint, wraps) REPLACE (${coded.join(", ")}),
       least(${unwrapped}) AS west, greatest(${unwrapped}) AS east, least(${latitudes}) AS south, greatest(${latitudes}) AS north FROM ${rows}`,
  );
  return { table, tiles, folders };
}
