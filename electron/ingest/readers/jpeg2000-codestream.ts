// The structure of a JPEG 2000 codestream: its main header and where the parts of its tiles lie, checked against the size of the file;
// and a tile cut out as a codestream of its own, so that a window costs no more than the tiles that it touches.
import { AppError } from "../../../shared/domain/errors.ts";
import type { ByteSource } from "../../files/byte-source.ts";

/** Left and upper edges belong to it, right and lower ones do not. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** How a component is coded (COD or COC marker segment). */
export interface Coding {
  /** Scod: 1 precincts are listed, 2 SOP markers may be used, 4 EPH markers are. */
  readonly style: number;
  /** 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL. */
  readonly progression: number;
  readonly layers: number;
  /** Colours are transformed: components cannot be taken one by one. */
  readonly isMixed: boolean;
  /** Wavelet levels, 0 to 32; there is one resolution more. */
  readonly levels: number;
  /** Exponents of a code-block's size. */
  readonly blockWidthExponent: number;
  readonly blockHeightExponent: number;
  readonly blockStyle: number;
  /** The 5-3 wavelet; else the 9-7. */
  readonly isReversible: boolean;
  /** Exponents of the precincts' size by resolution, smallest first. */
  readonly precincts: readonly (readonly [number, number])[];
}

interface TilePart {
  /** Where its SOT marker lies in the file. */
  readonly offset: number;
  /** Up to where; beyond the file's end when that is cut short. */
  readonly end: number;
  readonly index: number;
}

interface Tile {
  readonly parts: TilePart[];
  /** Number of parts, 0 where no part says so. */
  partCount: number;
}

export interface Codestream {
  /** The image on the reference grid. */
  readonly image: Rect;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Where the first tile would begin; not right of or below the image's corner. */
  readonly tileOrigin: { readonly x: number; readonly y: number };
  readonly tilesAcross: number;
  readonly tilesDown: number;
  readonly components: number;
  /** Bits of a sample, the same in all components. */
  readonly bits: number;
  /** Of each component. */
  readonly codings: readonly Coding[];
  /** Marker segments of the main header that a tile needs, SIZ apart, as in the file. */
  readonly segments: readonly { readonly marker: number; readonly bytes: Buffer }[];
  readonly tiles: ReadonlyMap<number, Tile>;
  /** The chain of tile-parts ends before the codestream does. */
  readonly isCutShort: boolean;
}

export const MARKER = {
  soc: 0xff4f,
  cap: 0xff50,
  siz: 0xff51,
  cod: 0xff52,
  coc: 0xff53,
  tlm: 0xff55,
  plm: 0xff57,
  plt: 0xff58,
  qcd: 0xff5c,
  poc: 0xff5f,
  ppm: 0xff60,
  crg: 0xff63,
  com: 0xff64,
  sot: 0xff90,
  sop: 0xff91,
  eph: 0xff92,
  sod: 0xff93,
  eoc: 0xffd9,
} as const;

/** Marker segments that a tile on its own does not need: indices into the whole file, notes. */
const DROPPED: ReadonlySet<number> = new Set([MARKER.tlm, MARKER.plm, MARKER.crg, MARKER.com]);

/** A whole 10,980 px band has 0.12 Gpx. */
const MAXIMUM_PIXELS = 2 ** 31;
const MAXIMUM_TILES = 65535;
/** Real files have 12 bands at most. */
const MAXIMUM_COMPONENTS = 256;
/** Marker segments of a header; real ones have 5 to 10. */
const MAXIMUM_SEGMENTS = 10_000;
/** Tile-parts of a file; ESA's have 121. */
const MAXIMUM_TILE_PARTS = 500_000;
const SOT_BYTES = 12;

/** A file that breaks the standard or is cut short. */
export function brokenJpeg2000(path: string, what: string, cause?: unknown): AppError {
  return new AppError("BAD_FILE", `${path} is a broken JPEG 2000: ${what}. Copy or download it again.`, { data: { path }, cause });
}

/** A file of a kind that is not read. */
export function unsupportedJpeg2000(path: string, what: string): AppError {
  return new AppError("UNSUPPORTED", `${path}: ${what}. Convert it (gdal_translate -co COMPRESS=DEFLATE -co TILED=YES IN OUT.tif).`, {
    data: { path },
  });
}

/**
 * Reads the main header and finds the tile-parts.
 * @param range bytes of the file that hold the codestream
 * @throws AppError BAD_FILE when the header is broken, cut short or claims what cannot be; UNSUPPORTED for kinds that are not read
 * @see ITU-T T.800, annex A
 */
