import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../electron/files/byte-source.ts";
import { fromSource, type GeoTiff, newSamples, openGeoTiff } from "../../../../electron/ingest/readers/geotiff.ts";
import { encodeMadeTiff, fixtures, temporaryFolder } from "../made-files.ts";

/** What rasterio (GDAL) reads, see make_ingest_fixtures.py. */
interface Facts {
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: string;
  readonly crs: string | null;
  readonly transform: readonly number[] | null;
  readonly nodata: number | "NaN" | null;
  readonly descriptions: readonly (string | null)[];
  readonly sha256: readonly string[];
}
const expected = JSON.parse(readFileSync(join(fixtures, "ingest.json"), "utf8")) as Record<string, Facts>;

async function factsOf(tiff: GeoTiff): Promise<Facts> {
  const sha256: string[] = [];
  for (let band = 0; band < tiff.bands; band++) {
    const values = await tiff.readWindow({ band, x: 0, y: 0, width: tiff.width, height: tiff.height });
    sha256.push(
      createHash("sha256")
        .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
        .digest("hex"),
    );
  }
  const { width, height, bands, dtype, crs, transform, descriptions } = tiff;
  return { width, height, bands, dtype, crs, transform, nodata: Number.isNaN(tiff.nodata) ? "NaN" : tiff.nodata, descriptions, sha256 };
}

describe("openGeoTiff", () => {
  it.each(Object.keys(expected))("reads %s as GDAL does", async (name) => {
    const tiff = openGeoTiff(join(fixtures, name));
    try {
      const facts = await factsOf(tiff);
      expect({ ...facts, transform: null }).toEqual({ ...expected[name], transform: null });
      const rounded = (transform: readonly number[] | null) => transform?.map((value) => Number(value.toPrecision(12))) ?? null;
      expect(rounded(facts.transform)).toEqual(rounded(expected[name]!.transform));
    } finally {
      tiff.close();
    }
  });

  it("reads any window as a part of the whole, across strips, tiles and bands", async () => {
    for (const name of [
      "none-1-little-tiles-chunky",
      "deflate-2-big-tiles-planar",
      "lzw-2-little-strips",
      "none-1-big-strips",
      "zstd-1-little-tiles-chunky",
    ]) {
      const tiff = openGeoTiff(join(fixtures, "tiff", `uint16-${name}.tif`));
      const { width, height } = tiff;
      for (const [x, y, w, h] of [
        [0, 0, width, 1],
        [width - 1, height - 1, 1, 1],
        [7, 9, 30, 22],
        [31, 15, 2, 2],
        [0, 8, 5, 29],
      ] as const) {
        const band = tiff.bands - 1;
        const whole = await tiff.readWindow({ band, x: 0, y: 0, width, height });
        const part = await tiff.readWindow({ band, x, y, width: w, height: h });
        const oracle = newSamples(tiff.dtype, w * h);
        for (let row = 0; row < h; row++)
          for (let column = 0; column < w; column++) oracle[row * w + column] = whole[(y + row) * width + x + column]!;
        expect(part, `${name} ${x},${y} ${w} x ${h}`).toEqual(oracle);
      }
      tiff.close();
    }
  });

  it("leaves what lies around the target of readWindowSync alone", () => {
    const tiff = openGeoTiff(join(fixtures, "tiff", "uint16-none-1-little-strips.tif"));
    const out = new Uint16Array(20).fill(7);
    tiff.readWindowSync({ band: 0, x: 3, y: 9, width: 4, height: 3 }, out, 4);
    expect([...out.slice(0, 4), ...out.slice(16)]).toEqual(new Array(8).fill(7));
    expect(out.slice(4, 16).every((value) => value !== 7)).toBe(true);
    tiff.close();
  });

  it("refuses a window outside the raster", async () => {
    const tiff = openGeoTiff(join(fixtures, "tiff", "uint16-none-1-little-strips.tif"));
    await expect(tiff.readWindow({ band: 0, x: 40, y: 0, width: 6, height: 1 })).rejects.toThrow(RangeError);
    await expect(tiff.readWindow({ band: 1, x: 0, y: 0, width: 1, height: 1 })).rejects.toThrow(RangeError);
    tiff.close();
  });

  it.each([
    ["a text file", Buffer.from('{"labels": []}'), /text file, not a TIFF/],
    ["an empty file", Buffer.alloc(0), /is empty/],
    ["JPEG 2000", Buffer.from("0000000c6a5020200d0a870a", "hex"), /JPEG 2000.*gdal_translate/],
    ["a zip archive", Buffer.from("504b030414000000", "hex"), /zip archive/],
    ["noise", Buffer.from("00ff00ff00ff", "hex"), /not a TIFF/],
  ])("says that %s named .tif is none, and what to do", (_, bytes, message) => {
    expect(() => fromSource(memorySource("B02.tif", bytes))).toThrow(message);
  });

  it("names a file that is not there or may not be read", () => {
    expect(() => openGeoTiff(join(temporaryFolder(), "B02.tif"))).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });

  it("reads a file larger than its buffer by parts", async () => {
    const { writeFileSync } = await import("node:fs");
    const pixels = Uint16Array.from({ length: 700 * 500 }, (_, i) => (i * 7919) % 65536);
    const path = join(temporaryFolder(), "large.tif");
    writeFileSync(path, encodeMadeTiff({ width: 700, height: 500, pixels }));
    const tiff = openGeoTiff(path);
    const part = await tiff.readWindow({ band: 0, x: 100, y: 200, width: 90, height: 80 });
    expect(part[0]).toBe(pixels[200 * 700 + 100]);
    expect(part.at(-1)).toBe(pixels[279 * 700 + 189]);
    tiff.close();
  });
});
