// TIFFs of rare kinds, whole and broken: each is read, or refused with a reason and a remedy, in no time and in little memory.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { openRaster } from "../../../../electron/ingest/readers/open-raster.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures, temporaryFolder } from "../made-files.ts";

/** What is said of each; null: it is read. */
const KINDS: Readonly<Record<string, RegExp | null>> = {
  "uint16-lerc": null,
  "float32-lerc": null,
  "uint16-zstd": null,
  "float32-bigtiff": null,
  "int16-odd-strips": null,
  "uint16-lerc-deflate": /packed twice.*gdal_translate -co COMPRESS=DEFLATE/,
  "uint16-lerc-zstd": /packed twice.*gdal_translate -co COMPRESS=DEFLATE/,
  "uint16-lzma": /compression 34925.*not known.*gdal_translate/,
  "uint8-jpeg": /compression 7.*not known.*gdal_translate/,
  float16: /16-bit floating-point.*gdal_translate -ot Float32 -co NBITS=32/,
  uint12: /12-bit.*gdal_translate -ot UInt16 -co NBITS=16/,
  uint64: /64-bit whole.*gdal_translate -ot UInt16/,
  complex64: /complex numbers.*gdal_translate -ot Float32/,
};

/** Longest time that one file may take, and most that memory may grow while it is read. */
const LONGEST_MS = 2000;
const MOST_BYTES = 64 * 1024 * 1024;

const file = join(temporaryFolder(), "hostile.tif");
let slowest = 0;

/** Reads all of a file; only an AppError may come out. */
async function tryToRead(bytes: Uint8Array): Promise<"read" | AppError> {
  writeFileSync(file, bytes);
  const started = performance.now();
  try {
    const raster = openRaster(file);
    try {
      const [width, height] = [Math.min(raster.width, 512), Math.min(raster.height, 512)];
      for (let band = 0; band < Math.min(raster.bands, 3); band++) await raster.readWindow({ band, x: 0, y: 0, width, height });
      return "read";
    } finally {
      raster.close();
    }
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    slowest = Math.max(slowest, performance.now() - started);
  }
}

describe.each(Object.entries(KINDS))("a TIFF of the kind %s", (name, refused) => {
  const whole = readFileSync(join(fixtures, "tiff-exotic", `${name}.tif`));

  it(refused ? "is refused with a remedy" : "is read", async () => {
    const result = await tryToRead(whole);
    if (!refused) expect(result).toBe("read");
    else expect(result).toMatchObject({ message: expect.stringMatching(refused) });
  });

  it("is refused when it is cut short anywhere", async () => {
    for (let part = 0; part < 50; part++) {
      const result = await tryToRead(whole.subarray(0, Math.floor((whole.length * part) / 50)));
      // The end of a file may be padding.
      if (result === "read") expect(part).toBeGreaterThan(45);
      else expect(["BAD_FILE", "UNSUPPORTED"]).toContain(result.code);
    }
  });

  it("gives pixels or an error when bytes of it are changed", async () => {
    const before = process.memoryUsage.rss();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(whole);
        // Half of the changes go to the head, where the structure lies.
        changes.forEach(([at, value], i) => {
          bytes[i % 2 === 0 ? at % bytes.length : at % Math.min(400, bytes.length)] = value;
        });
        await tryToRead(bytes);
      }),
      { numRuns: 150, seed: 20210401 },
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_BYTES);
  });

  it.each([
    ["width", 256],
    ["height", 257],
    ["samples", 277],
    ["rows of a strip", 278],
    ["width of a tile", 322],
    ["height of a tile", 323],
    ["bits", 258],
  ])("is refused, or read as it is, when it lies about its %s", async (_, tag) => {
    for (const value of [0, 1, 3, 30_000, 65_535]) {
      const bytes = Buffer.from(whole);
      if (!setTag(bytes, tag, value)) return;
      const before = process.memoryUsage.rss();
      await tryToRead(bytes);
      expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_BYTES);
    }
  });
});

afterAll(() => {
  expect(slowest).toBeLessThan(LONGEST_MS);
});

/** Gives a tag another value. @returns whether the file has it */
function setTag(bytes: Buffer, tag: number, value: number): boolean {
  const isBig = bytes.readUInt16LE(2) === 43;
  const start = isBig ? Number(bytes.readBigUInt64LE(8)) : bytes.readUInt32LE(4);
  const count = isBig ? Number(bytes.readBigUInt64LE(start)) : bytes.readUInt16LE(start);
  for (let i = 0; i < count; i++) {
    const at = start + (isBig ? 8 + i * 20 : 2 + i * 12);
    if (bytes.readUInt16LE(at) !== tag) continue;
    bytes.writeUInt16LE(value, at + (isBig ? 12 : 8));
    return true;
  }
  return false;
}
