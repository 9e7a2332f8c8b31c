// Zip archives whose files lie in them uncompressed, as PyTorch writes them. Read from bytes that may be hostile.
// See PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3 (zip64).

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end's record without its comment, which has 65,535 bytes at most. */
const END_BYTES = 22;
const IN_ZIP64 = 0xffffffff;

/**
 * The files of an archive by their path; views, not copies.
 * @throws a RangeError for what is no such archive
 */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const expect = (at: number, signature: number) => {
    if (view.getUint32(at, true) !== signature) throw new RangeError(`there is no zip record at byte ${at}`);
  };

  let end = bytes.length - END_BYTES;
  while (end >= 0 && view.getUint32(end, true) !== END) end = end > bytes.length - END_BYTES - 65_535 ? end - 1 : -1;
  if (end < 0) throw new RangeError("it has no zip directory");
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === IN_ZIP64) {
    expect(end - 20, LOCATOR_64);
    const end64 = u64(end - 12);
    expect(end64, END_64);
    count = u64(end64 + 32);
    at = u64(end64 + 48);
  }

  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    expect(at, CENTRAL);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes));
    const size = { value: view.getUint32(at + 24, true) };
    const stored = { value: view.getUint32(at + 20, true) };
    const offset = { value: view.getUint32(at + 42, true) };
    // Zip64's extra field holds those of the three, in this order, that do not fit.
    for (let extra = at + 46 + nameBytes; extra < at + 46 + nameBytes + extraBytes; extra += 4 + view.getUint16(extra + 2, true)) {
      if (view.getUint16(extra, true) !== 1) continue;
      let next = extra + 4;
      for (const field of [size, stored, offset]) {
        if (field.value !== IN_ZIP64) continue;
        field.value = u64(next);
        next += 8;
      }
    }
    if (view.getUint16(at + 10, true) !== 0 || stored.value !== size.value) throw new RangeError(`its file ${name} is compressed`);
    expect(offset.value, LOCAL);
    const start = offset.value + 30 + view.getUint16(offset.value + 26, true) + view.getUint16(offset.value + 28, true);
    if (start + size.value > bytes.length) throw new RangeError(`its file ${name} ends beyond the end`);
    files.set(name, bytes.subarray(start, start + size.value));
    at += 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
  }
  return files;
}
