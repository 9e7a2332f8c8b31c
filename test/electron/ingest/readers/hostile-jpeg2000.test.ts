// Files are hostile: whatever is in a JPEG 2000, the reader answers in time with an error that can be acted on or with pixels.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../electron/files/byte-source.ts";
import { openJpeg2000 } from "../../../../electron/ingest/readers/jpeg2000.ts";
import { sharedDecoder } from "../../../../electron/ingest/readers/jpeg2000-decoder.ts";
import { AppError } from "../../../../shared/domain/errors.ts";
import { fixtures } from "../made-files.ts";

const names = [
  "esa.jp2",
  "precincts.jp2",
  "tile-parts.jp2",
  "bands-pcrl.jp2",
  "bands-3-mixed.jp2",
  "lossy.jp2",
  "layers.jp2",
  "codestream.j2k",
];
const files = names.map((name) => ({ name, bytes: readFileSync(join(fixtures, "jpeg2000", name)) }));
const esa = files[0]!.bytes;

/** Opens and reads one window of each tile; only an AppError may come out. @returns the tiles that were read */
async function tryToRead(bytes: Buffer, isSparse = false): Promise<{ read: number; errors: AppError[] }> {
  const errors: AppError[] = [];
  let read = 0;
  const attempt = async (run: () => Promise<void>) => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      errors.push(error);
    }
  };
  await attempt(async () => {
    const raster = openJpeg2000(memorySource("hostile.jp2", bytes), { isSparse });
    const columns = Math.min(3, Math.ceil(raster.width / raster.blockWidth));
    const rows = Math.min(3, Math.ceil(raster.height / raster.blockHeight));
    for (let i = 0; i < columns * rows; i++) {
      await attempt(async () => {
        const x = (i % columns) * raster.blockWidth;
        const y = Math.floor(i / columns) * raster.blockHeight;
        const width = Math.min(20, raster.width - x);
        const height = Math.min(20, raster.height - y);
        const samples = await raster.readWindow({ band: raster.bands - 1, x, y, width, height });
        expect(samples).toHaveLength(width * height);
        read++;
      });
    }
    raster.close();
  });
  return { read, errors };
}

/** A copy with a field of the SIZ or COD segment changed. */
function patched(marker: number, at: number, value: number, bytes: 1 | 2 | 4): Buffer {
  const out = Buffer.from(esa);
  const segment = out.indexOf(Buffer.of(0xff, marker), out.indexOf(Buffer.from("ff4fff51", "hex")));
  out.writeUIntBE(value, segment + at, bytes);
  return out;
}
const siz = (at: number, value: number, bytes: 1 | 2 | 4 = 4) => patched(0x51, at, value, bytes);
const cod = (at: number, value: number, bytes: 1 | 2 | 4 = 1) => patched(0x52, at, value, bytes);

/** An image of one tile. */
function withSize(pixels: number): Buffer {
  const out = Buffer.from(esa);
  const segment = out.indexOf(Buffer.from("ff51", "hex"));
  for (const at of [6, 10, 22, 26]) out.writeUInt32BE(pixels, segment + at);
  return out;
}

async function refusal(bytes: Buffer): Promise<AppError> {
  const { errors, read } = await tryToRead(bytes);
  expect(read).toBe(0);
  return errors[0]!;
}

