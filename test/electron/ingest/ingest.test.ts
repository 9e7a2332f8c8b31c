import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles, readAllTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { readDataset } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { type IngestOptions, type IngestSeams, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import { BANDS, type BandName } from "../../../shared/domain/bands.ts";
import { Dataset } from "../../../shared/domain/dataset.ts";
import {
  copyPatch,
  encodeMadeTiff,
  filesUnder,
  fixtures,
  madeBand,
  madeDn,
  makeScene,
  realEurosat,
  realPatches,
  temporaryFolder,
} from "./made-files.ts";

const ALL = ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12", "B01", "B09"] as const satisfies readonly BandName[];
const expected = JSON.parse(readFileSync(join(fixtures, "ingest.json"), "utf8")) as Record<string, { sha256: string[] }>;

const ingest = (
  workspace: string,
  dataset: string,
  folder: string | string[],
  options: Partial<IngestOptions> = {},
  seams: IngestSeams = {},
) => ingestFolders({ workspace, dataset, folders: [folder].flat(), ...options }, seams);

const sha256 = (values: Uint16Array) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

/** Many patches: more than one batch and more than one shard. */
function manyPatches(count: number): string {
  const root = temporaryFolder();
  for (let i = 0; i < count; i++) {
    makeScene({
      folder: join(root, `p_${String(i).padStart(3, "0")}`),
      name: (band) => `p_${String(i).padStart(3, "0")}_${band}.tif`,
      bands: ["B02", "B05"],
      pixels: 32,
      scene: i,
    });
  }
  return root;
}

/** The bytes that must be the same however an ingest went. */
function outcome(folder: string): Map<string, string> {
  const files = [...filesUnder(folder)].filter(([name]) => name.startsWith("store"));
  return new Map(files.map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]));
}

