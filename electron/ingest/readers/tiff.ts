// The structure of a TIFF or BigTIFF file: its first image directory, checked against the size of the file before anything is allocated.
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { COMPRESSION, isDecodable, maximumExpansion } from "./tiff-codecs.ts";

export const SAMPLE_TYPES = ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"] as const;
export type SampleType = (typeof SAMPLE_TYPES)[number];

/** How the pixels of a TIFF lie in its file. A block is a strip or a tile. */
export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly dtype: SampleType;
  readonly bytesPerSample: number;
  readonly littleEndian: boolean;
  readonly compression: number;
  /** 1 none, 2 horizontal differencing, 3 floating point. */
  readonly predictor: number;
  /** Samples of a pixel lie side by side; else a band after the other. */
  readonly chunky: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  readonly isTiled: boolean;
  readonly blocksAcross: number;
  readonly blocksDown: number;
  /** File offset of each block; 0 with a byte count of 0 is a block without data (GDAL's sparse files). */
  readonly offsets: ArrayLike<number>;
  readonly byteCounts: ArrayLike<number>;
  /** False: the compression is left to geotiff.js. */
  readonly isDirect: boolean;
}

/** The tags that say where an image lies and what it shows. */
export interface TiffTags {
  readonly pixelScale: readonly number[] | undefined;
  readonly tiepoint: readonly number[] | undefined;
  readonly transformation: readonly number[] | undefined;
  readonly geoKeys: readonly number[] | undefined;
  readonly gdalMetadata: string | undefined;
  readonly gdalNoData: string | undefined;
}

const TAG = {
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
  pixelScale: 33550,
  tiepoint: 33922,
  transformation: 34264,
  geoKeys: 34735,
  gdalMetadata: 42112,
  gdalNoData: 42113,
} as const;

/** Bytes of a value by field type (TIFF 6.0, section 2; BigTIFF adds 16 to 18). */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** A file has this many tags at most; real ones have about 20. */
const MAXIMUM_TAGS = 4096;
/** A single strip or tile may unpack to this many bytes: a whole 10,980 x 10,980 uint16 band is 241 MB. */
const MAXIMUM_BLOCK_BYTES = 256 * 1024 * 1024;

interface Entry {
  readonly type: number;
  readonly count: number;
  /** Where the values lie. */
  readonly offset: number;
}

/** The kind of a file by its first bytes, never by its name. */
export function sniff(bytes: Uint8Array): "tiff" | "jpeg2000" | "zip" | "parquet" | "text" | "empty" | "unknown" {
  if (bytes.length === 0) return "empty";
  const starts = (...values: number[]) => bytes.length >= values.length && values.every((value, i) => bytes[i] === value);
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a) || starts(0x49, 0x49, 0x2b, 0) || starts(0x4d, 0x4d, 0, 0x2b))
    return "tiff";
  if (starts(0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20) || starts(0xff, 0x4f, 0xff, 0x51)) return "jpeg2000";
  if (starts(0x50, 0x4b, 3, 4)) return "zip";
  if (starts(0x50, 0x41, 0x52, 0x31)) return "parquet";
  return bytes.subarray(0, 512).every((byte) => byte >= 32 || (byte >= 9 && byte <= 13)) ? "text" : "unknown";
}

/** Why a file is no TIFF, and what to do about it. */
export function notATiff(path: string, bytes: Uint8Array): AppError {
  const text: Readonly<Record<string, string>> = {
    empty: "is empty (0 bytes). Copy or download it again.",
    jpeg2000: "is a JPEG 2000 image where a TIFF is expected. Convert it (gdal_translate IN OUT.tif) and scan the folder again.",
    zip: "is a zip archive, not an image. Unpack it and scan the folder again.",
    text: "is a text file, not a TIFF image. Replace it by the image.",
  };
  const kind = sniff(bytes);
  const code = kind === "jpeg2000" || kind === "zip" ? "UNSUPPORTED" : "BAD_FILE";
  return new AppError(code, `${path} ${text[kind] ?? "is not a TIFF image. Replace it, or copy or download it again."}`, {
    data: { path },
  });
}

