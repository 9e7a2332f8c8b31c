// Opens a GeoTIFF. Uncompressed, LZW, Deflate and PackBits files are read directly; other compressions by geotiff.js.
// A direct reader since geotiff.js opens 264 BigEarthNet patches a second, and this one thousands (docs/decisions.md).
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { type ByteSource, openByteSource } from "../../files/byte-source.ts";
import { checkCompression, loadGeotiff } from "./fallback-decoders.ts";
import type { Affine, Raster, Samples, Window } from "./raster.ts";
import { readTiff, type SampleType, type TiffLayout, type TiffTags } from "./tiff.ts";
import { COMPRESSION, decodeBlock, undoFloatPredictor, undoHorizontalPredictor } from "./tiff-codecs.ts";

export interface GeoTiff extends Raster {
  /** Whether `readWindowSync` works: the file's compression is decoded here. */
  readonly isDirect: boolean;
  /** As `readWindow`, into a given array from its element `at` on. Only with `isDirect`. */
  readWindowSync(window: Window, out: Samples, at: number): void;
}

/** Unpacked blocks that are kept, bytes a file: a row of 1024 px blocks of a 10,980 px band is 23 MB. */
const CACHE_BYTES = 32 * 1024 * 1024;

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Opens a GeoTIFF and checks its structure against the size of the file.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE, UNSUPPORTED
 */
export function openGeoTiff(path: string): GeoTiff {
  const source = openByteSource(path);
  try {
    return fromSource(source);
  } catch (error) {
    source.close();
    throw error;
  }
}

/** What the head of a file says. */
type Head = Pick<GeoTiff, "transform" | "crs" | "nodata" | "descriptions"> & { readonly layout: TiffLayout };

/** Bytes of a head that is remembered; BigEarthNet's have 392. */
const REMEMBERED_BYTES = 4096;
const REMEMBERED_HEADS = 8;

/**
 * Knows heads of files again: all bands of a patch with one resolution begin with the same bytes, and reading those is most of the work on a small
 * file. A head is what reading it has looked at, so the same bytes in a file of the same size say the same.
 */
export class GeoTiffHeads {
  private readonly bySize = new Map<number, { readonly bytes: Buffer; readonly head: Head }>();

  of(source: ByteSource): Head {
    const { size } = source;
    const known = this.bySize.get(size);
    if (known?.bytes.equals(source.read(0, known.bytes.length))) return known.head;
    let end = 0;
    const head = readHead({
      ...source,
      read: (offset, length) => {
        end = Math.max(end, offset + length);
        return source.read(offset, length);
      },
    });
    if (end > REMEMBERED_BYTES) return head;
    if (this.bySize.size >= REMEMBERED_HEADS) this.bySize.clear();
    this.bySize.set(size, { bytes: Buffer.from(source.read(0, end)), head });
    return head;
  }
}

function readHead(source: ByteSource): Head {
  const { layout, tags } = readTiff(source);
  return {
    layout: withoutStrips(layout),
    transform: transformOf(tags),
    crs: crsOf(tags),
    nodata: noDataOf(tags),
    descriptions: descriptionsOf(tags, layout.samples),
  };
}

/** Rows can be copied straight from the file. */
function isPlain({ compression, predictor, samples, chunky, bytesPerSample, littleEndian }: TiffLayout): boolean {
  return (
    compression === COMPRESSION.none &&
    predictor === 1 &&
    (samples === 1 || !chunky) &&
    (bytesPerSample === 1 || littleEndian === IS_LITTLE_ENDIAN)
  );
}

/** Strips of one band that can be copied and follow each other are one: most files lie like that. */
function withoutStrips(layout: TiffLayout): TiffLayout {
  const { isTiled, samples, width, height, bytesPerSample, blockHeight, blocksDown, offsets, byteCounts } = layout;
  if (isTiled || samples !== 1 || !isPlain(layout)) return layout;
  let bytes = 0;
  for (let i = 0; i < blocksDown; i++) {
    const rows = Math.min(blockHeight, height - i * blockHeight);
    if (offsets[i] !== offsets[0]! + bytes || byteCounts[i] !== rows * width * bytesPerSample) return layout;
    bytes += byteCounts[i]!;
  }
  return { ...layout, blockHeight: height, blocksDown: 1, offsets: [offsets[0]!], byteCounts: [bytes] };
}

/**
 * A GeoTIFF from bytes that are already at hand.
 * @param heads those of files before
 */
