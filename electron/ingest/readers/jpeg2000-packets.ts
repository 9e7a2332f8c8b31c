// A window of one band of a tile, as a codestream of its own: only the code-blocks that the window needs are kept. Nearly all the time of
// decoding goes into code-blocks (98 % with ESA's of 4 x 4), so a 120 px window of a 1,024 px tile costs a small part of the tile.
import {
  type Codestream,
  type Coding,
  joinCodestream,
  MARKER,
  type Rect,
  sizeSegment,
  type TileBytes,
  tilePartSegment,
  tileRect,
} from "./jpeg2000-codestream.ts";
import { cells, type Resolution, resolutionsOf, type Subband } from "./jpeg2000-geometry.ts";

/** Main header segments that are understood here. */
const UNDERSTOOD: ReadonlySet<number> = new Set([MARKER.cod, MARKER.qcd]);
/** Styles of code-blocks with several lengths each (1 bypass, 4 termination at each pass) or another coder (64 high throughput). */
const SEVERAL_LENGTHS = 1 | 4 | 64;
/** Samples beside the window in a sub-band that the wavelets reach, all levels together: at most 3 with the 5-3 filter, 6 with the 9-7. */
const REACH = { reversible: 4, irreversible: 8 } as const;
/** More bit-planes than any sample type has: a broken header. */
const MAXIMUM_PLANES = 64;

/** Whether windows and bands can be cut out of a tile: one quality layer and plain headers, as OpenJPEG and Kakadu write them. */
export function canCut({ components, codings, segments }: Codestream, { markers }: TileBytes): boolean {
  const coding = codings[0]!;
  return (
    coding.layers === 1 &&
    (coding.blockStyle & SEVERAL_LENGTHS) === 0 &&
    (components === 1 || !coding.isMixed) &&
    segments.every(({ marker }) => UNDERSTOOD.has(marker)) &&
    [...markers].every((marker) => marker === MARKER.plt || marker === MARKER.com)
  );
}

/** A part of a tile's band as a codestream of its own. */
export interface Cut {
  /** The part, on the reference grid: the window and what its wavelets reach, out to the next borders of code-blocks. */
  readonly rect: Rect;
  readonly bytes: Buffer;
}

/**
 * Cuts the code-blocks that a window needs out of one band of a tile. What it decodes to equals the tile in the window, not beside it.
 * @param window on the reference grid, inside the tile
 * @throws Error where the packets are broken
 * @see ITU-T T.800, annex B.9 to B.12
 */
export function cutWindow(codestream: Codestream, tile: number, { parts }: TileBytes, band: number, window: Rect): Cut {
  const coding = codestream.codings[0]!;
  const whole = tileRect(codestream, tile);
  const data = parts.map(({ bytes, dataStart }) => bytes.subarray(dataStart));
  const reader = new PacketReader(data.length === 1 ? data[0]! : Buffer.concat(data), (coding.style & 4) !== 0);
  const resolutions = resolutionsOf(whole, coding);
  const found = resolutions.map((): BlockGrid[][] => []);
  for (const { component, resolution, precinct } of packetOrder(whole, resolutions, codestream.components, coding.progression)) {
    const grids = gridsOf(resolutions[resolution]!, precinct);
    reader.read(grids);
    if (component === band) found[resolution]![precinct] = grids;
  }

  const reach = coding.isReversible ? REACH.reversible : REACH.irreversible;
  const rect = partAround(whole, window, coding, reach);
  const packets: Buffer[] = [];
  resolutionsOf(rect, coding).forEach((its, resolution) => {
    for (let precinct = 0; precinct < its.precinctsAcross * its.precinctsDown; precinct++) {
      const from = found[resolution]![precinctAt(resolutions[resolution]!, precinctRect(its, precinct))]!;
      const grids = gridsOf(its, precinct);
      for (const [i, grid] of grids.entries()) take(from[i]!, grid, window, reach);
      packets.push(...writePacket(reader.data, grids));
    }
  });
  const kept = Buffer.concat(packets);
  return {
    rect,
    bytes: joinCodestream([
      sizeSegment(rect, 1, codestream.bits),
      ...codestream.segments.map(({ marker, bytes }) => (marker === MARKER.cod ? plainCoding(bytes) : bytes)),
      tilePartSegment(2 + kept.length, 0, 1),
      Buffer.of(0xff, 0x93),
      kept,
    ]),
  };
}

