// Opens a JPEG 2000 image (JP2 or bare codestream) as it is used for Sentinel-2: windows are read tile by tile, and nothing else is decoded.
import { messageOf } from "../../../shared/domain/errors.ts";
import { type ByteSource, openByteSource } from "../../files/byte-source.ts";
import { checkWindow, newSamples } from "./geotiff.ts";
import { readBoxes } from "./jpeg2000-boxes.ts";
import {
  brokenJpeg2000,
  type Codestream,
  type Rect,
  readCodestream,
  readTile,
  tileCodestream,
  tileRect,
  unsupportedJpeg2000,
} from "./jpeg2000-codestream.ts";
import { type Frame, sharedDecoder, type TileSamples } from "./jpeg2000-decoder.ts";
import { cells, resolutionsOf } from "./jpeg2000-geometry.ts";
import { georeferenceOf } from "./jpeg2000-georeference.ts";
import { canCut, cutWindow } from "./jpeg2000-packets.ts";
import type { Raster, Samples, Window } from "./raster.ts";

export interface Jpeg2000 extends Raster {
  /** Size of the codestream's tiles, px: what a window costs at least, unless the reads are sparse. */
  readonly blockWidth: number;
  readonly blockHeight: number;
}

export interface Jpeg2000Options {
  /** Few windows of a tile will be read: then only the parts of a tile that a window needs are decoded, and decoded anew for each. */
  readonly isSparse?: boolean;
}

/** WASM heap that decoding a tile may take, bytes: with the cache of decoded tiles a worker stays below 400 MB. */
const MAXIMUM_HEAP_BYTES = 160 * 1024 * 1024;
/**
 * What the decoder takes, bytes, measured on tiles of 2,048 to 5,488 px with code-blocks of 4 and 64 and precincts of 8: its samples (4) and
 * their copy (2), a code-block, a precinct; and what the heap grows beyond its need.
 */
const HEAP = { sample: 6, block: 384, precinct: 320, growth: 1.2 } as const;
/** Sparse reads of a tile that add up to this part of its area end in decoding all of it. */
const SPARSE_PART = 1 / 2;
/** What a sparse read costs on top of its window, as part of the tile's area: headers and wavelets. */
const SPARSE_COST = 1 / 16;

let opened = 0;

/**
 * Opens a JPEG 2000 file.
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE, UNSUPPORTED
 */