/**
 * Reads the first directory of a TIFF.
 * @throws AppError BAD_FILE when the file is no TIFF, cut short, or claims more than it can hold; UNSUPPORTED for sample types that are not read
 * @see TIFF Revision 6.0; the BigTIFF design (https://libtiff.gitlab.io/libtiff/specification/bigtiff.html)
 */
export function readTiff(source: ByteSource): { layout: TiffLayout; tags: TiffTags } {
  const { littleEndian, entries, read } = openDirectory(source);
  return { layout: layoutOf(source, littleEndian, entries, read), tags: tagsOf(source, entries, read) };
}

/**
 * Only the tags that say where an image lies: of a TIFF without an image of its own, as other formats carry it.
 * @throws AppError BAD_FILE as `readTiff`
 */
export function readTiffTags(source: ByteSource): TiffTags {
  const { entries, read } = openDirectory(source);
  return tagsOf(source, entries, read);
}

function openDirectory(source: ByteSource) {
  const head = source.read(0, Math.min(source.size, 4));
  if (sniff(head) !== "tiff") throw notATiff(source.path, source.read(0, Math.min(source.size, 512)));
  const littleEndian = head[0] === 0x49;
  const isBig = (littleEndian ? head[2] : head[3]) === 0x2b;
  const entries = readDirectory(source, littleEndian, isBig);
  const read = (tag: number): number[] | undefined => {
    const entry = entries.get(tag);
    return entry ? readNumbers(source, entry, littleEndian) : undefined;
  };
  return { littleEndian, entries, read };
}

function tagsOf(source: ByteSource, entries: ReadonlyMap<number, Entry>, read: (tag: number) => number[] | undefined): TiffTags {
  return {
    pixelScale: read(TAG.pixelScale),
    tiepoint: read(TAG.tiepoint),
    transformation: read(TAG.transformation),
    geoKeys: read(TAG.geoKeys),
    gdalMetadata: readText(source, entries.get(TAG.gdalMetadata)),
    gdalNoData: readText(source, entries.get(TAG.gdalNoData)),
  };
}

function broken(path: string, what: string): AppError {
  return new AppError("BAD_FILE", `${path} is a broken TIFF: ${what}. Copy or download it again.`, { data: { path } });
}

function unsupported(path: string, what: string, options = "-co COMPRESS=DEFLATE"): AppError {
  return new AppError("UNSUPPORTED", `${path}: ${what}. Convert it (gdal_translate ${options} IN OUT.tif).`, { data: { path } });
}

function readDirectory(source: ByteSource, littleEndian: boolean, isBig: boolean): Map<number, Entry> {
  const { path, size } = source;
  const entryBytes = isBig ? 20 : 12;
  const countBytes = isBig ? 8 : 2;
  const header = source.read(0, Math.min(size, isBig ? 16 : 8));
  if (header.length < (isBig ? 16 : 8)) throw broken(path, `it has ${size} bytes`);
  const start = isBig ? readUint64(header, 8, littleEndian) : readUint32(header, 4, littleEndian);
  if (start < 8 || start + countBytes > size)
    throw broken(path, `its directory lies at byte ${start} of ${size}, so the file is cut short`);
  const countField = source.read(start, countBytes);
  const count = isBig ? readUint64(countField, 0, littleEndian) : readUint16(countField, 0, littleEndian);
  if (count === 0 || count > MAXIMUM_TAGS || start + countBytes + count * entryBytes > size) {
    throw broken(path, `its directory claims ${count} entries`);
  }
  const bytes = source.read(start + countBytes, count * entryBytes);
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const at = i * entryBytes;
    const tag = readUint16(bytes, at, littleEndian);
    const type = readUint16(bytes, at + 2, littleEndian);
    const values = isBig ? readUint64(bytes, at + 4, littleEndian) : readUint32(bytes, at + 4, littleEndian);
    const valueAt = at + (isBig ? 12 : 8);
    const valueBytes = (TYPE_BYTES[type] ?? 0) * values;
    if (valueBytes === 0) continue;
    const isInline = valueBytes <= (isBig ? 8 : 4);
    const offset = isInline
      ? start + countBytes + valueAt
      : isBig
        ? readUint64(bytes, valueAt, littleEndian)
        : readUint32(bytes, valueAt, littleEndian);
    if (!(offset + valueBytes <= size))
      throw broken(path, `tag ${tag} lies at bytes ${offset} to ${offset + valueBytes} of ${size}, so the file is cut short`);
    if (!entries.has(tag)) entries.set(tag, { type, count: values, offset });
  }
  return entries;
}