/** A part of the tile whose borders are borders of code-blocks in every sub-band, or the tile's own. */
function partAround(tile: Rect, window: Rect, { levels, blockWidthExponent, blockHeightExponent }: Coding, reach: number): Rect {
  const width = 2 ** (levels + blockWidthExponent);
  const height = 2 ** (levels + blockHeightExponent);
  const beside = reach * 2 ** levels;
  return {
    x0: Math.max(tile.x0, Math.floor((window.x0 - beside) / width) * width),
    y0: Math.max(tile.y0, Math.floor((window.y0 - beside) / height) * height),
    x1: Math.min(tile.x1, Math.ceil((window.x1 + beside) / width) * width),
    y1: Math.min(tile.y1, Math.ceil((window.y1 + beside) / height) * height),
  };
}

/** The COD segment of one component, resolution by resolution, without SOP and EPH markers. */
function plainCoding(segment: Buffer): Buffer {
  const out = Buffer.from(segment);
  out[4] = out[4]! & 1;
  out[5] = 0;
  out[8] = 0;
  return out;
}

interface Packet {
  readonly component: number;
  readonly resolution: number;
  readonly precinct: number;
}

/** The packets of a tile of one layer in the order of its progression (T.800, B.12.1), all components being divided alike. */
function packetOrder(tile: Rect, resolutions: readonly Resolution[], components: number, progression: number): Packet[] {
  const packets: (Packet & { key: readonly number[] })[] = [];
  resolutions.forEach((its, resolution) => {
    for (let precinct = 0; precinct < its.precinctsAcross * its.precinctsDown; precinct++) {
      const { x0, y0 } = precinctRect(its, precinct);
      const x = Math.max(tile.x0, x0 * 2 ** its.level);
      const y = Math.max(tile.y0, y0 * 2 ** its.level);
      for (let component = 0; component < components; component++) {
        packets.push({ component, resolution, precinct, key: keyOf(progression, { component, resolution, precinct }, x, y) });
      }
    }
  });
  return packets.sort((a, b) => {
    for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!;
    return 0;
  });
}

/** What the packets of a progression are sorted by, the outermost loop first. */
function keyOf(progression: number, { component, resolution, precinct }: Packet, x: number, y: number): readonly number[] {
  switch (progression) {
    case 2:
      return [resolution, precinct, component];
    case 3:
      return [y, x, component, resolution];
    case 4:
      return [component, y, x, resolution];
    default:
      return [resolution, component, precinct];
  }
}

function precinctRect(resolution: Resolution, precinct: number): Rect {
  const { precinctWidthExponent, precinctHeightExponent, precinctsAcross } = resolution;
  const width = 2 ** precinctWidthExponent;
  const height = 2 ** precinctHeightExponent;
  const x0 = (Math.floor(resolution.x0 / width) + (precinct % precinctsAcross)) * width;
  const y0 = (Math.floor(resolution.y0 / height) + Math.floor(precinct / precinctsAcross)) * height;
  return { x0, y0, x1: x0 + width, y1: y0 + height };
}

/** Number of the precinct that has the same corner. */
function precinctAt(resolution: Resolution, { x0, y0 }: Rect): number {
  const first = precinctRect(resolution, 0);
  const column = (x0 - first.x0) / (first.x1 - first.x0);
  const row = (y0 - first.y0) / (first.y1 - first.y0);
  return row * resolution.precinctsAcross + column;
}

/** The code-blocks of a precinct in one sub-band, row by row. */
interface BlockGrid {
  readonly subband: Subband;
  /** Of the first code-block, in code-blocks. */
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
  /** Coding passes of each, 0 where it is not in the packet. */
  readonly passes: Uint8Array;
  readonly zeroPlanes: Uint8Array;
  readonly lengths: Uint32Array;
  readonly offsets: Uint32Array;
}

function gridsOf(resolution: Resolution, precinct: number): BlockGrid[] {
  const area = precinctRect(resolution, precinct);
  return resolution.subbands.map((subband) => {
    const scale = 2 ** (subband.level - resolution.level);
    const x0 = Math.max(area.x0 / scale, subband.x0);
    const y0 = Math.max(area.y0 / scale, subband.y0);
    const across = cells(x0, Math.min(area.x1 / scale, subband.x1), subband.blockWidthExponent);
    const down = cells(y0, Math.min(area.y1 / scale, subband.y1), subband.blockHeightExponent);
    const count = across * down;
    return {
      subband,
      left: Math.floor(x0 / 2 ** subband.blockWidthExponent),
      top: Math.floor(y0 / 2 ** subband.blockHeightExponent),
      across,
      down,
      passes: new Uint8Array(count),
      zeroPlanes: new Uint8Array(count),
      lengths: new Uint32Array(count),
      offsets: new Uint32Array(count),
    };
  });
}

