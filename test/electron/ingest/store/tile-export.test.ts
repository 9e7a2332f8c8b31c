import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { type IngestResult, ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { exportTile } from "../../../../electron/ingest/store/tile-export.ts";
import { renderTilePng, renderTileStrip } from "../../../../electron/ingest/store/tile-image.ts";
import { openTileStore } from "../../../../electron/ingest/store/tile-store.ts";
import { resampleBand } from "../../../../shared/raster/resample.ts";
import { realPatches, temporaryFolder } from "../made-files.ts";

const id = "S2B_MSIL2A_20180204T94161_57_38";
let ben: IngestResult;
beforeAll(async () => {
  ben = await ingestFolders({ workspace: temporaryFolder(), dataset: "ben", folders: [realPatches] });
});

/** Reads an .npy of version 1.0. */
function readNpy(path: string): { descr: string; shape: number[]; values: Uint16Array | Float32Array } {
  const bytes = readFileSync(path);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, 10 + length);
  const descr = /'descr': '([^']+)'/.exec(header)![1]!;
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const data = Uint8Array.from(bytes.subarray(10 + length)).buffer;
  return { descr, shape, values: descr === "<u2" ? new Uint16Array(data) : new Float32Array(data) };
}

/** DN of a band at its own size. */
async function dnOf(band: "B04" | "B05"): Promise<Uint16Array> {
  const store = await openTileStore(ben.folder);
  const { groups } = await store.readTile(1);
  await store.close();
  const group = ben.dataset.groups.findIndex(({ bands }) => bands.includes(band));
  const { pixels, bands } = ben.dataset.groups[group]!;
  const start = bands.indexOf(band) * pixels * pixels;
  return groups[group]!.slice(start, start + pixels * pixels);
}

describe("exportTile", () => {
  it("writes DN of 10 m bands as they are", async () => {
    const out = join(temporaryFolder(), "dn.npy");
    const result = await exportTile({ datasetFolder: ben.folder, id, bands: ["B08", "B04"], as: "dn", out });
    expect(result).toEqual({ out, shape: [2, 120, 120], dtype: "uint16" });
    const { descr, shape, values } = readNpy(out);
    expect([descr, shape]).toEqual(["<u2", [2, 120, 120]]);
    expect(values.slice(14_400)).toEqual(await dnOf("B04"));
  });

  it("brings 20 m bands to the 10 m grid as float32", async () => {
    const out = join(temporaryFolder(), "mixed.npy");
    expect(await exportTile({ datasetFolder: ben.folder, id, bands: ["B04", "B05"], as: "dn", out })).toMatchObject({
      shape: [2, 120, 120],
      dtype: "float32",
    });
    const { values } = readNpy(out);
    expect(values.slice(0, 14_400)).toEqual(Float32Array.from(await dnOf("B04")));
    expect(values.slice(14_400)).toEqual(resampleBand(await dnOf("B05"), null, { from: 60, to: 120 }).data);
  });

  it("writes reflectance, and standardised reflectance of the data set", async () => {
    const folder = temporaryFolder();
    await exportTile({ datasetFolder: ben.folder, id, bands: ["B04"], as: "reflectance", out: join(folder, "r.npy") });
    await exportTile({ datasetFolder: ben.folder, id, bands: ["B04"], as: "standardised", out: join(folder, "s.npy") });
    const dn = await dnOf("B04");
    const { mean, std } = ben.dataset.statistics.B04!;
    const { values: reflectance } = readNpy(join(folder, "r.npy"));
    const { values: standardised } = readNpy(join(folder, "s.npy"));
    for (const i of [0, 77, 14_399]) {
      expect(reflectance[i]).toBeCloseTo(dn[i]! / 10_000, 6);
      expect(standardised[i]).toBeCloseTo((dn[i]! / 10_000 - mean) / std, 4);
    }
  });

  it("writes bands at their own size when asked, of one resolution", async () => {
    const out = join(temporaryFolder(), "native.npy");
    expect(await exportTile({ datasetFolder: ben.folder, id, bands: ["B05"], as: "dn", native: true, out })).toMatchObject({
      shape: [1, 60, 60],
      dtype: "uint16",
    });
    expect(readNpy(out).values).toEqual(await dnOf("B05"));
    await expect(exportTile({ datasetFolder: ben.folder, id, bands: ["B04", "B05"], as: "dn", native: true, out })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/B04 at 120 px and B05 at 60 px/),
    });
  });

  it("names what is not there, and writes nothing", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "x.npy");
    await expect(exportTile({ datasetFolder: ben.folder, id: "gone", bands: ["B04"], as: "dn", out })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(exportTile({ datasetFolder: ben.folder, id, bands: ["B10"], as: "dn", out })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
    });
    await expect(exportTile({ datasetFolder: ben.folder, id, bands: [], as: "dn", out })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(
      exportTile({ datasetFolder: ben.folder, id, bands: ["B04"], as: "dn", out: join(folder, "gone", "x.npy") }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("renderTilePng", () => {
  it("draws a tile at its own size and larger", async () => {
    const reader = await openTileStore(ben.folder);
    for (const [combination, size, expected] of [
      ["true-colour", undefined, 120],
      ["ndvi", 240, 240],
      ["B11", 48, 48],
    ] as const) {
      const png = await renderTilePng({ reader, row: 0, combination, ...(size ? { size } : {}) });
      const { format, width, height } = await sharp(png).metadata();
      expect([format, width, height]).toEqual(["png", expected, expected]);
      const { channels } = await sharp(png).stats();
      expect(channels[0]!.stdev).toBeGreaterThan(1);
    }
    await reader.close();
  });

  it("refuses combinations and rows that do not exist", async () => {
    const reader = await openTileStore(ben.folder);
    await expect(renderTilePng({ reader, row: 0, combination: "x-ray" })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("true-colour"),
    });
    await expect(renderTilePng({ reader, row: 9, combination: "ndvi" })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(renderTilePng({ reader, row: 0, combination: "B10" })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await reader.close();
  });
});

describe("renderTileStrip", () => {
  it("draws the tiles of some rows one under the other, each as it looks alone", async () => {
    const reader = await openTileStore(ben.folder);
    const strip = await renderTileStrip({ reader, rows: [1, 0], combination: "true-colour", pixels: 120 });
    const { data, info } = await sharp(strip).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([120, 240, 3]);
    for (const [place, row] of [1, 0].entries()) {
      const alone = await sharp(await renderTilePng({ reader, row, combination: "true-colour" }))
        .removeAlpha()
        .raw()
        .toBuffer();
      const part = data.subarray(place * alone.length, (place + 1) * alone.length);
      // What the JPEG loses, of 255.
      expect(part.reduce((sum, value, i) => sum + Math.abs(value - alone[i]!), 0) / alone.length).toBeLessThan(4);
    }
    await reader.close();
  });

  it("stops between two tiles when it is given up", async () => {
    const reader = await openTileStore(ben.folder);
    const gone = new AbortController();
    const drawing = renderTileStrip({ reader, rows: [0, 1, 0, 1], combination: "ndvi", pixels: 60, signal: gone.signal });
    gone.abort(new Error("scrolled past"));
    await expect(drawing).rejects.toThrow("scrolled past");
    await reader.close();
  });
});
