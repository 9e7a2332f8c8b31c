// The catalogue of a data set, `tiles.parquet`: one row a tile, in store order.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, Tile } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { type NearTile, SHARE_LIMITS, type TileFacets, type TileFilter, type TileOrder } from "../../../shared/domain/tile-query.ts";
import { ASIDE_SUFFIX, replaceFile, writeFileAtomic } from "../../files/atomic-file.ts";
import {
  copyToParquet,
  type ParquetColumn,
  type ParquetValue,
  queryColumns,
  queryParquet,
  quotePath,
  quoteText,
  streamColumns,
  writeParquet,
} from "../../files/parquet.ts";
import { absolutePath } from "../../files/source-path.ts";
import { type CatalogueIndex, withCatalogueIndex } from "./catalogue-index.ts";
import { datasetFile, journalFile, readDataset, tilesFile } from "./dataset-folder.ts";

/** The catalogue by columns: `id[i]` belongs to `index[i]`. */
export type TileColumns = { readonly [Key in keyof Tile]: Tile[Key][] };

/** A row as it is stored: paths are relative to one of the data set's folders, so that it may move, and the state of the patch's files is told. */
export interface StoredTile extends Tile {
  /** Which of the data set's folders; null: the paths are absolute. */
  readonly root: number | null;
  /** As in `FileStamp`. */
  readonly file: string | null;
  readonly bytes: number | null;
  readonly modified: number | null;
}

const COLUMNS = {
  index: "int32",
  id: "string",
  source: "string",
  root: "int32",
  path: "string",
  file: "string",
  bytes: "int64",
  modified: "int64",
  labels: "string[]",
  date: "string",
  granule: "string",
  crs: "string",
  transform: "double[]",
  nodata: "double",
  saturated: "double",
  cloud: "double",
  shadow: "double",
  snow: "double",
  split: "string",
  country: "string",
  product: "string",
  offset: "double",
  quantification: "double",
  radiometrySource: "string",
  footprint: "double[]",
  hash: "string",
  crc: "int64",
  excluded: "boolean",
} as const satisfies { readonly [Key in keyof StoredTile]: ParquetColumn["type"] };

const SQL_TYPES = {
  int32: "INTEGER",
  int64: "BIGINT",
  string: "VARCHAR",
  "string[]": "VARCHAR[]",
  "double[]": "DOUBLE[]",
  double: "DOUBLE",
  boolean: "BOOLEAN",
} as const;

const NAMES = Object.keys(COLUMNS) as (keyof StoredTile)[];
/** The columns by which the files are found again. */
const OF_FILES: ReadonlySet<keyof StoredTile> = new Set(["root", "file", "bytes", "modified"]);
const TILE_NAMES = NAMES.filter((name): name is keyof Tile => !OF_FILES.has(name));

/** Rows of a Parquet row group: a page of 200 neighbours is found in 15 ms among 590,326 rows, in 50 ms in DuckDB's own 122,880. */
const ROW_GROUP_ROWS = 16_384;

/** Which tiles to list. */
export interface TileQuery extends TileFilter {
  readonly offset?: number | undefined;
  /** All when left out. */
  readonly limit?: number | undefined;
  /** Only tiles of this class. */
  readonly label?: string | null | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly order?: TileOrder | undefined;
  /** The largest first; tiles of which the value is not known stay last. */
  readonly descending?: boolean | undefined;
}

/**
 * Makes the catalogue of the tiles in an ingest's journal, atomically. DuckDB reads the journal itself: half a million tiles need seconds, and never
 * lie in JavaScript's memory.
 * @param kept rows of the catalogue there that stay before them
 */
export async function writeCatalogue(datasetFolder: string, kept = 0): Promise<void> {
  const path = tilesFile(datasetFolder);
  const fields = NAMES.map((name) => `"${name}" ${SQL_TYPES[COLUMNS[name]]}`).join(", ");
  const added = `SELECT ${NAMES.map((name) => `t."${name}"`).join(", ")}
     FROM (SELECT unnest(tiles) AS t FROM read_json(${quotePath(journalFile(datasetFolder))},
       format = 'newline_delimited', maximum_object_size = 268435456, columns = {tiles: ${quoteText(`STRUCT(${fields})[]`)}}))`;
  const old =
    kept > 0
      ? `SELECT ${columnList(NAMES, await columnsOf(path))} FROM read_parquet(${quotePath(path)}) WHERE "index" < ${kept} UNION ALL `
      : "";
  await copyToParquet(path, `SELECT * FROM (${old}${added}) ORDER BY "index"`, ROW_GROUP_ROWS);
}