/** Takes the code-blocks that a window needs over into a grid of the same precinct. */
function take(from: BlockGrid, to: BlockGrid, window: Rect, reach: number): void {
  const { subband, left, top, across, down } = to;
  const scale = 2 ** subband.level;
  const blockWidth = 2 ** subband.blockWidthExponent;
  const blockHeight = 2 ** subband.blockHeightExponent;
  const first = Math.max(left, Math.floor((window.x0 / scale - reach) / blockWidth));
  const last = Math.min(left + across - 1, Math.floor((window.x1 / scale + reach) / blockWidth));
  const upper = Math.max(top, Math.floor((window.y0 / scale - reach) / blockHeight));
  const lower = Math.min(top + down - 1, Math.floor((window.y1 / scale + reach) / blockHeight));
  for (let y = upper; y <= lower; y++) {
    for (let x = first; x <= last; x++) {
      const source = (y - from.top) * from.across + x - from.left;
      const target = (y - top) * across + x - left;
      to.passes[target] = from.passes[source]!;
      to.zeroPlanes[target] = from.zeroPlanes[source]!;
      to.lengths[target] = from.lengths[source]!;
      to.offsets[target] = from.offsets[source]!;
    }
  }
}

/** Nodes of a tag tree by level, leaves first (T.800, B.10.2). */
class TagTree {
  readonly depth: number;
  /** One more than a node's value; 0 while it is not known. */
  readonly nodes: Uint8Array;
  private readonly widths: number[] = [];
  private readonly starts: number[] = [];

  constructor(across: number, down: number) {
    let count = 0;
    for (let width = across, height = down; ; width = (width + 1) >> 1, height = (height + 1) >> 1) {
      this.widths.push(width);
      this.starts.push(count);
      count += width * height;
      if (width === 1 && height === 1) break;
    }
    this.depth = this.widths.length;
    this.nodes = new Uint8Array(count);
  }

  /** Index of the node above the leaf (x, y). */
  at(level: number, x: number, y: number): number {
    return this.starts[level]! + (y >> level) * this.widths[level]! + (x >> level);
  }
}

/** Reads one packet after the other. */
class PacketReader {
  readonly data: Buffer;
  private readonly hasEndMarkers: boolean;
  private position = 0;
  private byte = 0;
  private bitsLeft = 0;

  constructor(data: Buffer, hasEndMarkers: boolean) {
    this.data = data;
    this.hasEndMarkers = hasEndMarkers;
  }

  /** Fills the grids of the packet's precinct. */
  read(grids: readonly BlockGrid[]): void {
    if (this.marker() === MARKER.sop) this.position += 6;
    this.byte = 0;
    this.bitsLeft = 0;
    const hasBlocks = this.bit() === 1;
    if (hasBlocks) for (const grid of grids) if (grid.passes.length > 0) this.readHeader(grid);
    // A header that ends on a byte of ones is followed by a stuffed one.
    if (this.byte === 0xff) this.position++;
    if (this.hasEndMarkers) {
      if (this.marker() !== MARKER.eph) throw new Error("a packet header has no end");
      this.position += 2;
    }
    if (!hasBlocks) return;
    for (const { passes, lengths, offsets } of grids) {
      for (let i = 0; i < passes.length; i++) {
        if (passes[i] === 0) continue;
        offsets[i] = this.position;
        this.position += lengths[i]!;
      }
    }
    if (this.position > this.data.length) throw new Error("a packet is cut short");
  }

  private readHeader({ across, passes, zeroPlanes, lengths }: BlockGrid): void {
    const inclusion = new TagTree(across, passes.length / across);
    const planes = new TagTree(across, passes.length / across);
    for (let i = 0, x = 0, y = 0; i < passes.length; i++) {
      if (this.isIncluded(inclusion, x, y)) {
        zeroPlanes[i] = this.value(planes, x, y);
        const count = this.passCount();
        let lengthBits = 3 + Math.floor(Math.log2(count));
        while (this.bit() === 1) lengthBits++;
        if (lengthBits > 31) throw new Error("a code-block is too long");
        passes[i] = count;
        lengths[i] = this.bits(lengthBits);
      }
      if (++x === across) {
        x = 0;
        y++;
      }
    }
  }

  /** With one layer, the inclusion tree only says 0 (included) or more. */
  private isIncluded(tree: TagTree, x: number, y: number): boolean {
    const { nodes } = tree;
    for (let level = tree.depth - 1; level >= 0; level--) {
      const node = tree.at(level, x, y);
      if (nodes[node] === 0) nodes[node] = this.bit() === 1 ? 1 : 2;
      if (nodes[node] === 2) return false;
    }
    return true;
  }

