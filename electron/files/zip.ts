// Zip archives: what is in them, and their files as byte sources. Stored files are read in place, deflated ones are inflated once.
// An own reader, since yauzl knows callbacks only, and sources are opened synchronously in workers. See PKWARE's APPNOTE.TXT, sections 4.3 to 4.5.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";
import type { Problem } from "../../shared/domain/dataset.ts";
import { AppError } from "../../shared/domain/errors.ts";
import { type ByteSource, descriptorSource, fileError, memorySource, partSource } from "./file-source.ts";

/** A file in an archive. */
export interface ZipEntry {
  /** Size when unpacked, and as it lies in the archive, bytes. */
  readonly size: number;
  readonly packedSize: number;
  /** Where its local header lies. */
  readonly headerAt: number;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc: number;
}

/** The names in a folder, sorted. */
export interface FolderNames {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

export interface ZipDirectory {
  /** Files by their path in the archive, with slashes. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Folders by their path in the archive; the archive itself is "". */
  readonly folders: ReadonlyMap<string, FolderNames>;
  /** What is in the archive and cannot be read. */
  readonly problems: readonly Problem[];
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** Sizes of the records without their names and comments. */
const END_BYTES = 22;
const END_64_BYTES = 56;
const LOCATOR_64_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const LONGEST_COMMENT = 0xffff;
const IN_ZIP64 = 0xffffffff;

const STORED = 0;
const DEFLATED = 8;
/** Flags: encrypted; strong encryption; the directory's values are masked. */
const ENCRYPTED = 0x2041;
/** File type bits of a Unix mode, and those of a symbolic link. */
const TYPE_BITS = 0xf000;
const SYMBOLIC_LINK = 0xa000;

/** Files of an archive whose directory is held in memory: 200 bytes each, about. BigEarthNet v1 has 7 million, a product 200. */
const MAXIMUM_ENTRIES = 1_000_000;
const MAXIMUM_DIRECTORY_BYTES = 256 * 1024 * 1024;
/** Longer names make no path on most systems. */
const LONGEST_NAME = 1024;
const MAXIMUM_PROBLEMS = 100;
/** Inflated in memory at once, so what a machine can spare. A 10 m band has 130 MB at most. */
const MAXIMUM_INFLATED_BYTES = 512 * 1024 * 1024;
/** Larger inflated files wait in a temporary file instead of in memory. */
const IN_MEMORY_BYTES = 32 * 1024 * 1024;
/** The most bytes that one deflated byte can stand for (zlib's documentation). */
const MAXIMUM_EXPANSION = 1032;

/** Whether a file begins as a zip archive does: with a file's header, or with the end's record when it holds nothing. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6));
}

/**
 * Reads the central directory. Entries that cannot be meant well, or are told twice, are left out and named.
 * @throws AppError BAD_FILE when it is broken or cut short, UNSUPPORTED when it is too large
 */
export function readZipDirectory(zip: ByteSource): ZipDirectory {
  const { at, count, size } = findDirectory(zip);
  if (count > MAXIMUM_ENTRIES || size > MAXIMUM_DIRECTORY_BYTES) throw tooLarge(zip.path, `${count} files`);
  if (count * CENTRAL_BYTES > size) throw broken(zip.path, `its directory of ${size} bytes cannot name ${count} files`);
  const bytes = zip.read(at, size);
  const tree = new EntryTree(zip.path);
  for (let i = 0, next = 0; i < count; i++) {
    if (next + CENTRAL_BYTES > size || bytes.readUInt32LE(next) !== CENTRAL)
      throw broken(zip.path, `its directory ends after ${i} of ${count} files`);
    const nameEnd = next + CENTRAL_BYTES + bytes.readUInt16LE(next + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(next + 30);
    if (extraEnd > size) throw broken(zip.path, `its directory ends within file ${i} of ${count}`);
    const name = nameOf(bytes.subarray(next + CENTRAL_BYTES, nameEnd));
    const mode = bytes.readUInt16LE(next + 40);
    tree.add(name, (mode & TYPE_BITS) === SYMBOLIC_LINK, {
      ...wideFields(zip.path, bytes, next, bytes.subarray(nameEnd, extraEnd)),
      method: bytes.readUInt16LE(next + 10),
      isEncrypted: (bytes.readUInt16LE(next + 8) & ENCRYPTED) !== 0,
      crc: bytes.readUInt32LE(next + 16),
    });
    next = extraEnd + bytes.readUInt16LE(next + 32);
  }
  return tree.finish();
}

/**
 * Opens a file of an archive.
 * @param zip closed by the result's `close`, or at once when it isn't needed any more
 * @param path what the result and errors call the file
 * @throws AppError BAD_FILE, UNSUPPORTED, DISK_FULL
 */
export function openZipEntry(zip: ByteSource, entry: ZipEntry, path: string): ByteSource {
  const { size, packedSize, headerAt, method, isEncrypted } = entry;
  if (isEncrypted) throw new AppError("UNSUPPORTED", `${path} is encrypted. Unpack the archive with its password.`, { data: { path } });
  if (method !== STORED && method !== DEFLATED)
    throw new AppError("UNSUPPORTED", `${path} is packed by a method that is not read (${method}). Unpack the archive.`, {
      data: { path },
    });
  const beyond = () => broken(path, `it would lie at byte ${headerAt} of an archive of ${zip.size}`);
  if (headerAt + LOCAL_BYTES > zip.size) throw beyond();
  const header = zip.read(headerAt, LOCAL_BYTES);
  if (header.readUInt32LE(0) !== LOCAL) throw broken(path, `there is no file at byte ${headerAt} of the archive`);
  // Sizes are the directory's: where they are told behind the data, the local header has zeros.
  const start = headerAt + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packedSize > zip.size) throw beyond();
  if (method === STORED) {
    if (size !== packedSize) throw broken(path, `it is said to have ${size} and ${packedSize} bytes`);
    return partSource(path, zip, start, size);
  }
  if (Math.max(size, packedSize) > MAXIMUM_INFLATED_BYTES) throw tooLarge(path, `${Math.max(size, packedSize)} bytes`);
  if (size > packedSize * MAXIMUM_EXPANSION) throw broken(path, `its ${packedSize} bytes cannot give the ${size} that it is said to have`);
  let bytes: Buffer;
  try {
    // It stops at the size that the directory tells.
    bytes = inflateRawSync(zip.read(start, packedSize), { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw broken(path, "its packed bytes are broken, or give more than it is said to have", error);
  }
  if (bytes.length !== size || crc32(bytes) !== entry.crc) throw broken(path, "its checksum is wrong");
  zip.close();
  return size > IN_MEMORY_BYTES ? temporarySource(path, bytes) : memorySource(path, bytes);
}

/** Bytes in a temporary file. It loses its name at once, so that it goes in a crash, too; where an open file keeps it, when it is closed. */
function temporarySource(path: string, bytes: Buffer): ByteSource {
  const folder = mkdtempSync(join(tmpdir(), "unzipped-"));
  let fd: number | undefined;
  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    fd = openSync(join(folder, "file"), "wx+", 0o600);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    if (process.platform !== "win32") rmSync(folder, { recursive: true, force: true });
    return descriptorSource(path, fd, bytes.length, close);
  } catch (error) {
    close();
    throw fileError(folder, error);
  }
}

/** Gathers entries into folders, and refuses what would lead elsewhere. */
class EntryTree {
  private readonly path: string;
  private readonly entries = new Map<string, ZipEntry>();
  private readonly folders = new Map<string, { files: Set<string>; folders: Set<string> }>();
  private readonly twice = new Set<string>();
  private readonly problems: Problem[] = [];
  private refused = 0;

  constructor(path: string) {
    this.path = path;
    this.folder("");
  }

  add(name: string, isLink: boolean, entry: ZipEntry): void {
    const isFolder = name.endsWith("/");
    const inner = isFolder ? name.slice(0, -1) : name;
    const parts = inner.split("/");
    // Names that would be another place, or none, as a path beside the archive.
    if (parts.some((part) => part === "" || part === "." || part === "..") || /^[A-Za-z]:|\0/.test(inner) || inner.length > LONGEST_NAME)
      this.refuse(name, "has a name that leads out of the archive, or nowhere, and is left out.");
    else if (isLink) this.refuse(name, "is a symbolic link in an archive, and is left out. Unpack the archive.");
    else if (isFolder) this.folder(inner);
    else {
      const other = this.entries.get(inner);
      if (!other) this.entries.set(inner, entry);
      else if (other.crc !== entry.crc || other.size !== entry.size) this.twice.add(inner);
    }
  }

  finish(): ZipDirectory {
    for (const name of this.twice) {
      this.entries.delete(name);
      this.refuse(name, "is twice in the archive, with different contents, and is left out. Pack the archive again.");
    }
    for (const name of this.entries.keys()) this.folder(parentOf(name)).files.add(name.slice(name.lastIndexOf("/") + 1));
    for (const name of this.entries.keys()) {
      if (!this.folders.has(name)) continue;
      this.entries.delete(name);
      this.folder(parentOf(name)).files.delete(name.slice(name.lastIndexOf("/") + 1));
      this.refuse(name, "is a file and a folder at once, and is read as a folder. Pack the archive again.");
    }
    if (this.refused > MAXIMUM_PROBLEMS)
      this.problems.push({ path: this.path, reason: `has ${this.refused - MAXIMUM_PROBLEMS} more files that are left out.` });
    const sorted = (names: Set<string>) => [...names].sort();
    return {
      entries: this.entries,
      folders: new Map([...this.folders].map(([name, { files, folders }]) => [name, { files: sorted(files), folders: sorted(folders) }])),
      problems: this.problems,
    };
  }

  /** The folder, which is made with those above it. */
  private folder(name: string): { files: Set<string>; folders: Set<string> } {
    const known = this.folders.get(name);
    if (known) return known;
    if (this.folders.size > MAXIMUM_ENTRIES) throw tooLarge(this.path, `${MAXIMUM_ENTRIES} folders`);
    const made = { files: new Set<string>(), folders: new Set<string>() };
    this.folders.set(name, made);
    if (name !== "") this.folder(parentOf(name)).folders.add(name.slice(name.lastIndexOf("/") + 1));
    return made;
  }

  private refuse(name: string, reason: string): void {
    if (this.refused++ < MAXIMUM_PROBLEMS) this.problems.push({ path: `${this.path}: ${JSON.stringify(name.slice(0, 200))}`, reason });
  }
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("/"), 0));
}

/** Windows' own tools wrote backslashes for long, others begin with `./`. Names that are no UTF-8 only have to differ from each other. */
function nameOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return (text.includes("\ufffd") ? bytes.toString("latin1") : text).replaceAll("\\", "/").replace(/^(\.\/)+/, "");
}

