// What metadata beside the images tell, from the scan to the catalogue.
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../../electron/ingest/scan.ts";
import { openTileStore } from "../../../../electron/ingest/store/tile-store.ts";
import { encodeMadeTiff, madeDn, makeScene, temporaryFolder } from "../made-files.ts";

interface MadeItem {
  readonly properties?: Record<string, unknown>;
  readonly offset?: number;
  readonly isScaled?: boolean;
}

/** A scene of 64 px with a STAC item. */
function stacScene(folder: string, { properties = {}, offset, isScaled = offset !== undefined }: MadeItem): void {
  makeScene({ folder, bands: ["B02", "B05"], pixels: 64 });
  const fields = isScaled ? { "raster:bands": [{ scale: 0.0001, offset, nodata: 0 }] } : {};
  const item = {
    stac_version: "1.0.0",
    id: basename(folder),
    properties: { datetime: "2022-07-01T10:00:00Z", "eo:cloud_cover": 12.5, ...properties },
    assets: Object.fromEntries(["B02", "B05"].map((band) => [band, { href: `https://example.org/a/${band}.tif`, ...fields }])),
  };
  writeFileSync(join(folder, "item.json"), JSON.stringify(item));
}

/** Half of the scene's 20 m pixels are cloud, a quarter shadow. */
function writeSceneClasses(folder: string): void {
  const pixels = new Uint8Array(32 * 32).map((_, i) => (i < 512 ? 9 : i < 768 ? 3 : 4));
  writeFileSync(join(folder, "SCL.tif"), encodeMadeTiff({ width: 32, height: 32, pixels, gsd: 20 }));
}

const ingest = (folder: string) => ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders: [folder] });

describe("A STAC item beside the images", () => {
  it("tells radiometry, product, baseline, day, granule and clouds; the scene classification beside the bands tells those of each tile", async () => {
    const root = temporaryFolder();
    const folder = join(root, "S2A_29RKH_20220701_0_L2A");
    stacScene(folder, {
      offset: -0.1,
      properties: {
        "s2:product_uri": "S2A_MSIL2A_20220701T110631_N0400_R137_T29RKH_20220701T171008.SAFE",
        "s2:processing_baseline": "04.00",
      },
    });
    writeSceneClasses(folder);
    const [source] = (await scanFolder(root)).sources;
    expect(source).toMatchObject({
      radiometry: { offset: -1000, quantification: 10_000, source: expect.stringContaining("item.json") },
      baselines: ["04.00"],
      dates: ["2022-07-01", "2022-07-01"],
      cloudPercent: 12.5,
      masks: ["scene-classes"],
    });
    const { folder: dataset, skipped } = await ingest(root);
    expect(skipped).toEqual([]);
    expect((await listTiles(dataset)).tiles).toMatchObject([
      {
        product: "S2A_MSIL2A_20220701T110631_N0400_R137_T29RKH_20220701T171008",
        granule: "T29RKH",
        date: "2022-07-01",
        offset: -1000,
        cloud: 0.5,
        shadow: 0.25,
        snow: 0,
      },
    ]);
  });

  it("that says that the offset is applied goes before the offset that it still names", async () => {
    const root = temporaryFolder();
    stacScene(join(root, "scene"), { offset: -0.1, properties: { "earthsearch:boa_offset_applied": true } });
    const [source] = (await scanFolder(root)).sources;
    expect(source!.radiometry).toMatchObject({ offset: 0, source: "item.json: the offset is applied already" });
  });

  it("that tells no radiometry leaves it assumed, with a warning", async () => {
    const root = temporaryFolder();
    stacScene(join(root, "scene"), { properties: { "s2:processing_baseline": "05.09" } });
    const [source] = (await scanFolder(root)).sources;
    expect(source!.radiometry).toMatchObject({ offset: 0, quantification: 10_000, source: expect.stringContaining("assumed") });
    expect(source!.warnings).toContainEqual(expect.stringMatching(/STAC item of scene tells neither.*05\.09.*set the offset to -1000\./));
  });

  it("gives bands with offsets of their own one reflectance", async () => {
    const root = temporaryFolder();
    const folder = join(root, "scene");
    stacScene(folder, {});
    const item = {
      stac_version: "1.0.0",
      id: "scene",
      properties: {},
      assets: {
        B02: { href: "B02.tif", "raster:bands": [{ scale: 0.0001, offset: -0.1 }] },
        B05: { href: "B05.tif", "raster:bands": [{ scale: 0.0001, offset: 0 }] },
      },
    };
    writeFileSync(join(folder, "item.json"), JSON.stringify(item));
    const { dataset, folder: place } = await ingest(root);
    expect(dataset.radiometry).toMatchObject({ offset: 0, quantification: 10_000 });
    const store = await openTileStore(place);
    const { groups } = await store.readTile(0);
    await store.close();
    expect(groups[0]![70]).toBe(Math.max(1, madeDn("B02", 0, 6, 1) - 1000));
    expect(groups[1]![40]).toBe(madeDn("B05", 0, 8, 1));
  });

  it("in the folder above belongs to the scene that it names, however many lie there", async () => {
    const root = temporaryFolder();
    for (let i = 0; i < 70; i++) makeScene({ folder: join(root, `scene_${i}`), bands: ["B02"], pixels: 32 });
    const item = {
      stac_version: "1.0.0",
      id: "scene_7",
      properties: {},
      assets: { B02: { href: "B02.tif", "raster:bands": [{ scale: 0.0001, offset: -0.1 }] } },
    };
    writeFileSync(join(root, "scene_7.json"), JSON.stringify(item));
    const { sources } = await scanFolder(root);
    expect(sources.map(({ patches, radiometry }) => [patches, radiometry.offset]).sort()).toEqual([
      [1, -1000],
      [69, 0],
    ]);
  });
});

