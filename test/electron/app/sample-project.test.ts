// The packed study, and that the tiles made for it are the ones it was trained on.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHost, type Host } from "../../../electron/app/host.ts";
import { lacksSampleTiles, makeSampleTiles, sampleRecord, unpackSampleProject } from "../../../electron/app/sample-project.ts";
import { readDataset } from "../../../electron/ingest/catalogue/dataset-folder.ts";
import { decodeSafetensors } from "../../../shared/learning/safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "simclr-s2-sample-project-"));
let workspace: string;
let host: Host;
beforeAll(async () => {
  workspace = await unpackSampleProject(join(folder, "project"));
  host = await createHost({ workspace, door: "cli" });
});
afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the sample project", () => {
  it("is small", () => {
    expect(statSync("assets/sample-project.zip").size).toBeLessThan(3_000_000);
  });

  it("is a finished study of 41 arms with scores and curves", async () => {
    const { summary } = await host.studies.get("demo");
    expect(summary).toMatchObject({ runs: 41, finished: 41, failed: 0 });
    const { arms } = await host.studies.result("demo");
    expect(arms.filter(({ f1 }) => f1 !== null).length).toBeGreaterThanOrEqual(41);
    expect(host.workspace.value.isSample).toBe(true);
  });

  it("has no path of the machine that it was made on", () => {
    const texts = readdirSync(workspace, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.filter((text) => /"\/|"[A-Z]:\\\\/.test(text))).toEqual([]);
  });

  it("has an encoder that can be read", () => {
    const { tensors } = decodeSafetensors(readFileSync(join(workspace, "studies/demo/arms/full/seed-1/encoder.safetensors")));
    expect([...tensors.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(tensors.size).toBeGreaterThan(20);
  });

  it("has encoders to look through: that of the second stage, and the control's", async () => {
    const runs = await host.embeddings.runs("demo");
    expect(runs.map(({ arm, stages }) => [arm, stages.at(-1)?.stage])).toEqual([
      ["random-init", "final"],
      ["full", "final"],
    ]);
  });

  it("is left as it is when it is asked for again", async () => {
    const before = statSync(join(workspace, "studies/demo/study.json")).mtimeMs;
    expect(await unpackSampleProject(workspace)).toBe(workspace);
    expect(statSync(join(workspace, "studies/demo/study.json")).mtimeMs).toBe(before);
  });

  // Simulating 2,048 tiles is half a minute of one core.
  it("makes the very tiles that its runs were trained on", { timeout: 1_200_000 }, async () => {
    expect(await lacksSampleTiles(workspace)).toBe(true);
    await makeSampleTiles(workspace, { signal: new AbortController().signal });
    expect(await lacksSampleTiles(workspace)).toBe(false);
    const run = JSON.parse(readFileSync(join(workspace, "studies/demo/arms/none/seed-1/run.json"), "utf8")) as {
      dataset: { fingerprint: string };
    };
    const made = await readDataset(join(workspace, "datasets", sampleRecord(workspace)!.dataset));
    expect(made.fingerprint).toBe(run.dataset.fingerprint);
    expect(made).toMatchObject({ tiles: 2048, simulated: true });
  });
});
