// Images with all bands in one file, from the scan to the stored pixels.
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { relocateDataset } from "../../../../electron/ingest/care/relocate.ts";
import { listTiles, readStoredColumns } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { type IngestOptions, ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { sampleOf } from "../../../../electron/ingest/patches/bands.ts";
import { BandOrders, readBandOrders } from "../../../../electron/ingest/readers/band-orders.ts";
import { openRaster } from "../../../../electron/ingest/readers/open-raster.ts";
import { scanFolder } from "../../../../electron/ingest/scan.ts";
import { openTileStore } from "../../../../electron/ingest/store/tile-store.ts";
import { Gathering } from "../../../../electron/ingest/survey/gather.ts";
import { tellMultiBand } from "../../../../electron/ingest/survey/multi-band.ts";
import type { BandName } from "../../../../shared/domain/bands.ts";
import type { Problem } from "../../../../shared/domain/dataset.ts";
import { encodeMadeTiff, type MadeTiff, madeDn, temporaryFolder } from "../made-files.ts";

const SIX = ["B02", "B03", "B04", "B8A", "B11", "B12"] as const satisfies readonly BandName[];

/** Pixels of an image whose samples are these bands of these scenes. */
function madePixels(samples: readonly (readonly [band: BandName, scene: number])[], side: number): Uint16Array {
  return Uint16Array.from({ length: side * side * samples.length }, (_, i) => {
    const pixel = Math.floor(i / samples.length);
    const [band, scene] = samples[i % samples.length]!;
    return madeDn(band, scene, pixel % side, Math.floor(pixel / side));
  });
}

interface MadeStack extends Omit<Partial<MadeTiff>, "bands"> {
  readonly bands?: readonly BandName[];
  readonly steps?: number;
  readonly side?: number;
  /** Descriptions; null: none. */
  readonly describe?: ((band: BandName, step: number) => string) | null;
}

const earthEngine = (band: BandName, step: number) => `${band.replace("B0", "B")}${step === 0 ? "" : `_${step}`}`;

/** Writes an image with a few bands for each time step. */
function writeStack(path: string, { bands = SIX, steps = 1, side = 40, describe = earthEngine, ...rest }: MadeStack = {}): void {
  const samples = Array.from({ length: steps }, (_, step) => bands.map((band) => [band, step] as const)).flat();
  mkdirSync(join(path, ".."), { recursive: true });
  const descriptions = describe ? samples.map(([band, step]) => describe(band, step)) : [];
  const made = { width: side, height: side, pixels: madePixels(samples, side), samples: samples.length, descriptions, ...rest };
  writeFileSync(path, encodeMadeTiff(made));
}

const ingest = (folder: string, options: Partial<IngestOptions> = {}) =>
  ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders: [folder], ...options });

/** A band's pixels of a tile. */
async function pixelsOf(folder: string, index: number, band: BandName, bands: readonly BandName[] = SIX): Promise<number[]> {
  const store = await openTileStore(folder);
  const { groups } = await store.readTile(index);
  await store.close();
  const area = groups[0]!.length / bands.length;
  const at = bands.indexOf(band) * area;
  return [...groups[0]!.subarray(at, at + area)];
}

const expectedPixels = (band: BandName, scene: number, side = 40) => [...madePixels([[band, scene]], side)];

