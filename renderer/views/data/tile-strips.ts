// Pictures of the tiles in an order, many at a request: what is seen is asked for, what was scrolled past is not waited for, and the last ones are kept.

/** A decoded picture: an ImageBitmap is one. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  close(): void;
}

export interface TileStripsOptions<P extends Picture> {
  /** Gets the picture of a strip. */
  readonly load: (strip: number, signal: AbortSignal) => Promise<P>;
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
  /** The one used last at the end. */
  private readonly pictures = new Map<number, P>();
  private readonly loading = new Map<number, AbortController>();
  private readonly failures = new Map<number, unknown>();
  private readonly listeners = new Set<(strip: number) => void>();
  private wanted: readonly number[] = [];
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private bytes = 0;
  private isClosed = false;

  constructor(options: TileStripsOptions<P>) {
    this.options = { concurrent: CONCURRENT, capacity: CAPACITY, ...options };
  }

  /** Asks for strips, the first ones first, and gives up those that are asked for no more. After a jump it waits whether there is another. */
  show(strips: readonly number[]): void {
    const isJump = this.wanted.length > 0 && strips.length > 0 && !strips.some((strip) => this.wanted.includes(strip));
    this.wanted = strips;
    for (const [strip, request] of this.loading) {
      if (strips.includes(strip)) continue;
      this.loading.delete(strip);
      request.abort();
    }
    // Used last, so dropped last.
    for (const strip of strips) {
      const picture = this.pictures.get(strip);
      if (!picture) continue;
      this.pictures.delete(strip);
      this.pictures.set(strip, picture);
    }
    clearTimeout(this.waiting);
    if (isJump) this.waiting = setTimeout(() => this.next(), SETTLED_MS);
    else this.next();
  }

  get(strip: number): P | undefined {
    return this.pictures.get(strip);
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

  /** Calls when a strip came or failed. */
  subscribe(listener: (strip: number) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.isClosed = true;
    this.show([]);
    for (const picture of this.pictures.values()) picture.close();
    this.pictures.clear();
    this.bytes = 0;
  }

  private next(): void {
    for (const strip of this.wanted) {
      if (this.loading.size >= this.options.concurrent) return;
      if (!this.pictures.has(strip) && !this.loading.has(strip) && !this.failures.has(strip)) void this.request(strip);
    }
  }

  private async request(strip: number): Promise<void> {
    const request = new AbortController();
    this.loading.set(strip, request);
    try {
      const picture = await this.options.load(strip, request.signal);
      if (request.signal.aborted || this.isClosed) return picture.close();
      this.keep(strip, picture);
    } catch (error) {
      if (request.signal.aborted) return;
      this.failures.set(strip, error);
    }
    if (this.loading.get(strip) === request) this.loading.delete(strip);
    for (const listener of [...this.listeners]) listener(strip);
    this.next();
  }

  private keep(strip: number, picture: P): void {
    this.pictures.set(strip, picture);
    this.bytes += bytesOf(picture);
    for (const [oldest, dropped] of this.pictures) {
      if (this.bytes <= this.options.capacity || this.wanted.includes(oldest)) return;
      this.pictures.delete(oldest);
      this.bytes -= bytesOf(dropped);
      dropped.close();
    }
  }
}

/** RGBA. */
const bytesOf = ({ width, height }: Picture) => width * height * 4;