export function fromSource(source: ByteSource, heads?: GeoTiffHeads): GeoTiff {
  const { layout, ...told } = heads ? heads.of(source) : readHead(source);
  const blocks = layout.isDirect ? new BlockReader(source, layout, told.nodata ?? 0) : undefined;
  let fallback: Promise<FallbackReader> | undefined;
  const { path } = source;
  return {
    path,
    width: layout.width,
    height: layout.height,
    bands: layout.samples,
    dtype: layout.dtype,
    ...told,
    isDirect: layout.isDirect,
    async readWindow(window) {
      checkWindow(path, layout, window);
      if (blocks) {
        const out = newSamples(layout.dtype, window.width * window.height);
        blocks.read(window, out, 0);
        return out;
      }
      fallback ??= openFallback(path, layout);
      return (await fallback).read(window);
    },
    readWindowSync(window, out, at) {
      checkWindow(path, layout, window);
      if (!blocks) throw new Error("readWindowSync on a file that is left to geotiff.js");
      blocks.read(window, out, at);
    },
    close() {
      source.close();
      fallback?.then((reader) => reader.close()).catch(() => {});
    },
  };
}

/** An empty array of a sample type. */
export function newSamples(dtype: SampleType, length: number): Samples {
  switch (dtype) {
    case "uint8":
      return new Uint8Array(length);
    case "uint16":
      return new Uint16Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "int8":
      return new Int8Array(length);
    case "int16":
      return new Int16Array(length);
    case "int32":
      return new Int32Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
  }
}

/** @throws RangeError for a window outside of an image: a bug of the caller */
export function checkWindow(
  path: string,
  layout: { width: number; height: number; samples: number },
  { band, x, y, width, height }: Window,
): void {
  const isInside = band >= 0 && band < layout.samples && x >= 0 && y >= 0 && width >= 1 && height >= 1;
  if (isInside && x + width <= layout.width && y + height <= layout.height) return;
  throw new RangeError(
    `window ${x},${y} ${width} x ${height} of band ${band} lies outside ${path} (${layout.width} x ${layout.height} x ${layout.samples})`,
  );
}

class BlockReader {
  private readonly source: ByteSource;
  private readonly layout: TiffLayout;
  private readonly cache = new Map<number, Samples>();
  private cachedBytes = 0;
  private readonly isPlain: boolean;
  private readonly fill: number;

  constructor(source: ByteSource, layout: TiffLayout, fill: number) {
    this.fill = fill;
    this.source = source;
    this.layout = layout;
    this.isPlain = isPlain(layout);
  }

  read({ band, x, y, width, height }: Window, out: Samples, at: number): void {
    const { blockWidth, blockHeight, blocksAcross, blocksDown, chunky, samples } = this.layout;
    const plane = chunky ? 0 : band * blocksAcross * blocksDown;
    for (let blockY = Math.floor(y / blockHeight); blockY * blockHeight < y + height; blockY++) {
      for (let blockX = Math.floor(x / blockWidth); blockX * blockWidth < x + width; blockX++) {
        const left = Math.max(x, blockX * blockWidth);
        const right = Math.min(x + width, (blockX + 1) * blockWidth);
        const top = Math.max(y, blockY * blockHeight);
        const bottom = Math.min(y + height, (blockY + 1) * blockHeight);
        const index = plane + blockY * blocksAcross + blockX;
        // Position of the part's upper left pixel in the block and in the output.
        const from = (top - blockY * blockHeight) * blockWidth + left - blockX * blockWidth;
        const to = at + (top - y) * width + left - x;
        if (this.layout.byteCounts[index] === 0) {
          for (let row = 0; row < bottom - top; row++) out.fill(this.fill, to + row * width, to + row * width + right - left);
        } else if (this.isPlain) {
          this.copyPlain(index, from, right - left, bottom - top, out, to, width);
        } else {
          const step = chunky ? samples : 1;
          copyStrided(
            this.block(index),
            from * step + (chunky ? band : 0),
            step,
            blockWidth * step,
            right - left,
            bottom - top,
            out,
            to,
            width,
          );
        }
      }
    }
  }

