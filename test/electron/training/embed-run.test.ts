import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EmbeddingTasks } from "../../../electron/embeddings/tasks.ts";
import { resolveRunConfig } from "../../../electron/executors/single.ts";
import { datasetFolderOf } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import {
  embeddingFiles,
  embeddingKey,
  embeddingStages,
  listProjections,
  readEmbeddedTiles,
  readEmbedding,
  readFeatures,
  readPoints,
  writePointsTable,
} from "../../../electron/runs/embeddings.ts";
import { createRun } from "../../../electron/runs/run-folder.ts";
import { embeddedRows, embedRun } from "../../../electron/training/embed-run.ts";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { executeRun } from "../../../electron/training/execute-run.ts";
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import { nearestByCosine } from "../../../shared/embedding/neighbours.ts";
import { EAGER_PROGRAMS } from "../../../shared/learning/program.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../shared/learning/safetensors.ts";
import { makeDataset, TINY_SETTINGS } from "./made-dataset.ts";

let workspace: string;
let runFolder: string;
let datasetFolder: string;
let engine: EngineInfo;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "embed-"));
  await makeDataset({ workspace, tiles: 200 });
  datasetFolder = datasetFolderOf(workspace, "fields");
  runFolder = join(workspace, "runs", "a");
  engine = await loadEngine("wasm");
  await createRun(runFolder, resolveRunConfig({ ...TINY_SETTINGS, arm: "shift+gain" }));
  for await (const event of executeRun({ runFolder, datasetFolder, engine, signal: new AbortController().signal }))
    if (event.kind === "failed") throw new Error(event.message);
}, 180_000);
afterAll(() => rm(workspace, { recursive: true, force: true }));

/** Embeds a stage, or stops after so many tellings. */
async function embed(stage: string, stopAfter = Number.POSITIVE_INFINITY, run = runFolder): Promise<number[]> {
  const done: number[] = [];
  for await (const progress of embedRun({
    runFolder: run,
    datasetFolder,
    stage,
    engine,
    programs: () => EAGER_PROGRAMS,
    signal: new AbortController().signal,
  })) {
    done.push(progress.done);
    if (done.length >= stopAfter) break;
  }
  return done;
}

describe("the embedding of a run", { timeout: 120_000 }, () => {
  const files = () => embeddingFiles(runFolder, "final");

  it("can be made of the weights that the run began with and of those that it left", async () => {
    expect((await embeddingStages(runFolder)).map(({ stage }) => stage)).toEqual(["start", "final"]);
  });

  it("goes on where it was ended, and leaves the features that an unbroken one leaves", async () => {
    await embed("final", 2); // 64 of 200
    expect(await readEmbedding(runFolder, "final")).toBeUndefined();
    expect(await embed("final")).toEqual([64, 128, 192, 200]);
    const features = await readFeatures(files().folder);
    await rm(files().folder, { recursive: true });
    expect(await embed("final")).toEqual([0, 64, 128, 192, 200]);
    expect((await readFeatures(files().folder)).values).toEqual(features.values);
    expect(features).toMatchObject({ rows: 200 });
    expect([...(await readEmbeddedTiles(files().folder))]).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect((await readdir(files().folder)).sort()).toEqual(["embedding.json", "features.npy", "tiles.npy"]);
  });

  it("wants the encoder only, and says when it is of another network", async () => {
    const { values } = await readFeatures(files().folder);
    await rename(join(runFolder, "projection.safetensors"), join(workspace, "kept.safetensors"));
    await rm(files().folder, { recursive: true });
    await embed("final");
    expect((await readFeatures(files().folder)).values).toEqual(values);
    const encoder = join(runFolder, "encoder.safetensors");
    const bytes = await readFile(encoder);
    const { tensors, metadata } = decodeSafetensors(bytes);
    await writeFile(encoder, encodeSafetensors({ tensors: new Map([...tensors].slice(1)), metadata }));
    await expect(embed("final")).rejects.toMatchObject({ code: "BAD_FILE" });
    await writeFile(encoder, bytes);
    await rename(join(workspace, "kept.safetensors"), join(runFolder, "projection.safetensors"));
  });

  it("of the control wants no weights at all", async () => {
    const control = join(workspace, "runs", "control");
    await createRun(control, resolveRunConfig({ ...TINY_SETTINGS, arm: "random-init" }));
    await embed("final", undefined, control);
    await embed("start");
    const [end, start] = [embeddingFiles(control, "final"), embeddingFiles(runFolder, "start")];
    expect((await readFeatures(end.folder)).values).toEqual((await readFeatures(start.folder)).values);
  });

  it("is known by the weights and the data, and differs from that of the start", async () => {
    const record = await readEmbedding(runFolder, "final");
    expect(record).toMatchObject({ step: 8, tiles: 200, tilesInUse: 200, dataset: { name: "fields" }, engine: "wasm" });
    expect(record!.key).toBe(await embeddingKey(runFolder, "final", { fingerprint: "made-200-16" }));
    expect(record!.key).not.toBe(await embeddingKey(runFolder, "final", { fingerprint: "other" }));
    await embed("start");
    expect((await readFeatures(embeddingFiles(runFolder, "start").folder)).values).not.toEqual((await readFeatures(files().folder)).values);
  });

  it("is drawn by PCA and UMAP, measured, and searched for neighbours", async () => {
    const { key } = (await readEmbedding(runFolder, "final"))!;
    const { folder } = files();
    const tasks = new EmbeddingTasks();
    const nothing = () => {};
    const umap = { kind: "umap", neighbours: 10, minDistance: 0.1 } as const;
    for (const method of [{ kind: "pca" } as const, umap]) {
      await tasks.run({ kind: "project", folder, key, method }, nothing);
      expect((await readPoints(folder, method)).values).toHaveLength(400);
    }
    expect((await listProjections(folder, key)).map(({ method }) => method.kind).sort()).toEqual(["pca", "umap"]);
    expect(await listProjections(folder, "another")).toEqual([]);
    const codes = Uint16Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? 0 : 1));
    const quality = await tasks.run({ kind: "quality", folder, key, method: umap, codes, left: [] }, nothing);
    expect(quality).toMatchObject({ points: 200, classes: 2, neighbours: 10 });
    const expected = nearestByCosine(await readFeatures(folder), 5, 4).map(({ row, cosine }) => ({ index: row, cosine }));
    expect(await tasks.run({ kind: "neighbours", folder, key, tile: 5, count: 4 }, nothing)).toEqual(expected);
    await expect(tasks.run({ kind: "neighbours", folder, key, tile: 900, count: 4 }, nothing)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(tasks.run({ kind: "quality", folder, key, method: umap, codes, left: [0] }, nothing)).rejects.toMatchObject({
      code: "NO_DATA",
    });
    const table = (await readFile(await writePointsTable(folder, umap), "utf8")).split("\n");
    expect(table.slice(0, 2)[0]).toBe("tile,x,y");
    expect(table).toHaveLength(202);
  });

  it("is refused when its files are damaged", async () => {
    const { folder, features } = files();
    const { size } = await stat(features);
    expect(size).toBeGreaterThan(0);
    await truncate(features, size - 3);
    await expect(readFeatures(folder)).rejects.toMatchObject({ code: "BAD_FILE" });
  });

  it("takes a drawn part of a data set that is too large, the same each time", () => {
    const many = Array.from({ length: 100_003 }, (_, index) => ({ index }));
    const rows = embeddedRows(many);
    expect(rows).toHaveLength(100_000);
    expect(rows).toEqual(embeddedRows(many));
    expect(rows.every((row, i) => i === 0 || row > rows[i - 1]!)).toBe(true);
  });
});
