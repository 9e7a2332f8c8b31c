// The catalogue of a data set, `tiles.parquet`: one row a tile, in store order.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, Tile } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { ASIDE_SUFFIX, replaceFile, writeFileAtomic } from "../files/atomic-file.ts";
import { datasetFile, journalFile, tilesFile } from "./dataset-folder.ts";
import {
  copyToParquet,
  type ParquetColumn,
  queryColumns,
  queryParquet,
  quotePath,
  quoteText,
  readParquet,
  writeParquet,
} from "./parquet.ts";

/** The catalogue by columns: `id[i]` belongs to `index[i]`. */
export type TileColumns = { readonly [Key in keyof Tile]: Tile[Key][] };

const COLUMNS = {
  index: "int32",
  id: "string",
  source: "string",
  path: "string",
  labels: "string[]",
  date: "string",
  granule: "string",
  crs: "string",
  transform: "double[]",
  nodata: "double",
} as const satisfies { readonly [Key in keyof Tile]: ParquetColumn["type"] };

const SQL_TYPES = { int32: "INTEGER", string: "VARCHAR", "string[]": "VARCHAR[]", "double[]": "DOUBLE[]", double: "DOUBLE" } as const;

const NAMES = Object.keys(COLUMNS) as (keyof Tile)[];

/** Orders of `listTiles`; the row decides between equals. */
export const TILE_ORDERS = ["index", "id", "date", "nodata"] as const;
export type TileOrder = (typeof TILE_ORDERS)[number];

/** Which tiles to list. */
export interface TileQuery {
  readonly offset?: number;
  /** All when left out. */
  readonly limit?: number;
  /** Only tiles of this class. */
  readonly label?: string | null;
  /** Only tiles with at least one of these classes. */
  readonly labels?: readonly string[];
  readonly ids?: readonly string[];
  readonly order?: TileOrder;
}

/**
 * Makes the catalogue of the tiles in an ingest's journal, atomically. DuckDB reads the journal itself: half a million tiles need 2.4 s, and
 * never lie in JavaScript's memory.
 */
export async function writeCatalogue(datasetFolder: string): Promise<void> {
  const fields = NAMES.map((name) => `"${name}" ${SQL_TYPES[COLUMNS[name]]}`).join(", ");
  await copyToParquet(
    tilesFile(datasetFolder),
    `SELECT ${NAMES.map((name) => `t."${name}"`).join(", ")}
     FROM (SELECT unnest(tiles) AS t FROM read_json(${quotePath(journalFile(datasetFolder))},
       format = 'newline_delimited', maximum_object_size = 268435456, columns = {tiles: ${quoteText(`STRUCT(${fields})[]`)}}))
     ORDER BY t."index"`,
  );
}

/**
 * Lists tiles.
 * @returns `total`: how many there are before `offset` and `limit`
 * @throws AppError NOT_FOUND without a catalogue, BAD_FILE
 */
