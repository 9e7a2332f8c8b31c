// dBASE tables, the attributes of Shapefiles: fields of fixed width in records of fixed length.
import { TextDecoder } from "node:util";
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";

export interface Dbf {
  readonly fields: readonly string[];
  readonly records: number;
  /** @param record from 0. @returns the values' texts by the fields' order, trimmed; null behind the last record */
  read(record: number): { readonly isDeleted: boolean; readonly texts: readonly string[] } | null;
  close(): void;
}

const HEADER_BYTES = 32;
const FIELD_BYTES = 32;
const END_OF_FIELDS = 0x0d;
const DELETED = 0x2a;
/** Records are read in blocks of about this size. */
const BLOCK_BYTES = 256 * 1024;

/** Encodings by the language driver in the header (byte 29), where it is not the rule of the .cpg; the codes of ESRI and FoxPro. */
const DRIVERS: Readonly<Record<number, string>> = {
  3: "windows-1252",
  87: "windows-1252",
  200: "windows-1250",
  201: "windows-1251",
  204: "windows-1257",
};

/**
 * Opens a table.
 * @param cpg text of the .cpg beside it, such as `UTF-8`, `1252`, `ISO 88591`
 * @throws AppError BAD_FILE
 */
export function openDbf(source: ByteSource, cpg: string | null): Dbf {
  const broken = (what: string) =>
    new AppError("BAD_FILE", `${source.path} ${what}. Copy or download it again.`, { data: { path: source.path } });
  if (source.size < HEADER_BYTES) throw broken(`has ${source.size} bytes, too few for a dBASE table`);
  const head = source.read(0, HEADER_BYTES);
  const [records, headerLength, recordLength, driver] = [head.readUInt32LE(4), head.readUInt16LE(8), head.readUInt16LE(10), head[29]!];
  if (headerLength <= HEADER_BYTES || recordLength < 2 || headerLength > source.size)
    throw broken("is no dBASE table: its header's lengths make no sense");
  const decoder = decoderOf(cpg, driver);
  const header = Buffer.from(source.read(0, headerLength));
  const fields: { name: string; kind: string; from: number; to: number }[] = [];
  let from = 1;
  for (let at = HEADER_BYTES; at + FIELD_BYTES <= headerLength && header[at] !== END_OF_FIELDS; at += FIELD_BYTES) {
    const name = decoder(header.subarray(at, at + 11))
      .split("\0", 1)[0]!
      .trim();
    const to = from + header[at + 16]!;
    fields.push({ name, kind: String.fromCharCode(header[at + 11]!), from, to });
    from = to;
  }
  if (fields.length === 0 || from > recordLength) throw broken(`is no dBASE table: fields of ${from} bytes in records of ${recordLength}`);
  if (headerLength + records * recordLength > source.size) throw broken("is cut short");
  const perBlock = Math.max(1, Math.floor(BLOCK_BYTES / recordLength));
  let block: Buffer = Buffer.alloc(0);
  let blockAt = -1;
  return {
    fields: fields.map(({ name }) => name),
    records,
    read(record) {
      if (record >= records) return null;
      const wanted = Math.floor(record / perBlock);
      if (wanted !== blockAt) {
        const first = wanted * perBlock;
        block = Buffer.from(source.read(headerLength + first * recordLength, Math.min(perBlock, records - first) * recordLength));
        blockAt = wanted;
      }
      const at = (record - blockAt * perBlock) * recordLength;
      return {
        isDeleted: block[at] === DELETED,
        texts: fields.map((field) => textOf(decoder(block.subarray(at + field.from, at + field.to)), field.kind)),
      };
    },
    close: () => source.close(),
  };
}

/** Numbers lose the zeros that only fill their field, so that `12.000` is class 12; texts keep theirs. */
function textOf(raw: string, kind: string): string {
  const text = raw.replaceAll("\0", "").trim();
  if ((kind !== "N" && kind !== "F") || text === "" || text.startsWith("*")) return text.startsWith("*") && kind !== "C" ? "" : text;
  const number = Number(text);
  return Number.isFinite(number) ? String(number) : "";
}

function decoderOf(cpg: string | null, driver: number): (bytes: Uint8Array) => string {
  const named = cpg?.replace(/^\uFEFF/, "").trim() ?? "";
  const code = /^(?:ANSI|CP|OEM|windows)?[\s-]*(\d{3,5})$/i.exec(named)?.[1];
  const latin = /^ISO[\s-]*8859[\s-]*(\d{1,2})$/i.exec(named)?.[1];
  for (const label of [
    latin ? `iso-8859-${latin}` : "",
    code === "65001" ? "utf-8" : code ? `windows-${code}` : named,
    DRIVERS[driver] ?? "",
  ]) {
    const decoder = textDecoder(label);
    if (decoder) return (bytes) => decoder.decode(bytes);
  }
  // Nothing said: UTF-8 where it is that, else the common one of old tables.
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const western = new TextDecoder("windows-1252");
  return (bytes) => {
    try {
      return utf8.decode(bytes);
    } catch {
      return western.decode(bytes);
    }
  };
}

function textDecoder(label: string): TextDecoder | null {
  try {
    return label === "" ? null : new TextDecoder(label);
  } catch {
    return null;
  }
}
