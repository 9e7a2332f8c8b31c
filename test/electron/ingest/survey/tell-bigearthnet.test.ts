// BigEarthNet v2, and what lies beside patches of both versions, from the scan to the catalogue.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeParquet } from "../../../../electron/files/parquet.ts";
import { listTiles } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { labelDataset } from "../../../../electron/ingest/labels/label-dataset.ts";
import { BIGEARTHNET_BANDS } from "../../../../electron/ingest/readers/formats.ts";
import { scanFolder } from "../../../../electron/ingest/scan.ts";
import { openTileStore } from "../../../../electron/ingest/store/tile-store.ts";
import { LabelRequest } from "../../../../shared/domain/labelling.ts";
import { copyPatch, encodeMadeTiff, madeBand, madeDn, makeScene, temporaryFolder } from "../made-files.ts";

const PRODUCT = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP";
const patchName = (row: number) => `${PRODUCT}_26_${row}`;

/** A patch of version 2; its first pixel has no data. */
function makePatch(root: string, row: number): string {
  const name = patchName(row);
  const folder = join(root, PRODUCT, name);
  const pixels = madeBand("B02", row, 120);
  pixels[0] = 0;
  makeScene({
    folder,
    name: (band) => `${name}_${band}.tif`,
    bands: BIGEARTHNET_BANDS,
    pixels: 120,
    scene: row,
    change: { B02: { pixels } },
  });
  return folder;
}

interface MadeRow {
  readonly id: string;
  readonly labels?: readonly string[];
  readonly split?: string;
  readonly snow?: boolean;
  readonly cloud?: boolean;
  readonly v1?: string;
}

const writeMetadata = (path: string, rows: readonly MadeRow[]) =>
  writeParquet(path, [
    { name: "patch_id", type: "string", values: rows.map(({ id }) => id) },
    { name: "labels", type: "string[]", values: rows.map(({ labels = ["Arable land"] }) => labels) },
    { name: "split", type: "string", values: rows.map(({ split = "train" }) => split) },
    { name: "country", type: "string", values: rows.map(() => "Austria") },
    { name: "s2v1_name", type: "string", values: rows.map(({ v1 }) => v1 ?? null) },
    { name: "contains_seasonal_snow", type: "boolean", values: rows.map(({ snow = false }) => snow) },
    { name: "contains_cloud_or_shadow", type: "boolean", values: rows.map(({ cloud = false }) => cloud) },
  ]);

const ingest = (folder: string) => ingestFolders({ workspace: temporaryFolder(), dataset: "d", folders: [folder] });

