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
  const header = npyHeader(typeCode(data), shape);
  const out = new Uint8Array(header.length + data.byteLength);
  out.set(header);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length); // typed arrays are little-endian wherever this runs
  return out;
}

/** What stands before the values. @param type as NumPy writes it, such as `<f4` */
export function npyHeader(type: string, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const description = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const prefixBytes = 10;
  const bytes = Math.ceil((prefixBytes + description.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${description.padEnd(bytes - prefixBytes - 1)}\n`;
  const out = new Uint8Array(bytes);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 0xff, header.length >> 8]); // \x93NUMPY, 1.0, header's length
  for (let i = 0; i < header.length; i++) out[prefixBytes + i] = header.charCodeAt(i);
  return out;
}

function typeCode(data: NpyArray): string {
  if (data instanceof Uint8Array) return "|u1";
  if (data instanceof Uint16Array) return "<u2";
  return data instanceof Int32Array ? "<i4" : "<f4";
}