function layoutOf(
  source: ByteSource,
  littleEndian: boolean,
  entries: ReadonlyMap<number, Entry>,
  read: (tag: number) => number[] | undefined,
): TiffLayout {
  const { path } = source;
  const one = (tag: number, fallback?: number): number => {
    const entry = entries.get(tag);
    const value = entry ? readNumbers(source, { ...entry, count: 1 }, littleEndian)[0] : fallback;
    if (value === undefined) throw broken(path, `tag ${tag} is missing`);
    return value;
  };
  const width = one(TAG.width);
  const height = one(TAG.height);
  const samples = one(TAG.samplesPerPixel, 1);
  if (!(width >= 1 && height >= 1 && width < 2 ** 31 && height < 2 ** 31 && samples >= 1 && samples < 65536)) {
    throw broken(path, `it claims ${width} x ${height} pixels of ${samples} bands`);
  }
  const { dtype, bytesPerSample } = sampleTypeOf(path, samples, read);
  const compression = one(TAG.compression, 1);
  const predictor = one(TAG.predictor, 1);
  const chunky = samples === 1 || one(TAG.planarConfiguration, 1) === 1;
  if (one(TAG.fillOrder, 1) !== 1) throw unsupported(path, "its bits are in reverse order");

  const isTiled = entries.has(TAG.tileOffsets);
  const blockWidth = isTiled ? one(TAG.tileWidth) : width;
  const blockHeight = isTiled ? one(TAG.tileHeight) : Math.min(one(TAG.rowsPerStrip, height), height);
  if (!(blockWidth >= 1 && blockHeight >= 1)) throw broken(path, "its tiles have no size");
  const blockBytes = blockWidth * blockHeight * bytesPerSample * (chunky ? samples : 1);
  if (!(blockBytes <= MAXIMUM_BLOCK_BYTES) && compression !== COMPRESSION.none) {
    throw unsupported(path, `a single strip or tile holds ${Math.round(blockBytes / 1e6)} MB`);
  }
  const blocksAcross = Math.ceil(width / blockWidth);
  const blocksDown = Math.ceil(height / blockHeight);
  const blocks = blocksAcross * blocksDown * (chunky ? 1 : samples);
  // An entry of the tables takes at least one byte of the file, so a lie ends here.
  const offsetsTag = isTiled ? TAG.tileOffsets : TAG.stripOffsets;
  const countsTag = isTiled ? TAG.tileByteCounts : TAG.stripByteCounts;
  const offsetCount = entries.get(offsetsTag)?.count ?? 0;
  if (offsetCount < blocks) throw broken(path, `${width} x ${height} pixels need ${blocks} strips or tiles, but it lists ${offsetCount}`);
  const offsets = read(offsetsTag)!;
  const byteCounts = read(countsTag);
  if (!byteCounts || byteCounts.length < blocks) {
    throw broken(path, `it lists the sizes of ${byteCounts?.length ?? 0} of ${blocks} strips or tiles`);
  }

  const isDirect = isDecodable(compression);
  if (predictor !== 1 && predictor !== 2 && predictor !== 3) throw broken(path, `predictor ${predictor} does not exist`);
  if (predictor === 3 && !dtype.startsWith("float")) throw broken(path, "a floating-point predictor on integers");
  const expansion = maximumExpansion(compression);
  for (let i = 0; i < blocks; i++) {
    const offset = offsets[i]!;
    const bytes = byteCounts[i]!;
    if (offset === 0 && bytes === 0) continue;
    if (!(offset + bytes <= source.size)) {
      throw broken(path, `it is cut short: strip or tile ${i} ends at byte ${offset + bytes}, the file at ${source.size}`);
    }
    if (!isDirect) continue;
    const needed = neededBytes(i);
    if (bytes * expansion < needed) throw broken(path, `strip or tile ${i} has ${bytes} bytes for ${needed}`);
  }
  function neededBytes(block: number): number {
    if (isTiled) return blockBytes;
    const row = Math.floor((block % (blocksAcross * blocksDown)) / blocksAcross);
    return (Math.min(blockHeight, height - row * blockHeight) * blockBytes) / blockHeight;
  }
  return {
    width,
    height,
    samples,
    dtype,
    bytesPerSample,
    littleEndian,
    compression,
    predictor,
    chunky,
    blockWidth,
    blockHeight,
    isTiled,
    blocksAcross,
    blocksDown,
    offsets,
    byteCounts,
    isDirect,
  };
}

