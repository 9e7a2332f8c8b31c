// Pictures of the tiles in an order, many at a request: what is seen is asked for, coarse at first, and the last ones are kept.

/** A decoded picture: an ImageBitmap is one. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  close(): void;
}

export interface TileStripsOptions<P extends Picture> {
  /** How many pictures a strip has: each is finer than the one before and takes its place. */
  readonly levels: number;
  /** Gets a picture of a strip. @param level 0: the first one */
  readonly load: (strip: number, level: number, signal: AbortSignal) => Promise<P>;
  /** Requests at once. */
  readonly concurrent?: number;
  /** What is kept, bytes of decoded pixels. */
  readonly capacity?: number;
}

/** Tiles of a strip: a screen of small tiles is some 15 requests, one of large tiles a few. */
export const STRIP_TILES = 32;
/** The host draws one while it packs the other. */
const CONCURRENT = 2;
/** A scroll bar that is dragged jumps in every frame of 16 ms. */
const SETTLED_MS = 50;
const CAPACITY = 192 * 1024 * 1024;

export class TileStrips<P extends Picture> {
  private readonly options: Required<TileStripsOptions<P>>;
  /** By level; in each the one used last at the end. */
  private readonly pictures: readonly Map<number, P>[];
  private readonly loading = new Map<number, { readonly level: number; readonly request: AbortController }>();
  private readonly failures = new Map<number, unknown>();
  private readonly listeners = new Set<(strip: number) => void>();
  private wanted: readonly number[] = [];
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private bytes = 0;
  private isClosed = false;

  constructor(options: TileStripsOptions<P>) {
    this.options = { concurrent: CONCURRENT, capacity: CAPACITY, ...options };
    this.pictures = Array.from({ length: options.levels }, () => new Map());
  }

  /**
   * Asks for strips, the first ones first, and of each the coarse picture before any finer one: while much scrolls by, that is what there is time
   * for. Finer ones that are asked for no more are given up. After a jump it waits whether there is another.
   */
  show(strips: readonly number[]): void {
    const isJump = this.wanted.length > 0 && strips.length > 0 && !strips.some((strip) => this.wanted.includes(strip));
    this.wanted = strips;
    // What is asked for first costs little, and is kept for the way back.
    for (const [strip, { level }] of this.loading) if (level > 0 && !strips.includes(strip)) this.giveUp(strip);
    // Used last, so dropped last.
    for (const pictures of this.pictures) {
      for (const strip of strips) {
        const picture = pictures.get(strip);
        if (!picture) continue;
        pictures.delete(strip);
        pictures.set(strip, picture);
      }
    }
    clearTimeout(this.waiting);
    if (isJump) this.waiting = setTimeout(() => this.next(), SETTLED_MS);
    else this.next();
  }

  /** The finest picture there is. */
  get(strip: number): P | undefined {
    return this.pictures.findLast((pictures) => pictures.has(strip))?.get(strip);
  }

  /** Why a strip that is asked for did not come. */
  get failure(): unknown {
    const failed = this.wanted.find((strip) => this.failures.has(strip));
    return failed === undefined ? undefined : this.failures.get(failed);
  }

  /** Asks again for what failed. */
  retry(): void {
    this.failures.clear();
    this.next();
  }

  /** Calls when a picture of a strip came or failed. */
  subscribe(listener: (strip: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.isClosed = true;
    this.show([]);
    for (const strip of [...this.loading.keys()]) this.giveUp(strip);
    for (const pictures of this.pictures) {
      for (const picture of pictures.values()) picture.close();
      pictures.clear();
    }
    this.bytes = 0;
  }

  private giveUp(strip: number): void {
    this.loading.get(strip)?.request.abort();
    this.loading.delete(strip);
  }

  private next(): void {
    for (let level = 0; level < this.options.levels; level++) {
      for (const strip of this.wanted) {
        if (this.loading.size >= this.options.concurrent) return;
        if (this.loading.has(strip) || this.failures.has(strip)) continue;
        if (!this.pictures.slice(level).some((pictures) => pictures.has(strip))) void this.load(strip, level);
      }
    }
  }

  private async load(strip: number, level: number): Promise<void> {
    const request = new AbortController();
    this.loading.set(strip, { level, request });
    try {
      const picture = await this.options.load(strip, level, request.signal);
      if (request.signal.aborted || this.isClosed) return picture.close();
      this.keep(strip, level, picture);
    } catch (error) {
      if (request.signal.aborted) return;
      this.failures.set(strip, error);
    }
    if (this.loading.get(strip)?.request === request) this.loading.delete(strip);
    for (const listener of [...this.listeners]) listener(strip);
    this.next();
  }

  private keep(strip: number, level: number, picture: P): void {
    this.pictures[level]!.set(strip, picture);
    this.bytes += bytesOf(picture);
    // Fine ones go first: they are large.
    for (const pictures of this.pictures.toReversed()) {
      for (const [oldest, dropped] of pictures) {
        if (this.bytes <= this.options.capacity || this.wanted.includes(oldest)) break;
        pictures.delete(oldest);
        this.bytes -= bytesOf(dropped);
        dropped.close();
      }
    }
  }
}

/** RGBA. */
const bytesOf = ({ width, height }: Picture) => width * height * 4;
