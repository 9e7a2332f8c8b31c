// TensorFlow's stateless random numbers in plain JavaScript: Philox 4x32-10 keyed by the scrambled seed.
// See Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and TensorFlow's core/lib/random/philox_random.h.

const EPSILON = Math.fround(1e-7);

/** Standard normal numbers: those of TensorFlow's `StatelessRandomNormal` to float32 rounding. */
export function philoxNormal(seed: readonly [number, number], count: number): Float32Array {
  const out = new Float32Array(count);
  forEachGroup(seed, count, (group, at) => {
    for (let i = 0; i < 4; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(Math.max(EPSILON, toUnit(group[i]!))));
      const angle = Math.fround(2 * Math.PI * toUnit(group[i + 1]!));
      if (at + i < count) out[at + i] = Math.sin(angle) * radius;
      if (at + i + 1 < count) out[at + i + 1] = Math.cos(angle) * radius;
    }
  });
  return out;
}

/** Uniform numbers in [0, 1): those of TensorFlow's `StatelessRandomUniform`, bit for bit. */
export function philoxUniform(seed: readonly [number, number], count: number): Float32Array {
  const out = new Float32Array(count);
  forEachGroup(seed, count, (group, at) => {
    for (let i = 0; i < 4 && at + i < count; i++) out[at + i] = toUnit(group[i]!);
  });
  return out;
}

/** 23 random bits as a fraction. */
function toUnit(bits: number): number {
  return (bits & 0x7fffff) / 0x800000;
}

function forEachGroup(seed: readonly [number, number], count: number, visit: (group: Uint32Array, at: number) => void): void {
  // The seed's two halves are spread over key and counter, so that no half has to be the random one.
  const [a, b] = seed;
  const mix = Uint32Array.of(a, a >> 31, b, b >> 31);
  rounds(mix, 0x3ec8f720, 0x02461e29);
  const [key0, key1, high0, high1] = mix;
  const group = new Uint32Array(4);
  for (let at = 0; at < count; at += 4) {
    const block = at / 4;
    group[0] = block;
    group[1] = block / 4294967296;
    group[2] = high0!;
    group[3] = high1!;
    rounds(group, key0!, key1!);
    visit(group, at);
  }
}

function rounds(counter: Uint32Array, startKey0: number, startKey1: number): void {
  let key0 = startKey0;
  let key1 = startKey1;
  for (let round = 0; round < 10; round++) {
    const c0 = counter[0]!;
    const c2 = counter[2]!;
    counter[0] = highProduct(0xcd9e8d57, c2) ^ counter[1]! ^ key0;
    counter[1] = Math.imul(0xcd9e8d57, c2);
    counter[2] = highProduct(0xd2511f53, c0) ^ counter[3]! ^ key1;
    counter[3] = Math.imul(0xd2511f53, c0);
    key0 = (key0 + 0x9e3779b9) | 0;
    key1 = (key1 + 0xbb67ae85) | 0;
  }
}

/** The upper 32 bits of a 64-bit product of unsigned numbers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middleLow = (middle % 65536) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(middleLow / 65536)) | 0;
}