export async function listTiles(datasetFolder: string, query: TileQuery = {}): Promise<{ total: number; tiles: Tile[] }> {
  const path = tilesFile(datasetFolder);
  const conditions: string[] = [];
  const parameters: (string | readonly string[])[] = [];
  const add = (condition: (parameter: string) => string, value: string | readonly string[]) => {
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  if (query.label != null) add((p) => `list_contains(labels, ${p})`, query.label);
  if (query.labels) add((p) => `list_has_any(labels, ${p})`, query.labels);
  if (query.ids) add((p) => `list_contains(${p}, id)`, query.ids);
  const where = conditions.join(" AND ");
  const order = query.order ?? "index";
  const columns = await readParquet(path, {
    columns: NAMES,
    ...(where ? { where, parameters } : {}),
    orderBy: order === "index" ? '"index"' : `"${order}" NULLS LAST, "index"`,
    ...(query.limit === undefined ? {} : { limit: query.limit }),
    ...(query.offset === undefined ? {} : { offset: query.offset }),
  });
  const count = await queryParquet(
    `SELECT count(*) AS n FROM read_parquet(${quotePath(path)})${where ? ` WHERE ${where}` : ""}`,
    parameters,
  );
  return { total: Number(count[0]!.n), tiles: rowsOf(columns as unknown as TileColumns) };
}

/** The tile of a row. @throws AppError NOT_FOUND */
export async function tileAt(datasetFolder: string, index: number): Promise<Tile> {
  const columns = await readParquet(tilesFile(datasetFolder), { columns: NAMES, where: '"index" = $1', parameters: [index] });
  const tile = rowsOf(columns as unknown as TileColumns)[0];
  if (!tile)
    throw new AppError("NOT_FOUND", `There is no tile in row ${index} of ${datasetFolder}. List its tiles to see which there are.`);
  return tile;
}

/** The tile of an id. @throws AppError NOT_FOUND */
export async function tileById(datasetFolder: string, id: string): Promise<Tile> {
  const columns = await readParquet(tilesFile(datasetFolder), { columns: NAMES, where: "id = $1", parameters: [id] });
  const tile = rowsOf(columns as unknown as TileColumns)[0];
  if (!tile) throw new AppError("NOT_FOUND", `There is no tile "${id}" in ${datasetFolder}. List its tiles to see which there are.`);
  return tile;
}

/** The whole catalogue in row order, by columns: half a million tiles take seconds, rows would take several times as long. */
export async function readAllTiles(datasetFolder: string): Promise<TileColumns> {
  return (await readParquet(tilesFile(datasetFolder), { columns: NAMES, orderBy: '"index"' })) as unknown as TileColumns;
}

/** What labels and splits look at, by columns in row order. */
export type TileUse = { readonly [Key in "id" | "labels" | "crs" | "transform" | "granule"]: TileColumns[Key] } & {
  /** Left out of use by an exclusion list. */
  readonly excluded: boolean[];
};

/** The catalogue with the column `excluded`, which it has only after something was excluded. */
const withExclusions = (datasetFolder: string) =>
  `(SELECT * FROM read_parquet(${quotePath(tilesFile(datasetFolder))}) UNION ALL BY NAME SELECT NULL::BOOLEAN AS excluded WHERE false)`;

/** Of all tiles what `TileUse` names. @throws AppError NOT_FOUND, BAD_FILE */
export async function readTileUse(datasetFolder: string): Promise<TileUse> {
  const columns = await queryColumns(
    tilesFile(datasetFolder),
    `SELECT id, labels, crs, transform, granule, coalesce(excluded, false) AS excluded FROM ${withExclusions(datasetFolder)} ORDER BY "index"`,
  );
  return columns as unknown as TileUse;
}

/**
 * Puts other labels and exclusions in the catalogue, and the record that tells of them beside it: both are written aside and take their
 * places one right after the other.
 */
export async function rewriteLabels(datasetFolder: string, { labels, excluded }: TileUse, dataset: Dataset): Promise<void> {
  const given = join(datasetFolder, `.labels${ASIDE_SUFFIX}`);
  try {
    const index = Int32Array.from(labels, (_, i) => i);
    await writeParquet(given, [
      { name: "index", type: "int32", values: index },
      { name: "labels", type: "string[]", values: labels },
      { name: "excluded", type: "boolean", values: excluded },
    ]);
    await replaceFile(tilesFile(datasetFolder), async (aside) => {
      await copyToParquet(
        aside,
        `SELECT tiles.* REPLACE (given.labels AS labels, given.excluded AS excluded)
         FROM ${withExclusions(datasetFolder)} AS tiles JOIN read_parquet(${quotePath(given)}) AS given USING ("index") ORDER BY "index"`,
      );
      await writeFileAtomic(datasetFile(datasetFolder), `${JSON.stringify(dataset, null, 2)}\n`);
    });
  } finally {
    await rm(given, { force: true });
  }
}

/** Tiles of each class, most frequent first. */
export async function countClasses(datasetFolder: string): Promise<{ name: string; tiles: number }[]> {
  const rows = await queryParquet(
    `SELECT name, count(*) AS tiles FROM (SELECT unnest(labels) AS name FROM read_parquet(${quotePath(tilesFile(datasetFolder))})) GROUP BY name ORDER BY tiles DESC, name`,
  );
  return rows.map(({ name, tiles }) => ({ name: String(name), tiles: Number(tiles) }));
}

function rowsOf(columns: TileColumns): Tile[] {
  return columns.index.map((_, i) => Object.fromEntries(NAMES.map((name) => [name, columns[name][i]])) as unknown as Tile);
}
