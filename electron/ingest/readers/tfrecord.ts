// TFRecord files of tf.train.Example messages with Sentinel-2 bands, as BigEarthNet's tools and the study's write them:
// int64 lists B01 to B12 (row by row, each band at its own size), `original_labels`, `original_labels_multi_hot`, `patch_name`.
import { BAND_NAMES, type BandName, isBandName } from "../../../shared/domain/bands.ts";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { CORINE_CLASSES } from "../../../shared/domain/labels.ts";
import { type ByteSource, memorySource } from "../../files/byte-source.ts";
import { crc32c } from "../../files/crc32c.ts";
import { Pace } from "./pace.ts";

/** An example as the index has it. */
export interface TfExample {
  /** First byte of its message, and the message's length. */
  readonly offset: number;
  readonly length: number;
  /** `patch_name`. Not always unique, and a path in the study's own records. */
  readonly name: string | null;
  readonly labels: readonly string[] | null;
  readonly bands: readonly BandName[];
}

/** A band of an example: square, row by row. */
export interface TfBand {
  /** px */
  readonly side: number;
  readonly pixels: Uint16Array;
}

export interface TfRecords {
  readonly path: string;
  readonly examples: readonly TfExample[];
  /** Records that are left out; of many alike the first ones. */
  readonly problems: readonly Problem[];
  /**
   * The pixels of an example. @param index in `examples`
   * @throws AppError BAD_FILE when its checksum is wrong or a band is not square
   */
  readExample(index: number): Partial<Record<BandName, TfBand>>;
  close(): void;
}

/** Length (uint64), its masked CRC, then the message and its masked CRC (tensorflow/core/lib/io/record_writer.h). */
const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;
const MASK_DELTA = 0xa282ead8;
/** A BigEarthNet patch has 160 kB. */
const MAXIMUM_RECORD_BYTES = 64 * 1024 * 1024;
/** BigEarthNet has 590,326 patches in all. */
const MAXIMUM_EXAMPLES = 2_000_000;
/** Fields of a record that are looked at: for the index, and for pixels that are not packed. */
const INDEXED_FIELDS = 10_000;
const READ_FIELDS = 4_000_000;
const MAXIMUM_TEXT_BYTES = 1024;
const MAXIMUM_LABELS = 256;
const MAXIMUM_PROBLEMS = 100;
/** Read at once while the index is made: enough for a feature's name and the lengths around it. */
const PEEK_BYTES = 256;

const NAME_FEATURE = "patch_name";
const LABELS_FEATURE = "original_labels";
const MULTI_HOT_FEATURE = "original_labels_multi_hot";

/** Names that TFRecord files have, if they have an extension: `a.tfrecord`, `a.tfrecord-00000-of-00010`. */
export const TFRECORD_NAME = /\.(tfrecords?|tfrec)([-.][\w.-]*)?$/i;

/** Whether a file begins as a TFRecord does. @param head 12 bytes at least */
export function isTfRecord(head: Buffer): boolean {
  return head.length >= HEADER_BYTES && lengthOf(head) !== null;
}