/** Where the central directory lies, from the record at the end of the file. */
function findDirectory(zip: ByteSource): { at: number; count: number; size: number } {
  const { path } = zip;
  const tailAt = Math.max(0, zip.size - END_BYTES - LONGEST_COMMENT);
  const tail = zip.read(tailAt, zip.size - tailAt);
  let end = tail.length - END_BYTES;
  while (end >= 0 && !(tail.readUInt32LE(end) === END && end + END_BYTES + tail.readUInt16LE(end + 20) === tail.length)) end--;
  if (end < 0) throw broken(path, "it has no directory at its end, so it is cut short");
  if (tail.readUInt16LE(end + 4) !== 0 && tail.readUInt16LE(end + 4) !== 0xffff)
    throw new AppError(
      "UNSUPPORTED",
      `${path} is the last part of several of a zip archive. Put them together (zip -s 0), or unpack them.`,
      {
        data: { path },
      },
    );
  let count = tail.readUInt16LE(end + 10);
  let size = tail.readUInt32LE(end + 12);
  let at = tail.readUInt32LE(end + 16);
  let limit = tailAt + end;
  if (count === 0xffff || size === IN_ZIP64 || at === IN_ZIP64) {
    const locator = limit >= LOCATOR_64_BYTES ? zip.read(limit - LOCATOR_64_BYTES, LOCATOR_64_BYTES) : undefined;
    if (locator?.readUInt32LE(0) === LOCATOR_64) {
      limit = Number(locator.readBigUInt64LE(8));
      const end64 = limit + END_64_BYTES <= zip.size ? zip.read(limit, END_64_BYTES) : undefined;
      if (end64?.readUInt32LE(0) !== END_64) throw broken(path, "the record at its end leads nowhere");
      count = Number(end64.readBigUInt64LE(32));
      size = Number(end64.readBigUInt64LE(40));
      at = Number(end64.readBigUInt64LE(48));
    }
  }
  if (at + size > limit) throw broken(path, `its directory would end at byte ${at + size}, behind byte ${limit}`);
  return { at, count, size };
}