describe("ingestFolders", () => {
  it("stores BigEarthNet patches pixel by pixel as GDAL reads them", async () => {
    const { dataset, folder, tiles, skipped } = await ingest(temporaryFolder(), "ben", realPatches);
    expect(tiles).toBe(2);
    expect(skipped).toEqual([]);
    expect(dataset.groups.map(({ name, pixels, bands }) => [name, pixels, bands])).toEqual([
      ["10m", 120, ["B02", "B03", "B04", "B08"]],
      ["20m", 60, ["B05", "B06", "B07", "B8A", "B11", "B12"]],
      ["60m", 20, ["B01", "B09"]],
    ]);
    const store = await openTileStore(folder);
    const { tiles: rows } = await listTiles(folder);
    expect(rows.map(({ id }) => id)).toEqual(["S2A_MSIL2A_20170613T101031_87_48", "S2B_MSIL2A_20180204T94161_57_38"]);
    for (const { index, id } of rows) {
      const raw = await store.readTile(index);
      dataset.groups.forEach(({ bands, pixels }, g) => {
        bands.forEach((band, b) => {
          const area = pixels * pixels;
          expect(sha256(raw.groups[g]!.subarray(b * area, (b + 1) * area)), `${id} ${band}`).toBe(
            expected[`data/bigearthnet-v1/${id}/${id}_${band}.tif`]!.sha256[0],
          );
        });
      });
    }
    await store.close();
  });

  it("takes labels, date, granule and place of a patch from its labels file", async () => {
    const { folder, dataset } = await ingest(temporaryFolder(), "ben", realPatches);
    const { tiles } = await listTiles(folder, { limit: 1 });
    expect(tiles[0]).toEqual({
      index: 0,
      id: "S2A_MSIL2A_20170613T101031_87_48",
      source: "bigearthnet-v1",
      path: join(realPatches, "S2A_MSIL2A_20170613T101031_87_48"),
      labels: ["Non-irrigated arable land", "Land principally occupied by agriculture, with significant areas of natural vegetation"],
      date: "2017-06-13",
      granule: "T33UUP",
      crs: "EPSG:32633",
      transform: [10, 0, 404_400, 0, -10, 5_342_400],
      nodata: 0,
      saturated: 0,
      cloud: null,
      shadow: null,
      snow: null,
      split: null,
      country: null,
      product: null,
      offset: 0,
      quantification: 10_000,
      radiometrySource: expect.stringContaining("BigEarthNet v1"),
      // rasterio.warp.transform("EPSG:32633", "EPSG:4326", ...) of the four corners
      footprint: [13.7127369, 48.2276134, 13.7288908, 48.2277931, 13.7291581, 48.2169996, 13.7130075, 48.2168199],
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      crc: expect.any(Number),
      excluded: false,
    });
    expect(dataset.classes.reduce((sum, { tiles: count }) => sum + count, 0)).toBe((await readAllTiles(folder)).labels.flat().length);
    expect(Dataset.parse(JSON.parse(readFileSync(join(folder, "dataset.json"), "utf8")))).toEqual(dataset);
    expect(await readDataset(folder)).toEqual(dataset);
  });

  it("stores EuroSAT with B8A, the last band of its files, in its place", async () => {
    const { dataset, folder } = await ingest(temporaryFolder(), "euro", realEurosat, { tilePixels: 120 });
    expect(dataset).toMatchObject({ tilePixels: 64, tiles: 1, classes: [{ name: "AnnualCrop", tiles: 1 }] });
    expect(dataset.groups).toHaveLength(1);
    const store = await openTileStore(folder);
    const raw = await store.readTile(0);
    const file = "data/eurosat-ms/AnnualCrop/AnnualCrop_1.tif";
    const order = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A"];
    dataset.groups[0]!.bands.forEach((band, b) => {
      expect(sha256(raw.groups[0]!.subarray(b * 4096, (b + 1) * 4096)), band).toBe(expected[file]!.sha256[order.indexOf(band)]);
    });
    await store.close();
  });

  it("cuts scenes into whole tiles from the upper left corner, each resolution at its own size", async () => {
    const root = temporaryFolder();
    const scene = join(root, "S2A_29RKH_20200219_0_L2A");
    // As sentinel-cogs: the 20 m band is half of an odd size, the 60 m band is cut short.
    makeScene({ folder: scene, bands: ALL, pixels: 275 });
    const { dataset, folder, skipped } = await ingest(temporaryFolder(), "scene", root);
    expect(dataset.tiles).toBe(4);
    expect(skipped).toEqual([]);
    expect(dataset.sources[0]!.notes).toEqual([expect.stringContaining("right and lower edge is left out")]);
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ id }) => id)).toEqual(["0_0", "1_0", "0_1", "1_1"].map((place) => `S2A_29RKH_20200219_0_L2A_${place}`));
    expect(tiles[3]).toMatchObject({
      labels: null,
      date: "2020-02-19",
      granule: "T29RKH",
      crs: "EPSG:32633",
      transform: [10, 0, 501_200, 0, -10, 3_998_800],
    });
    const store = await openTileStore(folder);
    for (const { index, id } of tiles) {
      const [column, row] = id.split("_").slice(-2).map(Number) as [number, number];
      const raw = await store.readTile(index);
      dataset.groups.forEach(({ bands, pixels }, g) => {
        bands.forEach((band, b) => {
          for (const [x, y] of [
            [0, 0],
            [pixels - 1, 0],
            [3, pixels - 1],
          ] as const) {
            expect(raw.groups[g]![(b * pixels + y) * pixels + x], `${id} ${band} ${x},${y}`).toBe(
              madeDn(band, 0, column * pixels + x, row * pixels + y),
            );
          }
        });
      });
    }
    await store.close();
  });

  it("reads large scenes in strips without a change in what is stored", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "large"), bands: ["B04"], pixels: 32 * 13 });
    const { dataset, folder } = await ingest(temporaryFolder(), "large", root, { tilePixels: 32 });
    expect(dataset.tiles).toBe(169);
    const { tiles } = await listTiles(folder);
    expect(new Set(tiles.map(({ id }) => id)).size).toBe(169);
    const store = await openTileStore(folder);
    for (const { index, id } of tiles) {
      const [column, row] = id.split("_").slice(-2).map(Number) as [number, number];
      const { groups } = await store.readTile(index);
      expect(groups[0]![33], id).toBe(madeDn("B04", 0, column * 32 + 1, row * 32 + 1));
    }
    await store.close();
  });

  it("cuts BigEarthNet patches smaller when asked, with their labels and places", async () => {
    const { dataset, folder } = await ingest(temporaryFolder(), "ben60", realPatches, { tilePixels: 60, bands: ["B04", "B05", "B01"] });
    expect(dataset).toMatchObject({ tiles: 8, tilePixels: 60 });
    expect(dataset.groups.map(({ name, pixels, bands }) => [name, pixels, bands])).toEqual([
      ["10m", 60, ["B04"]],
      ["20m", 30, ["B05"]],
      ["60m", 10, ["B01"]],
    ]);
    const { tiles } = await listTiles(folder);
    expect(tiles[3]).toMatchObject({ id: "S2A_MSIL2A_20170613T101031_87_48_1_1", transform: [10, 0, 405_000, 0, -10, 5_341_800] });
    expect(tiles[3]!.labels).toContain("Non-irrigated arable land");
  });

  it("leaves out bands of which a tile holds no whole pixels, and says so", async () => {
    const { dataset, skipped } = await ingest(temporaryFolder(), "ben64", realPatches, { tilePixels: 64 });
    expect(dataset.groups.map(({ name }) => name)).toEqual(["10m", "20m"]);
    expect(skipped).toEqual([]);
    expect(dataset.sources[0]!.notes).toEqual([expect.stringMatching(/B01, B09 left out.*multiple of 6/)]);
  });

  it("gives the statistics of the valid pixels", async () => {
    const root = temporaryFolder();
    const pixels = madeBand("B04", 0, 32);
    pixels.set([0, 0, 65535], 10);
    makeScene({ folder: join(root, "one"), bands: ["B04"], pixels: 32, change: { B04: { pixels } } });
    const { dataset, folder } = await ingest(temporaryFolder(), "stats", root);
    const valid = [...pixels].filter((dn) => dn !== 0 && dn !== 65535).map((dn) => dn / 10_000);
    const mean = valid.reduce((a, b) => a + b, 0) / valid.length;
    expect(dataset.statistics.B04!.validPixels).toBe(1021);
    expect(dataset.statistics.B04!.mean).toBeCloseTo(mean, 12);
    expect(dataset.statistics.B04!.std).toBeCloseTo(Math.sqrt(valid.reduce((a, b) => a + (b - mean) ** 2, 0) / valid.length), 12);
    expect((await listTiles(folder)).tiles[0]!.nodata).toBe(2 / 1024);
  });

  it("makes a file's no-data value and NaN to DN 0, and reflectance to DN", async () => {
    const root = temporaryFolder();
    makeScene({
      folder: join(root, "marked"),
      bands: ["B04"],
      pixels: 32,
      change: { B04: { nodata: "7", pixels: new Uint16Array(1024).fill(5).fill(7, 0, 3) } },
    });
    const marked = await ingest(temporaryFolder(), "marked", root);
    expect((await readTiles(marked.folder))[0]!.slice(0, 5)).toEqual(Uint16Array.of(0, 0, 0, 5, 5));
    const floats = temporaryFolder();
    const values = new Float32Array(1024).fill(0.1234);
    values.set([Number.NaN, 0, -0.01, 0.00001, 1.5]);
    makeScene({ folder: join(floats, "floats"), bands: ["B04"], pixels: 32, change: { B04: { pixels: values } } });
    const { folder, dataset } = await ingest(temporaryFolder(), "floats", floats);
    expect((await readTiles(folder))[0]!.slice(0, 6)).toEqual(Uint16Array.of(0, 0, 1, 1, 15_000, 1234));
    expect(dataset.radiometry.source).toMatch(/floating-point reflectance/);
  });

  it("keeps a floating-point patch among whole numbers from deciding over the others", async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 3; i++) copyPatch(root, `patch_${i}`);
    const band = join(root, "patch_1", "patch_1_B04.tif");
    writeFileSync(band, encodeMadeTiff({ width: 120, height: 120, pixels: new Float32Array(120 * 120).fill(0.5) }));
    const { folder, tiles, skipped } = await ingest(temporaryFolder(), "mixed", root);
    expect(tiles).toBe(2);
    expect(skipped).toEqual([{ path: join(root, "patch_1"), reason: expect.stringMatching(/floating-point values.*Copy or download/) }]);
    const real = await ingest(temporaryFolder(), "real", join(root, "patch_0"));
    expect(await readTiles(folder)).toEqual(await readTiles(real.folder));
  });

  async function readTiles(folder: string): Promise<readonly Uint16Array[]> {
    const store = await openTileStore(folder);
    const { groups } = await store.readTile(0);
    await store.close();
    return groups;
  }

  it("lists patches that cannot be read, each with the reason, and stores the rest", async () => {
    const root = temporaryFolder();
    copyPatch(root, "good_1");
    copyPatch(root, "good_2", 1);
    const spoil = (name: string, band: string, bytes: Buffer | string) =>
      writeFileSync(join(copyPatch(root, name), `${name}_${band}.tif`), bytes);
    const whole = readFileSync(join(root, "good_1", "good_1_B02.tif"));
    spoil("text", "B02", "this is no image");
    spoil("empty", "B02", "");
    spoil("cut", "B02", whole.subarray(0, 20_000));
    spoil("small", "B02", encodeMadeTiff({ width: 100, height: 120, pixels: madeBand("B02", 0, 100, 120) }));
    spoil("bytes", "B02", encodeMadeTiff({ width: 120, height: 120, pixels: new Uint8Array(14_400) }));
    const lie = Buffer.from(whole);
    const directory = lie.readUInt32LE(4);
    for (let i = 0; i < lie.readUInt16LE(directory); i++)
      if (lie.readUInt16LE(directory + 2 + i * 12) === 257) lie.writeUInt16LE(60_000, directory + 10 + i * 12);
    spoil("lie", "B02", lie);
    rmSync(join(copyPatch(root, "missing"), "missing_B11.tif"));
    rmSync(join(copyPatch(root, "unlabelled"), "unlabelled_labels_metadata.json"));
    writeFileSync(join(copyPatch(root, "json"), "json_labels_metadata.json"), "{");
    spoil("dark", "B02", encodeMadeTiff({ width: 120, height: 120, pixels: new Uint16Array(14_400) }));
    for (const band of ["B03", "B04", "B08"])
      writeFileSync(join(root, "dark", `dark_${band}.tif`), encodeMadeTiff({ width: 120, height: 120, pixels: new Uint16Array(14_400) }));

    const { tiles, skipped, folder } = await ingest(temporaryFolder(), "faults", root);
    expect(tiles).toBe(3);
    expect((await readAllTiles(folder)).id).toEqual(["dark", "good_1", "good_2"]);
    const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path.slice(root.length + 1), reason]));
    expect(reasons).toEqual({
      text: expect.stringContaining("text_B02.tif is a text file"),
      empty: expect.stringContaining("empty_B02.tif is empty"),
      cut: expect.stringContaining("cut short"),
      small: expect.stringContaining("100 x 120 px, not 120 x 120"),
      bytes: expect.stringContaining("8-bit"),
      lie: expect.stringContaining("broken TIFF"),
      missing: expect.stringContaining("B11 is missing"),
      unlabelled: expect.stringContaining("unlabelled_labels_metadata.json is missing"),
      json: expect.stringContaining("not valid JSON"),
    });
    for (const reason of Object.values(reasons)) expect(reason).toMatch(/Copy|Replace|Use/);
    expect((await readDataset(folder)).skipped).toEqual(skipped);
  });

  it("leaves out tiles without any data, and says how many", async () => {
    const root = temporaryFolder();
    const pixels = madeBand("B04", 0, 96);
    for (let i = 0; i < 96 * 64; i++) if (i % 96 < 64) pixels[i] = 0;
    makeScene({ folder: join(root, "edge"), bands: ["B04"], pixels: 96, change: { B04: { pixels } } });
    const { tiles, skipped } = await ingest(temporaryFolder(), "edge", root, { tilePixels: 32 });
    expect(tiles).toBe(5);
    expect(skipped).toEqual([{ path: join(root, "edge"), reason: expect.stringContaining("4 tiles without any data") }]);
  });

  it("skips scenes whose bands do not fit each other", async () => {
    const root = temporaryFolder();
    for (const name of ["a", "b", "c", "d"]) makeScene({ folder: join(root, name), bands: ["B04", "B08"], pixels: 64 });
    makeScene({ folder: join(root, "elsewhere"), bands: ["B04", "B08"], pixels: 64, change: { B08: { left: 600_000 } } });
    makeScene({ folder: join(root, "other-crs"), bands: ["B04", "B08"], pixels: 64, change: { B08: { epsg: 32634 } } });
    makeScene({ folder: join(root, "tiny"), bands: ["B04", "B08"], pixels: 40 });
    makeScene({ folder: join(root, "no-b08"), bands: ["B04"], pixels: 64 });
    const { tiles, skipped } = await ingest(temporaryFolder(), "misfits", root);
    expect(tiles).toBe(4);
    const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path.slice(root.length + 1), reason]));
    expect(reasons).toEqual({
      elsewhere: expect.stringContaining("B08 begins at 600000"),
      "other-crs": expect.stringContaining("EPSG:32634"),
      tiny: expect.stringContaining("40 x 40 px, smaller than the data set's tiles of 64 px"),
      "no-b08": expect.stringContaining("B08 is missing"),
    });
  });

  it("puts sources of one layout together and leaves others out by name", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "scene"), bands: ALL, pixels: 120 });
    const { dataset, skipped } = await ingest(temporaryFolder(), "mixed", [realPatches, root, realEurosat]);
    expect(dataset.tiles).toBe(3);
    expect(dataset.sources.map(({ kind }) => kind)).toEqual(["bigearthnet-v1", "geotiff-bands"]);
    expect(skipped).toEqual([{ path: realEurosat, reason: expect.stringMatching(/64 px, not 120 px.*data set of its own/) }]);
  });

  it("brings scenes of different offsets to one, says so, and keeps what each told", async () => {
    const root = temporaryFolder();
    for (const [name, offset] of [
      ["a", 0],
      ["b", 0],
      ["c", -0.1],
    ] as const) {
      makeScene({ folder: join(root, name), bands: ["B04"], pixels: 32 });
      const asset = { href: "B04.tif", "eo:bands": [{ name: "red" }], "raster:bands": [{ scale: 0.0001, offset }] };
      writeFileSync(join(root, name, `${name}.json`), JSON.stringify({ stac_version: "1.0.0", properties: {}, assets: { red: asset } }));
    }
    const { tiles, dataset, folder } = await ingest(temporaryFolder(), "radiometry", root);
    expect(tiles).toBe(3);
    expect(dataset.radiometry).toEqual({ quantification: 10_000, offset: 0, source: expect.stringContaining("brought to DN / 10000") });
    expect(dataset.sources.map(({ radiometry }) => radiometry.offset).sort((a, b) => a - b)).toEqual([-1000, 0]);
    expect(dataset.sources.flatMap(({ notes }) => notes)).toContainEqual(expect.stringContaining("are brought to one"));
    const { tiles: rows } = await listTiles(folder);
    const store = await openTileStore(folder);
    const dn = async (id: string) => {
      const row = rows.find((tile) => tile.id === id)!;
      return { offset: row.offset, values: (await store.readTile(row.index)).groups[0]! };
    };
    const [a, c] = [await dn("a"), await dn("c")];
    expect([a.offset, c.offset]).toEqual([0, -1000]);
    expect(a.values.some((value) => value > 1000)).toBe(true);
    for (let i = 0; i < a.values.length; i++) expect(c.values[i]).toBe(a.values[i] === 0 ? 0 : Math.max(a.values[i]! - 1000, 1));
    await store.close();
  });

  it("does not subtract an offset that is applied already", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "a"), bands: ["B04"], pixels: 32 });
    const asset = { href: "B04.tif", "eo:bands": [{ name: "red" }], "raster:bands": [{ scale: 0.0001, offset: -0.1 }] };
    writeFileSync(
      join(root, "a", "a.json"),
      JSON.stringify({ stac_version: "1.0.0", properties: { "earthsearch:boa_offset_applied": true }, assets: { red: asset } }),
    );
    expect((await ingest(temporaryFolder(), "applied", root)).dataset.radiometry).toMatchObject({
      offset: 0,
      source: expect.stringContaining("applied already"),
    });
  });

  it("gives tiles of scenes with one name in several folders ids of their own", async () => {
    const root = temporaryFolder();
    for (const place of ["0000200", "0000201"])
      makeScene({ folder: join(root, place, "20200604T054639_T43RCP"), bands: ["B04"], pixels: 32 });
    const { folder } = await ingest(temporaryFolder(), "ids", root);
    expect((await readAllTiles(folder)).id).toEqual(["20200604T054639_T43RCP", "0000201_20200604T054639_T43RCP"]);
  });

  it("stores a BigEarthNet patch once, wherever it lies twice", async () => {
    const root = temporaryFolder();
    copyPatch(join(root, "part1"), "patch");
    copyPatch(join(root, "part2"), "patch");
    const { tiles, skipped } = await ingest(temporaryFolder(), "twice", [root, join(root, "part1")]);
    expect(tiles).toBe(1);
    expect(skipped).toEqual([{ path: join(root, "part2", "patch"), reason: expect.stringContaining("same patch as") }]);
  });

  it("returns at once when the data set is there, and refuses its name to others", async () => {
    const workspace = temporaryFolder();
    const first = await ingest(workspace, "ben", realPatches);
    const again = await ingest(workspace, "ben", realPatches);
    expect(again).toMatchObject({ alreadyComplete: true, tiles: 2 });
    expect(again.dataset).toEqual(first.dataset);
    await expect(ingest(workspace, "ben", realEurosat)).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringMatching(/Choose another name/),
    });
    await expect(ingest(workspace, "ben", realPatches, { tilePixels: 60 })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    mkdirSync(join(workspace, "datasets", "foreign"));
    writeFileSync(join(workspace, "datasets", "foreign", "thesis.txt"), "precious");
    await expect(ingest(workspace, "foreign", realPatches)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(existsSync(join(workspace, "datasets", "foreign", "thesis.txt"))).toBe(true);
  });

  it("reports progress up to the last tile", async () => {
    const seen: { done: number; total: number; skipped: number; etaSeconds: number | null }[] = [];
    await ingest(temporaryFolder(), "progress", realPatches, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ done: 2, total: 2, skipped: 0, etaSeconds: 0 });
  });

  describe("gives one clear error, and leaves nothing behind, for", () => {
    const cases: [string, (workspace: string) => Promise<unknown>, string][] = [
      ["no folder", (workspace) => ingest(workspace, "x", []), "BAD_ARGUMENT"],
      ["a bad name", (workspace) => ingest(workspace, "../x", realPatches), "BAD_ARGUMENT"],
      ["an odd tile size", (workspace) => ingest(workspace, "x", realPatches, { tilePixels: 121 }), "BAD_ARGUMENT"],
      ["a tile size out of range", (workspace) => ingest(workspace, "x", realPatches, { tilePixels: 16 }), "BAD_ARGUMENT"],
      ["a band that is not there", (workspace) => ingest(workspace, "x", realPatches, { bands: ["B10"] }), "BAD_ARGUMENT"],
      ["no threads", (workspace) => ingest(workspace, "x", realPatches, { workers: 0 }), "BAD_ARGUMENT"],
      ["a missing folder", (workspace) => ingest(workspace, "x", join(workspace, "gone")), "NOT_FOUND"],
      ["an empty folder", (workspace) => ingest(workspace, "x", temporaryFolder()), "NO_DATA"],
    ];
    it.each(cases)("%s", async (_, run, code) => {
      const workspace = temporaryFolder();
      await expect(run(workspace)).rejects.toMatchObject({ name: "AppError", code });
      expect(existsSync(join(workspace, "datasets", "x"))).toBe(false);
    });

    it("a folder whose tiles are all without data", async () => {
      const workspace = temporaryFolder();
      const root = temporaryFolder();
      makeScene({ folder: join(root, "dark"), bands: ["B04"], pixels: 32, change: { B04: { pixels: new Uint16Array(1024) } } });
      await expect(ingest(workspace, "x", root)).rejects.toMatchObject({
        code: "NO_DATA",
        message: expect.stringContaining("None of 1 tiles"),
      });
      expect(existsSync(join(workspace, "datasets", "x"))).toBe(false);
    });
  });

  describe("goes on where it stopped", () => {
    const patches = manyPatches(700);

    it("when cancelled, again and again, and ends with the same bytes", async () => {
      const whole = await ingest(temporaryFolder(), "many", patches);
      expect(whole.tiles).toBe(700);
      const workspace = temporaryFolder();
      const folder = join(workspace, "datasets", "many");
      const starts: number[] = [];
      for (let stop = 1; stop <= 3; stop++) {
        const abort = new AbortController();
        let first = true;
        const onProgress = ({ done }: { done: number }) => {
          if (first) starts.push(done);
          first = false;
          abort.abort();
        };
        await expect(ingest(workspace, "many", patches, { signal: abort.signal, onProgress })).rejects.toMatchObject({
          name: "AbortError",
        });
        expect(existsSync(join(folder, "dataset.json"))).toBe(false);
        await expect(readDataset(folder)).rejects.toMatchObject({
          code: "NOT_FOUND",
          message: expect.stringContaining("goes on where it stopped"),
        });
      }
      expect(starts).toEqual([32, 64, 96]);
      const resumed = await ingest(workspace, "many", patches);
      expect(outcome(resumed.folder)).toEqual(outcome(whole.folder));
      expect({ ...resumed.dataset, created: "" }).toEqual({ ...whole.dataset, created: "" });
      expect(await readAllTiles(resumed.folder)).toEqual(await readAllTiles(whole.folder));
    });

    it("when the folder is gone for a while, which is no fault of its patches", async () => {
      const whole = await ingest(temporaryFolder(), "many", patches);
      const workspace = temporaryFolder();
      const aside = `${patches}-aside`;
      try {
        let isAway = false;
        const onProgress = () => {
          if (!isAway) renameSync(patches, aside);
          isAway = true;
        };
        await expect(ingest(workspace, "many", patches, { onProgress })).rejects.toMatchObject({
          code: "NOT_FOUND",
          message: expect.stringMatching(/is gone: it was there until \d+ of 700 tiles were stored/),
        });
        mkdirSync(patches);
        await expect(ingest(workspace, "many", patches)).rejects.toMatchObject({ code: "NO_DATA" });
        rmdirSync(patches);
      } finally {
        renameSync(aside, patches);
      }
      const resumed = await ingest(workspace, "many", patches);
      expect(resumed.skipped).toEqual([]);
      expect(outcome(resumed.folder)).toEqual(outcome(whole.folder));
    });

    it("after a kill that tore the last line and left bytes behind", async () => {
      const whole = await ingest(temporaryFolder(), "many", patches);
      const workspace = temporaryFolder();
      const folder = join(workspace, "datasets", "many");
      const abort = new AbortController();
      let reports = 0;
      const onProgress = () => ++reports === 1 && abort.abort();
      await ingest(workspace, "many", patches, { signal: abort.signal, onProgress }).catch(() => {});
      const journal = readFileSync(join(folder, "ingest.jsonl"), "utf8");
      writeFileSync(join(folder, "ingest.jsonl"), `${journal}${journal.trimEnd().split("\n").at(-1)!.slice(0, 500)}`);
      writeFileSync(
        join(folder, "ingest.lock"),
        JSON.stringify({ pid: 2 ** 22 + 1, host: (await import("node:os")).hostname(), id: "dead" }),
      );
      for (const [name, bytes] of filesUnder(folder))
        if (name.includes(".growing")) writeFileSync(join(folder, name), Buffer.concat([bytes, Buffer.from("half a tile")]));
      const resumed = await ingest(workspace, "many", patches);
      expect(outcome(resumed.folder)).toEqual(outcome(whole.folder));
      expect(
        [...filesUnder(folder).keys()].filter((name) => name.includes("growing") || name.includes("lock") || name.includes("part")),
      ).toEqual([]);
    });

    it("anew when what is stored does not fit the journal", async () => {
      const workspace = temporaryFolder();
      const folder = join(workspace, "datasets", "many");
      const abort = new AbortController();
      await ingest(workspace, "many", patches, { signal: abort.signal, onProgress: () => abort.abort() }).catch(() => {});
      for (const [name, bytes] of filesUnder(folder))
        if (name.includes(".growing")) writeFileSync(join(folder, name), Buffer.alloc(bytes.length));
      const resumed = await ingest(workspace, "many", patches);
      expect(resumed.tiles).toBe(700);
      const store = await openTileStore(folder);
      const { groups } = await store.readTile(0);
      expect(groups[0]![0]).toBe(madeDn("B02", 0, 0, 0));
      await store.close();
    });

    it("when the disk was full, with an error that says so and no half-written tile", async () => {
      const whole = await ingest(temporaryFolder(), "many", patches);
      const workspace = temporaryFolder();
      const folder = join(workspace, "datasets", "many");
      let room = 1_000_000;
      const openFile: NonNullable<IngestSeams["openFile"]> = async (path, flags) => {
        const file = await open(path, flags);
        return new Proxy(file, {
          get(target, key) {
            const value: unknown = Reflect.get(target, key);
            if (key !== "write") return typeof value === "function" ? value.bind(target) : value;
            return async (bytes: Uint8Array, offset: number, length: number, position: number) => {
              const fits = Math.min(length, room);
              if (fits === 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
              room -= fits;
              return target.write(bytes, offset, fits, position);
            };
          },
        });
      };
      await expect(ingest(workspace, "many", patches, {}, { openFile })).rejects.toMatchObject({
        code: "DISK_FULL",
        message: expect.stringContaining("Free some space"),
      });
      const lines = readFileSync(join(folder, "ingest.jsonl"), "utf8").trimEnd().split("\n").slice(1);
      const rows = lines.reduce((sum, line) => sum + (JSON.parse(line) as { tiles: unknown[] }).tiles.length, 0);
      expect(rows).toBeGreaterThan(0);
      const growing = [...filesUnder(folder)].filter(([name]) => name.includes(".growing"));
      expect(growing.map(([, bytes]) => bytes.length).sort()).toEqual([(rows % 512) * 512, (rows % 512) * 2048]);
      const resumed = await ingest(workspace, "many", patches);
      expect(outcome(resumed.folder)).toEqual(outcome(whole.folder));
    });

    it("leaving nothing behind when not one batch was stored", async () => {
      const workspace = temporaryFolder();
      const openFile: NonNullable<IngestSeams["openFile"]> = async () => {
        throw Object.assign(new Error("ENOSPC: no space left on device, open"), { code: "ENOSPC" });
      };
      await expect(ingest(workspace, "many", patches, {}, { openFile })).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(existsSync(join(workspace, "datasets", "many"))).toBe(false);
    });

    it("but not while another ingest of the data set is at work", async () => {
      const workspace = temporaryFolder();
      const [first, second] = await Promise.allSettled([ingest(workspace, "many", patches), ingest(workspace, "many", patches)]);
      expect([first!.status, second!.status].sort()).toEqual(["fulfilled", "rejected"]);
      expect([first, second].find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "BUSY" } });
    });

    it("and keeps what the unfinished data set was asked for", async () => {
      const workspace = temporaryFolder();
      const abort = new AbortController();
      await ingest(workspace, "many", patches, { signal: abort.signal, onProgress: () => abort.abort() }).catch(() => {});
      await expect(ingest(workspace, "many", realPatches)).rejects.toMatchObject({
        code: "ALREADY_EXISTS",
        message: expect.stringMatching(/unfinished.*Run that ingest again/),
      });
    });
  });

  it("keeps the resolution of every band by its name", async () => {
    const { dataset } = await ingest(temporaryFolder(), "gsd", realPatches);
    for (const { name, bands } of dataset.groups) for (const band of bands) expect(`${BANDS[band].gsdMetres}m`).toBe(name);
  });
});