/** Forgets the times of the files of one folder, atomically. @param root as in `StoredTile` */
export async function forgetTimes(datasetFolder: string, root: number): Promise<void> {
  const modified = `CASE WHEN root = ${root} THEN NULL ELSE modified END AS modified`;
  const path = tilesFile(datasetFolder);
  await copyToParquet(path, `SELECT * REPLACE (${modified}) FROM read_parquet(${quotePath(path)}) ORDER BY "index"`, ROW_GROUP_ROWS);
}

/** The columns that a catalogue has: that of an earlier version has fewer. */
async function columnsOf(path: string): Promise<ReadonlySet<string>> {
  const rows = await queryParquet(`SELECT name FROM parquet_schema(${quotePath(path)})`);
  return new Set(rows.map(({ name }) => String(name)));
}

/** What to select for some columns: NULL for those that are not there. */
function columnList(names: readonly (keyof StoredTile)[], there: ReadonlySet<string>): string {
  return names.map((name) => (there.has(name) ? `"${name}"` : `NULL::${SQL_TYPES[COLUMNS[name]]} AS "${name}"`)).join(", ");
}

/** The catalogue as a table of all columns. */
async function selectTiles(datasetFolder: string, names: readonly (keyof StoredTile)[]): Promise<string> {
  const path = tilesFile(datasetFolder);
  return `SELECT ${columnList(names, await columnsOf(path))} FROM read_parquet(${quotePath(path)})`;
}

/** The conditions of a query and their parameters, for the table of an index. */
class Conditions {
  readonly parameters: (string | number | readonly string[])[] = [];
  private readonly conditions: string[] = [];

  constructor({ label, labels, ids, sources, granules, countries, splits, from, to, bounds, area, text, ...most }: TileQuery) {
    if (label != null) this.add((p) => `list_contains(labels, ${p})`, label);
    if (labels) this.add((p) => `list_has_any(labels, ${p})`, labels);
    for (const [column, values] of Object.entries({ id: ids, source: sources, granule: granules, country: countries, split: splits }))
      if (values) this.add((p) => `list_contains(${p}, ${column})`, values);
    if (from) this.add((p) => `date::VARCHAR >= ${p}`, from);
    // "2018-06" ends after "2018-06-30".
    if (to) this.add((p) => `date::VARCHAR < ${p} || 'x'`, to);
    // Without letters, there is nothing to make small: that is half the time.
    if (text) this.add((p) => (/\p{L}/u.test(text) ? `contains(lower(id), lower(${p}))` : `contains(id, ${p})`), text);
    const shares = { cloud: most.maxCloud, snow: most.maxSnow, nodata: most.maxNodata, saturated: most.maxSaturated };
    for (const [column, share] of Object.entries(shares)) if (share !== undefined) this.add((p) => `${column} <= ${p}`, share);
    if (bounds) this.within(bounds as [number, number, number, number]);
    if (area) this.inside(area);
  }

  get where(): string {
    return this.conditions.length > 0 ? ` WHERE ${this.conditions.join(" AND ")}` : "";
  }

  private add(condition: (parameter: string) => string, value: string | number | readonly string[]): void {
    this.parameters.push(value);
    this.conditions.push(condition(`$${this.parameters.length}`));
  }

  /** Longitudes come round: both spans begin within -180 to 180 and may end beyond. */
  private within([west, south, east, north]: readonly [number, number, number, number]): void {
    this.add((p) => `north >= ${p}`, south);
    this.add((p) => `south <= ${p}`, north);
    const n = this.parameters.push(west, east < west ? east + 360 : east);
    const turns = TURNS.map((turn) => `(east + ${turn} >= $${n - 1} AND west + ${turn} <= $${n})`);
    this.conditions.push(`(${turns.join(" OR ")})`);
  }