/** The fields of a central record that zip64 moves to its extra field (in this order) when they do not fit. */
function wideFields(path: string, bytes: Buffer, at: number, extra: Buffer): Pick<ZipEntry, "size" | "packedSize" | "headerAt"> {
  const fields = [bytes.readUInt32LE(at + 24), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)];
  if (fields.includes(IN_ZIP64)) {
    let next = 0;
    while (next + 4 <= extra.length && extra.readUInt16LE(next) !== 1) next += 4 + extra.readUInt16LE(next + 2);
    next += 4;
    fields.forEach((value, i) => {
      if (value !== IN_ZIP64) return;
      if (next + 8 > extra.length) throw broken(path, "a large file in it lacks its size");
      fields[i] = Number(extra.readBigUInt64LE(next));
      next += 8;
    });
  }
  return { size: fields[0]!, packedSize: fields[1]!, headerAt: fields[2]! };
}

function tooLarge(path: string, what: string): AppError {
  return new AppError("UNSUPPORTED", `${path} holds ${what} when unpacked, too many to be read in place. Unpack the archive.`, {
    data: { path },
  });
}

function broken(path: string, what: string, cause?: unknown): AppError {
  return new AppError("BAD_FILE", `${path} is a broken zip archive: ${what}. Copy or download it again.`, { data: { path }, cause });
}
