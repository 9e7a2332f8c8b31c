import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { crc32c } from "../../../../electron/files/crc32c.ts";
import { listTiles } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestResult, ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { shardTilesFor } from "../../../../electron/ingest/store/store-layout.ts";
import { openTileStore, type StoredTileReader } from "../../../../electron/ingest/store/tile-store.ts";
import { findPython } from "../../../python.ts";
import { madeDn, makeScene, realEurosat, realPatches, temporaryFolder } from "../made-files.ts";
import { compareWithRasterio } from "../reference.ts";

const python = findPython(["zarr", "numpy", "rasterio"]);

/** 600 tiles of two groups: two shards. */
async function makeStore(): Promise<IngestResult> {
  const root = temporaryFolder();
  for (let i = 0; i < 600; i++)
    makeScene({ folder: join(root, `s${String(i).padStart(3, "0")}`), bands: ["B04", "B03", "B11"], pixels: 32, scene: i });
  return ingestFolders({ workspace: temporaryFolder(), dataset: "made", folders: [root] });
}

describe("openTileStore", () => {
  let made: IngestResult;
  let store: StoredTileReader;
  beforeAll(async () => {
    made = await makeStore();
    store = await openTileStore(made.folder);
  });

  it("is the layout of the data set", () => {
    expect(store.tiles).toBe(600);
    expect(store.layout).toEqual(made.dataset);
    expect(store.layout.groups.map(({ name, bands }) => [name, bands])).toEqual([
      ["10m", ["B03", "B04"]],
      ["20m", ["B11"]],
    ]);
  });

  it("reads rows in any order, with repetitions, across shards", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(599), { maxLength: 40 }), fc.boolean(), async (rows, inOrder) => {
        const asked = inOrder ? [...rows].sort((a, b) => a - b) : rows;
        const { count, groups } = await store.read(asked);
        expect(count).toBe(asked.length);
        expect(groups.map(({ length }) => length)).toEqual([asked.length * 2 * 1024, asked.length * 256]);
        asked.forEach((row, i) => {
          expect(groups[0]![i * 2048 + 1024 + 33]).toBe(madeDn("B04", row, 1, 1));
          expect(groups[1]![i * 256 + 255]).toBe(madeDn("B11", row, 15, 15));
        });
      }),
      { numRuns: 60, seed: 20210401 },
    );
  });

  it("reads neighbours over the border of a shard", async () => {
    const shard = shardTilesFor(store.layout.groups);
    const rows = Array.from({ length: 30 }, (_, i) => shard - 15 + i);
    const { groups } = await store.read(rows);
    expect(rows.map((_, i) => groups[0]![i * 2048])).toEqual(rows.map((row) => madeDn("B03", row, 0, 0)));
  });

  it("fills the arrays that it is given, where they are long enough, and else makes its own", async () => {
    const first = await store.read([0, 1, 2]);
    const kept = first.groups[0]!.slice();
    await store.read([5]);
    expect(first.groups[0], "other reads leave a result alone").toEqual(kept);
    const second = await store.read([5], { into: first.groups });
    expect(second.groups[0]!.buffer).toBe(first.groups[0]!.buffer);
    expect(second.groups).toEqual((await store.readTile(5)).groups);
    const longer = await store.read([5, 6], { into: second.groups });
    expect(longer.groups[0]!.buffer).not.toBe(second.groups[0]!.buffer);
  });

  it("answers reads that overlap, one after another", async () => {
    const firsts = await Promise.all([3, 4, 5].map((row) => store.read([row]).then(({ groups }) => groups[0]![0])));
    expect(firsts).toEqual([3, 4, 5].map((row) => madeDn("B03", row, 0, 0)));
  });

  it("refuses rows that are not there, and goes on", async () => {
    for (const row of [-1, 600, 1.5, Number.NaN]) await expect(store.read([row])).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(store.readTile(600)).rejects.toMatchObject({ code: "BAD_ARGUMENT", message: expect.stringContaining("0 to 599") });
    expect((await store.read([0])).count).toBe(1);
  });

  it("stops when asked", async () => {
    await expect(store.read([0], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect((await store.read([0])).count).toBe(1);
  });

  it("names what is damaged", async () => {
    const { folder } = await ingestFolders({ workspace: temporaryFolder(), dataset: "ben", folders: [realPatches] });
    const shard = join(folder, "store", "10m", "c", "0", "0", "0", "0");
    const bytes = readFileSync(shard);
    truncateSync(shard, bytes.length - 1);
    await expect(openTileStore(folder)).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringMatching(/has \d+ bytes instead of/),
    });
    rmSync(shard);
    await expect(openTileStore(folder)).rejects.toMatchObject({ code: "BAD_FILE", message: expect.stringContaining("is missing") });
    writeFileSync(shard, bytes);
    const metadata = join(folder, "store", "20m", "zarr.json");
    writeFileSync(metadata, readFileSync(metadata, "utf8").replace('"shape": [\n    2', '"shape": [\n    1'));
    await expect(openTileStore(folder)).rejects.toMatchObject({ code: "BAD_FILE" });
    writeFileSync(join(folder, "dataset.json"), "{}");
    await expect(openTileStore(folder)).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringContaining("dataset.json is broken"),
    });
    await expect(openTileStore(join(folder, "..", "gone"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.skipIf(!python)("writes what Python's zarr reads, and rasterio reads in the files", async () => {
    const { folder, dataset } = await ingestFolders({ workspace: temporaryFolder(), dataset: "real", folders: [realPatches] });
    const { differing, arrays } = compareWithRasterio(
      python!,
      join(folder, "store"),
      dataset.groups,
      (await listTiles(folder)).tiles,
      false,
    );
    expect(differing).toEqual([]);
    expect(arrays["10m"]).toEqual({
      shape: [2, 4, 120, 120],
      dtype: "uint16",
      chunks: [1, 4, 120, 120],
      shards: [512, 4, 120, 120],
      bands: ["B02", "B03", "B04", "B08"],
    });
    const euro = await ingestFolders({ workspace: temporaryFolder(), dataset: "euro", folders: [realEurosat] });
    expect(
      compareWithRasterio(python!, join(euro.folder, "store"), euro.dataset.groups, (await listTiles(euro.folder)).tiles, false).differing,
    ).toEqual([]);
  });

  it.skipIf(!python)("spans several shards in Python's zarr, too", async () => {
    const { tiles } = await listTiles(made.folder, { offset: 500, limit: 30 });
    expect(compareWithRasterio(python!, join(made.folder, "store"), made.dataset.groups, tiles, false).differing).toEqual([]);
  });
});

describe("shards", () => {
  it("hold fewer tiles when tiles are large", () => {
    expect(shardTilesFor([{ name: "10m", pixels: 120, bands: ["B02", "B03", "B04", "B08"] }])).toBe(512);
    expect(shardTilesFor([{ name: "10m", pixels: 512, bands: ["B02", "B03", "B04", "B08"] }])).toBe(64);
  });

  it("are checked by the CRC-32C of RFC 3720", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });
});
