// Ingesting the same folders again after something in them changed.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { relocateDataset } from "../../../electron/ingest/care/relocate.ts";
import { verifyDataset } from "../../../electron/ingest/care/verify.ts";
import { listTiles, readAllTiles } from "../../../electron/ingest/catalogue/catalogue.ts";
import { readDataset } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { type IngestOptions, type IngestResult, type IngestSeams, ingestFolders } from "../../../electron/ingest/ingest.ts";
import { openTileStore } from "../../../electron/ingest/store/tile-store.ts";
import { copyPatch, encodeMadeTiff, filesUnder, madeBand, madeDn, makeScene, realEurosat, temporaryFolder } from "./made-files.ts";

const ingest = (workspace: string, folders: string | string[], options: Partial<IngestOptions> = {}, seams: IngestSeams = {}) =>
  ingestFolders({ workspace, dataset: "fields", folders: [folders].flat(), ...options }, seams);

const nameOf = (scene: number) => `p_${String(scene).padStart(4, "0")}`;

function addPatches(root: string, from: number, end: number): void {
  for (let scene = from; scene < end; scene++) makeScene({ folder: join(root, nameOf(scene)), bands: ["B02", "B05"], pixels: 32, scene });
}

/** Every tile of a made data set has the pixels of its patch, and all is well. */
async function checkPixels(folder: string): Promise<void> {
  const store = await openTileStore(folder);
  const { index, id } = await readAllTiles(folder);
  expect(index).toEqual(Array.from({ length: store.tiles }, (_, i) => i));
  const { groups } = await store.read(index);
  id.forEach((name, row) => {
    const scene = Number(name.slice(2, 6));
    expect(groups[0]![row * 1024 + 33], name).toBe(madeDn("B02", scene, 1, 1));
    expect(groups[1]![row * 256 + 17], name).toBe(madeDn("B05", scene, 1, 1));
  });
  await store.close();
  expect(await verifyDataset(folder)).toMatchObject({ damagedTiles: 0, problems: [], notes: [] });
}

const byId = async (folder: string) => {
  const { tiles } = await listTiles(folder);
  return tiles.map(({ index, ...tile }) => tile).sort((a, b) => (a.id < b.id ? -1 : 1));
};

