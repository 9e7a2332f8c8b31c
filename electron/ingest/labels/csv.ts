// Rows of a CSV file (RFC 4180), one after another: a byte order mark, CRLF and quoted fields with line ends are read; the separator is found.
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";

export interface CsvRow {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const CHUNK_BYTES = 1024 * 1024;
const MAXIMUM_COLUMNS = 10_000;
/** A longer row is taken for a quote that is never closed, or for no CSV at all. */
const MAXIMUM_ROW_CHARACTERS = 4 * 1024 * 1024;
/** In the order of preference where a header has as many of each. */
const SEPARATORS = [",", ";", "\t"] as const;

/**
 * The rows of a file; empty lines are left out.
 * @param separator found in the first line when not given: the one of comma, semicolon and tab that occurs most often
 * @throws AppError BAD_FILE: no UTF-8, a quote that is never closed, text behind a quoted field
 */
export function* csvRows(source: ByteSource, separator?: string): Generator<CsvRow> {
  const broken = (line: number, what: string) =>
    new AppError("BAD_FILE", `${source.path}, line ${line}: ${what}`, { data: { path: source.path, line } });
  let line = 1;
  let rowLine = 1;
  let cells: string[] = [];
  let field = "";
  let length = 0;
  /** plain: outside quotes; quoted: inside; closed: behind a closing quote */
  let state: "plain" | "quoted" | "closed" = "plain";
  let isCarriageReturn = false;
  const endField = () => {
    cells.push(field);
    field = "";
    state = "plain";
    if (cells.length > MAXIMUM_COLUMNS) throw broken(rowLine, `more than ${MAXIMUM_COLUMNS} columns. Is it a CSV file?`);
  };
  const endRow = (): CsvRow | null => {
    const isQuoted = state === "closed";
    endField();
    const row = { line: rowLine, cells };
    cells = [];
    length = 0;
    return row.cells.length === 1 && row.cells[0] === "" && !isQuoted ? null : row;
  };
  for (const text of textOf(source)) {
    separator ??= separatorOf(text);
    for (let i = 0; i < text.length; i++) {
      const character = text[i]!;
      if (++length > MAXIMUM_ROW_CHARACTERS)
        throw broken(rowLine, `a row of more than ${MAXIMUM_ROW_CHARACTERS} characters begins here. Is a quote not closed?`);
      if (character === "\n" || character === "\r") {
        const isSecondHalf = character === "\n" && isCarriageReturn;
        isCarriageReturn = character === "\r";
        if (!isSecondHalf) line++;
        if (state === "quoted") field += character;
        else if (!isSecondHalf) {
          const row = endRow();
          if (row) yield row;
          rowLine = line;
        }
        continue;
      }
      isCarriageReturn = false;
      if (state === "quoted") {
        if (character === '"') state = "closed";
        else field += character;
      } else if (character === separator) endField();
      else if (character === '"' && state === "closed") {
        field += '"';
        state = "quoted";
      } else if (character === '"' && field === "") state = "quoted";
      else if (state === "closed")
        throw broken(line, `text behind a quoted field ("${field.slice(0, 40)}"${character}). Double the quotes inside a field.`);
      else field += character;
    }
  }
  if (state === "quoted") throw broken(rowLine, "a quote that begins in this row is never closed.");
  const last = endRow();
  if (last) yield last;
}

/** The text of a file, a chunk at a time. */
function* textOf(source: ByteSource): Generator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = 0; at < source.size; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, source.size - at);
    try {
      yield decoder.decode(source.read(at, length), { stream: at + length < source.size });
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("BAD_FILE", `${source.path} is not UTF-8 text. Save it as "CSV UTF-8" and try again.`, {
        data: { path: source.path },
        cause: error,
      });
    }
  }
}

function separatorOf(text: string): string {
  const [header] = text.replace(/"[^"]*"/g, "").split(/[\r\n]/, 1);
  const counts = SEPARATORS.map((separator) => header!.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}