  private value(tree: TagTree, x: number, y: number): number {
    const { nodes } = tree;
    let value = 0;
    for (let level = tree.depth - 1; level >= 0; level--) {
      const node = tree.at(level, x, y);
      if (nodes[node] === 0) {
        while (this.bit() === 0) if (++value > MAXIMUM_PLANES) throw new Error("a code-block has too many bit-planes");
        nodes[node] = value + 1;
      }
      value = nodes[node]! - 1;
    }
    return value;
  }

  /** T.800, table B.4. */
  private passCount(): number {
    if (this.bit() === 0) return 1;
    if (this.bit() === 0) return 2;
    const two = this.bits(2);
    if (two < 3) return 3 + two;
    const five = this.bits(5);
    return five < 31 ? 6 + five : 37 + this.bits(7);
  }

  private bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = (value << 1) | this.bit();
    return value;
  }

  private bit(): number {
    if (this.bitsLeft === 0) {
      if (this.position >= this.data.length) throw new Error("a packet header is cut short");
      this.bitsLeft = this.byte === 0xff ? 7 : 8;
      this.byte = this.data[this.position++]!;
    }
    return (this.byte >> --this.bitsLeft) & 1;
  }

  private marker(): number {
    return this.position + 2 <= this.data.length ? this.data.readUInt16BE(this.position) : 0;
  }
}

/** A packet of the code-blocks that have passes: its header and their bytes. */
function writePacket(data: Buffer, grids: readonly BlockGrid[]): Buffer[] {
  const header = new BitWriter();
  const body: Buffer[] = [];
  if (grids.every(({ passes }) => passes.every((count) => count === 0))) return [Buffer.of(0)];
  header.bit(1);
  for (const { across, down, passes, zeroPlanes, lengths, offsets } of grids) {
    if (passes.length === 0) continue;
    // One more than the smallest value below each node: for the inclusion tree 1 or, without any block, 0.
    const planes = new TagTree(across, down);
    const isWritten = new Uint8Array(planes.nodes.length);
    const isPlaneWritten = new Uint8Array(planes.nodes.length);
    for (let i = 0; i < passes.length; i++) {
      if (passes[i] === 0) continue;
      for (let level = 0; level < planes.depth; level++) {
        const node = planes.at(level, i % across, Math.floor(i / across));
        const value = zeroPlanes[i]! + 1;
        if (planes.nodes[node] === 0 || value < planes.nodes[node]!) planes.nodes[node] = value;
      }
    }
    for (let i = 0, x = 0, y = 0; i < passes.length; i++) {
      for (let level = planes.depth - 1; level >= 0; level--) {
        const node = planes.at(level, x, y);
        const isIncluded = planes.nodes[node] !== 0;
        if (!isWritten[node]) header.bit(isIncluded ? 1 : 0);
        isWritten[node] = 1;
        if (!isIncluded) break;
      }
      if (passes[i] !== 0) {
        let value = 1;
        for (let level = planes.depth - 1; level >= 0; level--) {
          const node = planes.at(level, x, y);
          if (!isPlaneWritten[node]) {
            for (; value < planes.nodes[node]!; value++) header.bit(0);
            header.bit(1);
            isPlaneWritten[node] = 1;
          }
          value = planes.nodes[node]!;
        }
        writePassCount(header, passes[i]!);
        let lengthBits = 3 + Math.floor(Math.log2(passes[i]!));
        for (; lengths[i]! >= 2 ** lengthBits; lengthBits++) header.bit(1);
        header.bit(0);
        header.bits(lengths[i]!, lengthBits);
        body.push(data.subarray(offsets[i]!, offsets[i]! + lengths[i]!));
      }
      if (++x === across) {
        x = 0;
        y++;
      }
    }
  }
  return [header.finish(), ...body];
}

function writePassCount(header: BitWriter, count: number): void {
  if (count === 1) header.bit(0);
  else if (count === 2) header.bits(0b10, 2);
  else if (count <= 5) header.bits(0b1100 | (count - 3), 4);
  else if (count <= 36) header.bits(0b1111_00000 | (count - 6), 9);
  else header.bits(0b1111_11111_0000000 | (count - 37), 16);
}

class BitWriter {
  private readonly bytes: number[] = [];
  private byte = 0;
  private bitsFree = 8;

  bit(value: number): void {
    this.byte |= value << --this.bitsFree;
    if (this.bitsFree > 0) return;
    this.bytes.push(this.byte);
    this.bitsFree = this.byte === 0xff ? 7 : 8;
    this.byte = 0;
  }

  bits(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) this.bit((value >> i) & 1);
  }

  /** The bytes; never ends on a byte of ones. */
  finish(): Buffer {
    if (this.bitsFree < 8) this.bytes.push(this.byte);
    return Buffer.from(this.bytes);
  }
}
