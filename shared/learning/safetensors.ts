// The safetensors format: an 8-byte little-endian header length, a JSON header, then the tensors' bytes. Read from bytes that may be hostile.
// See https://github.com/huggingface/safetensors (format).
import { AppError, messageOf } from "../domain/errors.ts";
import { decodeFloats, FLOAT_BYTES, type FloatType } from "./float-types.ts";
import type { StoredTensor } from "./weights.ts";

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Texts by key (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of a value of the types that are read. */
const ELEMENT_BYTES = { ...FLOAT_BYTES, I32: 4, I64: 8 } as const;
type ElementType = keyof typeof ELEMENT_BYTES;
const NAMES = { float32: "F32", int32: "I32" } as const;
const METADATA = "__metadata__";
/** The reference reader's limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** The file's bytes. Tensors are stored in name order, so equal contents give equal bytes. */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = { [METADATA]: metadata };
  const names = [...tensors.keys()].sort();
  let end = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors.get(name)!;
    if (name === METADATA) throw new Error(`a tensor cannot be named ${METADATA}`);
    if (data.length !== countElements(shape))
      throw new Error(`tensor ${name} has ${data.length} values for the shape [${shape.join(", ")}]`);
    header[name] = { dtype: NAMES[dtype], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8; // padded by spaces, so that the data is aligned
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes).set(json, 8);
  let at = 8 + headerBytes;
  for (const name of names) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a file's bytes; every length and offset is checked before it is used. Floats of other widths become float32, I64 becomes int32.
 * @throws AppError BAD_FILE for what is no safetensors file, UNSUPPORTED for other element types and for whole numbers beyond 32 bits
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8) throw bad(`it has ${bytes.length} bytes, fewer than its header's length needs`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8)))
    throw bad(`its header claims ${headerBytes} bytes, but the file has ${bytes.length}`);
  const dataStart = 8 + Number(headerBytes);
  const header = parseHeader(bytes.subarray(8, dataStart));

  const entries: { name: string; entry: Entry }[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) metadata = readMetadata(value);
    else entries.push({ name, entry: readEntry(name, value) });
  }
  entries.sort((a, b) => a.entry.begin - b.entry.begin || a.entry.end - b.entry.end);

  const tensors = new Map<string, StoredTensor>();
  let expected = 0;
  for (const { name, entry } of entries) {
    if (entry.begin !== expected) throw bad(`tensor ${name} starts at byte ${entry.begin} instead of ${expected}`);
    if (entry.end > bytes.length - dataStart) throw bad(`tensor ${name} ends at byte ${entry.end}, beyond the end of the file`);
    expected = entry.end;
    tensors.set(name, readTensor(name, entry, bytes.subarray(dataStart + entry.begin, dataStart + entry.end)));
  }
  if (expected !== bytes.length - dataStart) throw bad(`${bytes.length - dataStart - expected} bytes belong to no tensor`);
  return { tensors, metadata };
}

interface Entry {
  readonly type: ElementType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

function readTensor(name: string, { type, shape }: Entry, bytes: Uint8Array): StoredTensor {
  if (type === "I32") return { dtype: "int32", shape, data: new Int32Array(new Uint8Array(bytes).buffer) };
  if (type !== "I64") return { dtype: "float32", shape, data: decodeFloats(bytes, type satisfies FloatType) };
  const data = Int32Array.from(new BigInt64Array(new Uint8Array(bytes).buffer), (value) => {
    if (value !== BigInt.asIntN(32, value)) throw new AppError("UNSUPPORTED", `tensor ${name} has whole numbers beyond 32 bits`);
    return Number(value);
  });
  return { dtype: "int32", shape, data };
}

function parseHeader(bytes: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw bad(`its header is not JSON (${messageOf(error)})`, error);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw bad("its header is not a JSON object");
  return header;
}

function readMetadata(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("its metadata is not a JSON object");
  for (const [key, text] of Object.entries(value)) if (typeof text !== "string") throw bad(`its metadata entry ${key} is not a text`);
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== "string") throw bad(`tensor ${name} has no dtype`);
  if (!Object.hasOwn(ELEMENT_BYTES, dtype))
    throw new AppError("UNSUPPORTED", `tensor ${name} is of type ${dtype}; ${Object.keys(ELEMENT_BYTES).join(", ")} are read`);
  const type = dtype as ElementType;
  if (!isSizes(shape) || shape.length > 8) throw bad(`tensor ${name} has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw bad(`tensor ${name} has no valid offsets`);
  const [begin, end] = offsets as [number, number];
  const count = countElements(shape);
  if (!Number.isSafeInteger(count) || end - begin !== count * ELEMENT_BYTES[type])
    throw bad(`tensor ${name} has ${end - begin} bytes for the shape [${shape.join(", ")}]`);
  return { type, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function countElements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function bad(what: string, cause?: unknown): AppError {
  return new AppError("BAD_FILE", `this is not a whole safetensors file: ${what}. Use another copy or an earlier checkpoint.`, { cause });
}