/** The length in a record's header. @returns null when its checksum is wrong */
function lengthOf(header: Buffer): number | null {
  if (header.readUInt32LE(8) !== maskedCrc(header.subarray(0, 8))) return null;
  return header.readUInt32LE(4) * 2 ** 32 + header.readUInt32LE(0);
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * Opens a TFRecord file and goes over its records once: names, labels and bands are kept, pixels are not read.
 * The source is closed by `close`, or when this throws.
 * @throws AppError BAD_FILE, UNSUPPORTED
 */
export async function openTfRecords(source: ByteSource, options: { signal?: AbortSignal } = {}): Promise<TfRecords> {
  try {
    const { examples, problems } = await indexOf(source, new Pace(options.signal));
    return {
      path: source.path,
      examples,
      problems,
      readExample: (index) => readBands(source, index, examples[index]!),
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

async function indexOf(source: ByteSource, pace: Pace): Promise<Pick<TfRecords, "examples" | "problems">> {
  const { path, size } = source;
  const examples: TfExample[] = [];
  const problems: Problem[] = [];
  let faults = 0;
  const report = (reason: string) => {
    if (faults++ < MAXIMUM_PROBLEMS) problems.push({ path, reason });
  };
  const peek = peekable(source);
  const intern = interning();
  checkStart(source);
  let record = 1;
  for (let at = 0; at < size; record++) {
    await pace.breathe();
    const length = at + HEADER_BYTES <= size ? lengthOf(source.read(at, HEADER_BYTES)) : null;
    const end = at + HEADER_BYTES + (length ?? 0) + FOOTER_BYTES;
    if (length === null || end > size) {
      report(
        `record ${record} is ${length === null && at + HEADER_BYTES <= size ? "broken" : "cut short"}: what comes from byte ${at} of ${size} on is left out. Copy or download the file again.`,
      );
      break;
    }
    const start = at + HEADER_BYTES;
    at = end;
    if (length > MAXIMUM_RECORD_BYTES) {
      report(`record ${record} has ${length} bytes, more than the ${MAXIMUM_RECORD_BYTES} that are read.`);
      continue;
    }
    try {
      const example = describe(peek, start, length, intern);
      if (example.bands.length === 0) report(`record ${record} has no bands (int64 lists B01 to B12).`);
      else if (examples.push(example) > MAXIMUM_EXAMPLES)
        throw new AppError("UNSUPPORTED", `${path} has more than ${MAXIMUM_EXAMPLES} examples. Split it.`, { data: { path } });
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      report(`record ${record} is no tf.train.Example (${error.message}).`);
    }
  }
  if (faults > MAXIMUM_PROBLEMS) problems.push({ path, reason: `${faults - MAXIMUM_PROBLEMS} more of its records are left out.` });
  return { examples, problems };
}

function checkStart(source: ByteSource): void {
  const { path } = source;
  const head = source.read(0, Math.min(source.size, HEADER_BYTES));
  if (head[0] === 0x1f && head[1] === 0x8b)
    throw new AppError("UNSUPPORTED", `${path} is compressed (GZIP). Unpack it first: gunzip -c FILE > FILE.tfrecord`, { data: { path } });
  if (!isTfRecord(head))
    throw new AppError("BAD_FILE", `${path} is no TFRecord file, or its beginning is broken. Copy or download it again.`, {
      data: { path },
    });
}

/** A source whose short reads come from the block read last. */
function peekable(source: ByteSource): ByteSource {
  let from = 0;
  let block: Buffer = Buffer.alloc(0);
  return {
    path: source.path,
    size: source.size,
    close: () => source.close(),
    read(offset, length) {
      if (offset < from || offset + length > from + block.length) {
        block = source.read(offset, Math.max(length, Math.min(PEEK_BYTES, source.size - offset)));
        from = offset;
      }
      return block.subarray(offset - from, offset - from + length);
    },
  };
}

/** One array for all examples with the same labels or bands. */
function interning(): <T extends string>(list: readonly T[]) => readonly T[] {
  const known = new Map<string, readonly string[]>();
  return <T extends string>(list: readonly T[]) => {
    const key = list.join("\0");
    const same = known.get(key);
    if (same) return same as readonly T[];
    if (known.size < 10_000) known.set(key, list);
    return list;
  };
}

function describe(source: ByteSource, offset: number, length: number, intern: ReturnType<typeof interning>): TfExample {
  let name: string | null = null;
  let labels: readonly string[] | null = null;
  let multiHot: readonly string[] | null = null;
  const bands = new Set<BandName>();
  const message = new Message(source, INDEXED_FIELDS);
  for (const { key, kind, start, end } of message.features(offset, offset + length)) {
    if (isBandName(key) && kind === "int64" && end > start) bands.add(key);
    else if (key === NAME_FEATURE && kind === "bytes") name = message.texts(start, end, 1)[0] ?? null;
    else if (key === LABELS_FEATURE && kind === "bytes") labels = message.texts(start, end, MAXIMUM_LABELS);
    else if (key === MULTI_HOT_FEATURE && kind === "int64") multiHot = classesOf(message, start, end);
  }
  const told = labels ?? multiHot;
  return { offset, length, name, labels: told && intern([...new Set(told)]), bands: intern(BAND_NAMES.filter((band) => bands.has(band))) };
}

/** Class names of a multi-hot vector over BigEarthNet's 43 classes; null for a vector of another length. */
function classesOf(message: Message, start: number, end: number): string[] | null {
  // Each value takes at most ten bytes and a field's tag.
  if (end - start > CORINE_CLASSES.length * 12) return null;
  const values = message.integers(start, end);
  return values.length === CORINE_CLASSES.length ? CORINE_CLASSES.filter((_, i) => values[i] !== 0) : null;
}

function readBands(source: ByteSource, index: number, { offset, length }: TfExample): Partial<Record<BandName, TfBand>> {
  const { path } = source;
  const bytes = source.read(offset, length + FOOTER_BYTES);
  const broken = (what: string) =>
    new AppError("BAD_FILE", `${path}: example ${index + 1} (byte ${offset}) ${what}. Copy or download the file again.`, {
      data: { path },
    });
  if (bytes.readUInt32LE(length) !== maskedCrc(bytes.subarray(0, length))) throw broken("is broken: its checksum differs");
  const message = new Message(memorySource(path, bytes.subarray(0, length)), READ_FIELDS);
  const out: Partial<Record<BandName, TfBand>> = {};
  try {
    for (const { key, kind, start, end } of message.features(0, length)) {
      if (!isBandName(key) || kind !== "int64") continue;
      const pixels = message.integers(start, end);
      const side = Math.sqrt(pixels.length);
      if (!Number.isInteger(side) || side === 0) throw new Malformed(`${key} has ${pixels.length} values, which is no square`);
      out[key] = { side, pixels };
    }
  } catch (error) {
    if (error instanceof Malformed) throw broken(`cannot be read: ${error.message}`);
    throw error;
  }
  return out;
}

/** A message is not what it claims to be; whoever reads the record says which one. */
class Malformed extends Error {}

interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 bytes of a told length, 5 four bytes */
  readonly wire: number;
  /** The value's bytes. */
  readonly start: number;
  readonly end: number;
}

interface Feature {
  readonly key: string;
  readonly kind: "bytes" | "float" | "int64";
  /** The list's message. */
  readonly start: number;
  readonly end: number;
}

const LIST_KINDS: readonly (Feature["kind"] | undefined)[] = [undefined, "bytes", "float", "int64"];

/** Longest varint, bytes. */
const VARINT_BYTES = 10;

/** Reads one record's message. @see protobuf.dev, "Encoding" */
class Message {
  private readonly source: ByteSource;
  private fieldsLeft: number;

  constructor(source: ByteSource, maximumFields: number) {
    this.source = source;
    this.fieldsLeft = maximumFields;
  }

  /** Example > Features > map entries of a name and a Feature (tensorflow/core/example/feature.proto). */
  *features(start: number, end: number): Generator<Feature> {
    for (const features of this.fields(start, end)) {
      if (features.number !== 1 || features.wire !== 2) continue;
      for (const entry of this.fields(features.start, features.end)) {
        if (entry.number !== 1 || entry.wire !== 2) continue;
        let key = "";
        let value: Field | undefined;
        for (const part of this.fields(entry.start, entry.end)) {
          if (part.number === 1 && part.wire === 2) key = this.text(part);
          else if (part.number === 2 && part.wire === 2) value = part;
        }
        const [list] = value ? this.fields(value.start, value.end) : [];
        const kind = list?.wire === 2 ? LIST_KINDS[list.number] : undefined;
        if (list && kind) yield { key, kind, start: list.start, end: list.end };
      }
    }
  }

  /** The texts of a BytesList that are not empty. */
  texts(start: number, end: number, maximum: number): string[] {
    const out: string[] = [];
    for (const field of this.fields(start, end)) {
      const text = field.number === 1 && field.wire === 2 ? this.text(field) : "";
      if (text !== "") out.push(text);
      if (out.length >= maximum) break;
    }
    return out;
  }

  /** The numbers of an Int64List, packed or not. @throws Malformed when one is none of 0 to 65535 */
  integers(start: number, end: number): Uint16Array {
    const bytes = Buffer.from(this.source.read(start, end - start));
    const spans = [...this.fields(start, end)].map(({ number, wire, start: from, end: to }) => {
      if (number !== 1 || (wire !== 0 && wire !== 2)) throw new Malformed("an int64 list of another kind");
      return { from: from - start, to: to - start };
    });
    let count = 0;
    for (const { from, to } of spans) for (let i = from; i < to; i++) if (bytes[i]! < 0x80) count++;
    const out = new Uint16Array(count);
    let n = 0;
    for (const { from, to } of spans) {
      for (let i = from; i < to; ) {
        let value = 0;
        let scale = 1;
        let byte = 0x80;
        while (byte >= 0x80) {
          if (i >= to) throw new Malformed("a number without an end");
          byte = bytes[i++]!;
          value += (byte & 0x7f) * scale;
          scale *= 128;
        }
        // Negative numbers are written as huge ones.
        if (value > 65_535) throw new Malformed("a value that is none of 0 to 65535");
        out[n++] = value;
      }
    }
    return out;
  }

  private *fields(start: number, end: number): Generator<Field> {
    for (let at = start; at < end; ) {
      if (this.fieldsLeft-- <= 0) throw new Malformed("too many fields");
      const tag = this.varint(at, end);
      const wire = tag.value % 8;
      let from = tag.end;
      let to: number;
      if (wire === 0) to = this.varint(from, end).end;
      else if (wire === 1) to = from + 8;
      else if (wire === 5) to = from + 4;
      else if (wire === 2) {
        const length = this.varint(from, end);
        from = length.end;
        to = from + length.value;
      } else throw new Malformed(`a field of wire type ${wire}`);
      if (to > end) throw new Malformed("a field reaches beyond its message");
      yield { number: Math.floor(tag.value / 8), wire, start: from, end: to };
      at = to;
    }
  }

  private varint(at: number, end: number): { value: number; end: number } {
    const bytes = this.source.read(at, Math.min(VARINT_BYTES, end - at));
    let value = 0;
    for (let i = 0; i < bytes.length; i++) {
      value += (bytes[i]! & 0x7f) * 2 ** (7 * i);
      if (bytes[i]! < 0x80) return { value, end: at + i + 1 };
    }
    throw new Malformed("a number without an end");
  }

  private text({ start, end }: Field): string {
    if (end - start > MAXIMUM_TEXT_BYTES) throw new Malformed(`a text of ${end - start} bytes`);
    return this.source.read(start, end - start).toString("utf8");
  }
}
