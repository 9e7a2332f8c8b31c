// Floats of other widths, as weights files hold them, brought to float32. Little-endian.

/** Bytes of a value, by the name that safetensors gives the type. */
export const FLOAT_BYTES = { F16: 2, BF16: 2, F32: 4, F64: 8 } as const;
export type FloatType = keyof typeof FLOAT_BYTES;

/** The values as float32; the bytes are copied. F64 is rounded. */
export function decodeFloats(bytes: Uint8Array, type: FloatType): Float32Array<ArrayBuffer> {
  const { buffer } = new Uint8Array(bytes); // a copy is aligned; a Buffer's slice would be none
  if (type === "F32") return new Float32Array(buffer);
  if (type === "F64") return Float32Array.from(new Float64Array(buffer));
  const halves = new Uint16Array(buffer);
  const values = new Float32Array(halves.length);
  if (type === "BF16") {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16; // the upper half of a float32
  } else {
    for (let i = 0; i < halves.length; i++) values[i] = fromHalf(halves[i]!);
  }
  return values;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
