// Parquet files from and to columns, by DuckDB in the process. DuckDB is loaded on first use (about 0.2 s) and never needs a network.
import type { DuckDBConnection, DuckDBInstance, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import { replaceFile } from "./atomic-file.ts";
import { fileError } from "./byte-source.ts";

interface ColumnOf<Type extends string, Value> {
  readonly name: string;
  readonly type: Type;
  readonly values: ArrayLike<Value | null>;
}

/** A column to be written. `null` is a missing value. */
export type ParquetColumn =
  | ColumnOf<"int32" | "double", number>
  | ColumnOf<"int64", number | bigint>
  | ColumnOf<"boolean", boolean>
  | ColumnOf<"string", string>
  | ColumnOf<"string[]", readonly string[]>
  | ColumnOf<"double[]", readonly number[]>;

/** A value that was read: whole numbers of 64 bits come as numbers, lists as arrays. */
export type ParquetValue = number | string | boolean | null | readonly ParquetValue[];

type DuckDB = typeof import("@duckdb/node-api");

/** Rows of a DuckDB vector. */
const CHUNK_ROWS = 2048;

let loaded: Promise<{ duckdb: DuckDB; instance: DuckDBInstance }> | undefined;

/** One database in memory a process: making one costs 10 ms, and it holds nothing between calls. */
async function load(): Promise<{ duckdb: DuckDB; instance: DuckDBInstance }> {
  loaded ??= (async () => {
    const duckdb = await import("@duckdb/node-api");
    const instance = await duckdb.DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    });
    return { duckdb, instance };
  })();
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    throw error;
  }
}

async function withConnection<T>(use: (connection: DuckDBConnection, duckdb: DuckDB) => Promise<T>): Promise<T> {
  const { duckdb, instance } = await load();
  const connection = await instance.connect();
  try {
    return await use(connection, duckdb);
  } finally {
    connection.closeSync();
  }
}

function typeOf(type: ParquetColumn["type"], duckdb: DuckDB): DuckDBType {
  switch (type) {
    case "int32":
      return duckdb.INTEGER;
    case "int64":
      return duckdb.BIGINT;
    case "double":
      return duckdb.DOUBLE;
    case "boolean":
      return duckdb.BOOLEAN;
    case "string":
      return duckdb.VARCHAR;
    case "string[]":
      return duckdb.LIST(duckdb.VARCHAR);
    case "double[]":
      return duckdb.LIST(duckdb.DOUBLE);
  }
}

/**
 * Writes columns of one length as a Parquet file (ZSTD), atomically.
 * @throws AppError DISK_FULL, NO_ACCESS
 */
export async function writeParquet(path: string, columns: readonly ParquetColumn[]): Promise<void> {
  const rows = columns[0]?.values.length ?? 0;
  const uneven = columns.find(({ values }) => values.length !== rows);
  if (columns.length === 0 || uneven) throw new Error(`columns of one length are needed; ${uneven?.name ?? "none"} differs`);
  await withConnection(async (connection, duckdb) => {
    // A table of its own for each call: tables belong to the database, not to the connection.
    const table = `written_${process.pid}_${Math.random().toString(36).slice(2)}`;
    const types = columns.map(({ type }) => typeOf(type, duckdb));
    await connection.run(`CREATE TEMP TABLE ${table} (${columns.map(({ name }, i) => `${quoteName(name)} ${types[i]}`).join(", ")})`);
    try {
      const appender = await connection.createAppender(table);
      for (let from = 0; from < rows; from += CHUNK_ROWS) {
        const chunk = duckdb.DuckDBDataChunk.create(types, Math.min(CHUNK_ROWS, rows - from));
        chunk.setColumns(columns.map((column) => valuesFor(column, from, Math.min(rows, from + CHUNK_ROWS), duckdb)));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      await copyTo(connection, path, table);
    } finally {
      await connection.run(`DROP TABLE ${table}`);
    }
  });
}

/**
 * Writes the result of a query as a Parquet file (ZSTD), atomically.
 * @param sql a SELECT, from the program
 * @param rowGroupRows rows of a row group; DuckDB's own when left out
 * @throws AppError DISK_FULL, NO_ACCESS
 */
export async function copyToParquet(path: string, sql: string, rowGroupRows?: number): Promise<void> {
  await withConnection((connection) => copyTo(connection, path, `(${sql})`, rowGroupRows));
}

async function copyTo(connection: DuckDBConnection, path: string, source: string, rowGroupRows?: number): Promise<void> {
  const size = rowGroupRows === undefined ? "" : `, ROW_GROUP_SIZE ${rowGroupRows}`;
  await replaceFile(path, async (aside) => {
    try {
      await connection.run(`COPY ${source} TO ${quoteText(aside)} (FORMAT parquet, COMPRESSION zstd${size})`);
    } catch (error) {
      throw duckdbError(path, error);
    }
  });
}

function valuesFor({ type, values }: ParquetColumn, from: number, to: number, duckdb: DuckDB): DuckDBValue[] {
  const out = new Array<DuckDBValue>(to - from);
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (value === null) out[i - from] = null;
    else if (type === "int64") out[i - from] = BigInt(value as number | bigint);
    else if (typeof value === "object") out[i - from] = duckdb.listValue(value);
    else out[i - from] = value;
  }
  return out;
}