  /** Copies rows of an uncompressed block of the host's byte order. */
  private copyPlain(index: number, from: number, columns: number, rows: number, out: Samples, to: number, outWidth: number): void {
    const { blockWidth, bytesPerSample, offsets } = this.layout;
    const target = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    const start = offsets[index]! + from * bytesPerSample;
    if (columns === blockWidth && columns === outWidth) {
      target.set(this.source.read(start, rows * columns * bytesPerSample), to * bytesPerSample);
      return;
    }
    // One read for narrow gaps; a read a row where the block is much wider than the part.
    if (columns * 4 >= blockWidth) {
      const bytes = this.source.read(start, ((rows - 1) * blockWidth + columns) * bytesPerSample);
      for (let row = 0; row < rows; row++) {
        const at = row * blockWidth * bytesPerSample;
        target.set(bytes.subarray(at, at + columns * bytesPerSample), (to + row * outWidth) * bytesPerSample);
      }
      return;
    }
    for (let row = 0; row < rows; row++) {
      target.set(
        this.source.read(start + row * blockWidth * bytesPerSample, columns * bytesPerSample),
        (to + row * outWidth) * bytesPerSample,
      );
    }
  }

  /** The unpacked samples of a block; chunky samples stay side by side. */
  private block(index: number): Samples {
    const cached = this.cache.get(index);
    if (cached) {
      this.cache.delete(index);
      this.cache.set(index, cached);
      return cached;
    }
    const samples = this.unpack(index);
    this.cache.set(index, samples);
    this.cachedBytes += samples.byteLength;
    for (const [oldest, value] of this.cache) {
      if (this.cachedBytes <= CACHE_BYTES || oldest === index) break;
      this.cache.delete(oldest);
      this.cachedBytes -= value.byteLength;
    }
    return samples;
  }

  private unpack(index: number): Samples {
    const { layout, source } = this;
    const { blockWidth, blockHeight, blocksAcross, blocksDown, bytesPerSample, dtype } = layout;
    const samples = layout.chunky ? layout.samples : 1;
    const rowLength = blockWidth * samples;
    const maximum = rowLength * blockHeight * bytesPerSample;
    const firstRow = Math.floor((index % (blocksAcross * blocksDown)) / blocksAcross) * blockHeight;
    const rows = layout.isTiled ? blockHeight : Math.min(blockHeight, layout.height - firstRow);
    let bytes: Uint8Array;
    try {
      const packed = source.read(layout.offsets[index]!, layout.byteCounts[index]!);
      bytes = decodeBlock(layout.compression, packed, rows * rowLength * bytesPerSample, maximum);
    } catch (error) {
      throw new AppError(
        "BAD_FILE",
        `${source.path}: strip or tile ${index} cannot be unpacked (${messageOf(error)}). Copy or download the file again.`,
        {
          data: { path: source.path },
          cause: error,
        },
      );
    }
    const out = newSamples(dtype, rowLength * rows);
    const outBytes = new Uint8Array(out.buffer);
    outBytes.set(bytes.subarray(0, outBytes.length));
    if (layout.predictor === 3) {
      undoFloatPredictor(outBytes, rowLength * bytesPerSample, bytesPerSample, samples);
      if (!IS_LITTLE_ENDIAN) swap(outBytes, bytesPerSample);
      return out;
    }
    if (bytesPerSample > 1 && layout.littleEndian !== IS_LITTLE_ENDIAN) swap(outBytes, bytesPerSample);
    if (layout.predictor === 2 && !(out instanceof Float32Array) && !(out instanceof Float64Array))
      undoHorizontalPredictor(out, rowLength, samples);
    return out;
  }
}

function copyStrided(
  source: Samples,
  from: number,
  step: number,
  rowStep: number,
  columns: number,
  rows: number,
  out: Samples,
  to: number,
  outWidth: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = from + row * rowStep;
    const target = to + row * outWidth;
    if (step === 1) out.set(source.subarray(start, start + columns), target);
    else for (let column = 0, i = start; column < columns; column++, i += step) out[target + column] = source[i]!;
  }
}

function swap(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else buffer.swap64();
}

interface FallbackReader {
  read(window: Window): Promise<Samples>;
  close(): void;
}

async function openFallback(path: string, layout: TiffLayout): Promise<FallbackReader> {
  const failed = (error: unknown) =>
    new AppError(
      "BAD_FILE",
      `${path} (TIFF compression ${layout.compression}) cannot be unpacked: ${messageOf(error)}. Convert it (gdal_translate -co COMPRESS=DEFLATE IN OUT.tif).`,
      {
        data: { path },
        cause: error,
      },
    );
  try {
    const GeoTIFF = await loadGeotiff();
    const tiff = await GeoTIFF.fromSource(slicesOf(openByteSource(path)));
    const image = await tiff.getImage(0);
    await checkCompression(layout.compression, image);
    return {
      async read({ band, x, y, width, height }) {
        try {
          const rasters = await image.readRasters({ window: [x, y, x + width, y + height], samples: [band] });
          const data: unknown = Array.isArray(rasters) ? rasters[0] : undefined;
          const out = newSamples(layout.dtype, width * height);
          if (!ArrayBuffer.isView(data) || (data as Samples).length !== out.length) throw new Error("no pixels came back");
          out.set(data as Samples);
          return out;
        } catch (error) {
          throw failed(error);
        }
      },
      close: () => void tiff.close(),
    };
  } catch (error) {
    throw failed(error);
  }
}

