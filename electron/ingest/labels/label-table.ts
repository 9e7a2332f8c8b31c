// Labels by the tile's id, from a CSV file; and lists of tiles to leave out.
import { AppError } from "../../../shared/domain/errors.ts";
import { type ByteSource, openByteSource } from "../../files/byte-source.ts";
import { readFlaggedPatches } from "../readers/bigearthnet-v2.ts";
import type { Pace } from "../readers/pace.ts";
import { ClassNames, className } from "./class-name.ts";
import { type CsvRow, csvRows } from "./csv.ts";
import type { Skips } from "./skips.ts";

/** Names of the column with the tile's id, the first that is there counts. */
const ID_COLUMNS = ["id", "patch_id", "patch_name", "patch", "tile", "name"] as const;
const LABEL_COLUMNS = ["labels", "label"] as const;
/** As many as a data set may have tiles, and then some. */
const MAXIMUM_ROWS = 20_000_000;

export interface LabelTable {
  readonly classNames: readonly string[];
  /** Numbers of the classes of each id. */
  readonly classes: ReadonlyMap<string, readonly number[]>;
  readonly rows: number;
  readonly notes: readonly string[];
}

export interface LabelTableOptions {
  readonly path: string;
  /** Found by its name when null. */
  readonly idColumn: string | null;
  readonly skips: Skips;
  readonly pace: Pace;
}

/**
 * Reads a CSV file with an id column and either a column `label` or `labels`, its classes separated by `;` or `|`, or a column of 0 and 1 for
 * each class. Rows of one id add up: a row for each of its classes is read, too.
 * @throws AppError BAD_FILE, BAD_ARGUMENT (no such column), NO_DATA
 */
export async function readLabelTable({ path, idColumn, skips, pace }: LabelTableOptions): Promise<LabelTable> {
  const source = openByteSource(path);
  try {
    const rows = csvRows(source);
    const header = headerOf(source, rows.next().value);
    const idAt = idColumnOf(path, header, idColumn);
    const labelAt = LABEL_COLUMNS.map((name) => find(header, name)).find((at) => at >= 0) ?? -1;
    const classNames = new ClassNames(`${path}${labelAt < 0 ? "" : `, column "${header[labelAt]}"`}`);
    const classes = new Map<string, number[]>();
    let parse: ((cells: readonly string[]) => number[] | null) | undefined =
      labelAt < 0 ? undefined : (cells: readonly string[]) => namesIn(cells[labelAt]!).map((name) => classNames.number(name));
    let notes: string[] = [];
    let count = 0;
    for (const row of rows) {
      await pace.breathe();
      if (++count > MAXIMUM_ROWS) throw new AppError("UNSUPPORTED", `${path} has more than ${MAXIMUM_ROWS} rows. Split it.`);
      const { line, cells } = row;
      if (cells.length !== header.length) {
        skips.add(`row with other than the header's ${header.length} columns`, `line ${line} has ${cells.length}`);
        continue;
      }
      const id = cells[idAt]!.trim();
      if (id === "") {
        skips.add("row without an id", `line ${line}`);
        continue;
      }
      if (!parse) {
        const columns = oneHotColumns({ path, header, idAt, first: row, classNames });
        ({ parse, notes } = columns);
      }
      const given = parse(cells);
      if (!given) {
        skips.add("row with other than 0 and 1 in the column of a class", `line ${line}`);
        continue;
      }
      const known = classes.get(id);
      if (known) skips.add("further row of the same tile: its classes are added to those of the first", `line ${line}: ${id}`);
      classes.set(id, known ? [...new Set([...known, ...given])] : given);
    }
    if (count === 0) throw new AppError("NO_DATA", `${path} has a header and no rows.`);
    return { classNames: classNames.names, classes, rows: count, notes };
  } finally {
    source.close();
  }
}

function headerOf(source: ByteSource, row: CsvRow | undefined): string[] {
  if (!row) throw new AppError("NO_DATA", `${source.path} is empty. It needs a header, such as id,labels, and a row a tile.`);
  return row.cells.map((name) => name.trim());
}

const find = (header: readonly string[], name: string) => header.findIndex((column) => column.toLowerCase() === name.toLowerCase());