export function readCodestream(source: ByteSource, range: { start: number; end: number }): Codestream {
  const { path } = source;
  const end = Math.min(range.end, source.size);
  const broken = (what: string) => brokenJpeg2000(path, what);
  let at = range.start;
  const uint16 = (offset: number) => {
    if (offset + 2 > end) throw broken("its header is cut short");
    return source.read(offset, 2).readUInt16BE(0);
  };
  if (uint16(at) !== MARKER.soc) throw broken("its codestream has no beginning");
  at += 2;

  let size: ReturnType<typeof readSize> | undefined;
  let coding: Coding | undefined;
  let hasQuantisation = false;
  const own: { component: number; coding: Coding }[] = [];
  const segments: { marker: number; bytes: Buffer }[] = [];
  for (let count = 0; ; count++) {
    const marker = uint16(at);
    if (marker === MARKER.sot) break;
    const length = uint16(at + 2);
    if (count === MAXIMUM_SEGMENTS || marker < 0xff01 || length < 2) throw broken(`its header has no valid marker at byte ${at}`);
    if (at + 2 + length > end) throw broken("its header is cut short");
    if (count === 0 && marker !== MARKER.siz) throw broken("its header does not begin with the image's size");
    if (marker === MARKER.ppm) throw unsupportedJpeg2000(path, "its packet headers are packed into the main header, which is not read");
    if (!DROPPED.has(marker)) {
      const bytes = Buffer.from(source.read(at, 2 + length));
      if (marker === MARKER.siz) {
        if (size) throw broken("it has two sizes");
        size = readSize(path, bytes);
      } else {
        if (marker === MARKER.cod) coding = readCoding(path, bytes);
        if (marker === MARKER.coc && coding && size) own.push(readOwnCoding(path, bytes, size.components, coding));
        if (marker === MARKER.qcd) hasQuantisation = true;
        segments.push({ marker, bytes });
      }
    }
    at += 2 + length;
  }
  if (!size || !coding || !hasQuantisation) throw broken("its header lacks the coding style");
  const codings = new Array<Coding>(size.components).fill(coding);
  for (const { component, coding: its } of own) codings[component] = its;
  return { ...size, codings, segments, ...readTileParts(source, at, { ...range, available: end }, size.tilesAcross * size.tilesDown) };
}

function readSize(path: string, bytes: Buffer) {
  const components = bytes.length >= 40 ? bytes.readUInt16BE(38) : 0;
  if (components < 1 || bytes.length !== 40 + 3 * components) throw brokenJpeg2000(path, "its size is cut short");
  const field = (index: number) => bytes.readUInt32BE(6 + 4 * index);
  const image: Rect = { x1: field(0), y1: field(1), x0: field(2), y0: field(3) };
  const [tileWidth, tileHeight] = [field(4), field(5)];
  const tileOrigin = { x: field(6), y: field(7) };
  const width = image.x1 - image.x0;
  const height = image.y1 - image.y0;
  const isSound =
    width >= 1 &&
    height >= 1 &&
    tileOrigin.x <= image.x0 &&
    tileOrigin.y <= image.y0 &&
    tileOrigin.x + tileWidth > image.x0 &&
    tileOrigin.y + tileHeight > image.y0 &&
    image.x1 < 2 ** 31 &&
    image.y1 < 2 ** 31;
  if (!isSound) throw brokenJpeg2000(path, `it claims ${width} x ${height} px in tiles of ${tileWidth} x ${tileHeight}`);
  const tilesAcross = Math.ceil((image.x1 - tileOrigin.x) / tileWidth);
  const tilesDown = Math.ceil((image.y1 - tileOrigin.y) / tileHeight);
  if (width * height > MAXIMUM_PIXELS) throw unsupportedJpeg2000(path, `it claims ${width} x ${height} px, which is too large`);
  if (tilesAcross * tilesDown > MAXIMUM_TILES) throw brokenJpeg2000(path, `it claims ${tilesAcross * tilesDown} tiles`);
  if (components > MAXIMUM_COMPONENTS) throw unsupportedJpeg2000(path, `it has ${components} bands, more than ${MAXIMUM_COMPONENTS}`);
  const depth = bytes[40]!;
  for (let i = 0; i < components; i++) {
    if (bytes[41 + 3 * i] !== 1 || bytes[42 + 3 * i] !== 1) throw unsupportedJpeg2000(path, "its bands have different resolutions");
    if (bytes[40 + 3 * i] !== depth) throw unsupportedJpeg2000(path, "its bands have different sample types");
  }
  const bits = (depth & 0x7f) + 1;
  if (depth & 0x80 || bits > 16) throw unsupportedJpeg2000(path, `${depth & 0x80 ? "signed " : ""}${bits}-bit samples are not read`);
  return { image, tileWidth, tileHeight, tileOrigin, tilesAcross, tilesDown, components, bits };
}

