// The OpenJPEG decoder of this thread: one WASM heap and one cache of decoded tiles, whatever the number of open files.
import type { FrameInfo, OpenJpeg } from "@cornerstonejs/codec-openjpeg/decodewasmjs";
import { messageOf } from "../../../shared/domain/errors.ts";

/** Samples of a tile, components side by side. */
export type TileSamples = Uint8Array | Uint16Array;

/** What a codestream must decode to. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of a sample, 1 to 16. */
  readonly bits: number;
}

/** Decoded tiles that a thread keeps, bytes. Strips of two lanes of a product, and the row that one goes on to, are about 160 MB. */
const CACHE_BYTES = 192 * 1024 * 1024;
/** A heap never shrinks: one that a large tile has blown up beyond this, bytes, is given up. It starts at 50 MB, which holds a tile of 1,024 px. */
const KEPT_HEAP_BYTES = 96 * 1024 * 1024;

/** Lines of the decoder that say nothing about the samples. SOP markers may be left out (T.800, A.8.1). */
const HARMLESS = /^\[INFO\]|^\s*$|Unknown marker|Expected SOP marker/;

/** What is wrong with a codestream, in the decoder's words. */
export class DecodeError extends Error {}

let shared: Jpeg2000Decoder | undefined;

/** The decoder of this thread, made on first use. */
export function sharedDecoder(): Jpeg2000Decoder {
  shared ??= new Jpeg2000Decoder();
  return shared;
}

export class Jpeg2000Decoder {
  private module: OpenJpeg | undefined;
  private lines: string[] = [];
  private readonly cache = new Map<string, TileSamples>();
  private kept = 0;

  /** Size of the decoded tiles that are kept, bytes. */
  get cachedBytes(): number {
    return this.kept;
  }

  /** Size of the WASM heap, bytes. */
  get heapBytes(): number {
    return this.module?.HEAPU8.length ?? 0;
  }

  /**
   * @param codestream of one tile
   * @throws DecodeError when anything is wrong with the codestream, or it holds another image than `frame`
   */
  async decode(codestream: Uint8Array, frame: Frame): Promise<TileSamples> {
    // Nothing may be awaited between here and the samples: other reads use, break or give up the same module.
    while (!this.module) await this.load();
    const { J2KDecoder } = this.module;
    this.makeRoom(frame.width * frame.height * frame.components * (frame.bits > 8 ? 2 : 1));
    this.lines = [];
    try {
      // A new decoder each time: a used one keeps the samples of before when it fails.
      const decoder = new J2KDecoder();
      decoder.getEncodedBuffer(codestream.length).set(codestream);
      decoder.decode();
      const complaint = this.lines.find((line) => !HARMLESS.test(line)) ?? differenceOf(decoder.getFrameInfo(), frame);
      const bytes = complaint ? undefined : decoder.getDecodedBuffer();
      decoder.delete();
      if (this.module.HEAPU8.length > KEPT_HEAP_BYTES) this.module = undefined;
      if (!bytes) throw new DecodeError(complaint);
      return frame.bits > 8 ? new Uint16Array(bytes.buffer) : new Uint8Array(bytes.buffer);
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      // A trap leaves the heap in any state, and what C++ throws (a number) leaks: start anew.
      this.module = undefined;
      throw new DecodeError(`the decoder gave up: ${messageOf(error)}`, { cause: error });
    }
  }

  /** A decoded tile that was kept. */
  recall(key: string): TileSamples | undefined {
    const samples = this.cache.get(key);
    if (!samples) return undefined;
    this.cache.delete(key);
    this.cache.set(key, samples);
    return samples;
  }

  keep(key: string, samples: TileSamples): void {
    this.forget(key);
    this.makeRoom(samples.byteLength);
    this.cache.set(key, samples);
    this.kept += samples.byteLength;
  }

  forget(key: string): void {
    this.kept -= this.cache.get(key)?.byteLength ?? 0;
    this.cache.delete(key);
  }

  private makeRoom(bytes: number): void {
    for (const oldest of this.cache.keys()) {
      if (this.kept + bytes <= CACHE_BYTES) break;
      this.forget(oldest);
    }
  }

  private async load(): Promise<void> {
    const { default: openJpeg } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
    const print = (line: string) => void this.lines.push(line);
    this.module = await openJpeg({ print, printErr: print });
  }
}

function differenceOf(info: FrameInfo, { width, height, components, bits }: Frame): string | undefined {
  const isSame =
    info.width === width && info.height === height && info.componentCount === components && info.bitsPerSample === bits && !info.isSigned;
  return isSame ? undefined : `it holds ${info.width} x ${info.height} px of ${info.componentCount} bands and ${info.bitsPerSample} bits`;
}
