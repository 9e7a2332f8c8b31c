import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSplitRaster, parseSplitName } from "../../../../electron/ingest/readers/split-raster.ts";
import { encodeMadeTiff, type MadeTiff, temporaryFolder } from "../made-files.ts";

const root = temporaryFolder();
const width = 50;
const height = 35;
const truth = Uint16Array.from({ length: width * height }, (_, i) => 1 + i);
let count = 0;

interface Cut {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly change?: Partial<MadeTiff>;
}

const grid: readonly Cut[] = [
  { x: 0, y: 0, width: 32, height: 20 },
  { x: 32, y: 0, width: 18, height: 20 },
  { x: 0, y: 20, width: 32, height: 15 },
  { x: 32, y: 20, width: 18, height: 15 },
];

/** Writes parts of the whole as Earth Engine names them. */
function makeParts(cuts: readonly Cut[], isFloat = false): string[] {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  return cuts.map(({ x, y, width: columns, height: rows, change }) => {
    const values = Array.from({ length: columns * rows }, (_, i) => truth[(y + Math.floor(i / columns)) * width + x + (i % columns)]!);
    const pixels = isFloat ? Float32Array.from(values) : Uint16Array.from(values);
    const file = join(folder, `export-${String(y).padStart(10, "0")}-${String(x).padStart(10, "0")}.tif`);
    writeFileSync(
      file,
      encodeMadeTiff({ width: columns, height: rows, pixels, left: 500_000 + x * 10, top: 4_000_000 - y * 10, ...change }),
    );
    return file;
  });
}

const whole = { band: 0, x: 0, y: 0, width, height };

describe("names of split exports", () => {
  it("tell row and column", () => {
    expect(parseSplitName("togo-2019-0000009472-0000000256.tif")).toEqual({ name: "togo-2019", row: 9472, column: 256 });
    for (const name of ["togo.tif", "togo-1-2.tif", "a-0000000000-0000000000.png"]) expect(parseSplitName(name)).toBeNull();
  });
});

describe("a split export", () => {
  it("is read as the one image that it was, whatever the order of its parts", async () => {
    const raster = openSplitRaster("export", makeParts(grid).reverse());
    expect(raster).toMatchObject({ width, height, bands: 1, dtype: "uint16", crs: "EPSG:32633", missing: [] });
    expect(raster.transform).toEqual([10, 0, 500_000, 0, -10, 4_000_000]);
    expect(await raster.readWindow(whole)).toEqual(truth);
    const part = await raster.readWindow({ band: 0, x: 30, y: 17, width: 5, height: 9 });
    expect([...part]).toEqual(Array.from({ length: 45 }, (_, i) => truth[(17 + Math.floor(i / 5)) * width + 30 + (i % 5)]));
    await expect(raster.readWindow({ ...whole, width: width + 1 })).rejects.toThrow(RangeError);
    raster.close();
  });

  it.each([
    ["no data is 0 in whole numbers", false, {}, 0],
    ["no data is NaN in floats", true, {}, Number.NaN],
    ["a no-data value that whole numbers can't hold is none", false, { nodata: "-9999" }, 0],
    ["no data is what the file says", false, { nodata: "65535" }, 65_535],
  ])("without one of its parts goes on: %s", async (_, isFloat, change, value) => {
    const raster = openSplitRaster(
      "export",
      makeParts(
        [0, 2, 3].map((i) => ({ ...grid[i]!, change })),
        isFloat,
      ),
    );
    expect(raster.missing).toEqual([{ x: 32, y: 0, width: 18, height: 20 }]);
    const pixels = await raster.readWindow(whole);
    expect(pixels[32]).toBe(value);
    expect(pixels[19 * width + 49]).toBe(value);
    expect([pixels[31], pixels[20 * width + 32]]).toEqual([32, 20 * width + 33]);
    raster.close();
  });

  it("without its first part still lies where it lay", () => {
    const raster = openSplitRaster("export", makeParts(grid.slice(1)));
    expect(raster.transform).toEqual([10, 0, 500_000, 0, -10, 4_000_000]);
    expect(raster.missing).toEqual([{ x: 0, y: 0, width: 32, height: 20 }]);
  });

  it("of more parts than are held open is read whole", async () => {
    const strips = Array.from({ length: height }, (_, y) => ({ x: 0, y, width, height: 1 }));
    const raster = openSplitRaster("export", makeParts(strips));
    expect(await raster.readWindow(whole)).toEqual(truth);
    raster.close();
  });

  it.each<[string, RegExp, Partial<MadeTiff>]>([
    ["of another place", /does not lie where its name says/, { left: 500_330 }],
    ["of another pixel size", /does not lie where its name says/, { gsd: 20 }],
    ["of another reference system", /is in EPSG:32634/, { epsg: 32634 }],
    ["of another sample type", /has 1 bands of float32/, { pixels: new Float32Array(18 * 20) }],
    ["of another no-data value", /no-data value 7/, { nodata: "7" }],
  ])("with a part %s is refused", (_, reason, change) => {
    const cuts = grid.map((cut, i) => (i === 1 ? { ...cut, change } : cut));
    expect(() => openSplitRaster("export", makeParts(cuts))).toThrow(reason);
  });

  it("with parts that overlap is refused", () => {
    expect(() => openSplitRaster("export", makeParts([grid[0]!, { x: 20, y: 0, width: 30, height: 20 }]))).toThrow(/overlaps/);
  });
});