  /** Even-odd rule for the middle: how many edges lie east of it. */
  private inside(area: readonly number[]): void {
    const corners = Array.from({ length: area.length / 2 }, (_, i) => {
      const n = this.parameters.push(area[2 * i]!, area[2 * i + 1]!);
      return { x: `$${n - 1}`, y: `$${n}` };
    });
    const turns = TURNS.map((turn) => {
      const x = `((west + east) / 2 + ${turn})`;
      const crossings = corners.map((to, i) => {
        const from = corners.at(i - 1)!;
        return `CASE WHEN (${from.y} > (south + north) / 2) <> (${to.y} > (south + north) / 2)
          AND ${x} < ${from.x} + (${to.x} - ${from.x}) * ((south + north) / 2 - ${from.y}) / (${to.y} - ${from.y}) THEN 1 ELSE 0 END`;
      });
      return `(${crossings.join(" + ")}) % 2 = 1`;
    });
    this.conditions.push(`(${turns.join(" OR ")})`);
  }
}

/** Turns of the Earth by which a place may be told. */
const TURNS = [-360, 0, 360];

/**
 * Lists tiles.
 * @returns `total`: how many there are before `offset` and `limit`
 * @throws AppError NOT_FOUND without a catalogue, BAD_FILE
 */
export async function listTiles(datasetFolder: string, query: TileQuery = {}): Promise<{ total: number; tiles: Tile[] }> {
  const { where, parameters } = new Conditions(query);
  const { order = "index", descending = false, offset = 0, limit = Number.MAX_SAFE_INTEGER } = query;
  // Rows next to each other are found in the file: the first page doesn't wait for an index.
  if (where === "" && order === "index" && !descending) return neighbours(datasetFolder, offset, limit);
  return withIndex(datasetFolder, async (index) => {
    const page = await queryColumns(
      `WITH kept AS MATERIALIZED (SELECT "index"${order === "index" ? "" : `, "${order}"`} FROM ${index.table}${where})
       SELECT total, "index" FROM (SELECT count(*) AS total FROM kept) LEFT JOIN
         (SELECT "index", row_number() OVER () AS place FROM
           (SELECT "index" FROM kept ${orderOf(query)}
            ${limit < Number.MAX_SAFE_INTEGER ? `LIMIT ${limit}` : ""} OFFSET ${offset})) ON true ORDER BY place`,
      parameters,
    );
    const rows = (page.index as (number | null)[]).filter((row) => row !== null);
    return { total: page.total![0] as number, tiles: await tilesAt(datasetFolder, index, rows) };
  });
}

/**
 * The rows of all tiles of a query, in its order: 4 bytes a tile, so that a grid of half a million knows its places.
 * @throws AppError as `listTiles`
 */
export async function listRows(datasetFolder: string, query: Omit<TileQuery, "offset" | "limit">): Promise<Int32Array<ArrayBuffer>> {
  return withIndex(datasetFolder, async ({ table }) => {
    const { where, parameters } = new Conditions(query);
    const rows = await queryColumns(`SELECT "index" FROM ${table}${where} ${orderOf(query)}`, parameters);
    return Int32Array.from(rows.index as number[]);
  });
}

function orderOf({ order = "index", descending = false }: TileQuery): string {
  const direction = descending ? " DESC" : "";
  return order === "index" ? `ORDER BY "index"${direction}` : `ORDER BY "${order}"${direction} NULLS LAST, "index"`;
}

/** Metres of a degree of latitude, on a sphere of the WGS84 ellipsoid's mean radius. */
const DEGREE_METRES = (6_371_008.8 * Math.PI) / 180;

/**
 * The tiles nearest to one, by the distance of their centres; those at its own place, of other dates, are the first.
 * @returns none where the tile's place is not known
 */
