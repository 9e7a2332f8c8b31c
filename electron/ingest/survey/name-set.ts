// Different names, numbered as they come, in 18 to 36 bytes each: by hashes of 64 bits. Of a million names two are taken for one with a probability
// of 3e-8.

export class NameSet {
  size = 0;
  private high = new Uint32Array(64);
  private low = new Uint32Array(64);
  private numbers = new Uint32Array(64);

  has(name: string): boolean {
    return this.numberOf(name) >= 0;
  }

  /** How many names came before it; -1 for a name that is not there. */
  numberOf(name: string): number {
    const [high, low] = hashOf(name);
    const at = this.find(high, low);
    return this.high[at] === 0 ? -1 : this.numbers[at]!;
  }

  /** @returns its number, the same if it was there */
  add(name: string): number {
    if (this.size * 3 >= this.high.length * 2) this.grow();
    const [high, low] = hashOf(name);
    const at = this.find(high, low);
    if (this.high[at] === 0) this.put(at, high, low, this.size++);
    return this.numbers[at]!;
  }

  private put(at: number, high: number, low: number, number: number): void {
    this.high[at] = high;
    this.low[at] = low;
    this.numbers[at] = number;
  }

  /** Where a hash is, or would be. */
  private find(high: number, low: number): number {
    const mask = this.high.length - 1;
    let at = low & mask;
    while (this.high[at] !== 0 && !(this.high[at] === high && this.low[at] === low)) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { high, low, numbers } = this;
    this.high = new Uint32Array(high.length * 2);
    this.low = new Uint32Array(low.length * 2);
    this.numbers = new Uint32Array(numbers.length * 2);
    for (let i = 0; i < high.length; i++) if (high[i] !== 0) this.put(this.find(high[i]!, low[i]!), high[i]!, low[i]!, numbers[i]!);
  }
}

/** Two hashes of 32 bits, mixed. The first is never 0, which stands for an empty place. @see cyrb53, in the public domain */
function hashOf(name: string): [high: number, low: number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return [a >>> 0 || 1, b >>> 0];
}