/** By SampleFormat (TIFF 6.0, section 19; 5 and 6 are libtiff's): 4 is "undefined", which GDAL takes for whole numbers, too. */
const SAMPLE_FORMATS: Readonly<Record<number, { readonly kind: string; readonly words: string; readonly convertTo: string }>> = {
  1: { kind: "uint", words: "whole numbers", convertTo: "UInt16" },
  2: { kind: "int", words: "signed whole numbers", convertTo: "Int16" },
  3: { kind: "float", words: "floating-point numbers", convertTo: "Float32" },
  4: { kind: "uint", words: "whole numbers", convertTo: "UInt16" },
  5: { kind: "other", words: "complex numbers", convertTo: "Float32" },
  6: { kind: "other", words: "complex numbers", convertTo: "Float32" },
};

/** Sample type of all bands. A count of 1 stands for all samples (geotiff.js 3.0.5 and some writers differ here). */
function sampleTypeOf(
  path: string,
  samples: number,
  read: (tag: number) => number[] | undefined,
): { dtype: SampleType; bytesPerSample: number } {
  const bits = read(TAG.bitsPerSample) ?? [1];
  const formats = read(TAG.sampleFormat) ?? [1];
  for (const values of [bits, formats]) {
    if (values.length < samples && values.length !== 1) throw broken(path, "its bands have no sample type");
    if (values.slice(0, samples).some((value) => value !== values[0])) throw unsupported(path, "its bands have different sample types");
  }
  const { kind, words, convertTo } = SAMPLE_FORMATS[formats[0]!] ?? {
    kind: "other",
    words: "samples of no known format",
    convertTo: "UInt16",
  };
  const dtype = SAMPLE_TYPES.find((type) => type === `${kind}${bits[0]}`);
  // GDAL keeps the number of bits where it is not told another.
  if (!dtype)
    throw unsupported(path, `${bits[0]}-bit ${words} are not read`, `-ot ${convertTo} -co NBITS=${convertTo === "Float32" ? 32 : 16}`);
  return { dtype, bytesPerSample: bits[0]! / 8 };
}

function readNumbers(source: ByteSource, { type, count, offset }: Entry, littleEndian: boolean): number[] {
  const size = TYPE_BYTES[type]!;
  const bytes = source.read(offset, size * count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Array<number>(count);
  for (let i = 0; i < count; i++) out[i] = readNumber(view, i * size, type, littleEndian);
  return out;
}

function readNumber(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian);
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, littleEndian));
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return view.getUint8(at);
  }
}

function readText(source: ByteSource, entry: Entry | undefined): string | undefined {
  if (entry?.type !== 2) return undefined;
  const text = source.read(entry.offset, entry.count).toString("utf8");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function readUint16(bytes: Buffer, at: number, littleEndian: boolean): number {
  return littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function readUint32(bytes: Buffer, at: number, littleEndian: boolean): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function readUint64(bytes: Buffer, at: number, littleEndian: boolean): number {
  return Number(littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
}
