// TFRecord files as TensorFlow writes them, from the protobuf encoding; that the checksums are Google's is tested with the fixture of another writer.
import { crc32c } from "../../../electron/files/crc32c.ts";

export interface MadeExample {
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly bands: Readonly<Record<string, ArrayLike<number>>>;
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest];
    out.push((rest % 128) + 128);
  }
}

const field = (number: number, payload: Buffer) =>
  Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(payload.length)]), payload]);
const texts = (values: readonly string[]) => field(1, Buffer.concat(values.map((value) => field(1, Buffer.from(value)))));
const integers = (values: ArrayLike<number>) => field(3, field(1, Buffer.from(Array.from(values).flatMap(varint))));

function masked(bytes: Buffer): Buffer {
  const crc = crc32c(bytes);
  const out = Buffer.alloc(4);
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

function record({ name, labels, bands }: MadeExample): Buffer {
  const features: [string, Buffer][] = Object.entries(bands).map(([band, pixels]) => [band, integers(pixels)]);
  if (name !== undefined) features.push(["patch_name", texts([name])]);
  if (labels) features.push(["original_labels", texts(labels)]);
  const entries = features.map(([key, value]) => field(1, Buffer.concat([field(1, Buffer.from(key)), field(2, value)])));
  const message = field(1, Buffer.concat(entries));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(message.length);
  return Buffer.concat([length, masked(length), message, masked(message)]);
}

export const encodeMadeRecords = (examples: readonly MadeExample[]): Buffer => Buffer.concat(examples.map(record));