export async function nearTiles(datasetFolder: string, row: number, limit: number): Promise<NearTile[]> {
  return withIndex(datasetFolder, async ({ table }) => {
    const rows = await queryParquet(
      `WITH here AS (SELECT (west + east) / 2 AS x, (south + north) / 2 AS y FROM ${table} WHERE "index" = ${row})
       SELECT "index", id, date::VARCHAR AS date, ${DEGREE_METRES} * sqrt(
         pow((((west + east) / 2 - x + 540) % 360 - 180) * cos(radians(y)), 2) + pow((south + north) / 2 - y, 2)) AS metres
       FROM ${table}, here WHERE "index" <> ${row} AND west + east + south + north + x IS NOT NULL ORDER BY metres, "index" LIMIT ${limit}`,
    );
    return rows as unknown as NearTile[];
  });
}

/** The tile of a row. @throws AppError NOT_FOUND */
export async function tileAt(datasetFolder: string, row: number): Promise<Tile> {
  const [tile] = await withIndex(datasetFolder, (index) => tilesAt(datasetFolder, index, row >= 0 && row < index.tiles ? [row] : []));
  if (!tile) throw new AppError("NOT_FOUND", `There is no tile in row ${row} of ${datasetFolder}. List its tiles to see which there are.`);
  return tile;
}

/** The tile of an id. @throws AppError NOT_FOUND */
export async function tileById(datasetFolder: string, id: string): Promise<Tile> {
  const [tile] = (await listTiles(datasetFolder, { ids: [id], limit: 1 })).tiles;
  if (!tile) throw new AppError("NOT_FOUND", `There is no tile "${id}" in ${datasetFolder}. List its tiles to see which there are.`);
  return tile;
}

/**
 * The whole catalogue in row order, by columns: rows would take several times as long.
 * @param names the columns that are needed: half a million tiles take a second or two for a few, and gigabytes for all
 */
export async function readAllTiles<Name extends keyof Tile = keyof Tile>(
  datasetFolder: string,
  names: readonly Name[] = TILE_NAMES as unknown as readonly Name[],
): Promise<Pick<TileColumns, Name>> {
  const { tiles: end, folders } = await readDataset(datasetFolder);
  const { root, ...columns } = await readStoredColumns(datasetFolder, [...names, "root"], { end });
  if (!("path" in columns)) return columns as Pick<TileColumns, Name>;
  const path = (columns.path as string[]).map((relative, i) => absolutePath(folders, root[i]!, relative));
  return { ...columns, path } as Pick<TileColumns, Name>;
}

/** The tiles of some rows, in their order. @throws AppError BAD_FILE when one is not there */
export async function readTiles(datasetFolder: string, rows: readonly number[]): Promise<Tile[]> {
  return withIndex(datasetFolder, (index) => tilesAt(datasetFolder, index, rows));
}

/** Columns of the rows before `end`, in row order, as they are stored. */
export async function readStoredColumns<Name extends keyof StoredTile>(
  datasetFolder: string,
  names: readonly Name[],
  { end }: { end: number },
): Promise<{ readonly [Key in Name]: StoredTile[Key][] }> {
  const columns = await queryColumns(await selectRows(datasetFolder, names, end));
  return columns as unknown as { readonly [Key in Name]: StoredTile[Key][] };
}

/** As `readStoredColumns`, some thousand rows at a time. */
export async function streamStoredColumns<Name extends keyof StoredTile>(
  datasetFolder: string,
  names: readonly Name[],
  { end, onColumns }: { end: number; onColumns: (columns: { readonly [Key in Name]: StoredTile[Key][] }) => void },
): Promise<void> {
  await streamColumns(await selectRows(datasetFolder, names, end), (columns) =>
    onColumns(columns as unknown as { readonly [Key in Name]: StoredTile[Key][] }),
  );
}

/** Columns of the rows before `end`, in their order. */
async function selectRows(datasetFolder: string, names: readonly (keyof StoredTile)[], end: number): Promise<string> {
  const source = await selectTiles(datasetFolder, [...new Set<keyof StoredTile>(["index", ...names])]);
  return `SELECT ${names.map((name) => `"${name}"`).join(", ")} FROM (${source}) WHERE "index" < ${end} ORDER BY "index"`;
}

/** What labels and splits look at, by columns in row order. */
export type TileUse = { readonly [Key in "id" | "labels" | "crs" | "transform" | "granule"]: TileColumns[Key] } & {
  /** Left out of use by an exclusion list. */
  readonly excluded: boolean[];
};

