// Writes protocol buffers, the few wire types that TensorFlow's graphs need. Fields are given by number; the messages are in saved-model.ts.
// See the encoding's specification: protobuf.dev/programming-guides/encoding

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/** Collects the fields of one message. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** int32, int64, bool and enum fields; negative numbers as 64-bit two's complement. */
  integer(field: number, value: number | boolean): this {
    return this.#tag(field, VARINT).#push(varint(Number(value)));
  }

  float(field: number, value: number): this {
    return this.#tag(field, FIXED32).#push(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, LENGTH).#push(varint(value.length)).#push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A message within the message. */
  message(field: number, value: MessageWriter): this {
    return this.bytes(field, value.finish());
  }

  /** Repeated numbers, packed. */
  integers(field: number, values: readonly (number | boolean)[]): this {
    return this.bytes(field, join(values.map((value) => varint(Number(value)))));
  }

  floats(field: number, values: readonly number[]): this {
    return this.bytes(field, new Uint8Array(Float32Array.from(values).buffer));
  }

  finish(): Uint8Array {
    return join(this.#parts, this.#length);
  }

  #tag(field: number, wireType: number): this {
    return this.#push(varint(field * 8 + wireType));
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part);
    this.#length += part.length;
    return this;
  }
}

/** Seven bits a byte, the least significant first. @param value a whole number within 2^53 */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function join(parts: readonly Uint8Array[], length = parts.reduce((sum, part) => sum + part.length, 0)): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