describe("an image with all bands", () => {
  it("gives a patch for each time step, by its descriptions", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "region", "togo_20200601.tif"), { steps: 3 });
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([{ kind: "multi-band", path: join(root, "region"), patches: 3, tiles: 3, tilePixels: 40, dates: null }]);
    expect(sources[0]!.bands).toEqual(["B02", "B03", "B04", "B8A", "B11", "B12"]);
    const { folder, skipped, dataset } = await ingest(root);
    expect(skipped).toEqual([]);
    expect(dataset.groups).toMatchObject([{ name: "10m", pixels: 40, bands: SIX }]);
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ id }) => id)).toEqual(["togo_20200601", "togo_20200601_1", "togo_20200601_2"]);
    for (const [step, { index }] of tiles.entries())
      for (const band of ["B02", "B12"] as const) expect(await pixelsOf(folder, index, band)).toEqual(expectedPixels(band, step));
  });

  it("takes each step's day from the descriptions", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "stack.tif"), { steps: 2, describe: (band, step) => `2019020${step + 1}_${band}` });
    const { folder } = await ingest(root);
    expect((await listTiles(folder)).tiles.map(({ date }) => date)).toEqual(["2019-02-01", "2019-02-02"]);
  });

  it("keeps time steps of one file apart when the folder is ingested again, moves or changes", async () => {
    const root = temporaryFolder();
    const workspace = temporaryFolder();
    const file = join(root, "in", "a.tif");
    writeStack(file, { steps: 2 });
    const first = await ingest(join(root, "in"), { workspace });
    expect((await readStoredColumns(first.folder, ["file"], { end: 2 })).file).toEqual(["a.tif#0", "a.tif#1"]);
    expect(await ingest(join(root, "in"), { workspace })).toMatchObject({ alreadyComplete: true, tiles: 2, changed: [] });
    writeStack(join(root, "in", "b.tif"), { steps: 2 });
    expect(await ingest(join(root, "in"), { workspace })).toMatchObject({ tiles: 4, kept: 2, changed: [] });
    utimesSync(file, new Date(), new Date(Date.now() + 60_000));
    expect((await ingest(join(root, "in"), { workspace })).changed).toHaveLength(2);
    writeStack(join(root, "moved", "a.tif"), { steps: 2 });
    writeStack(join(root, "moved", "b.tif"), { steps: 2 });
    const moved = await relocateDataset(first.folder, { from: join(root, "in"), to: join(root, "moved") });
    expect(moved).toMatchObject({ patches: 4, found: 4 });
    rmSync(join(root, "moved", "b.tif"));
    const { changed } = await ingest(join(root, "moved"), { workspace });
    expect(changed.map(({ path }) => path)).toEqual([join(root, "moved", "b.tif#0"), join(root, "moved", "b.tif#1")]);
    expect(changed[0]!.reason).toMatch(/is gone/);
  });

  it("of numbers with fractions is read with NaN as no data, and what is not used is said", async () => {
    const root = temporaryFolder();
    const words = ["B2", "B3", "B4", "B8", "elevation", "QA60"];
    const side = 36;
    const pixels = Float64Array.from({ length: side * side * 6 }, (_, i) => (i < 6 ? Number.NaN : 0.0001 * (1 + (i % 3000))));
    writeFileSync(join(root, "export.tif"), encodeMadeTiff({ width: side, height: side, pixels, samples: 6, descriptions: words }));
    const [source] = (await scanFolder(root)).sources;
    expect(source!.notes).toContainEqual("Images hold more than is used: QA60, elevation.");
    expect(source!.radiometry.source).toMatch(/floating-point reflectance/);
    const { folder } = await ingest(root);
    const blue = await pixelsOf(folder, 0, "B02", ["B02", "B03", "B04", "B08"]);
    expect(blue.slice(0, 3)).toEqual([0, 7, 13]);
  });

  it("tells clouds by the scene classification among its samples", async () => {
    const root = temporaryFolder();
    const side = 40;
    const pixels = new Uint16Array(side * side * 4).map((_, i) => (i % 4 < 3 ? 1000 : i < 2 * side * side ? 9 : 4));
    writeFileSync(
      join(root, "export.tif"),
      encodeMadeTiff({ width: side, height: side, pixels, samples: 4, descriptions: ["B2", "B3", "B4", "SCL"] }),
    );
    expect((await scanFolder(root)).sources[0]).toMatchObject({ masks: ["scene-classes"], notes: [] });
    const { folder } = await ingest(root);
    expect((await listTiles(folder)).tiles).toMatchObject([{ cloud: 0.5, shadow: 0, snow: 0 }]);
  });

  it("leaves pictures, masks and radar alone, and names images that are no Sentinel-2", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "good.tif"));
    writeFileSync(join(root, "picture.tif"), encodeMadeTiff({ width: 40, height: 40, pixels: new Uint8Array(40 * 40 * 4), samples: 4 }));
    writeFileSync(join(root, "visual.tif"), encodeMadeTiff({ width: 40, height: 40, pixels: new Uint16Array(40 * 40 * 3), samples: 3 }));
    writeFileSync(join(root, "x_VV.tif"), "not opened");
    writeStack(join(root, "landsat.tif"), { describe: (band) => `SR_${band}` });
    writeFileSync(join(root, "text.tif"), "hello");
    // An order is for images that tell nothing, not for those that tell something else.
    const { sources, problems } = await scanFolder(root, { bandOrders: new BandOrders([], [...SIX]) });
    expect(sources).toMatchObject([{ patches: 1 }]);
    expect(problems).toEqual([
      { path: join(root, "landsat.tif"), reason: expect.stringMatching(/6 bands that are none of Sentinel-2.*SR_B02/) },
      { path: join(root, "text.tif"), reason: expect.stringContaining("text file") },
    ]);
  });

  it("among very many is taken to be like those on either side, and opened where these differ", async () => {
    const root = temporaryFolder();
    const swapped = [...SIX].reverse();
    for (let i = 0; i < 11; i++) writeStack(join(root, `${String(i).padStart(2, "0")}.tif`), { bands: i === 4 || i > 7 ? swapped : SIX });
    const problems: Problem[] = [];
    const gathering = new Gathering(root, problems);
    gathering.add({ path: root, files: readdirSync(root).sort(), folders: [] });
    const tell = async (opened: number) => {
      const options = { bandOrders: new BandOrders(), problems, note: () => {}, signal: undefined, opened };
      const found = await tellMultiBand(gathering, options);
      return found.map(({ samples }) => samples!.B02).join("");
    };
    expect(await tell(11)).toBe("00005000555");
    // Every third is opened: 4 is taken to be like 3 and 6, and would be refused when it is read.
    expect(await tell(4)).toBe("00000000555");
    const raster = openRaster(join(root, "04.tif"));
    raster.close();
    expect(() => sampleOf({ kind: "multi-band", samples: { B02: 0 } }, "B02", raster)).toThrow(/B02 is not where its neighbours have it/);
    expect(problems).toEqual([]);
  });

  it("smaller than the smallest tile is named", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "small.tif"), { side: 17 });
    await expect(scanFolder(root)).rejects.toMatchObject({ code: "NO_DATA", message: expect.stringMatching(/17 x 17 px.*smallest tile/) });
  });
});