/** A scene of 48 px as Earth Engine exports it, with its metadata. */
function earthEngineScene(folder: string, metadata: unknown): void {
  makeScene({ folder, name: (band) => `${band.replace("B0", "B")}.tif`, bands: ["B02", "B05"], pixels: 48 });
  writeFileSync(join(folder, "metadata.json"), typeof metadata === "string" ? metadata : JSON.stringify(metadata));
}

describe("Earth Engine's metadata.json beside the images", () => {
  const product = "S2A_MSIL1C_20220823T054639_N0400_R048_T43RCP_20220823T074040";

  it("tells radiometry, product, baseline, day, granule and clouds; scenes before and after offsets are told apart", async () => {
    const root = temporaryFolder();
    const id = (day: string) => `COPERNICUS/S2/${day}T054639_${day}T055618_T43RCP`;
    const told = { PRODUCT_ID: product, CLOUDY_PIXEL_PERCENTAGE: 7, PROCESSING_BASELINE: "04.00", "system:id": id("20220823") };
    earthEngineScene(join(root, "0000200", "20220823T054639_20220823T055618_T43RCP"), told);
    earthEngineScene(join(root, "0000200", "20200604T054639_20200604T054831_T43RCP"), {
      PROCESSING_BASELINE: "02.09",
      "system:id": id("20200604"),
    });
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources.map(({ radiometry, baselines, dates }) => [radiometry.offset, baselines, dates])).toEqual([
      [0, ["02.09"], ["2020-06-04", "2020-06-04"]],
      [-1000, ["04.00"], ["2022-08-23", "2022-08-23"]],
    ]);
    const { folder } = await ingest(root);
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ offset, product, granule }) => [offset, product, granule])).toEqual([
      [0, null, "T43RCP"],
      [-1000, product, "T43RCP"],
    ]);
  });

  it("that is broken, or tells no radiometry, is a warning", async () => {
    const root = temporaryFolder();
    earthEngineScene(join(root, "broken"), "{");
    earthEngineScene(join(root, "silent"), { PRODUCT_ID: product.replace("N0400", "N9999") });
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([{ patches: 2, radiometry: { offset: 0, source: expect.stringContaining("assumed") } }]);
    expect(sources[0]!.warnings.filter((warning) => warning.includes("metadata.json")).sort()).toEqual([
      expect.stringMatching(/broken.metadata.json is not valid JSON.*is assumed/),
      expect.stringMatching(/metadata.json of silent tells neither scale nor offset/),
    ]);
  });
});

describe("A Major TOM path", () => {
  it("tells product, baseline and radiometry; its cloud mask the clouds and shadows of each tile", async () => {
    const root = temporaryFolder();
    const product = "S2B_MSIL2A_20230223T032739_N0509_R018_T48QUE_20230224T183543";
    const folder = join(root, "199U_1099R", product);
    makeScene({ folder, bands: ["B02", "B05"], pixels: 48 });
    const pixels = new Uint8Array(48 * 48).map((_, i) => Math.floor((i * 4) / (48 * 48)));
    writeFileSync(join(folder, "cloud_mask.tif"), encodeMadeTiff({ width: 48, height: 48, pixels }));
    const [source] = (await scanFolder(root)).sources;
    expect(source).toMatchObject({
      radiometry: { offset: -1000, source: expect.stringContaining("Major TOM") },
      baselines: ["05.09"],
      masks: ["cloud-classes"],
      dates: ["2023-02-23", "2023-02-23"],
    });
    const { folder: dataset } = await ingest(root);
    expect((await listTiles(dataset)).tiles).toMatchObject([{ product, granule: "T48QUE", cloud: 0.5, shadow: 0.25, snow: null }]);
  });
});
