import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { resolveRunConfig } from "../../../../electron/executors/single.ts";
import { countClasses, listTiles, readAllTiles, readTileUse } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { datasetFolderOf, readDataset, tilesFile } from "../../../../electron/ingest/catalogue/dataset-folder.ts";
import { lockDataset } from "../../../../electron/ingest/catalogue/lock.ts";
import { labelDataset } from "../../../../electron/ingest/labels/label-dataset.ts";
import { planStudy } from "../../../../electron/runs/plan.ts";
import { resolveStudyConfig } from "../../../../electron/runs/study-store.ts";
import { chooseRunTiles } from "../../../../electron/training/run-tiles.ts";
import { tilesInUse } from "../../../../shared/domain/dataset.ts";
import { LabelRequest } from "../../../../shared/domain/labelling.ts";
import { makeDataset, TINY_SETTINGS } from "../../training/made-dataset.ts";
import { temporaryFolder } from "../made-files.ts";
import { feature, geoJson, square } from "./made-vectors.ts";

let workspace: string;
let datasetFolder: string;
beforeEach(async () => {
  workspace = temporaryFolder();
  datasetFolder = datasetFolderOf(workspace, "fields");
  await makeDataset({ workspace, tiles: 12 });
});

function write(name: string, text: string): string {
  writeFileSync(join(workspace, name), text);
  return join(workspace, name);
}

const label = (request: object, options: object = {}) => labelDataset({ ...LabelRequest.parse(request), datasetFolder, ...options });
const csv = (text: string) => ({ kind: "csv", path: write("labels.csv", text) });
const labels = async () => (await readTileUse(datasetFolder)).labels;