describe("an image that does not tell its bands", () => {
  it("is left out, with the orders that it may have and how to tell one", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "a.tif"), { describe: null });
    writeStack(join(root, "b.tif"), { describe: null });
    await expect(scanFolder(root)).rejects.toMatchObject({
      message: expect.stringMatching(
        /6 bands.*as 1 more image\..*--band-order B02,B03,\.\.\..*B02,B03,B04,B8A,B11,B12 \(HLS and Prithvi\)/,
      ),
    });
  });

  it("is read by the order told, which the workspace remembers for images added later", async () => {
    const root = temporaryFolder();
    const workspace = temporaryFolder();
    writeStack(join(root, "a.tif"), { describe: null, bands: [...SIX].reverse() });
    const order: BandName[] = [...SIX].reverse();
    const { folder } = await ingest(root, { workspace, bandOrder: order });
    expect(await pixelsOf(folder, 0, "B02")).toEqual(expectedPixels("B02", 0));
    expect(readBandOrders(workspace)).toMatchObject([{ folder: root, bands: 6, dtype: "uint16", order }]);
    writeStack(join(root, "b.tif"), { describe: (band) => `Band ${order.indexOf(band) + 1}`, bands: order });
    expect(await ingest(root, { workspace })).toMatchObject({ tiles: 2, kept: 1, skipped: [] });
    const bandOrders = new BandOrders(readBandOrders(workspace));
    expect((await scanFolder(root, { bandOrders })).sources).toMatchObject([{ patches: 2 }]);
  });

  it("of other bands than the order told names says so", async () => {
    const root = temporaryFolder();
    writeStack(join(root, "a.tif"), { describe: null });
    const bandOrders = new BandOrders([], ["B02", "B03", null, "B04"]);
    await expect(scanFolder(root, { bandOrders })).rejects.toThrow(/The order given names 4 bands/);
    expect(() => new BandOrders([], ["B02", "B02"])).toThrow(/names each band once/);
  });
});

describe("a split export", () => {
  const side = 80;
  const samples = SIX.map((band) => [band, 0] as const);
  const whole = madePixels(samples, side);

  /** Writes the parts of an 80 px image, 48 and 32 px wide and high. */
  function writeParts(root: string, isLeftOut: (x: number, y: number) => boolean = () => false): void {
    for (const [y, height] of [
      [0, 48],
      [48, 32],
    ] as const)
      for (const [x, width] of [
        [0, 48],
        [48, 32],
      ] as const) {
        if (isLeftOut(x, y)) continue;
        const pixels = new Uint16Array(width * height * 6);
        for (let row = 0; row < height; row++)
          pixels.set(whole.subarray(((y + row) * side + x) * 6, ((y + row) * side + x + width) * 6), row * width * 6);
        const name = `export-${String(y).padStart(10, "0")}-${String(x).padStart(10, "0")}.tif`;
        const place = { left: 500_000 + x * 10, top: 4_000_000 - y * 10 };
        writeFileSync(join(root, name), encodeMadeTiff({ width, height, pixels, samples: 6, descriptions: SIX, ...place }));
      }
  }

  it("is one image", async () => {
    const root = temporaryFolder();
    writeParts(root);
    const { sources, problems } = await scanFolder(root, { tilePixels: 40 });
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([{ kind: "multi-band", patches: 1, tiles: 4 }]);
    const { folder } = await ingest(root, { tilePixels: 40 });
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ id }) => id)).toEqual(["export_0_0", "export_1_0", "export_0_1", "export_1_1"]);
    expect(tiles[3]!.transform).toEqual([10, 0, 500_400, 0, -10, 3_999_600]);
    const blue = await pixelsOf(folder, 3, "B02");
    expect(blue[0]).toBe(madeDn("B02", 0, 40, 40));
    expect(blue.at(-1)).toBe(madeDn("B02", 0, 79, 79));
  });

  it("without some part is read, and the part named", async () => {
    const root = temporaryFolder();
    writeParts(root, (x, y) => x > 0 && y === 0);
    const { sources, problems } = await scanFolder(root, { tilePixels: 40 });
    expect(sources).toMatchObject([{ patches: 1, tiles: 4 }]);
    expect(problems).toMatchObject([{ reason: expect.stringMatching(/lacks parts of its export \(32 x 48 px at 48, 0\)/) }]);
  });

  it("of which a part changed is known to have changed", async () => {
    const root = temporaryFolder();
    const workspace = temporaryFolder();
    writeParts(root);
    await ingest(root, { workspace, tilePixels: 40 });
    utimesSync(join(root, "export-0000000048-0000000048.tif"), new Date(), new Date(Date.now() + 60_000));
    expect((await ingest(root, { workspace, tilePixels: 40 })).changed).toHaveLength(1);
  });
});
