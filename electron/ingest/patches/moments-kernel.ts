// Sums, squares and range of DN, eight at once: a WebAssembly function of 128-bit operations, written out instruction by instruction.
// In JavaScript these sums were a third of a reading thread's time.

export interface StretchMoments {
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** The moments of `dn` from `start` to `end`: a multiple of 8 values, at least 8, at most KERNEL_VALUES. */
export type MomentsKernel = (dn: Uint16Array, start: number, end: number) => StretchMoments;

/** Values of a call: the sums of pairs fit lanes of 32 bits, 65535 x 2 x 2^12 < 2^31. */
export const KERNEL_VALUES = 2 ** 15;

/** Where the values lie in the memory, behind four results of 16 bytes. */
const VALUES_AT = 64;
const PAGE_BYTES = 65_536;

/** LEB128, as the format has all numbers. */
const number = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >> 7)]);
const sized = (bytes: readonly number[]) => [...number(bytes.length), ...bytes];
const text = (letters: string) => sized([...letters].map((letter) => letter.charCodeAt(0)));
const vector = (code: number) => [0xfd, ...number(code)];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];

/** @see the WebAssembly specification, "Binary Format": module, instructions, vector instructions */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [at, end, values, minima, maxima, sums, squares, products] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const code = [
    ...[...vector(0x0c), ...new Array<number>(16).fill(0xff), ...set(minima)], // v128.const
    ...[0x03, 0x40], // loop
    ...[...get(at), ...vector(0x00), 1, 0, ...set(values)], // v128.load
    ...[...get(minima), ...get(values), ...vector(0x97), ...set(minima)], // i16x8.min_u
    ...[...get(maxima), ...get(values), ...vector(0x99), ...set(maxima)], // i16x8.max_u
    ...[...get(sums), ...get(values), ...vector(0x7f), ...vector(0xae), ...set(sums)], // i32x4.extadd_pairwise_i16x8_u, i32x4.add
    // i32x4.extmul_low_i16x8_u and _high; of each i64x2.extend_low_i32x4_u and _high, i64x2.add
    ...[0xbe, 0xbf].flatMap((multiply) => [
      ...[...get(values), ...get(values), ...vector(multiply), ...set(products)],
      ...[0xc9, 0xca].flatMap((extend) => [...get(squares), ...get(products), ...vector(extend), ...vector(0xce), ...set(squares)]),
    ]),
    ...[...get(at), 0x41, 16, 0x6a, 0x22, at, ...get(end), 0x49, 0x0d, 0, 0x0b], // at += 16, again if it is less than the end
    ...[minima, maxima, sums, squares].flatMap((local, i) => [0x41, 0, ...get(local), ...vector(0x0b), 1, 16 * i]), // v128.store
    0x0b,
  ];
  const sections: readonly (readonly [id: number, content: readonly number[]])[] = [
    [1, [1, 0x60, 2, 0x7f, 0x7f, 0]], // a function of two i32
    [3, [1, 0]],
    [5, [1, 0, Math.ceil((VALUES_AT + KERNEL_VALUES * 2) / PAGE_BYTES)]],
    [7, [2, ...text("memory"), 2, 0, ...text("moments"), 0, 0]],
    [10, [1, ...sized([1, 6, 0x7b, ...code])]], // six locals of v128
  ];
  return Uint8Array.from([...text("\0asm").slice(1), 1, 0, 0, 0, ...sections.flatMap(([id, content]) => [id, ...sized(content)])]);
}

/** What of WebAssembly is used; Node's types have no values of it. */
interface Assembly {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly moments: (at: number, end: number) => void } };
}

/** @returns null where the processor lacks the operations */
export function createMomentsKernel(): MomentsKernel | null {
  const bytes = moduleBytes();
  const { validate, Module, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;
  if (!validate(bytes)) return null;
  const { memory, moments } = new Instance(new Module(bytes)).exports;
  const values = new Uint16Array(memory.buffer, VALUES_AT);
  const minima = new Uint16Array(memory.buffer, 0, 8);
  const maxima = new Uint16Array(memory.buffer, 16, 8);
  const sums = new Uint32Array(memory.buffer, 32, 4);
  const squares = new BigUint64Array(memory.buffer, 48, 2);
  return (dn, start, end) => {
    values.set(dn.subarray(start, end));
    moments(VALUES_AT, VALUES_AT + (end - start) * 2);
    return {
      sum: sums[0]! + sums[1]! + sums[2]! + sums[3]!,
      sumOfSquares: Number(squares[0]! + squares[1]!),
      minimum: Math.min(...minima),
      maximum: Math.max(...maxima),
    };
  };
}
