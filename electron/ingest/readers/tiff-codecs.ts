// Decompression of TIFF strips and tiles into a buffer of known size. Nothing is allocated beyond what the caller asks for.
import { inflateSync } from "node:zlib";

/** TIFF compression tags that are decoded here; others go to geotiff.js. */
export const COMPRESSION = { none: 1, lzw: 5, deflate: 8, deflateOld: 32946, packBits: 32773 } as const;

/** Whether `decodeBlock` knows this compression. */
export function isDecodable(compression: number): boolean {
  return (Object.values(COMPRESSION) as number[]).includes(compression);
}

/**
 * The most bytes that one compressed byte can stand for: bounds what a header may claim.
 * Deflate: 1032 (zlib's documentation). LZW: a 12-bit code stands for at most 4096 bytes. PackBits: 128 for 2.
 */
export function maximumExpansion(compression: number): number {
  switch (compression) {
    case COMPRESSION.none:
      return 1;
    case COMPRESSION.lzw:
      return 2731;
    case COMPRESSION.packBits:
      return 64;
    default:
      return 1032;
  }
}

/**
 * Decompresses one strip or tile.
 * @param minimum bytes that the block must at least give
 * @param maximum bytes that it may give (a padded last strip)
 * @returns at least `minimum` bytes
 * @throws Error when the data is broken or too short
 */
export function decodeBlock(compression: number, source: Uint8Array, minimum: number, maximum: number): Uint8Array {
  let out: Uint8Array;
  switch (compression) {
    case COMPRESSION.none:
      out = source;
      break;
    case COMPRESSION.lzw:
      out = decodeLzw(source, maximum);
      break;
    case COMPRESSION.deflate:
    case COMPRESSION.deflateOld:
      out = inflateSync(source, { maxOutputLength: maximum });
      break;
    case COMPRESSION.packBits:
      out = decodePackBits(source, maximum);
      break;
    default:
      throw new Error(`compression ${compression} is not known`);
  }
  if (out.length < minimum) throw new Error(`gives ${out.length} of ${minimum} bytes`);
  return out;
}

const CLEAR = 256;
const END = 257;

/**
 * TIFF LZW (most significant bit first, codes widen one early; TIFF 6.0, section 13). The string of a new code already lies in the output: it is
 * the previous string and the byte after it, so the table holds positions instead of bytes.
 */
function decodeLzw(source: Uint8Array, maximum: number): Uint8Array {
  if (source.length >= 2 && source[0] === 0 && (source[1]! & 1) === 1)
    throw new Error("old-style LZW is not supported; rewrite the file with a current GDAL");
  const out = new Uint8Array(maximum);
  const starts = new Int32Array(4097);
  const lengths = new Int32Array(4097);
  let at = 0;
  let next = 258;
  let width = 9;
  let previousStart = -1;
  let previousLength = 0;
  let bits = 0;
  let bitCount = 0;
  let position = 0;
  while (at < maximum) {
    while (bitCount < width) {
      if (position >= source.length) return out.subarray(0, at);
      bits = ((bits << 8) | source[position++]!) & 0xfffff;
      bitCount += 8;
    }
    bitCount -= width;
    const code = (bits >>> bitCount) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      next = 258;
      width = 9;
      previousStart = -1;
      continue;
    }
    const start = at;
    let length: number;
    if (code < 256) {
      out[at++] = code;
      length = 1;
    } else {
      let from: number;
      if (code < next) {
        from = starts[code]!;
        length = lengths[code]!;
      } else if (code === next && previousStart >= 0) {
        from = previousStart;
        length = previousLength + 1;
      } else {
        throw new Error("LZW data is broken");
      }
      const end = Math.min(at + length, maximum);
      while (at < end) out[at++] = out[from++]!;
    }
    if (previousStart >= 0 && next < 4096) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
      if (next + 1 >= 1 << width && width < 12) width++;
    }
    previousStart = start;
    previousLength = length;
  }
  return out.subarray(0, at);
}

function decodePackBits(source: Uint8Array, maximum: number): Uint8Array {
  const out = new Uint8Array(maximum);
  let at = 0;
  let position = 0;
  while (position < source.length && at < maximum) {
    const n = (source[position++]! << 24) >> 24;
    if (n >= 0) {
      const end = Math.min(at + n + 1, maximum);
      while (at < end && position < source.length) out[at++] = source[position++]!;
    } else if (n !== -128) {
      const end = Math.min(at + 1 - n, maximum);
      const value = source[position++] ?? 0;
      while (at < end) out[at++] = value;
    }
  }
  return out.subarray(0, at);
}

type IntegerArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

/** Undoes horizontal differencing (predictor 2) in place. @param samples values of a pixel that lie side by side */
export function undoHorizontalPredictor(data: IntegerArray, rowLength: number, samples: number): void {
  for (let row = 0; row + rowLength <= data.length; row += rowLength) {
    for (let i = row + samples; i < row + rowLength; i++) data[i] = data[i]! + data[i - samples]!;
  }
}

/**
 * Undoes the floating-point predictor (3; Adobe Photoshop TIFF Technical Note 3): bytes of a row are differenced and stored by significance.
 * @param bytes rows of `rowBytes`, changed in place to little-endian values
 */
export function undoFloatPredictor(bytes: Uint8Array, rowBytes: number, bytesPerSample: number, samples: number): void {
  const row = new Uint8Array(rowBytes);
  const values = rowBytes / bytesPerSample;
  for (let start = 0; start + rowBytes <= bytes.length; start += rowBytes) {
    for (let i = start + samples; i < start + rowBytes; i++) bytes[i] = bytes[i]! + bytes[i - samples]!;
    row.set(bytes.subarray(start, start + rowBytes));
    for (let v = 0; v < values; v++) {
      for (let b = 0; b < bytesPerSample; b++) bytes[start + v * bytesPerSample + b] = row[(bytesPerSample - 1 - b) * values + v]!;
    }
  }
}
