// Zip archives that the tests make: by yazl, and by hand where no writer would do such a thing.
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { crc32, deflateRawSync } from "node:zlib";
import { ZipFile } from "yazl";
import { filesUnder } from "./made-files.ts";

/** Packs a folder by yazl. @param options.compress deflate the files; else they are stored */
export async function zipFolder(
  folder: string,
  to: string,
  options: { compress: boolean; prefix?: string; zip64?: boolean },
): Promise<void> {
  const { compress, prefix = "", zip64 = false } = options;
  const zip = new ZipFile();
  for (const [name, bytes] of filesUnder(folder)) zip.addBuffer(bytes, `${prefix}${name}`, { compress, forceZip64Format: zip64 });
  mkdirSync(dirname(to), { recursive: true });
  const file = createWriteStream(to);
  zip.outputStream.pipe(file);
  zip.end({ forceZip64Format: zip64, comment: "" });
  await finished(file);
}

export interface MadeEntry {
  readonly name: string | Buffer;
  readonly data?: Buffer;
  readonly method?: number;
  readonly flags?: number;
  /** What the directory says instead of the truth. */
  readonly size?: number;
  readonly crc?: number;
  readonly headerAt?: number;
  /** Unix mode. */
  readonly mode?: number;
  /** Zeros in the local header; the sizes follow the data. */
  readonly hasDescriptor?: boolean;
}

/** A zip archive written by hand. */
export function encodeMadeZip(entries: readonly MadeEntry[], { comment = "" }: { comment?: string } = {}): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { data = Buffer.alloc(0), method = 0, flags = 0, mode = 0o100644, hasDescriptor = false } = entry;
    const name = Buffer.from(entry.name as string);
    const packed = method === 8 ? deflateRawSync(data) : data;
    const crc = entry.crc ?? crc32(data);
    const size = entry.size ?? data.length;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags | (hasDescriptor ? 8 : 0), 6);
    local.writeUInt16LE(method, 8);
    if (!hasDescriptor) {
      local.writeUInt32LE(crc, 14);
      local.writeUInt32LE(packed.length, 18);
      local.writeUInt32LE(size, 22);
    }
    local.writeUInt16LE(name.length, 26);
    const descriptor = Buffer.alloc(hasDescriptor ? 16 : 0);
    if (hasDescriptor) [0x08074b50, crc, packed.length, size].forEach((value, i) => void descriptor.writeUInt32LE(value, i * 4));
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(0x0314, 4);
    record.writeUInt16LE(flags | (hasDescriptor ? 8 : 0), 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(crc, 16);
    record.writeUInt32LE(packed.length, 20);
    record.writeUInt32LE(size, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt16LE(mode, 40);
    record.writeUInt32LE(entry.headerAt ?? at, 42);
    central.push(record, name);
    parts.push(local, name, packed, descriptor);
    at += 30 + name.length + packed.length + descriptor.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, directory, end, Buffer.from(comment, "latin1")]);
}

/** Writes a zip archive made by hand. */
export function writeMadeZip(path: string, entries: readonly MadeEntry[], options: { comment?: string } = {}): string {
  writeFileSync(path, encodeMadeZip(entries, options));
  return path;
}
