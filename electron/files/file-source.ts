// Bytes of a plain file, of a part of one, or of memory, by offset. Small files are read whole into one buffer, large ones by pread.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AppError, type ErrorCode } from "../../shared/domain/errors.ts";

/** Files up to this size are read at once. BigEarthNet's largest band is 29,192 bytes, a EuroSAT file 107,244. */
const WHOLE_FILE_BYTES = 256 * 1024;

/** An open file. The buffers that it gives may be views that the next `read` overwrites: copy what is kept. */
export interface ByteSource {
  readonly path: string;
  /** Size of the file, bytes. */
  readonly size: number;
  /** Time of the last change, ms since 1970, where it is a plain file that was read whole. */
  readonly modified?: number | undefined;
  /**
   * @param offset first byte
   * @param length number of bytes; all must lie inside the file
   * @throws AppError BAD_FILE beyond the end of the file
   */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/**
 * Opens a plain file. Synchronous: it runs in a worker, where a system call costs less than the way through the thread pool.
 * @param scratch reused by callers that read one small file after another; the source is then only valid until its next use
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, BAD_FILE
 */
export function openFile(path: string, scratch?: { buffer: Buffer }): ByteSource {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw fileError(path, error);
  }
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(fd);
  };
  try {
    const { size, mtimeMs } = fstatSync(fd);
    if (size > WHOLE_FILE_BYTES) return descriptorSource(path, fd, size, close);
    const buffer = scratch?.buffer ?? Buffer.allocUnsafe(size);
    const got = readFully(fd, buffer, 0, size);
    close();
    return memorySource(path, buffer.subarray(0, got), Math.trunc(mtimeMs));
  } catch (error) {
    close();
    throw fileError(path, error);
  }
}

/** An open file by its descriptor. */
export function descriptorSource(path: string, fd: number, size: number, close: () => void): ByteSource {
  return {
    path,
    size,
    read: (offset, length) => {
      checkRange(path, size, offset, length);
      const bytes = Buffer.allocUnsafe(length);
      if (readFully(fd, bytes, offset) < length) throw truncated(path, offset + length, size);
      return bytes;
    },
    close,
  };
}

/**
 * A part of another source, under a path of its own; small parts are read at once. Closes the other.
 * @param start first byte in the other, which holds all of the part
 */
export function partSource(path: string, whole: ByteSource, start: number, size: number): ByteSource {
  if (size <= WHOLE_FILE_BYTES) {
    const bytes = whole.read(start, size);
    whole.close();
    return memorySource(path, bytes);
  }
  return {
    path,
    size,
    read: (offset, length) => {
      checkRange(path, size, offset, length);
      return whole.read(start + offset, length);
    },
    close: () => whole.close(),
  };
}

/** A buffer for `openByteSource`'s scratch. */
export function byteScratch(): { buffer: Buffer } {
  return { buffer: Buffer.allocUnsafe(WHOLE_FILE_BYTES) };
}

/** Bytes in memory as a source. */
export function memorySource(path: string, bytes: Buffer, modified?: number): ByteSource {
  return {
    path,
    size: bytes.length,
    modified,
    read: (offset, length) => {
      checkRange(path, bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    close: () => {},
  };
}

/** A file-system error in the application's words. */
export function fileError(path: string, error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
    ENOENT: ["NOT_FOUND", "does not exist (was it moved or deleted?)"],
    ENOTDIR: ["NOT_A_FOLDER", "is not a folder"],
    EACCES: ["NO_ACCESS", "cannot be read: no permission. Change its rights, or leave it out"],
    EPERM: ["NO_ACCESS", "cannot be read: no permission. Change its rights, or leave it out"],
    EISDIR: ["BAD_FILE", "is a folder, not a file"],
    ENAMETOOLONG: ["BAD_FILE", "has too long a path. Move it to a folder nearer to the top"],
    ELOOP: ["BAD_FILE", "is a symbolic link that points at itself. Remove it"],
    ENOSPC: ["DISK_FULL", "cannot be written: the disk is full. Free some space and run again"],
    EDQUOT: ["DISK_FULL", "cannot be written: the disk quota is used up. Free some space and run again"],
    EIO: ["BAD_FILE", "cannot be read: the disk reports an error. Copy it anew"],
  };
  const entry = code ? known[code] : undefined;
  return entry ? new AppError(entry[0], `${path} ${entry[1]}.`, { data: { path }, cause: error }) : error;
}

function readFully(fd: number, buffer: Buffer, position: number, length = buffer.length): number {
  let got = 0;
  while (got < length) {
    const n = readSync(fd, buffer, got, length - got, position + got);
    if (n === 0) break;
    got += n;
  }
  return got;
}

function checkRange(path: string, size: number, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw truncated(path, offset + length, size);
}

function truncated(path: string, end: number, size: number): AppError {
  return new AppError("BAD_FILE", `${path} is cut short: it refers to byte ${end}, but has ${size} bytes. Copy or download it again.`, {
    data: { path },
  });
}