/** Of all tiles what `TileUse` names. @throws AppError NOT_FOUND, BAD_FILE */
export async function readTileUse(datasetFolder: string): Promise<TileUse> {
  const names = ["id", "labels", "crs", "transform", "granule", "excluded"] as const;
  const { excluded, ...columns } = await readAllTiles(datasetFolder, names);
  return { ...columns, excluded: excluded.map((isExcluded) => isExcluded ?? false) } as TileUse;
}

/**
 * Puts other labels and exclusions in the catalogue, and the record that tells of them beside it: both are written aside and take their
 * places one right after the other.
 */
export async function rewriteLabels(datasetFolder: string, { labels, excluded }: TileUse, dataset: Dataset): Promise<void> {
  const path = tilesFile(datasetFolder);
  const given = join(datasetFolder, `.labels${ASIDE_SUFFIX}`);
  try {
    const index = Int32Array.from(labels, (_, i) => i);
    await writeParquet(given, [
      { name: "index", type: "int32", values: index },
      { name: "labels", type: "string[]", values: labels },
      { name: "excluded", type: "boolean", values: excluded },
    ]);
    await replaceFile(path, async (aside) => {
      await copyToParquet(
        aside,
        `SELECT tiles.* REPLACE (given.labels AS labels, given.excluded AS excluded)
         FROM (SELECT ${columnList(NAMES, await columnsOf(path))} FROM read_parquet(${quotePath(path)})) AS tiles
         JOIN read_parquet(${quotePath(given)}) AS given USING ("index") ORDER BY "index"`,
        ROW_GROUP_ROWS,
      );
      await writeFileAtomic(datasetFile(datasetFolder), `${JSON.stringify(dataset, null, 2)}\n`);
    });
  } finally {
    await rm(given, { force: true });
  }
}

/** Tiles of each class, most frequent first. */
export async function countClasses(datasetFolder: string): Promise<{ name: string; tiles: number }[]> {
  const { classes } = await tileFacets(datasetFolder);
  return classes.flatMap(({ value, tiles }) => (value === null ? [] : [{ name: value, tiles }]));
}

/** How many tiles of a filter there are of each kind. @throws AppError as `listTiles` */
export async function tileFacets(datasetFolder: string, filter: TileFilter = {}): Promise<TileFacets> {
  return withIndex(datasetFolder, async ({ table }) => {
    const { where, parameters } = new Conditions(filter);
    const kinds = {
      total: "NULL",
      sources: "source",
      granules: "granule",
      dates: "date",
      countries: "country",
      splits: "split",
      classes: "unnest(coalesce(labels, [NULL]))",
    };
    const counts = Object.entries(kinds).map(
      ([kind, value]) =>
        `SELECT '${kind}' AS kind, value::VARCHAR AS value, count(*) AS tiles FROM (SELECT ${value} AS value FROM kept) GROUP BY value`,
    );
    const rows = await queryParquet(
      `WITH kept AS ${where ? "MATERIALIZED" : "NOT MATERIALIZED"} (SELECT source, granule, date, country, split, labels FROM ${table}${where})
       ${counts.join(" UNION ALL ")} ORDER BY tiles DESC, value`,
      parameters,
    );
    const of = (wanted: keyof typeof kinds) =>
      rows.flatMap(({ kind, value, tiles }) => (kind === wanted ? [{ value: value as string | null, tiles: Number(tiles) }] : []));
    const months = new Map<string | null, number>();
    for (const { value, tiles } of of("dates")) {
      const month = value?.slice(0, 7) ?? null;
      months.set(month, (months.get(month) ?? 0) + tiles);
    }
    return {
      total: of("total")[0]?.tiles ?? 0,
      sources: of("sources"),
      granules: of("granules"),
      // Those without a date come last.
      months: [...months].map(([value, tiles]) => ({ value, tiles })).sort((a, b) => ((a.value ?? "x") < (b.value ?? "x") ? -1 : 1)),
      countries: of("countries"),
      splits: of("splits"),
      classes: of("classes"),
      ...(await shareCounts(`${table}${where}`, parameters)),
    };
  });
}

