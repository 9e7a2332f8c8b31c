// Class names as users' files write them, and the table that gives values other names.
import { AppError } from "../../../shared/domain/errors.ts";
import { openByteSource } from "../../files/byte-source.ts";
import { csvRows } from "./csv.ts";

/** More different classes than any nomenclature has: CORINE 44, EuroCrops and national crop lists a few hundred. */
const MAXIMUM_CLASSES = 1000;
const NAME_CHARACTERS = 200;
const MAXIMUM_MAP_BYTES = 16 * 1024 * 1024;

/** A class's name: one line without spaces around it. `;` and `|` separate classes elsewhere (`--label-set`), so they become commas. */
export function className(text: string): string {
  return text.normalize("NFC").replace(/[;|]/g, ",").replace(/\s+/g, " ").trim().slice(0, NAME_CHARACTERS);
}

/** Numbers the classes of a file in the order in which they come. */
export class ClassNames {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly where: string;

  /** @param where file and column, for errors */
  constructor(where: string) {
    this.where = where;
  }

  /** @throws AppError BAD_ARGUMENT when there are so many that they cannot be classes */
  number(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= MAXIMUM_CLASSES)
      throw new AppError(
        "BAD_ARGUMENT",
        `${this.where} has more than ${MAXIMUM_CLASSES} different values, such as ${this.names.slice(0, 5).join(", ")}: it holds no classes. Choose another one.`,
      );
    this.names.push(name);
    this.numbers.set(name, this.names.length - 1);
    return this.names.length - 1;
  }
}

/**
 * Reads a table of values and their classes: a JSON object `{"value": "class"}`, or a CSV file with the value in its first and the class in
 * its second column (a header `value,class` is left out).
 * @throws AppError BAD_FILE, NOT_FOUND
 */
export function readClassMap(path: string): Record<string, string> {
  const source = openByteSource(path);
  try {
    if (source.size > MAXIMUM_MAP_BYTES)
      throw new AppError("BAD_FILE", `${path} has ${source.size} bytes, too many for a table of values and their classes.`);
    const bytes = source.read(0, source.size);
    const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
    const entries = text.trimStart().startsWith("{") ? entriesOfJson(path, text) : [...csvRows(source)].map(({ cells }) => cells);
    const map: Record<string, string> = {};
    for (const [i, [value, name, ...more]] of entries.entries()) {
      if (value === undefined || name === undefined || more.length > 0)
        throw new AppError(
          "BAD_FILE",
          `${path} must hold a value and its class in each row; row ${i + 1} has ${entries[i]!.length} columns.`,
        );
      if (i === 0 && /^value$/i.test(value.trim()) && /^class$/i.test(name.trim())) continue;
      map[value.trim()] = name;
    }
    return map;
  } finally {
    source.close();
  }
}

function entriesOfJson(path: string, text: string): string[][] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("BAD_FILE", `${path} is not valid JSON. Write it as {"value": "class"}.`, { cause });
  }
  const entries = Object.entries(json as Record<string, unknown>);
  const wrong = entries.find(([, name]) => typeof name !== "string");
  if (wrong) throw new AppError("BAD_FILE", `${path}: the class of "${wrong[0]}" is not a text. Write it as {"value": "class"}.`);
  return entries as [string, string][];
}
