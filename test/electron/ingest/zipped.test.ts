// Zip archives are folders to the whole ingest: what comes out is what the unpacked folder gives.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAllTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../electron/ingest/ingest.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { copyPatch, filesUnder, fixtures, makeScene, realPatches, temporaryFolder } from "./made-files.ts";
import { encodeMadeZip, writeMadeZip, zipFolder } from "./made-zips.ts";

/** The store's files, by checksum, and what the catalogue says of the tiles but for where they come from. */
async function outcome(folders: string[]) {
  const { folder, tiles, skipped, dataset } = await ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders });
  const catalogue = Object.fromEntries(Object.entries(await readAllTiles(folder)).filter(([column]) => column !== "path"));
  const store = [...filesUnder(join(folder, "store"))].filter(([name]) => !name.endsWith(".json"));
  return {
    tiles,
    skipped,
    radiometry: dataset.radiometry,
    classes: dataset.classes,
    store: store.map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]),
    catalogue,
  };
}

describe("a zipped folder", () => {
  it.each([false, true])("of BigEarthNet patches gives the same data set as the folder (deflated: %s)", async (compress) => {
    const root = temporaryFolder();
    await zipFolder(realPatches, join(root, "patches.zip"), { compress, prefix: "BigEarthNet-v1.0/" });
    const expected = await outcome([realPatches]);
    expect(expected.tiles).toBe(2);
    expect(await outcome([root])).toEqual(expected);
    expect(await outcome([join(root, "patches.zip")])).toEqual(expected);
    expect(await outcome([join(root, "patches.zip", "BigEarthNet-v1.0")])).toEqual(expected);
  });

  it("of scenes gives the same data set, STAC item and all", async () => {
    const root = temporaryFolder();
    const scenes = join(root, "scenes");
    makeScene({ folder: join(scenes, "S2A_29RKH_20200219_0_L2A"), bands: ["B02", "B05"], pixels: 1000 });
    const item = {
      stac_version: "1.0.0",
      properties: {},
      assets: { B02: { href: "B02.tif", "raster:bands": [{ scale: 0.0001, offset: -0.1 }] } },
    };
    writeFileSync(join(scenes, "S2A_29RKH_20200219_0_L2A", "item.json"), JSON.stringify(item));
    await zipFolder(scenes, join(root, "zipped", "scenes.ZIP"), { compress: true });
    const expected = await outcome([scenes]);
    expect(expected.radiometry.offset).toBe(-1000);
    expect(expected.tiles).toBe(64);
    expect(await outcome([join(root, "zipped")])).toEqual(expected);
  });

  it("of files that geotiff.js unpacks is read, too", async () => {
    const root = temporaryFolder();
    const scene = join(root, "plain", "scene");
    mkdirSync(scene, { recursive: true });
    cpSync(join(fixtures, "tiff", "uint16-zstd-1-little-strips.tif"), join(scene, "B02.tif"));
    await zipFolder(join(root, "plain"), join(root, "zipped", "a.zip"), { compress: false });
    const scan = async (folder: string) => (await scanFolder(folder).catch((error: Error) => error.message)) as unknown;
    const [plain, zipped] = [await scan(join(root, "plain")), await scan(join(root, "zipped"))];
    expect(JSON.stringify(zipped).replaceAll(join(root, "zipped", "a.zip"), "")).toBe(
      JSON.stringify(plain).replaceAll(join(root, "plain"), ""),
    );
  });

  it("stands beside other folders; what is broken in an archive, and archives in archives, are named", async () => {
    const root = temporaryFolder();
    copyPatch(root, "patch_1");
    const other = copyPatch(temporaryFolder(), "patch_2", 1);
    await zipFolder(other, join(root, "more.zip"), { compress: true, prefix: "patch_2/" });
    writeFileSync(join(root, "cut.zip"), encodeMadeZip([{ name: "a", data: Buffer.alloc(500) }]).subarray(0, 300));
    writeFileSync(join(root, "none.zip"), "no archive");
    writeMadeZip(join(root, "odd.zip"), [{ name: "../B02.tif" }, { name: "inner.zip", data: encodeMadeZip([]) }]);
    writeMadeZip(join(root, "empty.zip"), []);
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ kind: "bigearthnet-v1", patches: 2 }]);
    expect(problems).toEqual([
      { path: join(root, "cut.zip"), reason: expect.stringMatching(/^is a broken zip archive: .* cut short\./) },
      { path: join(root, "none.zip"), reason: expect.stringContaining("is no zip archive") },
      { path: join(root, "odd.zip", "inner.zip"), reason: expect.stringContaining("is a zip archive in another") },
      { path: expect.stringContaining('odd.zip: "../B02.tif"'), reason: expect.stringContaining("leads out of the archive") },
    ]);
  });

  it("is left at 16 folders of depth", async () => {
    const root = temporaryFolder();
    writeMadeZip(join(root, "deep.zip"), [{ name: `${"d/".repeat(20)}B02.tif` }]);
    await expect(scanFolder(root)).rejects.toThrow(/more than 16 folders deep/);
  });

  it("that is broken, or no archive, is refused as a root", async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, "cut.zip"), encodeMadeZip([{ name: "a", data: Buffer.alloc(500) }]).subarray(0, 300));
    writeFileSync(join(root, "none.zip"), "no archive");
    await expect(scanFolder(join(root, "cut.zip"))).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(scanFolder(join(root, "none.zip"))).rejects.toMatchObject({ code: "NOT_A_FOLDER" });
  });
});
