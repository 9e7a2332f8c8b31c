// Writes NumPy's .npy, version 1.0: one array, little-endian, C order.

/** What can be written. */
export type NpyArray = Uint8Array | Uint16Array | Int32Array | Float32Array;

const ALIGNMENT = 64;

/**
 * The bytes of an .npy file.
 * @param data as many values as the shape holds
 * @param shape of the array; `[]` for a single number
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function encodeNpy(data: NpyArray, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== data.length) throw new Error(`an array of shape [${shape.join(", ")}] holds ${size} values, not ${data.length}`);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const description = `{'descr': '${typeCode(data)}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const prefixBytes = 10;
  const headerBytes = Math.ceil((prefixBytes + description.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${description.padEnd(headerBytes - prefixBytes - 1)}\n`;
  const out = new Uint8Array(headerBytes + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8]); // \x93NUMPY, 1.0, header's length
  for (let i = 0; i < header.length; i++) out[prefixBytes + i] = header.charCodeAt(i);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), headerBytes); // typed arrays are little-endian wherever this runs
  return out;
}

function typeCode(data: NpyArray): string {
  if (data instanceof Uint8Array) return "|u1";
  if (data instanceof Uint16Array) return "<u2";
  return data instanceof Int32Array ? "<i4" : "<f4";
}
