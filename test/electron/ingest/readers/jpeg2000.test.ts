// Pixels, georeference and structure of JPEG 2000 files against what GDAL reads in them (fixtures/make_jpeg2000_fixtures.py).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ByteSource, memorySource } from "../../../../electron/files/byte-source.ts";
import { inBlockOrder, type Jpeg2000, openJpeg2000, openJpeg2000File } from "../../../../electron/ingest/readers/jpeg2000.ts";
import { readBoxes } from "../../../../electron/ingest/readers/jpeg2000-boxes.ts";
import { readCodestream, readTile, tileCodestream, tileRect } from "../../../../electron/ingest/readers/jpeg2000-codestream.ts";
import { sharedDecoder } from "../../../../electron/ingest/readers/jpeg2000-decoder.ts";
import type { Samples, Window } from "../../../../electron/ingest/readers/raster.ts";
import { fixtures } from "../made-files.ts";

interface Facts {
  width: number;
  height: number;
  bands: number;
  dtype: string;
  crs: string | null;
  transform: number[] | null;
  crc32: number[];
  windows: (Window & { crc32: number })[];
}

const { cases } = JSON.parse(readFileSync(join(fixtures, "jpeg2000.json"), "utf8")) as { cases: Record<string, Facts> };
const pathOf = (name: string) => join(fixtures, "jpeg2000", name);
const bytesOf = (name: string) => readFileSync(pathOf(name));
const open = (bytes: Buffer, isSparse = false) => openJpeg2000(memorySource("made.jp2", bytes), { isSparse });
const crcOf = (samples: Samples) => crc32(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
const wholeOf = ({ width, height }: Jpeg2000, band = 0): Window => ({ band, x: 0, y: 0, width, height });

describe("a JPEG 2000 file", () => {
  it.each(Object.entries(cases))("%s gives GDAL's shape, place and pixels", async (name, facts) => {
    const raster = openJpeg2000File(pathOf(name));
    expect(raster).toMatchObject({ width: facts.width, height: facts.height, bands: facts.bands, dtype: facts.dtype, crs: facts.crs });
    if (facts.transform) for (const [i, value] of facts.transform.entries()) expect(raster.transform![i]).toBeCloseTo(value, 9);
    else expect(raster.transform).toBeNull();
    for (let band = 0; band < facts.bands; band++)
      expect(crcOf(await raster.readWindow(wholeOf(raster, band))), `band ${band}`).toBe(facts.crc32[band]);
    for (const window of facts.windows) expect(crcOf(await raster.readWindow(window)), JSON.stringify(window)).toBe(window.crc32);
    raster.close();
  });

  it.each(Object.entries(cases))("%s gives the same windows when reads are sparse", async (name, { windows }) => {
    // A new raster each time, so that no tile is decoded as a whole.
    for (const window of windows) {
      const raster = openJpeg2000File(pathOf(name), { isSparse: true });
      expect(crcOf(await raster.readWindow(window)), JSON.stringify(window)).toBe(window.crc32);
      raster.close();
    }
  });

  it("says how large its tiles are, and that nothing is no-data", () => {
    expect(openJpeg2000File(pathOf("esa.jp2"))).toMatchObject({ blockWidth: 64, blockHeight: 64, nodata: null, descriptions: [null] });
    expect(openJpeg2000File(pathOf("untiled.jp2"))).toMatchObject({ blockWidth: 121, blockHeight: 93 });
  });

  it("gives every pixel of every tile to sparse reads, windows of 1 px at tile corners included", async () => {
    for (const name of ["esa.jp2", "odd-tiles.jp2", "precincts.jp2", "lossy.jp2"]) {
      const raster = openJpeg2000File(pathOf(name));
      const whole = await raster.readWindow(wholeOf(raster));
      const { blockWidth, blockHeight, width, height } = raster;
      for (const x of [0, blockWidth - 1, blockWidth, width - 1]) {
        for (const y of [0, blockHeight - 1, blockHeight, height - 1].filter((at) => at < height)) {
          const sparse = openJpeg2000File(pathOf(name), { isSparse: true });
          const [value] = await sparse.readWindow({ band: 0, x, y, width: 1, height: 1 });
          expect(value, `${name} ${x},${y}`).toBe(whole[y * width + x]);
          sparse.close();
        }
      }
    }
  });

  it("refuses a window outside of the image", async () => {
    const raster = openJpeg2000File(pathOf("esa.jp2"));
    await expect(raster.readWindow({ band: 0, x: 160, y: 0, width: 20, height: 1 })).rejects.toThrow(RangeError);
    await expect(raster.readWindow({ band: 1, x: 0, y: 0, width: 1, height: 1 })).rejects.toThrow(RangeError);
  });

  it("reads no more of the file than the tiles that a window touches", async () => {
    const bytes = bytesOf("esa.jp2");
    let read = 0;
    const inner = memorySource("counted.jp2", bytes);
    const counted = (offset: number, length: number) => {
      read += length;
      return inner.read(offset, length);
    };
    const raster = openJpeg2000({ ...inner, read: counted });
    read = 0;
    await raster.readWindow({ band: 0, x: 10, y: 10, width: 30, height: 30 });
    expect(read).toBeLessThan(bytes.length / 4);
    read = 0;
    await raster.readWindow({ band: 0, x: 30, y: 0, width: 30, height: 64 });
    expect(read).toBe(0);
  });

  it("copes with a source whose buffers the next read overwrites", async () => {
    const bytes = bytesOf("tile-parts.jp2");
    const scratch = Buffer.alloc(bytes.length);
    const source: ByteSource = {
      path: "zip/tile-parts.jp2",
      size: bytes.length,
      read: (offset, length) => {
        scratch.fill(0xee);
        bytes.copy(scratch, 0, offset, offset + length);
        return scratch.subarray(0, length);
      },
      close: () => {},
    };
    const raster = openJpeg2000(source);
    expect(crcOf(await raster.readWindow(wholeOf(raster)))).toBe(cases["tile-parts.jp2"]!.crc32[0]);
    expect(raster.crs).toBe("EPSG:32633");
  });

  it("answers reads that run at the same time", async () => {
    const { windows } = cases["esa.jp2"]!;
    const raster = openJpeg2000File(pathOf("esa.jp2"));
    const answers = await Promise.all(windows.map((window) => raster.readWindow(window)));
    expect(answers.map(crcOf)).toEqual(windows.map((window) => window.crc32));
  });

  it("does not take more memory the more tiles are decoded", async () => {
    const decoder = sharedDecoder();
    const once = async () => {
      const raster = openJpeg2000File(pathOf("odd-tiles.jp2"));
      await raster.readWindow(wholeOf(raster));
      raster.close();
      return [decoder.heapBytes, decoder.cachedBytes];
    };
    const before = await once();
    expect(before[0]).toBeGreaterThan(0);
    // 540 tiles.
    for (let i = 0; i < 60; i++) expect(await once()).toEqual(before);
  });
});

describe("the structure of a codestream", () => {
  const name = "tile-parts.jp2";
  const expected = cases[name]!.crc32[0];

  /** The codestream's main header and its tile-parts, in the file's order. */
  function dismantle(bytes: Buffer) {
    const { start } = readBoxes(memorySource("made.jp2", bytes)).codestream;
    const first = bytes.indexOf(Buffer.from("ff90000a", "hex"), start);
    const parts: Buffer[] = [];
    for (let at = first; bytes.readUInt16BE(at) === 0xff90; at += bytes.readUInt32BE(at + 6))
      parts.push(Buffer.from(bytes.subarray(at, at + bytes.readUInt32BE(at + 6))));
    return { header: bytes.subarray(start, first), parts };
  }
  const end = Buffer.of(0xff, 0xd9);
  const read = async (bytes: Buffer) => {
    const raster = open(bytes);
    return crcOf(await raster.readWindow(wholeOf(raster)));
  };

  it("may have its tile-parts in any order", async () => {
    const { header, parts } = dismantle(bytesOf(name));
    expect(parts).toHaveLength(12);
    const byPart = [2, 0, 1].flatMap((index) => parts.filter((part) => part[10] === index));
    expect(await read(Buffer.concat([header, ...byPart, end]))).toBe(expected);
    expect(await read(Buffer.concat([header, ...parts.reverse(), end]))).toBe(expected);
  });

  it("may leave the last length and the end marker open", async () => {
    const { header, parts } = dismantle(bytesOf(name));
    parts.at(-1)!.writeUInt32BE(0, 6);
    expect(await read(Buffer.concat([header, ...parts]))).toBe(expected);
    expect(await read(Buffer.concat([header, ...parts, end]))).toBe(expected);
  });

  it("may not say how many parts a tile has", async () => {
    const { header, parts } = dismantle(bytesOf(name));
    for (const part of parts) part[11] = 0;
    expect(await read(Buffer.concat([header, ...parts, end]))).toBe(expected);
  });

  it("may begin off the origin of the reference grid", async () => {
    const source = memorySource("made.jp2", bytesOf("odd-tiles.jp2"));
    const codestream = readCodestream(source, readBoxes(source).codestream);
    const full = openJpeg2000(source);
    for (const tile of [0, 4, 8]) {
      const { x0, y0, x1, y1 } = tileRect(codestream, tile);
      const alone = open(tileCodestream(codestream, tile, readTile(source, codestream, tile)));
      expect([alone.width, alone.height]).toEqual([x1 - x0, y1 - y0]);
      const window = { band: 0, x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      expect(await alone.readWindow(wholeOf(alone))).toEqual(await full.readWindow(window));
    }
  });

  it("may lie in a box with a long length, or one that reaches to the end of the file", async () => {
    const bytes = bytesOf("nowhere.jp2");
    const at = bytes.indexOf("jp2c", 0, "latin1") - 4;
    const body = bytes.subarray(at + 8);
    const long = Buffer.alloc(16);
    long.writeUInt32BE(1, 0);
    long.write("jp2c", 4, "latin1");
    long.writeBigUInt64BE(BigInt(16 + body.length), 8);
    const open = Buffer.from(bytes.subarray(at, at + 8));
    open.writeUInt32BE(0, 0);
    for (const header of [long, open])
      expect(await read(Buffer.concat([bytes.subarray(0, at), header, body]))).toBe(cases["nowhere.jp2"]!.crc32[0]);
  });
});

describe("the place of a JPEG 2000 file", () => {
  /** The fixture with another text of the same length in its GMLJP2 box. */
  function withGml(replace: (text: string) => string): Jpeg2000 {
    const bytes = bytesOf("esa.jp2");
    const start = bytes.indexOf("<gml:FeatureCollection");
    const end = bytes.indexOf("\0", start) > 0 ? bytes.lastIndexOf("</gml:FeatureCollection>") + 24 : start;
    const text = bytes.toString("utf8", start, end);
    return open(Buffer.concat([bytes.subarray(0, start), Buffer.from(replace(text).padEnd(text.length)), bytes.subarray(end)]));
  }

  it("may name its CRS by an address", () => {
    const raster = withGml((text) =>
      text.replaceAll("urn:ogc:def:crs:EPSG::32633", "http://www.opengis.net/def/crs/EPSG/0/32719").replaceAll(/\n\s*/g, "\n"),
    );
    expect(raster.crs).toBe("EPSG:32719");
    expect(raster.transform).toEqual([10, 0, 399_960, 0, -10, 4_200_000]);
  });

  it("counts from the centre of the first pixel in GML, from its corner here", () => {
    const raster = withGml((text) => text.replace(/<gml:pos>[^<]*</, "<gml:pos>500005 3999995<"));
    expect(raster.transform).toEqual([10, 0, 500_000, 0, -10, 4_000_000]);
  });

  it("comes from the GeoTIFF box where the GML is broken", () => {
    const raster = withGml((text) => text.replace("<gml:pos>", "<gml:poz>"));
    expect(raster.crs).toBe("EPSG:32633");
    expect(raster.transform).toEqual([10, 0, 399_960, 0, -10, 4_200_000]);
  });
});

describe("inBlockOrder", () => {
  it("puts windows of the same tile side by side", () => {
    const windows = [
      { x: 70, y: 0 },
      { x: 0, y: 70 },
      { x: 10, y: 10 },
      { x: 66, y: 20 },
      { x: 0, y: 0 },
    ];
    const order = inBlockOrder(windows, { blockWidth: 64, blockHeight: 64 });
    expect(order).toEqual([windows[2], windows[4], windows[0], windows[3], windows[1]]);
  });
});