describe("labelling a data set", () => {
  it("replaces labels by those of a CSV file, and keeps the record in step with the catalogue", async () => {
    const before = await readDataset(datasetFolder);
    const tilesBefore = await readAllTiles(datasetFolder);
    const report = await label({ source: csv("id,labels\ntile-0,Cotton;Rice\ntile-3,Cotton\ntile-4,\nelsewhere,Rice\n"), mode: "replace" });
    expect(report).toMatchObject({ read: 4, used: 3, matched: 3, labelled: 3, tiles: 12, excluded: 0, mode: "replace" });
    expect(report.skipped).toEqual([{ reason: "row of no tile in the data set", count: 1, examples: ["elsewhere"] }]);
    expect(await labels()).toEqual([["Cotton", "Rice"], null, null, ["Cotton"], [], ...Array(7).fill(null)]);
    const after = await readDataset(datasetFolder);
    expect(after.classes).toEqual([
      { name: "Cotton", tiles: 2 },
      { name: "Rice", tiles: 1 },
    ]);
    expect(after.classes).toEqual(await countClasses(datasetFolder));
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(after.labelling).toEqual({ ingestFingerprint: before.fingerprint, reports: [report] });
    const { labels: _, excluded, ...rest } = await readAllTiles(datasetFolder);
    const { labels: __, excluded: ___, ...restBefore } = tilesBefore;
    expect(excluded).toEqual(Array(12).fill(false));
    expect(rest).toEqual(restBefore);
    expect((await listTiles(datasetFolder, { label: "Rice" })).tiles.map(({ id }) => id)).toEqual(["tile-0"]);
    expect(readdirSync(datasetFolder).sort()).toEqual(["dataset.json", "store", "tiles.parquet"]);
  });

  it("adds to the labels that are there", async () => {
    await label({ source: csv("id,labels\ntile-0,A\ntile-1,B"), mode: "replace" });
    await label({ source: csv("id,labels\ntile-1,A;B\ntile-2,"), mode: "add" });
    expect((await labels()).slice(0, 4)).toEqual([["A"], ["B", "A"], [], null]);
    expect((await readDataset(datasetFolder)).labelling?.reports.map(({ mode }) => mode)).toEqual(["replace", "add"]);
  });

  it("takes tiles of which a complete file says nothing for tiles without its classes", async () => {
    await label({ source: csv("id,labels\ntile-0,A"), mode: "replace", complete: true });
    expect((await labels()).slice(0, 3)).toEqual([["A"], [], []]);
  });

  it("asks what to do with labels that are there, and not where there are none", async () => {
    const source = csv("id,labels\ntile-0,A");
    await expect(label({ source })).rejects.toMatchObject({ code: "BAD_ARGUMENT", message: expect.stringMatching(/--add.*--replace/) });
    expect(await label({ source: { kind: "exclude", paths: [write("list", "tile-0")] } })).toMatchObject({ mode: "replace" });
  });

  it("changes nothing as a trial, and tells the same", async () => {
    const bytes = () => ["dataset.json", "tiles.parquet"].map((name) => readFileSync(join(datasetFolder, name), "hex"));
    const before = bytes();
    const request = { source: csv("id,labels\ntile-0,A"), mode: "replace" };
    const trial = await label(request, { dryRun: true });
    expect(bytes()).toEqual(before);
    expect({ ...(await label(request)), date: "" }).toEqual({ ...trial, date: "" });
  });

  it("gives equal labels equal fingerprints, by whatever way they came", async () => {
    await label({ source: csv("id,labels\ntile-0,A;B"), mode: "replace" });
    const { fingerprint } = await readDataset(datasetFolder);
    await label({ source: csv("id,labels\ntile-0,B"), mode: "replace" });
    expect((await readDataset(datasetFolder)).fingerprint).not.toBe(fingerprint);
    await label({ source: csv("id,labels\ntile-0,A"), mode: "add" });
    expect((await readDataset(datasetFolder)).fingerprint).toBe(fingerprint);
  });

  it("takes listed tiles out of use, and keeps their labels", async () => {
    const report = await label({ source: { kind: "exclude", paths: [write("snow.csv", "tile-1\ntile-5\nelsewhere\n")] } });
    expect(report).toMatchObject({ excluded: 2, matched: 2, used: 2, read: 3, labelled: 12 });
    await label({ source: { kind: "exclude", paths: [write("cloud.csv", "tile-7")] }, mode: "add" });
    const { excluded, labels: kept } = await readTileUse(datasetFolder);
    expect(excluded.flatMap((is, i) => (is ? [i] : []))).toEqual([1, 5, 7]);
    expect(kept.every((own) => own !== null)).toBe(true);
    expect(tilesInUse(await readDataset(datasetFolder))).toBe(9);
  });

  it("labels by polygons, with progress", async () => {
    const progress: object[] = [];
    const crs = { crs: { type: "name", properties: { name: "EPSG:32633" } } };
    const fields = [feature({ crop: "Maize" }, square(500_000, 4_599_840, 80)), feature({ crop: "Maize" }, square(0, 0, 80))];
    const source = { kind: "vector", path: write("fields.geojson", geoJson(fields, crs)), attribute: "crop" };
    const report = await label({ source, mode: "replace" }, { onProgress: (update: object) => progress.push(update) });
    expect(report).toMatchObject({ read: 2, used: 1, matched: 1, items: "polygons", source: { minimumShare: 0.05 } });
    expect(report.skipped).toEqual([{ reason: "polygon outside all tiles", count: 1, examples: ["feature 2"] }]);
    expect((await labels())[0]).toEqual(["Maize"]);
    expect(progress.at(-1)).toEqual({ done: 12, total: 12 });
  });

  it("is refused when the file tells of no tile, with ids of both", async () => {
    await expect(label({ source: csv("id,labels\nx,A"), mode: "add" })).rejects.toThrow(
      /None of the 1 ids .* It has x; the data set has tile-0, tile-1, tile-2/,
    );
  });

  it("leaves the data set as it was when it is stopped, and waits for no lock", async () => {
    const before = readFileSync(tilesFile(datasetFolder), "hex");
    const request = { source: csv("id,labels\ntile-0,A"), mode: "replace" };
    await expect(label(request, { signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
    const unlock = await lockDataset(datasetFolder);
    await expect(label(request)).rejects.toMatchObject({ code: "BUSY" });
    await unlock();
    expect(readFileSync(tilesFile(datasetFolder), "hex")).toBe(before);
  });

  it("gives classes that a study's label sets can name", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `tile-${i},${i % 3 === 0 ? "Cotton" : "Wheat"}`);
    await label({ source: csv(`id,labels\n${rows.join("\n")}`), mode: "replace" });
    const finetune = {
      ...TINY_SETTINGS.finetune,
      labelSets: [{ name: "cotton", classes: ["Cotton"] }],
      minimumPerClass: 1,
      split: "random",
    };
    const config = resolveStudyConfig({ preset: null, settings: { ...TINY_SETTINGS, finetune } } as never);
    const facts = { viewsPerSecond: null, memory: null, freeBytes: 1e12, engine: "made" };
    expect(planStudy(config, await readDataset(datasetFolder), facts).problems).toEqual([]);
    const { crs, transform, granule, labels: own } = await readTileUse(datasetFolder);
    const tiles = own.map((names, index) => ({
      index,
      crs: crs[index]!,
      transform: transform[index]!,
      granule: granule[index]!,
      labels: names,
    }));
    const run = resolveRunConfig({ ...TINY_SETTINGS, finetune, arm: "gain+shift" });
    expect(chooseRunTiles(tiles, run).labelled).toHaveLength(12);
  });
});