describe("hostile JPEG 2000 files", () => {
  it.each(files)("a $name cut short anywhere gives the tiles that are whole, and says that it is cut short", async ({ name, bytes }) => {
    const counts: number[] = [];
    for (let part = 0; part < 50; part++) {
      const { read, errors } = await tryToRead(bytes.subarray(0, Math.floor((bytes.length * part) / 50)));
      for (const { code, message } of errors) {
        expect(code).toBe("BAD_FILE");
        expect(message).toContain("hostile.jp2");
      }
      expect(errors.length).toBeGreaterThan(0);
      counts.push(read);
    }
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    if (name === "esa.jp2") expect(counts.at(-1)).toBe(5);
  });

  it.each([false, true])(
    "changed bytes give pixels or an error, never a crash or a hang (sparse: %s)",
    { timeout: 300_000 },
    async (isSparse) => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat(files.length - 1),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
          async (which, changes) => {
            const bytes = Buffer.from(files[which]!.bytes);
            const start = bytes.indexOf(Buffer.from("ff4fff51", "hex"));
            // Half of the changes go to the codestream's headers.
            for (const [i, [at, value]] of changes.entries()) bytes[i % 2 === 0 ? at % bytes.length : start + (at % 250)] = value;
            const begin = performance.now();
            await tryToRead(bytes, isSparse);
            expect(performance.now() - begin).toBeLessThan(10_000);
          },
        ),
        { numRuns: 1000, seed: 20210401 },
      );
      expect(sharedDecoder().heapBytes).toBeLessThan(256 * 1024 * 1024);
    },
  );

  it("sizes that the file cannot have are refused before anything is allocated", async () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const bytes of [siz(6, 0x7fffffff), siz(6, 0), siz(22, 0), siz(30, 100)]) {
      expect((await refusal(bytes)).message).toContain("claims");
    }
    expect((await refusal(siz(38, 2, 2))).message).toContain("cut short");
    expect(await refusal(withSize(0x10000))).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("too large") });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it("a tile that needs too much memory is refused before it is decoded", async () => {
    expect(await refusal(withSize(8192))).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("too large to decode") });
  });

  it("more packets than bytes are refused before it is decoded", async () => {
    expect((await refusal(cod(6, 0xffff, 2))).message).toContain("cannot hold its 393210 packets");
  });

  it("samples that are not read are refused with what they are", async () => {
    expect(await refusal(siz(40, 0x8e, 1))).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("signed 15-bit") });
    expect(await refusal(siz(40, 23, 1))).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("24-bit") });
    expect(await refusal(siz(41, 2, 1))).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("resolutions") });
  });

  it("coding that does not exist is refused", async () => {
    expect((await refusal(cod(9, 33))).code).toBe("BAD_FILE");
    expect((await refusal(cod(10, 9))).message).toContain("code-blocks");
    expect((await refusal(cod(5, 7))).message).toContain("coding style");
    expect((await refusal(cod(15, 0))).message).toContain("precincts");
  });

  it("a damaged tile never shows the pixels of the tile that was read before", async () => {
    const bytes = Buffer.from(esa);
    const first = bytes.indexOf(Buffer.from("ff90000a0000", "hex"));
    const second = first + bytes.readUInt32BE(first + 6);
    bytes.fill(0xff, second + 40, second + bytes.readUInt32BE(second + 6));
    const raster = openJpeg2000(memorySource("hostile.jp2", bytes));
    const good = await raster.readWindow({ band: 0, x: 0, y: 0, width: 64, height: 64 });
    await expect(raster.readWindow({ band: 0, x: 64, y: 0, width: 64, height: 64 })).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringContaining("tile 1 of 6"),
    });
    expect(await raster.readWindow({ band: 0, x: 0, y: 0, width: 64, height: 64 })).toEqual(good);
  });

  it.each([
    ["nothing", Buffer.alloc(0), "empty"],
    ["a TIFF", Buffer.from("II*\0________"), "not a JPEG 2000"],
    ["a JP2 without an image", esa.subarray(0, 100), "no image"],
    ["a codestream of 4 bytes", Buffer.from("ff4fff51", "hex"), "cut short"],
    ["boxes in boxes without end", nested(20_000), "no image"],
  ])("%s is refused", async (_, bytes, words) => {
    expect((await refusal(bytes)).message).toContain(words);
  });
});

function nested(depth: number): Buffer {
  const out = Buffer.alloc(12 + 8 * depth);
  out.set(esa.subarray(0, 12));
  for (let i = 0; i < depth; i++) {
    out.writeUInt32BE(8 * (depth - i), 12 + 8 * i);
    out.write("asoc", 16 + 8 * i, "latin1");
  }
  return out;
}
