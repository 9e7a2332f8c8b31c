import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSample } from "../../../electron/ingest/sample/write-sample.ts";
import { scanFolder } from "../../../electron/ingest/scan.ts";
import { BAND_NAMES } from "../../../shared/domain/bands.ts";
import { ScanResult } from "../../../shared/domain/dataset.ts";
import { SampleOptions } from "../../../shared/domain/sample-options.ts";
import { copyPatch, encodeMadeTiff, fixtures, makeScene, realEurosat, realPatches, temporaryFolder } from "./made-files.ts";

const TEN = ["B02", "B03", "B04", "B08", "B05", "B8A", "B11", "B12"] as const;

describe("scanFolder", () => {
  it("finds BigEarthNet v1 patches, their labels, dates and reference systems", async () => {
    const result = await scanFolder(realPatches);
    expect(ScanResult.parse(result)).toEqual(result);
    expect(result.problems).toEqual([]);
    expect(result.sources).toHaveLength(1);
    expect(result.sources[0]).toMatchObject({
      kind: "bigearthnet-v1",
      path: realPatches,
      patches: 2,
      tiles: 2,
      tilePixels: 120,
      labelled: 2,
      dates: ["2017-06-13", "2018-02-04"],
      crs: ["EPSG:32633", "EPSG:32635"],
      radiometry: { quantification: 10_000, offset: 0 },
      simulated: false,
    });
    expect(result.sources[0]!.bands).toEqual(BAND_NAMES.filter((band) => band !== "B10"));
    expect(result.sources[0]!.bytes).toBeGreaterThan(300_000);
  });

  it("takes one patch for a source, too", async () => {
    const patch = join(realPatches, "S2B_MSIL2A_20180204T94161_57_38");
    expect((await scanFolder(patch)).sources[0]).toMatchObject({
      kind: "bigearthnet-v1",
      path: patch,
      patches: 1,
      dates: ["2018-02-04", "2018-02-04"],
    });
  });

  it("finds EuroSAT MS by its layout: 64 px, 13 bands, the folder is the class", async () => {
    const [source] = (await scanFolder(realEurosat)).sources;
    expect(source).toMatchObject({ kind: "eurosat-ms", path: realEurosat, patches: 1, tiles: 1, tilePixels: 64, labelled: 1, dates: null });
    expect(source!.bands).toEqual(BAND_NAMES);
  });

  it("finds scenes with a GeoTIFF a band at any depth, and leaves other files alone", async () => {
    const root = temporaryFolder();
    const scene = join(root, "a", "b", "S2A_29RKH_20200219_0_L2A");
    makeScene({ folder: scene, bands: TEN, pixels: 250 });
    writeFileSync(join(scene, "SCL.tif"), "not read");
    writeFileSync(join(scene, "item.json"), "{}");
    mkdirSync(join(root, ".hidden"));
    makeScene({ folder: join(root, ".hidden", "scene"), bands: TEN, pixels: 250 });
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([
      { kind: "geotiff-bands", patches: 1, tiles: 4, tilePixels: 120, labelled: 0, dates: ["2020-02-19", "2020-02-19"] },
    ]);
    expect(problems).toEqual([]);
    expect(sources[0]!.notes).toEqual([expect.stringContaining("no whole number of 120 px tiles")]);
  });

  it("takes a raster smaller than a tile for one tile", async () => {
    const root = temporaryFolder();
    makeScene({ folder: join(root, "small"), bands: ["B02", "B03", "B04"], pixels: 64 });
    expect((await scanFolder(root)).sources).toMatchObject([{ tilePixels: 64, tiles: 1 }]);
  });

  it("tells several sources under one folder apart", async () => {
    const { sources } = await scanFolder(join(fixtures, "data"));
    expect([...new Set(sources.map(({ kind }) => kind))].sort()).toEqual([
      "bigearthnet-v1",
      "eurosat-ms",
      "geotiff-bands",
      "safe-l1c",
      "safe-l2a",
    ]);
  });

  it("takes patches without any labels for scenes: pretraining needs none", async () => {
    const root = temporaryFolder();
    rmSync(join(copyPatch(root, "patch_1"), "patch_1_labels_metadata.json"));
    expect((await scanFolder(root)).sources).toMatchObject([{ kind: "geotiff-bands", patches: 1, tiles: 1, labelled: 0 }]);
  });

  it("names patches that lack bands or labels, and counts the rest", async () => {
    const root = temporaryFolder();
    copyPatch(root, "good");
    rmSync(join(copyPatch(root, "no-labels"), "no-labels_labels_metadata.json"));
    rmSync(join(copyPatch(root, "no-b05"), "no-b05_B05.tif"));
    writeFileSync(join(copyPatch(root, "broken-labels"), "broken-labels_labels_metadata.json"), '{"labels": [');
    writeFileSync(join(copyPatch(root, "no-list"), "no-list_labels_metadata.json"), '{"labels": "Pastures"}');
    mkdirSync(join(root, "only-labels"));
    writeFileSync(join(root, "only-labels", "only-labels_labels_metadata.json"), '{"labels": ["Pastures"]}');
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ patches: 1, tiles: 1, labelled: 1 }]);
    const reasons = Object.fromEntries(problems.map(({ path, reason }) => [path.slice(root.length + 1), reason]));
    expect(Object.keys(reasons).sort()).toEqual(["broken-labels", "no-b05", "no-labels", "no-list", "only-labels"]);
    expect(reasons["no-labels"]).toMatch(/no-labels_labels_metadata.json is missing/);
    expect(reasons["no-b05"]).toMatch(/B05 is missing/);
    expect(reasons["broken-labels"]).toMatch(/not valid JSON/);
    expect(reasons["no-list"]).toMatch(/no list of class names/);
    expect(reasons["only-labels"]).toMatch(/no band files/);
  });

  it("names files that are not what they seem", async () => {
    const root = temporaryFolder();
    copyPatch(root, "good");
    writeFileSync(join(copyPatch(root, "text"), "text_B03.tif"), "hello");
    const cut = copyPatch(root, "cut");
    writeFileSync(join(cut, "cut_B04.tif"), encodeMadeTiff({ width: 120, height: 120, pixels: new Uint16Array(14_400) }).subarray(0, 9000));
    const wrong = copyPatch(root, "wrong");
    writeFileSync(join(wrong, "wrong_B02.tif"), encodeMadeTiff({ width: 60, height: 60, pixels: new Uint16Array(3600) }));
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ patches: 1 }]);
    expect(problems).toHaveLength(3);
    expect(problems.find(({ path }) => path === cut)!.reason).toMatch(/cut_B04.tif.*cut short/);
    expect(problems.find(({ path }) => path.endsWith("text"))!.reason).toMatch(/text_B03.tif is a text file/);
    expect(problems.find(({ path }) => path === wrong)!.reason).toMatch(/B02 is 60 x 60 px, not 120 x 120/);
  });

  it("knows simulated samples by simulation.json", async () => {
    const root = temporaryFolder();
    copyPatch(join(root, "sample"), "patch");
    writeFileSync(join(root, "sample", "simulation.json"), "{}");
    copyPatch(join(root, "real"), "other");
    const { sources } = await scanFolder(root);
    expect(sources.map(({ simulated, patches }) => [simulated, patches]).sort()).toEqual([
      [false, 1],
      [true, 1],
    ]);
  });

  it("knows a simulated patch by itself, wherever it was copied to", async () => {
    const root = temporaryFolder();
    await writeSample(join(root, "sample"), { ...SampleOptions.parse({ patches: 1 }) });
    const patch = readdirSync(join(root, "sample")).find((name) => name.startsWith("S2"))!;
    cpSync(join(root, "sample", patch), join(root, "elsewhere", patch), { recursive: true });
    for (const folder of [join(root, "sample", patch), join(root, "elsewhere")]) {
      const [source] = (await scanFolder(folder)).sources;
      expect(source).toMatchObject({ simulated: true, radiometry: { source: expect.stringContaining("simulation") } });
    }
  });

  it("goes through symbolic links once, and round no circle", async () => {
    const root = temporaryFolder();
    const outside = temporaryFolder();
    copyPatch(join(root, "data"), "inside");
    copyPatch(outside, "outside");
    symlinkSync(outside, join(root, "link"));
    symlinkSync(root, join(root, "data", "up"));
    symlinkSync(root, join(outside, "back"));
    symlinkSync(join(root, "self"), join(root, "self"));
    const { sources, problems } = await scanFolder(root);
    expect(sources).toMatchObject([{ patches: 2 }]);
    expect(problems).toMatchObject([{ path: join(root, "self"), reason: expect.stringContaining("symbolic link") }]);
  });

  it("reads the native resolution where a product holds copies, and joins R10m, R20m and R60m", async () => {
    const root = temporaryFolder();
    const product = join(root, "T33SVB_20181229T095411");
    makeScene({ folder: join(product, "R10m"), bands: ["B02", "B08"], pixels: { B02: 240, B08: 240 } });
    makeScene({ folder: join(product, "R20m"), bands: ["B02", "B05"], pixels: { B02: 120, B05: 120 } });
    makeScene({ folder: join(product, "R60m"), bands: ["B02", "B05", "B01"], pixels: { B02: 40, B05: 40, B01: 40 } });
    const { sources, problems } = await scanFolder(root);
    expect(problems).toEqual([]);
    expect(sources).toMatchObject([{ patches: 1, tiles: 4, bands: ["B01", "B02", "B05", "B08"], dates: ["2018-12-29", "2018-12-29"] }]);
  });

  it("reports progress and stops when asked", async () => {
    const seen: number[] = [];
    await scanFolder(realPatches, { onProgress: (progress) => seen.push(progress.seen) });
    expect(seen.at(-1)).toBe(3);
    await expect(scanFolder(realPatches, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });

  describe("gives one clear error for", () => {
    it("a path that does not exist", async () => {
      await expect(scanFolder(join(temporaryFolder(), "gone"))).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining("gone"),
      });
    });
    it("a file", async () => {
      const file = join(realPatches, "S2A_MSIL2A_20170613T101031_87_48", "S2A_MSIL2A_20170613T101031_87_48_B02.tif");
      await expect(scanFolder(file)).rejects.toMatchObject({ code: "NOT_A_FOLDER", message: expect.stringContaining("Give the folder") });
    });
    it("an empty folder", async () => {
      await expect(scanFolder(temporaryFolder())).rejects.toMatchObject({
        code: "NO_DATA",
        message: expect.stringContaining("holds no files"),
      });
    });
    it("a folder without bands", async () => {
      const root = temporaryFolder();
      writeFileSync(join(root, "notes.txt"), "hello");
      await expect(scanFolder(root)).rejects.toMatchObject({
        code: "NO_DATA",
        message: expect.stringMatching(/No Sentinel-2 bands.*BigEarthNet/),
      });
    });
    it("a folder of broken JPEG 2000 bands", async () => {
      const root = temporaryFolder();
      writeFileSync(join(root, "B02.jp2"), Buffer.from("0000000c6a5020200d0a870a", "hex"));
      await expect(scanFolder(root)).rejects.toMatchObject({
        code: "NO_DATA",
        message: expect.stringMatching(/B02.jp2.*(JPEG 2000|cut short|download it again)/i),
      });
    });
    it("a folder of which nothing can be read", async () => {
      const root = temporaryFolder();
      writeFileSync(join(copyPatch(root, "patch"), "patch_B02.tif"), "hello");
      await expect(scanFolder(root)).rejects.toMatchObject({ code: "NO_DATA", message: expect.stringContaining("text file") });
    });
    it.skipIf(process.getuid?.() === 0)("a folder without rights", async () => {
      const root = temporaryFolder();
      chmodSync(root, 0);
      await expect(scanFolder(root)).rejects.toMatchObject({ code: "NO_ACCESS" });
      chmodSync(root, 0o700);
    });
  });
});