function readCoding(path: string, bytes: Buffer): Coding {
  if (bytes.length < 14) throw brokenJpeg2000(path, "its coding style is cut short");
  const style = bytes[4]!;
  const layers = bytes.readUInt16BE(6);
  if (bytes[5]! > 4 || layers === 0) throw brokenJpeg2000(path, "its coding style does not exist");
  return { style, progression: bytes[5]!, layers, isMixed: bytes[8] !== 0, ...readBlocks(path, bytes, 9, (style & 1) === 1) };
}

function readOwnCoding(path: string, bytes: Buffer, components: number, common: Coding): { component: number; coding: Coding } {
  const wide = components > 256 ? 1 : 0;
  const component = wide ? bytes.readUInt16BE(4) : bytes[4]!;
  if (bytes.length < 11 + wide || component >= components) throw brokenJpeg2000(path, "the coding style of a band is cut short");
  return { component, coding: { ...common, ...readBlocks(path, bytes, 6 + wide, (bytes[5 + wide]! & 1) === 1) } };
}

function readBlocks(path: string, bytes: Buffer, at: number, hasPrecincts: boolean) {
  const levels = bytes[at]!;
  const blockWidthExponent = bytes[at + 1]! + 2;
  const blockHeightExponent = bytes[at + 2]! + 2;
  const isSound =
    levels <= 32 &&
    blockWidthExponent <= 10 &&
    blockHeightExponent <= 10 &&
    blockWidthExponent + blockHeightExponent <= 12 &&
    bytes.length >= at + 5 + (hasPrecincts ? levels + 1 : 0);
  if (!isSound) throw brokenJpeg2000(path, "its code-blocks have no valid size");
  const precincts = Array.from({ length: levels + 1 }, (_, resolution): readonly [number, number] => {
    if (!hasPrecincts) return [15, 15];
    const packed = bytes[at + 5 + resolution]!;
    if (resolution > 0 && ((packed & 15) === 0 || packed >> 4 === 0)) throw brokenJpeg2000(path, "its precincts have no size");
    return [packed & 15, packed >> 4];
  });
  return { levels, blockWidthExponent, blockHeightExponent, blockStyle: bytes[at + 3]!, isReversible: bytes[at + 4] === 1, precincts };
}

/** Follows the chain of tile-parts, by the length that each has. What lies beyond a break in the chain is not found. */
function readTileParts(
  source: ByteSource,
  first: number,
  range: { end: number; available: number },
  tileCount: number,
): Pick<Codestream, "tiles" | "isCutShort"> {
  const tiles = new Map<number, Tile>();
  let at = first;
  for (let count = 0; count < MAXIMUM_TILE_PARTS; count++) {
    // The end-of-codestream marker may be missing.
    if (at === range.end) return { tiles, isCutShort: false };
    if (at + 2 > range.available) return { tiles, isCutShort: true };
    const bytes = source.read(at, Math.min(SOT_BYTES, range.available - at));
    if (bytes.readUInt16BE(0) === MARKER.eoc) return { tiles, isCutShort: false };
    if (bytes.length < SOT_BYTES || bytes.readUInt16BE(0) !== MARKER.sot || bytes.readUInt16BE(2) !== 10) break;
    const number = bytes.readUInt16BE(4);
    const length = bytes.readUInt32BE(6);
    if (number >= tileCount || (length > 0 && length < SOT_BYTES + 2)) break;
    const tile = tiles.get(number) ?? { parts: [], partCount: 0 };
    tiles.set(number, tile);
    // A length of 0 stands for all the rest.
    const end = length > 0 ? at + length : range.end;
    tile.parts.push({ offset: at, end, index: bytes[10]! });
    tile.partCount ||= bytes[11]!;
    at = end;
  }
  return { tiles, isCutShort: true };
}