/** What part of a Parquet file to read. `where` and `orderBy` are DuckDB SQL: from the program, never from a user or a file. */
export interface ReadOptions {
  /** All when left out. */
  readonly columns?: readonly string[];
  readonly where?: string;
  readonly orderBy?: string;
  readonly limit?: number;
  readonly offset?: number;
  /** Values of `$1`, `$2` ... in `where`. */
  readonly parameters?: readonly (string | number | readonly string[])[];
}

/**
 * Reads columns of a Parquet file.
 * @returns the values of each column by its name
 * @throws AppError NOT_FOUND, BAD_FILE
 */
export async function readParquet(path: string, options: ReadOptions = {}): Promise<Record<string, ParquetValue[]>> {
  const { columns, where, orderBy, limit, offset, parameters } = options;
  const clauses = [
    `SELECT ${columns ? columns.map(quoteName).join(", ") : "*"} FROM read_parquet(${quotePath(path)})`,
    where ? `WHERE ${where}` : "",
    orderBy ? `ORDER BY ${orderBy}` : "",
    // LIMIT is a 64-bit number for DuckDB; "all" is the largest safe one here.
    limit !== undefined && limit < Number.MAX_SAFE_INTEGER ? `LIMIT ${Math.max(0, Math.floor(limit))}` : "",
    offset ? `OFFSET ${Math.max(0, Math.floor(offset))}` : "",
  ];
  return query(path, clauses.join(" "), parameters);
}

/**
 * Runs a query over Parquet files (`read_parquet(...)`, its path by `quotePath`).
 * @returns one object a row: for small results
 */
export async function queryParquet(sql: string, parameters?: ReadOptions["parameters"]): Promise<Record<string, ParquetValue>[]> {
  const columns = Object.entries(await queryColumns(sql, parameters));
  return Array.from({ length: columns[0]?.[1].length ?? 0 }, (_, i) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[i]!])),
  );
}

/** As `queryParquet`. @returns the values of each column by its name: for large results */
export async function queryColumns(sql: string, parameters?: ReadOptions["parameters"]): Promise<Record<string, ParquetValue[]>> {
  return query("the Parquet files", sql, parameters);
}

async function query(path: string, sql: string, parameters: ReadOptions["parameters"]): Promise<Record<string, ParquetValue[]>> {
  const out: Record<string, ParquetValue[]> = {};
  await stream(path, sql, parameters, (columns) => {
    for (const [name, values] of Object.entries(columns)) {
      out[name] ??= [];
      for (const value of values) out[name].push(value);
    }
  });
  return out;
}

/** As `queryColumns`, some thousand rows at a time: for results that need not lie in memory. */
export async function streamColumns(sql: string, onColumns: (columns: Record<string, ParquetValue[]>) => void): Promise<void> {
  await stream("the Parquet files", sql, undefined, onColumns);
}

/** @param onColumns called with no rows first */
async function stream(
  path: string,
  sql: string,
  parameters: ReadOptions["parameters"],
  onColumns: (columns: Record<string, ParquetValue[]>) => void,
): Promise<void> {
  await withConnection(async (connection, duckdb) => {
    try {
      const values = parameters?.map((value) => (typeof value === "object" ? duckdb.listValue(value) : value));
      const types = parameters?.map((value) => (typeof value === "object" ? duckdb.LIST(duckdb.VARCHAR) : undefined));
      const result = await connection.stream(sql, values, types as DuckDBType[] | undefined);
      const names = result.columnNames();
      onColumns(Object.fromEntries(names.map((name) => [name, []])));
      for (;;) {
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) break;
        onColumns(Object.fromEntries(chunk.getColumns().map((values, c) => [names[c]!, values.map(plain)])));
      }
    } catch (error) {
      throw duckdbError(path, error);
    }
  });
}

function plain(value: DuckDBValue): ParquetValue {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "object" && "items" in value && Array.isArray(value.items)) return value.items.map(plain);
  return String(value);
}

/** A text as an SQL literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as an SQL literal for DuckDB's readers, which take `*`, `?` and `[` for patterns. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[[*?]/g, (character) => `[${character}]`));
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** DuckDB's errors are texts; these are the ones that a user can act on. */
function duckdbError(path: string, error: unknown): unknown {
  const message = messageOf(error);
  if (/no space left|could not write|disk quota/i.test(message) && !/permission/i.test(message))
    return fileError(path, Object.assign(new Error(message), { code: "ENOSPC" }));
  if (/permission denied/i.test(message)) return fileError(path, Object.assign(new Error(message), { code: "EACCES" }));
  if (/no files found/i.test(message)) return fileError(path, Object.assign(new Error(message), { code: "ENOENT" }));
  if (/parquet|magic bytes|too small|footer|thrift/i.test(message) && !/binder|parser/i.test(message)) {
    return new AppError(
      "BAD_FILE",
      `${path} is not a readable Parquet file (${message.split("\n", 1)[0]}). Restore it, or make it again.`,
      { cause: error },
    );
  }
  return error;
}