/** geotiff.js asks for its first bytes in pages, so past the end of small files. */
const LONGEST_PAGE = 64 * 1024;

/** A byte source as geotiff.js reads it: zeros behind the end. */
function slicesOf(source: ByteSource) {
  const slice = (offset: number, length: number): ArrayBuffer => {
    if (!(offset >= 0 && offset + length <= source.size + LONGEST_PAGE)) throw new Error(`it refers to byte ${offset + length}`);
    const out = new Uint8Array(length);
    if (offset < source.size) out.set(source.read(offset, Math.min(length, source.size - offset)));
    return out.buffer;
  };
  return {
    fileSize: source.size,
    fetch: async (slices: readonly { offset: number; length: number }[]) => slices.map(({ offset, length }) => slice(offset, length)),
    fetchSlice: async ({ offset, length }: { offset: number; length: number }) => ({ offset, length, data: slice(offset, length) }),
    close: async () => source.close(),
  };
}

/** Affine of a GeoTIFF. @see OGC GeoTIFF 1.1, section 7.1 and annex B.6 (PixelIsPoint: half a pixel off) */
export function transformOf({ pixelScale, tiepoint, transformation, geoKeys }: TiffTags): Affine | null {
  let affine: [number, number, number, number, number, number];
  if (transformation && transformation.length >= 16) {
    affine = [transformation[0]!, transformation[1]!, transformation[3]!, transformation[4]!, transformation[5]!, transformation[7]!];
  } else if (pixelScale && tiepoint && pixelScale.length >= 2 && tiepoint.length >= 6) {
    const [scaleX, scaleY] = pixelScale as [number, number];
    affine = [scaleX, 0, tiepoint[3]! - tiepoint[0]! * scaleX, 0, -scaleY, tiepoint[4]! + tiepoint[1]! * scaleY];
  } else {
    return null;
  }
  if (geoKey(geoKeys, 1025) === 2) {
    affine[2] -= (affine[0] + affine[1]) / 2;
    affine[5] -= (affine[3] + affine[4]) / 2;
  }
  return affine.every(Number.isFinite) ? affine : null;
}

const USER_DEFINED = 32767;

/** `EPSG:n` of a GeoTIFF, where its keys name it. */
export function crsOf({ geoKeys }: TiffTags): string | null {
  const projected = geoKey(geoKeys, 3072);
  if (projected !== undefined && projected !== 0 && projected !== USER_DEFINED) return `EPSG:${projected}`;
  const geographic = geoKey(geoKeys, 2048);
  return projected === undefined && geographic && geographic !== USER_DEFINED ? `EPSG:${geographic}` : null;
}

/** A key whose value lies in the directory itself. */
function geoKey(directory: readonly number[] | undefined, key: number): number | undefined {
  if (!directory) return undefined;
  for (let i = 4; i + 3 < directory.length; i += 4) if (directory[i] === key && directory[i + 1] === 0) return directory[i + 3];
  return undefined;
}

function noDataOf({ gdalNoData }: TiffTags): number | null {
  if (gdalNoData === undefined || gdalNoData.trim() === "") return null;
  const value = Number(gdalNoData.trim());
  return Number.isNaN(value) && gdalNoData.trim().toLowerCase() !== "nan" ? null : value;
}

function descriptionsOf({ gdalMetadata }: TiffTags, samples: number): (string | null)[] {
  const out = new Array<string | null>(samples).fill(null);
  if (!gdalMetadata) return out;
  for (const [, attributes, text] of gdalMetadata.matchAll(/<Item\b([^>]*)>([^<]*)<\/Item>/g)) {
    if (!/\brole="description"/.test(attributes!)) continue;
    const sample = Number(/\bsample="(\d+)"/.exec(attributes!)?.[1] ?? Number.NaN);
    // GDAL escapes twice when it writes (frmts/gtiff), so undo it twice.
    if (sample < samples) out[sample] = unescapeXml(unescapeXml(text!));
  }
  return out;
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => named[name]!);
}