function idColumnOf(path: string, header: readonly string[], asked: string | null): number {
  const at = asked === null ? (ID_COLUMNS.map((name) => find(header, name)).find((column) => column >= 0) ?? -1) : find(header, asked);
  if (at >= 0) return at;
  const wanted = asked === null ? `column with tiles' ids (${ID_COLUMNS.join(", ")})` : `column "${asked}"`;
  throw new AppError(
    "BAD_ARGUMENT",
    `${path} has no ${wanted}. Its columns are: ${header.slice(0, 30).join(", ")}. Name the id's column, or add a header.`,
    { data: { path, columns: header.slice(0, 100) } },
  );
}

/** `["A", "B"]` and `['A' 'B']`, as pandas writes lists, lose their brackets and quotes; then `;` and `|` separate. */
function namesIn(cell: string): string[] {
  const list = /^\s*\[(.*)\]\s*$/s.exec(cell)?.[1];
  const parts =
    list === undefined ? cell.split(/[;|]/) : [...list.matchAll(/"([^"]*)"|'([^']*)'/g)].map(([, double, single]) => double ?? single!);
  return [...new Set(parts.map(className).filter((name) => name !== ""))];
}

interface OneHot {
  readonly path: string;
  readonly header: readonly string[];
  readonly idAt: number;
  /** The first row of data: what it holds tells which columns are classes. */
  readonly first: CsvRow;
  readonly classNames: ClassNames;
}

function oneHotColumns({ path, header, idAt, first, classNames }: OneHot) {
  const isClass = (at: number) => at !== idAt && header[at] !== "" && isFlag(first.cells[at]!);
  const columns = header.flatMap((name, at) => (isClass(at) ? [{ at, number: classNames.number(className(name)) }] : []));
  if (columns.length === 0)
    throw new AppError(
      "BAD_ARGUMENT",
      `${path} has neither a column "labels" nor columns of 0 and 1, one a class. Its columns are: ${header.slice(0, 30).join(", ")}.`,
      { data: { path, columns: header.slice(0, 100) } },
    );
  const others = header.filter((_, at) => at !== idAt && !isClass(at));
  return {
    notes: others.length > 0 ? [`${path}: columns that hold no 0 or 1 are no classes: ${others.slice(0, 20).join(", ")}.`] : [],
    parse: (cells: readonly string[]): number[] | null => {
      const given: number[] = [];
      for (const { at, number } of columns) {
        if (!isFlag(cells[at]!)) return null;
        if (Number(cells[at]) === 1) given.push(number);
      }
      return given;
    },
  };
}

/** 0 or 1, also as `1.0`. */
const isFlag = (text: string) => /^\s*[01](\.0*)?\s*$/.test(text);

/**
 * Ids in lists without a header, one a line, as BigEarthNet's `patches_with_seasonal_snow.csv` and `patches_with_cloud_and_shadow.csv`; of
 * BigEarthNet v2's metadata.parquet those of the patches that it flags for snow, clouds or shadows.
 * @throws AppError BAD_FILE, NO_DATA
 */
export async function readExclusions(paths: readonly string[], skips: Skips, pace: Pace): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const path of paths) {
    if (/\.parquet$/i.test(path)) {
      for (const id of await readFlaggedPatches(path)) ids.add(id);
      continue;
    }
    const source = openByteSource(path);
    try {
      const before = ids.size;
      for (const { line, cells } of csvRows(source, ",")) {
        await pace.breathe();
        if (ids.size > MAXIMUM_ROWS) throw new AppError("UNSUPPORTED", `${path} has more than ${MAXIMUM_ROWS} rows. Split it.`);
        const id = cells[0]!.trim();
        if (cells.length > 1)
          throw new AppError("BAD_FILE", `${path}, line ${line}: ${cells.length} columns. A list of tiles to leave out has one id a line.`);
        if (ids.has(id)) skips.add("tile that is listed already", `line ${line}: ${id}`);
        ids.add(id);
      }
      if (ids.size === before && before === 0) throw new AppError("NO_DATA", `${path} is empty. It needs the id of a tile in each line.`);
    } finally {
      source.close();
    }
  }
  return ids;
}
