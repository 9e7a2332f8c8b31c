// TFRecord files from the scan to the stored pixels.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listTiles, readStoredColumns } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { BIGEARTHNET_BANDS } from "../../../../electron/ingest/readers/formats.ts";
import { scanFolder } from "../../../../electron/ingest/scan.ts";
import { openTileStore } from "../../../../electron/ingest/store/tile-store.ts";
import { BANDS, type BandName } from "../../../../shared/domain/bands.ts";
import { fixtures, madeBand, temporaryFolder } from "../made-files.ts";
import { encodeMadeRecords, type MadeExample } from "../made-records.ts";

/** An example of BigEarthNet's bands, or of others, at their native sizes. */
const example = (scene: number, rest: Partial<MadeExample> = {}, bands: readonly BandName[] = BIGEARTHNET_BANDS): MadeExample => ({
  bands: Object.fromEntries(bands.map((band) => [band, madeBand(band, scene, 1200 / BANDS[band].gsdMetres)])),
  ...rest,
});

const V1 = "S2A_MSIL2A_20170613T101031_87_48";
const ingest = (folder: string, workspace = temporaryFolder()) => ingestFolders({ workspace, dataset: "d", folders: [folder] });

describe("a folder of TFRecords", () => {
  it("has a patch for each example, whatever the file's name, with labels, day and pixels", async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, "records"));
    const records = [example(1, { name: V1, labels: ["Pastures"] }), example(2, { name: "/hdd/a b" })];
    writeFileSync(join(root, "records", "train.tfrecord-00000-of-00002"), encodeMadeRecords(records));
    writeFileSync(join(root, "records", "part"), encodeMadeRecords([example(3)]));
    writeFileSync(join(root, "LICENSE"), "no records");
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([
      {
        kind: "tfrecords",
        path: join(root, "records"),
        patches: 3,
        tiles: 3,
        tilePixels: 120,
        labelled: 1,
        dates: ["2017-06-13", "2017-06-13"],
        crs: [],
        bands: BIGEARTHNET_BANDS,
        radiometry: { offset: 0, quantification: 10_000 },
      },
    ]);
    const { folder, skipped, dataset } = await ingest(root);
    expect(skipped).toEqual([]);
    expect(dataset.groups.map(({ pixels }) => pixels)).toEqual([120, 60, 20]);
    const { tiles } = await listTiles(folder);
    expect(tiles.map(({ id, labels, date, crs }) => [id, labels, date, crs])).toEqual([
      ["part_0", null, null, null],
      [V1, ["Pastures"], "2017-06-13", null],
      ["hdd_a_b", null, null, null],
    ]);
    const store = await openTileStore(folder);
    for (const [index, scene] of [3, 1, 2].entries()) {
      const { groups } = await store.readTile(index);
      for (const [g, { bands, pixels }] of dataset.groups.entries())
        for (const [b, band] of bands.entries())
          expect(groups[g]!.subarray(b * pixels * pixels, (b + 1) * pixels * pixels), `${scene} ${band}`).toEqual(
            madeBand(band, scene, pixels),
          );
    }
    await store.close();
  });

  it("adds examples' files later, and knows those that it has by file and place", async () => {
    const root = temporaryFolder();
    const workspace = temporaryFolder();
    writeFileSync(join(root, "a.tfrecord"), encodeMadeRecords([example(1, { name: "x" }), example(2, { name: "x" })]));
    const { folder } = await ingest(root, workspace);
    expect((await listTiles(folder)).tiles.map(({ id }) => id)).toEqual(["x", "x_1"]);
    expect((await readStoredColumns(folder, ["file"], { end: 2 })).file).toEqual(["a.tfrecord#0", "a.tfrecord#1"]);
    expect(await ingest(root, workspace)).toMatchObject({ alreadyComplete: true, changed: [] });
    writeFileSync(join(root, "b.tfrecord"), encodeMadeRecords([example(3, { name: "x" })]));
    expect(await ingest(root, workspace)).toMatchObject({ tiles: 3, kept: 2, changed: [] });
  });

  it("of ten bands has these", async () => {
    const root = temporaryFolder();
    const ten = BIGEARTHNET_BANDS.filter((band) => band !== "B01" && band !== "B09");
    writeFileSync(join(root, "a.tfrecord"), encodeMadeRecords([example(1, {}, ten)]));
    expect((await scanFolder(root)).sources).toMatchObject([{ patches: 1, bands: ten }]);
  });

  it("names broken records, other sizes and compressed files, and reads the rest", async () => {
    const root = temporaryFolder();
    const good = encodeMadeRecords([example(1, { name: "good" })]);
    const broken = Buffer.from(good);
    broken[good.length - 100]! ^= 1;
    writeFileSync(join(root, "a.tfrecord"), Buffer.concat([good, good.subarray(0, 500)]));
    writeFileSync(join(root, "b.tfrecord"), broken);
    writeFileSync(join(root, "c.tfrecord.gz"), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]));
    cpSync(join(fixtures, "tfrecord", "patches.tfrecord"), join(root, "small.tfrecord"));
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ patches: 1 }]);
    const reasons = problems.map(({ path, reason }) => `${path.slice(root.length + 1)}: ${reason}`);
    expect(reasons).toEqual([
      expect.stringMatching(/^a\.tfrecord: record 2 is cut short/),
      expect.stringMatching(/^b\.tfrecord: .*checksum differs/),
      expect.stringMatching(/^c\.tfrecord\.gz: .*gunzip/),
      ...Array(3).fill(expect.stringMatching(/^small\.tfrecord: .*B01 is 4 x 4 px, not 20 x 20/)),
    ]);
  });
});
