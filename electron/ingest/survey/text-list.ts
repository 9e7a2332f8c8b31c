// Many texts that begin like the one before, in one buffer: the paths of half a million patches take 10 bytes each instead of 150.

/** Every so many texts one is kept whole, from which those after it are read. */
const RESTART = 32;

/** Whole numbers up to 2^32 - 1. */
export class NumberList {
  length = 0;
  private values = new Uint32Array(64);

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Uint32Array(Math.ceil(this.length * 1.5));
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  at(index: number): number {
    return this.values[index]!;
  }
}

export class TextList implements Iterable<string> {
  length = 0;
  private bytes = Buffer.allocUnsafe(1024);
  private end = 0;
  private readonly restarts = new NumberList();
  private last = "";

  push(text: string): void {
    if (this.length++ % RESTART === 0) {
      this.restarts.push(this.end);
      this.last = "";
    }
    const { last } = this;
    let shared = 0;
    while (shared < text.length && text.charCodeAt(shared) === last.charCodeAt(shared)) shared++;
    const rest = text.slice(shared);
    // Not UTF-8: a half of a surrogate pair, which names on Windows may hold, would be lost.
    const isWide = /[^\0-\xff]/.test(rest);
    const size = isWide ? rest.length * 2 : rest.length;
    this.makeRoom(size + 10);
    this.writeNumber(shared);
    this.writeNumber(size * 2 + (isWide ? 1 : 0));
    this.end += this.bytes.write(rest, this.end, isWide ? "utf16le" : "latin1");
    this.last = text;
  }

  at(index: number): string {
    for (const text of this.slice(index, index + 1)) return text;
    throw new RangeError(`there is no text ${index} among ${this.length}`);
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.slice(0, this.length);
  }

  *slice(from: number, end: number): Generator<string> {
    let index = from - (from % RESTART);
    let at = this.restarts.at(index / RESTART);
    let text = "";
    const readNumber = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = this.bytes[at++]!;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    };
    for (; index < Math.min(end, this.length); index++) {
      const shared = readNumber();
      const size = readNumber();
      const bytes = Math.floor(size / 2);
      text =
        (index % RESTART === 0 ? "" : text.slice(0, shared)) + this.bytes.toString(size % 2 === 1 ? "utf16le" : "latin1", at, at + bytes);
      at += bytes;
      if (index >= from) yield text;
    }
  }

  /** Seven bits a byte, the lowest first. */
  private writeNumber(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.end++] = (rest % 128) | 128;
    this.bytes[this.end++] = rest;
  }

  private makeRoom(bytes: number): void {
    if (this.end + bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.ceil((this.end + bytes) * 1.5));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }
}