export function openJpeg2000File(path: string, options: Jpeg2000Options = {}): Jpeg2000 {
  const source = openByteSource(path);
  try {
    return openJpeg2000(source, options);
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * A JPEG 2000 image from a source of bytes. Its structure is checked here; a tile that is cut short or broken fails when it is read.
 * @throws AppError BAD_FILE, UNSUPPORTED
 */
export function openJpeg2000(source: ByteSource, { isSparse = false }: Jpeg2000Options = {}): Jpeg2000 {
  const { path } = source;
  const boxes = readBoxes(source);
  const codestream = readCodestream(source, boxes.codestream);
  const { image, components, bits } = codestream;
  const shape = { width: image.x1 - image.x0, height: image.y1 - image.y0, samples: components };
  const dtype = bits > 8 ? "uint16" : "uint8";
  const reader = new TileReader(source, codestream, isSparse);
  return {
    path,
    width: shape.width,
    height: shape.height,
    bands: components,
    dtype,
    ...georeferenceOf(path, boxes),
    nodata: null,
    descriptions: new Array<string | null>(components).fill(null),
    blockWidth: Math.min(codestream.tileWidth, shape.width),
    blockHeight: Math.min(codestream.tileHeight, shape.height),
    async readWindow(window) {
      checkWindow(path, shape, window);
      const out = newSamples(dtype, window.width * window.height);
      await reader.read(window, out);
      return out;
    },
    close() {
      reader.close();
      source.close();
    },
  };
}

/** Windows in an order that touches each tile of a raster once, or twice at its edges. */
export function inBlockOrder<W extends Pick<Window, "x" | "y">>(
  windows: readonly W[],
  { blockWidth, blockHeight }: Pick<Jpeg2000, "blockWidth" | "blockHeight">,
): W[] {
  const row = ({ y }: W) => Math.floor(y / blockHeight);
  const column = ({ x }: W) => Math.floor(x / blockWidth);
  return [...windows].sort((a, b) => row(a) - row(b) || column(a) - column(b));
}

interface Decoded {
  readonly samples: TileSamples;
  /** Where they lie, on the reference grid. */
  readonly rect: Rect;
  /** Those of the band begin at `first` and are `step` apart. */
  readonly step: number;
  readonly first: number;
}

class TileReader {
  private readonly source: ByteSource;
  private readonly codestream: Codestream;
  private readonly isSparse: boolean;
  private readonly id = ++opened;
  private readonly decoder = sharedDecoder();
  private readonly kept = new Set<string>();
  private isOpen = true;
  /** Part of each tile's area that sparse reads have taken. */
  private readonly sparse = new Map<number, number>();

  constructor(source: ByteSource, codestream: Codestream, isSparse: boolean) {
    this.source = source;
    this.codestream = codestream;
    this.isSparse = isSparse;
  }

  async read({ band, x, y, width, height }: Window, out: Samples): Promise<void> {
    const { image, tileOrigin, tileWidth, tileHeight, tilesAcross } = this.codestream;
    // On the reference grid.
    const window: Rect = { x0: image.x0 + x, y0: image.y0 + y, x1: image.x0 + x + width, y1: image.y0 + y + height };
    const column = (at: number) => Math.floor((at - tileOrigin.x) / tileWidth);
    const row = (at: number) => Math.floor((at - tileOrigin.y) / tileHeight);
    for (let tileRow = row(window.y0); tileRow <= row(window.y1 - 1); tileRow++) {
      for (let tileColumn = column(window.x0); tileColumn <= column(window.x1 - 1); tileColumn++) {
        const tile = tileRow * tilesAcross + tileColumn;
        const rect = tileRect(this.codestream, tile);
        const part: Rect = {
          x0: Math.max(window.x0, rect.x0),
          y0: Math.max(window.y0, rect.y0),
          x1: Math.min(window.x1, rect.x1),
          y1: Math.min(window.y1, rect.y1),
        };
        const decoded = await this.samplesOf(tile, rect, band, part);
        const { samples, step } = decoded;
        const rowLength = (decoded.rect.x1 - decoded.rect.x0) * step;
        for (let line = part.y0; line < part.y1; line++) {
          const from = (line - decoded.rect.y0) * rowLength + (part.x0 - decoded.rect.x0) * step + decoded.first;
          const to = (line - window.y0) * width + part.x0 - window.x0;
          const columns = part.x1 - part.x0;
          if (step === 1) out.set(samples.subarray(from, from + columns), to);
          else for (let i = 0; i < columns; i++) out[to + i] = samples[from + i * step]!;
        }
      }
    }
  }

  close(): void {
    this.isOpen = false;
    for (const key of this.kept) this.decoder.forget(key);
  }

  /** The samples of a tile, or of a part of it around `part`. */
  private async samplesOf(tile: number, rect: Rect, band: number, part: Rect): Promise<Decoded> {
    const { codestream, decoder, source } = this;
    const { components, bits } = codestream;
    // The decoder's build gives images of 1 or 3 components; others are taken band by band.
    const isWhole = components === 1 || components === 3;
    const key = isWhole ? `${this.id} ${tile}` : `${this.id} ${tile} ${band}`;
    const [step, first] = isWhole ? [components, band] : [1, 0];
    const recalled = decoder.recall(key);
    if (recalled) return { samples: recalled, rect, step, first };
    this.checkCost(tile, rect);
    const bytes = readTile(source, codestream, tile);
    const isCuttable = canCut(codestream, bytes);
    if (!isWhole && !isCuttable) throw unsupportedJpeg2000(source.path, `its ${components} bands are packed in a way that is not read`);
    try {
      if (this.isSparse && isCuttable && this.isWorthCutting(tile, rect, part)) {
        const cut = cutWindow(codestream, tile, bytes, band, part);
        return { samples: await decoder.decode(cut.bytes, frameOf(cut.rect, 1, bits)), rect: cut.rect, step: 1, first: 0 };
      }
      const samples = isWhole
        ? await decoder.decode(tileCodestream(codestream, tile, bytes), frameOf(rect, components, bits))
        : await decoder.decode(cutWindow(codestream, tile, bytes, band, rect).bytes, frameOf(rect, 1, bits));
      if (this.isOpen) decoder.keep(key, samples);
      this.kept.add(key);
      return { samples, rect, step, first };
    } catch (error) {
      const where = `tile ${tile} of ${codestream.tilesAcross * codestream.tilesDown}`;
      throw brokenJpeg2000(source.path, `${where} cannot be decoded (${messageOf(error)})`, error);
    }
  }

  private isWorthCutting(tile: number, rect: Rect, part: Rect): boolean {
    const taken = (this.sparse.get(tile) ?? 0) + areaOf(part) / areaOf(rect) + SPARSE_COST;
    this.sparse.set(tile, taken);
    return taken <= SPARSE_PART;
  }

  /** Refuses, before anything is read, a tile that cannot be what it claims, or whose decoding takes too much memory. */
  private checkCost(tile: number, rect: Rect): void {
    const { codestream, source } = this;
    const found = codestream.tiles.get(tile);
    if (!found) return;
    const bytes = found.parts.reduce((sum, { offset, end }) => sum + end - offset, 0);
    let packets = 0;
    // Its bytes lie in the heap and beside it.
    let heap = 2 * bytes + codestream.components * areaOf(rect) * HEAP.sample;
    for (const coding of codestream.codings) {
      for (const { precinctsAcross, precinctsDown, subbands } of resolutionsOf(rect, coding)) {
        packets += coding.layers * precinctsAcross * precinctsDown;
        heap += precinctsAcross * precinctsDown * HEAP.precinct;
        for (const { x0, y0, x1, y1, blockWidthExponent, blockHeightExponent } of subbands)
          heap += cells(x0, x1, blockWidthExponent) * cells(y0, y1, blockHeightExponent) * HEAP.block;
      }
    }
    const where = `tile ${tile} of ${codestream.tilesAcross * codestream.tilesDown}`;
    // A packet takes a byte at least.
    if (packets > bytes) throw brokenJpeg2000(source.path, `${where} has ${bytes} bytes, which cannot hold its ${packets} packets`);
    heap *= HEAP.growth;
    if (heap > MAXIMUM_HEAP_BYTES) {
      const size = `${rect.x1 - rect.x0} x ${rect.y1 - rect.y0}`;
      throw unsupportedJpeg2000(
        source.path,
        `${where} (${size} px, ${codestream.components} bands) is too large to decode: it takes ${Math.round(heap / 1e6)} MB`,
      );
    }
  }
}

function areaOf({ x0, y0, x1, y1 }: Rect): number {
  return (x1 - x0) * (y1 - y0);
}

function frameOf({ x0, y0, x1, y1 }: Rect, components: number, bits: number): Frame {
  return { width: x1 - x0, height: y1 - y0, components, bits };
}