describe("BigEarthNet v2", () => {
  it("has labels, parts and countries by the metadata above its patches, wherever above the scan begins", async () => {
    const root = temporaryFolder();
    const patches = join(root, "BigEarthNet-S2");
    makePatch(patches, 3);
    makePatch(patches, 4);
    await writeMetadata(join(root, "metadata.parquet"), [
      { id: patchName(3), labels: ["Pastures", "Arable land"], split: "validation" },
      { id: patchName(4), labels: [] },
    ]);
    for (const folder of [root, patches, join(patches, PRODUCT)]) {
      const { sources, problems } = await scanFolder(folder);
      expect(problems).toEqual([]);
      expect(sources).toMatchObject([
        { kind: "bigearthnet-v2", patches: 2, tiles: 2, labelled: 2, tilePixels: 120, dates: ["2017-06-13", "2017-06-13"], notes: [] },
      ]);
    }
    const { folder, dataset, skipped } = await ingest(root);
    expect(skipped).toEqual([]);
    expect(dataset.radiometry).toMatchObject({ offset: 0, quantification: 10_000, source: expect.stringContaining("BigEarthNet v2") });
    expect((await listTiles(folder)).tiles).toMatchObject([
      {
        id: patchName(3),
        labels: ["Pastures", "Arable land"],
        split: "validation",
        country: "Austria",
        granule: "T33UUP",
        date: "2017-06-13",
      },
      { id: patchName(4), labels: [], split: "train" },
    ]);
    const store = await openTileStore(folder);
    const { groups } = await store.readTile(0);
    await store.close();
    expect([groups[0]![0], groups[0]![1]]).toEqual([0, madeDn("B02", 3, 1, 0)]);
  });

  it("without metadata has no labels, and says so", async () => {
    const root = temporaryFolder();
    makePatch(root, 1);
    const [source] = (await scanFolder(root)).sources;
    expect(source).toMatchObject({ kind: "bigearthnet-v2", labelled: 0, notes: [expect.stringContaining("no metadata.parquet")] });
  });

  it("leaves out patches of which the metadata tell nothing, unless their reference maps do", async () => {
    const root = temporaryFolder();
    const patches = join(root, "BigEarthNet-S2");
    for (const row of [1, 2, 3, 4]) makePatch(patches, row);
    await writeMetadata(join(root, "metadata.parquet"), [{ id: patchName(1) }]);
    // 91 % arable land, 5 % pastures, 4 % water.
    const codes = new Uint16Array(14_400).map((_, i) => (i < 13_104 ? 211 : i < 13_824 ? 231 : 512));
    const map = encodeMadeTiff({ width: 120, height: 120, pixels: codes });
    writeFileSync(join(patches, PRODUCT, patchName(2), `${patchName(2)}_reference_map.tif`), map);
    const tree = join(root, "Reference_Maps", PRODUCT, patchName(3));
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, `${patchName(3)}_reference_map.tif`), map);
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([
      { path: join(patches, PRODUCT, patchName(4)), reason: expect.stringMatching(/has no row in .*metadata\.parquet/) },
    ]);
    expect(sources).toMatchObject([{ patches: 3, labelled: 3 }]);
    expect(sources[0]!.notes).toEqual([
      expect.stringMatching(/^2 patches have the classes of their reference maps, each from 5 %/),
      expect.stringMatching(/^2 reference maps lie there/),
    ]);
    const { folder } = await ingest(root);
    expect((await listTiles(folder)).tiles.map(({ labels }) => labels)).toEqual([
      ["Arable land"],
      ["Arable land", "Pastures"],
      ["Arable land", "Pastures"],
    ]);
  });

  it("tells how many patches have snow and clouds; the same file leaves them out of use", async () => {
    const root = temporaryFolder();
    for (const row of [1, 2, 3]) makePatch(root, row);
    const metadata = join(root, "metadata.parquet");
    await writeMetadata(metadata, [{ id: patchName(1), snow: true }, { id: patchName(2), cloud: true }, { id: patchName(3) }]);
    expect((await scanFolder(root)).sources[0]!.notes).toEqual([
      expect.stringContaining(`1 patches have seasonal snow and 1 clouds or shadows, by their metadata. To leave them out`),
    ]);
    const { folder } = await ingest(root);
    const request = LabelRequest.parse({ source: { kind: "exclude", paths: [metadata] } });
    expect(await labelDataset({ datasetFolder: folder, ...request })).toMatchObject({ excluded: 2, tiles: 3 });
  });

  it("takes the rows of patches that the authors leave out from their own file", async () => {
    const root = temporaryFolder();
    for (const row of [1, 2]) makePatch(root, row);
    await writeMetadata(join(root, "metadata_for_patches_with_snow_cloud_or_shadow.parquet"), [{ id: patchName(2), cloud: true }]);
    await writeMetadata(join(root, "metadata.parquet"), [{ id: patchName(1) }]);
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([{ patches: 2, labelled: 2 }]);
  });

  it("names metadata that are broken, and goes on", async () => {
    const root = temporaryFolder();
    makePatch(root, 1);
    writeFileSync(join(root, "metadata.parquet"), "PAR1 nothing");
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ patches: 1, labelled: 0 }]);
    expect(problems).toMatchObject([{ path: join(root, "metadata.parquet"), reason: expect.stringContaining("Download") }]);
  });
});

describe("BigEarthNet v1 beside version 2", () => {
  const V1 = "S2A_MSIL2A_20170613T101031_87_48";
  const OTHER = "S2A_MSIL2A_20170613T101031_87_49";

  it("keeps its own labels, has version 2's where it lacks them, and patches on the same ground are told", async () => {
    const root = temporaryFolder();
    copyPatch(join(root, "v1"), V1);
    rmSync(join(copyPatch(join(root, "v1"), OTHER), `${OTHER}_labels_metadata.json`));
    makePatch(join(root, "v2"), 1);
    await writeMetadata(join(root, "metadata.parquet"), [
      { id: patchName(1), v1: V1, labels: ["Marine waters"] },
      { id: patchName(2), v1: OTHER, labels: ["Pastures"] },
    ]);
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([
      { kind: "bigearthnet-v1", patches: 2, labelled: 2, notes: [expect.stringMatching(/^1 patches without labels.*19 classes/)] },
      { kind: "bigearthnet-v2", patches: 1, notes: [expect.stringMatching(/^1 patches show the same ground/)] },
    ]);
    const { folder } = await ingest(join(root, "v1"));
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ labels }) => labels)).toEqual([expect.arrayContaining(["Non-irrigated arable land"]), ["Pastures"]]);
    expect(tiles[1]).toMatchObject({ date: "2017-06-13", source: "bigearthnet-v1" });
  });

  it("tells of lists of patches to leave out beside it", async () => {
    const root = temporaryFolder();
    copyPatch(join(root, "BigEarthNet-v1.0"), V1);
    const list = join(root, "patches_with_seasonal_snow.csv");
    writeFileSync(list, `${V1}\n${OTHER}\n`);
    writeFileSync(join(root, "patches_with_cloud_and_shadow.csv"), "a;b\n");
    const [source] = (await scanFolder(join(root, "BigEarthNet-v1.0"))).sources;
    expect(source!.notes).toEqual([
      expect.stringContaining("is no list of patch names"),
      `${list} lists 2 patches. To leave them out of use after the ingest: label <DATASET> --exclude "${list}"`,
    ]);
  });
});
