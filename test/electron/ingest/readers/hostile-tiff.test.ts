// Files are hostile: whatever is in them, the reader answers fast, with an error that can be acted on or with pixels, and allocates no more than the file is good for.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../electron/files/byte-source.ts";
import { fromSource } from "../../../../electron/ingest/readers/geotiff.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { encodeMadeTiff, fixtures } from "../made-files.ts";

const names = [
  "uint16-none-1-little-strips",
  "uint16-none-1-big-tiles-planar",
  "uint16-lzw-2-little-tiles-chunky",
  "uint16-deflate-2-big-strips",
  "uint16-packbits-1-little-strips",
  "float32-lzw-chunky",
];
const files = names.map((name) => ({ name, bytes: readFileSync(join(fixtures, "tiff", `${name}.tif`)) }));

/** Opens and reads all of it; only an AppError may come out. */
function tryToRead(bytes: Buffer): "read" | AppError {
  try {
    const tiff = fromSource(memorySource("hostile.tif", bytes));
    if (tiff.isDirect && tiff.width * tiff.height <= 1_000_000) {
      for (let band = 0; band < Math.min(tiff.bands, 3); band++) {
        const out = new Float64Array(tiff.width * tiff.height);
        tiff.readWindowSync({ band, x: 0, y: 0, width: tiff.width, height: tiff.height }, out, 0);
      }
    }
    return "read";
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe("hostile TIFFs", () => {
  it.each(files)("a $name cut short anywhere is refused", ({ bytes }) => {
    for (let part = 0; part < 50; part++) {
      const result = tryToRead(bytes.subarray(0, Math.floor((bytes.length * part) / 50)));
      // GDAL may pad the end of a file: then nothing is missing.
      if (result !== "read") expect(["BAD_FILE", "UNSUPPORTED"]).toContain(result.code);
      else expect(part).toBeGreaterThan(45);
    }
  });

  it("changed bytes give pixels or an error, never a crash or a hang", () => {
    fc.assert(
      fc.property(
        fc.nat(files.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        (which, changes) => {
          const bytes = Buffer.from(files[which]!.bytes);
          // Half of the changes go to the head and tail, where the structure lies.
          changes.forEach(([at, value], i) => {
            const place =
              i % 2 === 0
                ? at % bytes.length
                : at % 2 === 0
                  ? at % Math.min(300, bytes.length)
                  : bytes.length - 1 - (at % Math.min(300, bytes.length));
            bytes[place] = value;
          });
          tryToRead(bytes);
        },
      ),
      { numRuns: 3000, seed: 20210401 },
    );
  });

  it("random bytes after a TIFF's first four are refused", () => {
    fc.assert(
      fc.property(fc.constantFrom("II*\0", "MM\0*", "II+\0", "MM\0+"), fc.uint8Array({ maxLength: 400 }), (magic, rest) => {
        expect(tryToRead(Buffer.concat([Buffer.from(magic, "latin1"), rest]))).toBeInstanceOf(AppError);
      }),
      { numRuns: 2000, seed: 20210401 },
    );
  });

  it.each([
    ["width", 256, 2 ** 31 - 1],
    ["height", 257, 2 ** 31 - 1],
    ["strip offsets", 273, 2 ** 32 - 8],
    ["rows per strip", 278, 1],
  ])("a lie about %s allocates nothing", (_, tag, value) => {
    const bytes = encodeMadeTiff({ width: 120, height: 120, pixels: new Uint16Array(120 * 120), rowsPerStrip: 120 });
    const directory = bytes.readUInt32LE(4);
    for (let i = 0; i < bytes.readUInt16LE(directory); i++) {
      const at = directory + 2 + i * 12;
      if (bytes.readUInt16LE(at) === tag) bytes.writeUInt32LE(value, at + 8);
    }
    const before = process.memoryUsage();
    const result = tryToRead(bytes);
    const after = process.memoryUsage();
    expect(result).toBeInstanceOf(AppError);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4_000_000);
  });

  it("a Deflate strip that claims more than it can unpack to is refused before it is unpacked", () => {
    const bytes = Buffer.from(readFileSync(join(fixtures, "tiff", "uint16-deflate-1-little-strips.tif")));
    const directory = bytes.readUInt32LE(4);
    for (let i = 0; i < bytes.readUInt16LE(directory); i++) {
      const at = directory + 2 + i * 12;
      // One strip of 8,000 x 8,000 px from a file of a few kilobytes.
      if ([256, 257, 278].includes(bytes.readUInt16LE(at))) {
        bytes.writeUInt16LE(4, at + 2);
        bytes.writeUInt32LE(8000, at + 8);
      }
    }
    expect(tryToRead(bytes)).toMatchObject({ code: "BAD_FILE" });
  });
});
