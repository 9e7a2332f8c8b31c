import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { verifyDataset } from "../../../../electron/ingest/care/verify.ts";
import { tilesFile } from "../../../../electron/ingest/catalogue/dataset-folder.ts";
import { ingestFolders } from "../../../../electron/ingest/ingest.ts";
import { makeDataset } from "../../training/made-dataset.ts";
import { makeScene, temporaryFolder } from "../made-files.ts";

describe("verifyDataset", () => {
  let folder: string;
  let root: string;
  const shard = (group: string, number = 0) => join(folder, "store", group, "c", String(number), "0", "0", "0");
  const flip = (path: string, at: number) => {
    const bytes = readFileSync(path);
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(path, bytes);
  };
  beforeEach(async () => {
    root = temporaryFolder();
    for (let i = 0; i < 530; i++)
      makeScene({ folder: join(root, `s${String(i).padStart(3, "0")}`), bands: ["B04", "B11"], pixels: 32, scene: i });
    ({ folder } = await ingestFolders({ workspace: temporaryFolder(), dataset: "made", folders: [root] }));
  });

  it("finds nothing in a whole data set, and tells how far it is", async () => {
    const done: number[] = [];
    const report = await verifyDataset(folder, { onProgress: (progress) => done.push(progress.done) });
    expect(report).toEqual({ tiles: 530, bytes: 530 * (1024 + 256) * 2, damagedTiles: 0, damaged: [], problems: [], notes: [] });
    expect(done).toEqual([512, 530]);
  });

  it("names the tile in which one bit has changed, in any band", async () => {
    flip(shard("10m"), 17 * 2048 + 100);
    flip(shard("20m", 1), 3 * 512);
    const { damagedTiles, damaged, problems } = await verifyDataset(folder);
    expect(damagedTiles).toBe(2);
    expect(damaged).toEqual([
      { index: 17, id: "s017", path: join(root, "s017"), reason: expect.stringContaining("pixels") },
      { index: 515, id: "s515", path: join(root, "s515"), reason: expect.stringContaining("pixels") },
    ]);
    expect(problems).toEqual([]);
  });

  it("checks a shard's index, size and presence", async () => {
    flip(shard("10m"), -10);
    expect((await verifyDataset(folder)).problems).toEqual([{ path: shard("10m"), reason: expect.stringMatching(/CRC-32C.*Restore/) }]);
    truncateSync(shard("10m", 1), 4 * 2048);
    const cut = await verifyDataset(folder);
    expect(cut.problems).toContainEqual({ path: shard("10m", 1), reason: expect.stringContaining("bytes instead of") });
    expect(cut.damagedTiles).toBe(14);
    rmSync(shard("20m"));
    const gone = await verifyDataset(folder);
    expect(gone.problems).toContainEqual({ path: shard("20m"), reason: expect.stringMatching(/missing.*Restore/) });
    expect(gone.damagedTiles).toBe(512 + 14);
    expect(gone.damaged).toHaveLength(526);
  });

  it("checks the catalogue and the arrays' descriptions", async () => {
    const metadata = join(folder, "store", "20m", "zarr.json");
    writeFileSync(metadata, readFileSync(metadata, "utf8").replace("uint16", "int16"));
    flip(tilesFile(folder), -2);
    const { problems, damagedTiles } = await verifyDataset(folder);
    expect(problems.map(({ path }) => path)).toEqual([tilesFile(folder), metadata]);
    expect(damagedTiles).toBe(0);
  });

  it("stops when asked, and needs a complete data set", async () => {
    await expect(verifyDataset(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    rmSync(join(folder, "dataset.json"));
    await expect(verifyDataset(folder)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("says what it cannot check in a data set of an earlier version", async () => {
    const workspace = temporaryFolder();
    await makeDataset({ workspace });
    const report = await verifyDataset(join(workspace, "datasets", "fields"));
    expect(report).toMatchObject({ damagedTiles: 0, problems: [], notes: [expect.stringContaining("no checksums")] });
  });
});
