import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAllTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { copyPatch, makeScene, realEurosat, temporaryFolder } from "./made-files.ts";

const BANDS = ["B02", "B03", "B04"] as const;

/** A patch, a EuroSAT tile, and scenes of two offsets side by side: one folder, four sources. */
function mixed(): string {
  const root = temporaryFolder();
  copyPatch(join(root, "patches"), "patch_1");
  cpSync(realEurosat, join(root, "eurosat"), { recursive: true });
  makeScene({ folder: join(root, "scenes", "plain"), bands: BANDS, pixels: 120 });
  makeScene({ folder: join(root, "scenes", "told"), bands: BANDS, pixels: 120, scene: 1 });
  const assets = Object.fromEntries(
    BANDS.map((band) => [band, { href: `./${band}.tif`, "eo:bands": [{ name: band }], "raster:bands": [{ scale: 0.0001, offset: -0.1 }] }]),
  );
  writeFileSync(
    join(root, "scenes", "told", "item.json"),
    JSON.stringify({ type: "Feature", stac_version: "1.0.0", id: "told", properties: {}, assets }),
  );
  return root;
}

describe("sources of one folder", () => {
  it("have keys of their own, by kind and by what is told of their radiometry", async () => {
    const { sources } = await scanFolder(mixed());
    expect(sources.map(({ key }) => key).sort()).toEqual(["bigearthnet-v1", "eurosat-ms", "geotiff-bands", "geotiff-bands@-1000/10000"]);
  });

  it("are taken by kind or by key, and what was taken is asked again when tiles are added", async () => {
    const folder = mixed();
    const workspace = temporaryFolder();
    const ingest = (dataset: string, only?: string[]) => ingestFolders({ folders: [folder], workspace, dataset, only, workers: 1 });
    const paths = async (dataset: string, only: string[]) =>
      (await readAllTiles((await ingest(dataset, only)).folder, ["path"])).path.map((path) => path.slice(folder.length + 1)).sort();
    expect(await paths("told", ["geotiff-bands@-1000/10000"])).toEqual([join("scenes", "told")]);
    expect(await paths("scenes", ["geotiff-bands"])).toEqual([join("scenes", "plain"), join("scenes", "told")]);
    makeScene({ folder: join(folder, "scenes", "later"), bands: BANDS, pixels: 120, scene: 2 });
    copyPatch(join(folder, "patches"), "patch_2");
    await expect(ingest("scenes")).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining("only geotiff-bands"),
    });
    expect(await ingest("scenes", ["geotiff-bands"])).toMatchObject({ tiles: 3, kept: 2 });
    rmSync(join(folder, "scenes", "told"), { recursive: true });
    expect(await ingest("scenes", ["geotiff-bands"])).toMatchObject({ tiles: 3, kept: 3, changed: [expect.anything()] });
  });

  it("that are not there are an error that names those that are", async () => {
    const ingest = ingestFolders({ folders: [mixed()], workspace: temporaryFolder(), dataset: "d", only: ["safe-l2a"] });
    await expect(ingest).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringMatching(/no source "safe-l2a".*eurosat-ms/),
    });
  });
});