describe("an ingest of the same folders again", () => {
  it("adds what is new behind the tiles that are there, as if all had been ingested at once", async () => {
    const root = temporaryFolder();
    const workspace = temporaryFolder();
    // The second batch of patches comes before and after the first by name, and goes over the end of a shard.
    addPatches(root, 100, 600);
    const first = await ingest(workspace, root);
    const before = (await listTiles(first.folder)).tiles;
    addPatches(root, 0, 60);
    addPatches(root, 600, 640);
    const seen: number[] = [];
    const second = await ingest(workspace, root, { onProgress: ({ total }) => seen.push(total) });
    expect(second).toMatchObject({ tiles: 600, kept: 500, alreadyComplete: false, changed: [], skipped: [] });
    expect(seen.at(-1)).toBe(100);
    expect((await listTiles(second.folder, { limit: 500 })).tiles).toEqual(before);
    await checkPixels(second.folder);
    expect(second.dataset.fingerprint).not.toBe(first.dataset.fingerprint);

    const whole = await ingest(temporaryFolder(), root);
    expect(await byId(second.folder)).toEqual(await byId(whole.folder));
    for (const what of ["statistics", "classes", "sources", "groups", "radiometry", "folders"] as const)
      expect(second.dataset[what], what).toEqual(whole.dataset[what]);
    expect(await readDataset(second.folder)).toEqual(second.dataset);

    const third = await ingest(workspace, root);
    expect(third).toMatchObject({ alreadyComplete: true, kept: 600, changed: [] });
    expect(third.dataset).toEqual(second.dataset);
  });

  it("adds a new folder that is named beside the old ones", async () => {
    const [a, b, workspace] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    addPatches(a, 0, 3);
    addPatches(b, 3, 5);
    await ingest(workspace, a);
    const { folder, dataset } = await ingest(workspace, [b, a]);
    expect(dataset.folders).toEqual([a, b]);
    expect((await readAllTiles(folder)).path).toEqual([0, 1, 2, 3, 4].map((scene) => join(scene < 3 ? a : b, nameOf(scene))));
    expect(await ingest(workspace, [a, b])).toMatchObject({ alreadyComplete: true });
    await expect(ingest(workspace, a)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });

  it("keeps the layout, whatever else the folder holds now", async () => {
    const [root, workspace] = [temporaryFolder(), temporaryFolder()];
    addPatches(root, 0, 2);
    await ingest(workspace, root, { tilePixels: 32 });
    cpSync(realEurosat, join(root, "eurosat"), { recursive: true });
    makeScene({ folder: join(root, "one-band"), bands: ["B02"], pixels: 320 });
    addPatches(root, 2, 3);
    const { tiles, skipped, folder } = await ingest(workspace, root, { tilePixels: 32 });
    expect(tiles).toBe(3);
    expect(skipped.length).toBeGreaterThanOrEqual(2);
    await checkPixels(folder);
  });

  it("tries patches again that could not be read, and forgets the old reason", async () => {
    const [root, workspace] = [temporaryFolder(), temporaryFolder()];
    for (const name of ["a", "b"]) copyPatch(root, name);
    const band = join(root, "b", "b_B02.tif");
    const whole = readFileSync(band);
    writeFileSync(band, "no image");
    const first = await ingest(workspace, root);
    expect([first.tiles, first.skipped.length]).toEqual([1, 1]);
    const again = await ingest(workspace, root);
    expect(again.dataset).toMatchObject({ tiles: 1, fingerprint: first.dataset.fingerprint, skipped: first.skipped });
    writeFileSync(band, whole);
    expect(await ingest(workspace, root)).toMatchObject({ tiles: 2, kept: 1, skipped: [] });
  });

  it("gives a new patch an id of its own when its name is taken", async () => {
    const [root, workspace] = [temporaryFolder(), temporaryFolder()];
    makeScene({ folder: join(root, "z", "scene"), bands: ["B02"], pixels: 32 });
    await ingest(workspace, root);
    makeScene({ folder: join(root, "a", "scene"), bands: ["B02"], pixels: 32, scene: 1 });
    makeScene({ folder: join(root, "b", "scene-2"), bands: ["B02"], pixels: 32, scene: 2 });
    const { folder } = await ingest(workspace, root);
    const { id } = await readAllTiles(folder);
    expect([id.length, new Set(id).size]).toEqual([3, 3]);
  });

  it("tells files that changed or went away, and keeps their tiles", async () => {
    const [root, workspace] = [temporaryFolder(), temporaryFolder()];
    addPatches(root, 0, 5);
    const { dataset } = await ingest(workspace, root);
    writeFileSync(
      join(root, nameOf(1), "B05.tif"),
      encodeMadeTiff({ width: 16, height: 16, pixels: madeBand("B05", 9, 16), gsd: 20, nodata: "7" }),
    );
    utimesSync(join(root, nameOf(2), "B02.tif"), new Date(), new Date(2_000_000_000_000));
    rmSync(join(root, nameOf(3)), { recursive: true });
    rmSync(join(root, nameOf(4), "B05.tif"));
    const again = await ingest(workspace, root);
    expect(again.dataset.fingerprint).toBe(dataset.fingerprint);
    const reasons = Object.fromEntries(again.changed.map(({ path, reason }) => [path.slice(root.length + 1, root.length + 7), reason]));
    expect(reasons).toEqual({
      [nameOf(1)]: expect.stringMatching(/bytes instead of.*another name/),
      [nameOf(2)]: expect.stringContaining("has changed since it was ingested (2033"),
      [nameOf(3)]: expect.stringContaining("is gone"),
      [nameOf(4)]: expect.stringContaining("can no longer be used as a whole"),
    });
    await checkPixels(again.folder);
  });
});

describe("a source folder that is gone", () => {
  it("is told, and changes nothing", async () => {
    const [a, b, workspace] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    addPatches(a, 0, 2);
    addPatches(b, 2, 3);
    const { dataset } = await ingest(workspace, [a, b]);
    rmSync(a, { recursive: true });
    const gone = (path: string) => ({ path, reason: expect.stringContaining("is gone") });
    expect(await ingest(workspace, [a, b])).toMatchObject({ alreadyComplete: true, dataset, changed: [gone(a)] });
    addPatches(b, 3, 4);
    expect(await ingest(workspace, [a, b])).toMatchObject({ tiles: 4, kept: 3, changed: [gone(a)] });
    rmSync(b, { recursive: true });
    const { folder, changed } = await ingest(workspace, [a, b]);
    expect(changed).toEqual([gone(a), gone(b)]);
    await checkPixels(folder);
  });
});

describe("a source folder that moved", () => {
  async function movedDataset(): Promise<{ workspace: string; first: IngestResult; from: string; to: string }> {
    const [parent, workspace] = [temporaryFolder(), temporaryFolder()];
    const [from, to] = [join(parent, "archive"), join(parent, "renamed")];
    addPatches(from, 0, 4);
    const first = await ingest(workspace, from);
    renameSync(from, to);
    return { workspace, first, from, to };
  }

  it("is recognised, and what is new in it is added", async () => {
    const { workspace, first, to } = await movedDataset();
    await checkPixels(first.folder);
    addPatches(to, 4, 6);
    const { dataset, changed, folder, kept } = await ingest(workspace, to);
    expect([dataset.tiles, kept, changed]).toEqual([6, 4, []]);
    expect(dataset.folders).toEqual([to]);
    expect((await readAllTiles(folder)).path[0]).toBe(join(to, nameOf(0)));
    expect(dataset.sources.map(({ path }) => path)).toEqual([to]);
    await checkPixels(folder);
  });

  it("is told by hand, without a change of the data", async () => {
    const { first, from, to } = await movedDataset();
    rmSync(join(to, nameOf(3)), { recursive: true });
    const { dataset, patches, found } = await relocateDataset(first.folder, { from, to });
    expect([patches, found]).toEqual([4, 3]);
    expect(dataset).toEqual({ ...first.dataset, folders: [to], sources: [{ ...first.dataset.sources[0], path: to }] });
    expect(await readDataset(first.folder)).toEqual(dataset);
    expect((await listTiles(first.folder)).tiles[1]!.path).toBe(join(to, nameOf(1)));
    await expect(relocateDataset(first.folder, { from, to })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(relocateDataset(first.folder, { from: to, to: temporaryFolder() })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("may be a copy with new times: sizes still tell a change", async () => {
    const { workspace, to } = await movedDataset();
    for (const name of filesUnder(to).keys()) utimesSync(join(to, name), new Date(), new Date(2_000_000_000_000));
    writeFileSync(join(to, nameOf(2), "B02.tif"), encodeMadeTiff({ width: 32, height: 32, pixels: madeBand("B02", 2, 32), nodata: "7" }));
    const { changed } = await ingest(workspace, to);
    expect(changed).toEqual([{ path: join(to, nameOf(2)), reason: expect.stringContaining("bytes instead of") }]);
  });

  it("is not another folder, nor one that is still there", async () => {
    const { workspace, from, to } = await movedDataset();
    const other = temporaryFolder();
    addPatches(other, 50, 52);
    await expect(ingest(workspace, other)).rejects.toMatchObject({ code: "BAD_ARGUMENT", message: expect.stringContaining("0 of its 4") });
    cpSync(to, from, { recursive: true });
    await expect(ingest(workspace, to)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });
});

describe("an addition that is stopped", () => {
  /** 530 tiles, of which 18 lie in the second shard; 600 more to come. */
  async function begun(): Promise<{ root: string; workspace: string; first: IngestResult }> {
    const [root, workspace] = [temporaryFolder(), temporaryFolder()];
    addPatches(root, 0, 530);
    const first = await ingest(workspace, root);
    addPatches(root, 530, 1130);
    return { root, workspace, first };
  }

  /** Stops after the first batch: the first report comes then. */
  async function stopSoon({ root, workspace }: { root: string; workspace: string }): Promise<void> {
    const abort = new AbortController();
    const stopped = ingest(workspace, root, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  }

  async function expectOld(folder: string, first: IngestResult): Promise<void> {
    expect(await readDataset(folder)).toEqual(first.dataset);
    expect((await listTiles(folder)).total).toBe(530);
    await checkPixels(folder);
  }

  it("leaves the data set as it was, goes on, and ends as if it had never stopped", async () => {
    const made = await begun();
    const { root, workspace, first } = made;
    await stopSoon(made);
    await expectOld(first.folder, first);
    const starts: number[] = [];
    const { dataset, folder } = await ingest(workspace, root, { onProgress: ({ done }) => starts.push(done) });
    // The first batch has the 14 new ones of its 32 patches, and was done already.
    expect(starts[0]).toBe(14 + 32);
    expect(dataset.tiles).toBe(1130);
    await checkPixels(folder);
    const other = await begun();
    cpSync(root, other.root, { recursive: true, preserveTimestamps: true });
    const whole = await ingest(other.workspace, other.root);
    expect(dataset.statistics).toEqual(whole.dataset.statistics);
    expect(dataset.fingerprint).toBe(whole.dataset.fingerprint);
  });

  it("is readable at every point of a kill: after a full shard, the catalogue, the record", async () => {
    const { root, workspace, first } = await begun();
    const { folder } = first;
    const old = new Map([...filesUnder(folder)].filter(([name]) => !name.startsWith("store")));
    // Killed before the record was written: all files are new but the record, and the journal has all batches.
    const journals: Buffer[] = [];
    const onProgress = () => journals.push(readFileSync(join(folder, "ingest.jsonl")));
    const done = await ingest(workspace, root, { onProgress });
    const journal = journals.at(-1)!;
    const record = readFileSync(join(folder, "dataset.json"));
    writeFileSync(join(folder, "dataset.json"), old.get("dataset.json")!);
    writeFileSync(join(folder, "ingest.jsonl"), journal);
    await expectOld(folder, first);
    const resumed = await ingest(workspace, root);
    expect(resumed.dataset).toEqual(done.dataset);
    await checkPixels(folder);
    // Killed after it: only the journal is still open.
    writeFileSync(join(folder, "dataset.json"), record);
    writeFileSync(join(folder, "ingest.jsonl"), journal);
    addPatches(root, 1130, 1131);
    expect(await ingest(workspace, root)).toMatchObject({ tiles: 1131, kept: 1130 });
    await checkPixels(folder);
  });

  it("starts the addition anew, not the data set, when the folder or the unfinished files changed meanwhile", async () => {
    const made = await begun();
    const { root, workspace, first } = made;
    await stopSoon(made);
    for (const [name, bytes] of filesUnder(first.folder))
      if (name.includes(".growing")) writeFileSync(join(first.folder, name), Buffer.alloc(bytes.length, 1));
    await expectOld(first.folder, first);
    expect(await ingest(workspace, root)).toMatchObject({ tiles: 1130, kept: 530 });
    await checkPixels(first.folder);

    const other = await begun();
    await stopSoon(other);
    rmSync(join(other.root, nameOf(600)), { recursive: true });
    expect(await ingest(other.workspace, other.root)).toMatchObject({ tiles: 1129, kept: 530 });
    await checkPixels(other.first.folder);
  });

  it("adds nothing to a data set whose pixels are damaged", async () => {
    const { root, workspace, first } = await begun();
    const shard = join(first.folder, "store", "10m", "c", "1", "0", "0", "0");
    const bytes = readFileSync(shard);
    bytes[5] = bytes[5]! ^ 1;
    writeFileSync(shard, bytes);
    await expect(ingest(workspace, root)).rejects.toMatchObject({ code: "BAD_FILE", message: expect.stringContaining("data verify") });
    expect(await readDataset(first.folder)).toEqual(first.dataset);
    expect(existsSync(join(first.folder, "ingest.lock"))).toBe(false);
  });
});