/** The tile's part of the image on the reference grid. */
export function tileRect(codestream: Codestream, tile: number): Rect {
  const { image, tileWidth, tileHeight, tileOrigin, tilesAcross } = codestream;
  const x = tileOrigin.x + (tile % tilesAcross) * tileWidth;
  const y = tileOrigin.y + Math.floor(tile / tilesAcross) * tileHeight;
  return {
    x0: Math.max(x, image.x0),
    y0: Math.max(y, image.y0),
    x1: Math.min(x + tileWidth, image.x1),
    y1: Math.min(y + tileHeight, image.y1),
  };
}

/** A tile as it lies in the file. */
export interface TileBytes {
  /** Marker segments of its tile-parts' headers, one part after the other. */
  readonly markers: ReadonlySet<number>;
  /** The tile-parts without their SOT segments: rest of the header, SOD, packets. */
  readonly parts: readonly { readonly bytes: Buffer; readonly dataStart: number }[];
}

/**
 * Reads the parts of a tile.
 * @throws AppError BAD_FILE when it is missing, cut short or broken; UNSUPPORTED when it is coded in a way of its own
 */
export function readTile(source: ByteSource, codestream: Codestream, tile: number): TileBytes {
  const { path, size } = source;
  const found = codestream.tiles.get(tile);
  const where = `tile ${tile} of ${codestream.tilesAcross * codestream.tilesDown}`;
  const isMissing = !found || (found.partCount ? found.parts.length < found.partCount : codestream.isCutShort);
  if (isMissing) throw brokenJpeg2000(path, `${where} is missing, so the file is cut short`);
  const markers = new Set<number>();
  const parts = [...found.parts]
    .sort((a, b) => a.index - b.index)
    .map(({ offset, end }, index) => {
      if (end > size) throw brokenJpeg2000(path, `it is cut short: ${where} ends at byte ${end}, the file at ${size}`);
      if (index > 254) throw brokenJpeg2000(path, `${where} has too many parts`);
      const bytes = Buffer.from(source.read(offset + SOT_BYTES, end - offset - SOT_BYTES));
      let at = 0;
      while (at + 4 <= bytes.length && bytes.readUInt16BE(at) !== MARKER.sod) {
        markers.add(bytes.readUInt16BE(at));
        at += 2 + bytes.readUInt16BE(at + 2);
      }
      if (at + 2 > bytes.length || bytes.readUInt16BE(at) !== MARKER.sod) throw brokenJpeg2000(path, `${where} has no data`);
      return { bytes, dataStart: at + 2 };
    });
  if (markers.has(MARKER.cod) || markers.has(MARKER.coc)) {
    throw unsupportedJpeg2000(path, "its tiles have coding styles of their own, which are not read");
  }
  return { markers, parts };
}

/** A tile of the file as a codestream of its own: the same coordinates, the same headers, one tile. */
export function tileCodestream(codestream: Codestream, tile: number, { parts }: TileBytes): Buffer {
  const rect = tileRect(codestream, tile);
  const out = [sizeSegment(rect, codestream.components, codestream.bits), ...codestream.segments.map(({ bytes }) => bytes)];
  parts.forEach(({ bytes }, index) => {
    out.push(tilePartSegment(bytes.length, index, parts.length), bytes);
  });
  return joinCodestream(out);
}

/** Marker segments and tile-parts between the codestream's first and last marker. */
export function joinCodestream(parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(0xff, 0x4f), ...parts, Buffer.of(0xff, 0xd9)]);
}

/** The SIZ segment of an image that is one tile. Coordinates stay: wavelets, precincts and code-blocks depend on them. */
export function sizeSegment({ x0, y0, x1, y1 }: Rect, components: number, bits: number): Buffer {
  const out = Buffer.alloc(40 + 3 * components);
  out.writeUInt16BE(MARKER.siz, 0);
  out.writeUInt16BE(out.length - 2, 2);
  for (const [i, value] of [x1, y1, x0, y0, x1 - x0, y1 - y0, x0, y0].entries()) out.writeUInt32BE(value, 6 + 4 * i);
  out.writeUInt16BE(components, 38);
  for (let i = 0; i < components; i++) out.set([bits - 1, 1, 1], 40 + 3 * i);
  return out;
}

/** The SOT segment before a tile-part whose header and data have `length` bytes. */
export function tilePartSegment(length: number, index: number, count: number): Buffer {
  const out = Buffer.alloc(SOT_BYTES);
  out.writeUInt16BE(MARKER.sot, 0);
  out.writeUInt16BE(10, 2);
  out.writeUInt32BE(SOT_BYTES + length, 6);
  out[10] = index;
  out[11] = count;
  return out;
}