const SHARES = ["cloud", "snow", "nodata", "saturated"] as const;

/** @param source a table and the conditions on it */
async function shareCounts(source: string, parameters: Conditions["parameters"]): Promise<Pick<TileFacets, (typeof SHARES)[number]>> {
  const counts = SHARES.map((share) => `[${SHARE_LIMITS.map((limit) => `count(*) FILTER (${share} <= ${limit})`).join(", ")}] AS ${share}`);
  const [row] = await queryParquet(`SELECT ${counts.join(", ")} FROM ${source}`, parameters);
  return row as Pick<TileFacets, (typeof SHARES)[number]>;
}

/** Rows of so few tiles are looked for by a list; more are read with all between them. */
const LISTED_ROWS = 2_000;

/** The tiles of some rows, in their order: from the index what it has, the rest from the file. */
async function tilesAt(datasetFolder: string, { table, folders }: CatalogueIndex, rows: readonly number[]): Promise<Tile[]> {
  if (rows.length === 0) return [];
  const where =
    rows.length <= LISTED_ROWS
      ? `"index" IN (${rows.join(", ")})`
      : `"index" BETWEEN ${rows.reduce((a, b) => Math.min(a, b))} AND ${rows.reduce((a, b) => Math.max(a, b))}`;
  const rest = TILE_NAMES.filter((name) => name === "index" || name === "footprint" || !INDEXED.includes(name));
  const indexed = INDEXED.filter((name) => name !== "footprint").map((name) => `"${name}"`);
  const columns = await queryColumns(
    `SELECT * FROM (SELECT * FROM (${await selectTiles(datasetFolder, [...rest, "root"])}) WHERE ${where})
     JOIN (SELECT ${indexed.join(", ")} FROM ${table} WHERE ${where}) USING ("index")`,
  );
  return tilesOf(columns, rows, { datasetFolder, folders });
}

/** Rows next to each other, from the file alone. */
async function neighbours(datasetFolder: string, offset: number, limit: number): Promise<{ total: number; tiles: Tile[] }> {
  const { tiles: total, folders } = await readDataset(datasetFolder);
  const end = Math.min(total, offset + limit);
  if (offset >= end) return { total, tiles: [] };
  const source = await selectTiles(datasetFolder, [...TILE_NAMES, "root"]);
  const columns = await queryColumns(`SELECT * FROM (${source}) WHERE "index" BETWEEN ${offset} AND ${end - 1}`);
  const rows = Array.from({ length: end - offset }, (_, i) => offset + i);
  return { total, tiles: tilesOf(columns, rows, { datasetFolder, folders }) };
}

/** Tiles of rows from columns of all their properties, in any order. @throws AppError BAD_FILE when one is not there */
function tilesOf(
  columns: Record<string, ParquetValue[]>,
  rows: readonly number[],
  { datasetFolder, folders }: { datasetFolder: string; folders: Dataset["folders"] },
): Tile[] {
  const at = new Map((columns.index as number[]).map((row, i) => [row, i]));
  return rows.map((row) => {
    const i = at.get(row);
    if (i === undefined)
      throw new AppError("BAD_FILE", `${tilesFile(datasetFolder)} has no row ${row}. Run \`data verify\` to see what is damaged.`);
    const tile = Object.fromEntries(TILE_NAMES.map((name) => [name, columns[name]![i]!]));
    return { ...tile, path: absolutePath(folders, columns.root![i] as number | null, tile.path as string) } as unknown as Tile;
  });
}

/** What the index holds of a tile: all that is filtered, ordered and counted by. */
const INDEXED: readonly (keyof Tile)[] = [
  "index",
  "id",
  "labels",
  "date",
  "granule",
  "source",
  "country",
  "split",
  "cloud",
  "snow",
  "nodata",
  "saturated",
  "footprint",
  "hash",
  "crc",
];

/** Runs queries over the index of a data set's catalogue. */
async function withIndex<T>(datasetFolder: string, use: (index: CatalogueIndex) => Promise<T>): Promise<T> {
  return withCatalogueIndex(datasetFolder, () => selectTiles(datasetFolder, INDEXED), use);
}
