import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSample } from "../../../../electron/ingest/sample/write-sample.ts";
import { isCancellation } from "../../../../shared/domain/errors.ts";
import { CORINE_CLASSES } from "../../../../shared/domain/labels.ts";

const OPTIONS = { patches: 8, seed: 11 };
const isPatch = (name: string) => name.startsWith("S2");

/** Every file below a folder with the hash of its bytes. */
async function bytesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = await Promise.all(
    files.sort().map(async (file) => [
      file.slice(folder.length),
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ]),
  );
  return Object.fromEntries(hashes);
}

describe("writeSample", () => {
  let root: string;
  let whole: Record<string, string>;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "sample-test-"));
    await writeSample(join(root, "whole"), OPTIONS);
    whole = await bytesOf(join(root, "whole"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("writes BigEarthNet's layout: twelve bands and the labels of every patch, beside the record and its notice", async () => {
    const folder = join(root, "whole");
    const names = await readdir(folder);
    const patches = names.filter(isPatch);
    expect(names.filter((name) => !isPatch(name)).sort()).toEqual(["README.txt", "simulation.json"]);
    expect(patches).toHaveLength(OPTIONS.patches);
    for (const patch of patches) {
      const bands = ["01", "02", "03", "04", "05", "06", "07", "08", "8A", "09", "11", "12"].map((band) => `${patch}_B${band}.tif`);
      expect((await readdir(join(folder, patch))).sort()).toEqual([...bands, `${patch}_labels_metadata.json`].sort());
      const text = await readFile(join(folder, patch, `${patch}_labels_metadata.json`), "utf8");
      const labels = JSON.parse(text);
      expect(Object.keys(labels)).toEqual(["labels", "coordinates", "projection", "tile_source", "acquisition_date"]);
      expect(labels.labels.length).toBeGreaterThan(0);
      for (const label of labels.labels) expect(CORINE_CLASSES).toContain(label);
      const { ulx, uly, lrx, lry } = labels.coordinates;
      expect([lrx - ulx, uly - lry]).toEqual([1200, 1200]);
      expect(labels.tile_source).toMatch(/^SIMULATION_S2[AB]_MSIL1C_\d{8}T\d{6}_N0205_R\d{3}_T\d{2}[A-Z]{3}_\d{8}T\d{6}\.SAFE$/);
      expect(labels.acquisition_date.replaceAll(/[-:]/g, "").replace(" ", "T")).toBe(patch.split("_")[2]);
      expect(labels.projection).toMatch(/^PROJCS\["WGS 84 \/ UTM zone \d\dN".*AUTHORITY\["EPSG","326\d\d"\]\]$/);
    }
    expect(await readFile(join(folder, "README.txt"), "utf8")).toMatch(/SIMULATED/);
    const record = JSON.parse(await readFile(join(folder, "simulation.json"), "utf8"));
    expect(record).toMatchObject({ isSimulation: true, isComplete: true, options: { ...OPTIONS, granules: 6 } });
  });

  it("reports classes, shares and progress", async () => {
    const progress: { done: number; total: number }[] = [];
    const result = await writeSample(join(root, "reported"), { ...OPTIONS, onProgress: (update) => progress.push(update) });
    expect(progress.at(-1)).toEqual({ done: 8, total: 8 });
    expect(result).toMatchObject({ patches: 8, resumed: 0 });
    expect(Object.values(result.classes).reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(8);
    expect(result.positiveShares.extended).toBeGreaterThanOrEqual(result.positiveShares.regular);
  });

  it("goes on after an interruption, even of a half-written patch, and ends with the same bytes", async () => {
    const folder = join(root, "interrupted");
    const controller = new AbortController();
    const stopped = writeSample(folder, { ...OPTIONS, signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toSatisfy(isCancellation);
    const left = (await readdir(folder)).filter(isPatch);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(OPTIONS.patches);
    // What a killed process leaves: its folder aside, and a patch with a file cut short.
    await mkdir(join(folder, ".partial-999999999-abcdef01", "S2A_x"), { recursive: true });
    await writeFile(join(folder, left[0]!, `${left[0]}_B08.tif`), "II");
    const result = await writeSample(folder, OPTIONS);
    expect(result.resumed).toBe(left.length - 1);
    expect(await bytesOf(folder)).toEqual(whole);
  });

  it("writes nothing anew when all is there, and grows to more patches without touching the first", async () => {
    const folder = join(root, "grown");
    await writeSample(folder, { ...OPTIONS, patches: 4 });
    const before = await bytesOf(folder);
    expect((await writeSample(folder, { ...OPTIONS, patches: 4 })).resumed).toBe(4);
    expect(await bytesOf(folder)).toEqual(before);
    expect((await writeSample(folder, OPTIONS)).resumed).toBe(4);
    expect(await bytesOf(folder)).toEqual(whole);
  });

  it("refuses a folder of other things, of another seed, or of more patches", async () => {
    const foreign = join(root, "foreign");
    await mkdir(foreign);
    await writeFile(join(foreign, "thesis.txt"), "mine");
    await expect(writeSample(foreign, OPTIONS)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await readdir(foreign)).toEqual(["thesis.txt"]);
    await expect(writeSample(join(root, "whole"), { ...OPTIONS, seed: 12 })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(writeSample(join(root, "whole"), { ...OPTIONS, patches: 2 })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await bytesOf(join(root, "whole"))).toEqual(whole);
  });

  it("refuses a file for a folder, and settings out of range", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    await expect(writeSample(file, OPTIONS)).rejects.toMatchObject({ code: "NOT_A_FOLDER" });
    await expect(writeSample(join(root, "none"), { patches: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(writeSample(join(root, "none"), { patches: 60_000, granules: 1 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(readdir(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
