// The command line as a program calls it: exit codes, and what it leaves on the disk.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkspace } from "../../../electron/app/workspace-folder.ts";
import { feature, geoJson, square } from "../ingest/labels/made-vectors.ts";
import { copyPatch, makeScene } from "../ingest/made-files.ts";
import { type Bundle, bundle } from "../runs/bundled.ts";
import { makeDataset } from "../training/made-dataset.ts";

/** Pixels with an offset that nothing tells. */
const RAW = Object.fromEntries(["B02", "B03", "B04"].map((band) => [band, { pixels: new Uint16Array(240 ** 2).fill(1200) }]));

const folder = mkdtempSync(join(tmpdir(), "cli-"));
let bundled: Bundle;
beforeAll(async () => {
  bundled = await bundle({ cli: "electron/cli.ts" });
});
afterAll(async () => {
  await bundled?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command line until its end. @param options.readsOutput false: closes its standard output at once, as `| head` would */
function cli(args: readonly string[], { readsOutput = true } = {}): Promise<{ code: number | null; out: string; errors: string }> {
  const child = spawn(process.execPath, [bundled.path("cli"), ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  if (!readsOutput) child.stdout.destroy();
  return new Promise((done) => child.once("close", (code) => done({ code, out, errors })));
}

describe("the command line", () => {
  it.each([
    [["serve", "--port", "abc"], /--port.*number/s],
    [["serve", "--port", "99999"], /from 0 to 65535/],
    [["demo", "--patches", "none"], /--patches.*number/s],
    [["ingest", ".", "--dataset", "d", "--workers", "0"], /from 1 to 64/],
    [["tiles", "--dataset", "d", "--offset", "-1"], /from 0/],
    [["pretrain", "--dataset", "d", "--seed", "x"], /--seed.*number/s],
    [["study", "run", "x", "--gpus", "0"], /--gpus.*from 1/s],
    [["doctor", "--arms", "0"], /--arms.*from 1/s],
    [["sample"], /FOLDER/],
    [["label", "d", "--vector", "x", "--minimum-share", "2"], /above 0, to 1/],
    [["label", "d", "--csv", "x", "--add", "--replace"], /cannot be used with/],
    [["ingest", ".", "--dataset", "d", "--sample", "0"], /from 1/],
    [["ingest", ".", "--dataset", "d", "--sample-by", "chance"], /tile, scene/],
    [["ingest", ".", "--dataset", "d", "--sample-seed", "1"], /go with --sample/],
    [["ingest", ".", "--dataset", "d", "--quantification", "65535"], /goes with --offset/],
    [["ingest", ".", "--dataset", "d", "--bands", "B99"], /no Sentinel-2 band/],
    [["nonsense"], /unknown command/],
  ])("leaves %j with 2 and says what is allowed", async (args, message) => {
    const { code, out, errors } = await cli(args);
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/^\s+at /m);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  it.each([
    [["--stride", "7"], /multiple of/],
    [["--only", "eurosat-ms"], /no source "eurosat-ms"/],
  ])("leaves no workspace behind when an ingest fails by %j", async (flags, message) => {
    const workspace = join(folder, "nowhere");
    const patches = join(import.meta.dirname, "../../fixtures/data/bigearthnet-v1");
    const { code, errors } = await cli(["ingest", patches, "--dataset", "d", "--workspace", workspace, ...flags]);
    expect(errors).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(workspace)).toBe(false);
  });

  it("times ingestion, several times, and leaves nothing of it behind", async () => {
    const patches = join(import.meta.dirname, "../../fixtures/data/bigearthnet-v1");
    const before = readdirSync(folder, { recursive: true });
    const { code, out } = await cli(["bench", "ingest", "--folder", patches, "--repeats", "2", "--python", "no-such-python", "--json"]);
    expect(code).toBe(0);
    const [own, ...others] = JSON.parse(out) as { contender: string; runs: Record<string, number>[] }[];
    expect(others).toEqual([]);
    expect(own!.runs).toHaveLength(2);
    for (const run of own!.runs) {
      expect(run.patches).toBe(2);
      for (const figure of ["patchesPerSecond", "readPerSecond", "cpuMs", "peakRssMb"]) expect(run[figure], figure).toBeGreaterThan(0);
    }
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it.each([
    ["tiles", ["--dataset", "d"]],
    ["tile", ["x", "--dataset", "d", "--out", "x.npy"]],
    ["pretrain", ["--dataset", "d"]],
    ["finetune", ["x"]],
    ["label", ["d", "--csv", "x.csv"]],
    ["study", ["status", "x"]],
    ["study", ["create", "x", "--dataset", "d"]],
  ])("makes no workspace of a mistyped path: %s %j", async (command, args) => {
    const { code, out } = await cli([command, ...args, "--workspace", "mistyped", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "NOT_FOUND", message: expect.stringContaining("There is no workspace in") } });
    expect(existsSync(join(folder, "mistyped"))).toBe(false);
  });

  it("names a run that is not there", async () => {
    await openWorkspace(join(folder, "work"));
    expect((await cli(["finetune", "gone", "--workspace", "work"])).errors).toMatch(/has no run "gone"/);
  });

  it("ends quietly when nobody reads on", async () => {
    const { code, errors } = await cli(["--help"], { readsOutput: false });
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
  });

  it("tells the sources of a folder, and ingests those, the tiles and the bands that are asked for", async () => {
    const root = join(folder, "archive");
    copyPatch(join(root, "patches"), "patch_1");
    makeScene({ folder: join(root, "scenes", "raw"), bands: ["B02", "B03", "B04"], pixels: 240, change: RAW });
    const scan = await cli(["scan", root]);
    expect(scan.out).toMatch(/^bigearthnet-v1: BigEarthNet v1$/m);
    expect(scan.out).toMatch(/^geotiff-bands: Scenes.*^ {2}WARNING +The darkest pixels have DN 1200.*set the offset to -1000/ms);
    expect(scan.out).toContain("5 tiles in 2 sources");
    const asked = [
      "--only",
      "geotiff-bands",
      "--offset",
      "-1000",
      "--bands",
      "B4,B02",
      "--stride",
      "60",
      "--sample",
      "5",
      "--sample-seed",
      "3",
    ];
    const ingest = (...more: string[]) => cli(["ingest", root, "--workspace", "chosen", "--dataset", "raw", "--json", ...more]);
    expect(JSON.parse((await ingest(...asked)).out)).toMatchObject({ tiles: 5, added: 5, skipped: [] });
    const record = JSON.parse(readFileSync(join(folder, "chosen", "datasets", "raw", "dataset.json"), "utf8"));
    expect(record).toMatchObject({ groups: [{ bands: ["B02", "B04"] }], radiometry: { offset: -1000, quantification: 10_000 } });
    expect(JSON.parse((await ingest(...asked)).out)).toMatchObject({ tiles: 5, added: 0 });
    expect(await ingest()).toMatchObject({ code: 1, out: expect.stringContaining("5 tiles drawn by tile with seed 3") });
  });

  it("labels a data set by polygons, as a trial and for good", async () => {
    const workspace = await openWorkspace(join(folder, "labelled"));
    await makeDataset({ workspace, tiles: 4 });
    writeFileSync(join(folder, "crops.csv"), "value,class\n1,Alfalfa\n");
    const field = feature({ code: 1 }, square(500_000, 4_599_840, 160));
    writeFileSync(join(folder, "fields.json"), geoJson([field], { crs: { type: "name", properties: { name: "EPSG:32633" } } }));
    const label = (...more: string[]) => cli(["label", "fields", "--workspace", workspace, "--vector", "fields.json", ...more]);
    expect(await label()).toMatchObject({ code: 2, errors: expect.stringContaining("--add") });
    expect(await label("--replace")).toMatchObject({ code: 2, errors: expect.stringContaining("There are: code (1).") });
    const trial = await label("--attribute", "code", "--map", "crops.csv", "--map", "2=", "--replace", "--dry-run", "--json");
    expect(JSON.parse(trial.out)).toMatchObject({
      matched: 1,
      classes: [{ name: "Alfalfa", tiles: 1 }],
      source: { map: { "1": "Alfalfa", "2": "" } },
    });
    const { code, out } = await label("--attribute", "code", "--add");
    expect(code).toBe(0);
    expect(out).toMatch(/1 polygons read, 1 of them used, which tell of 1 of 4 tiles; a class needs 5 % of a tile/);
    expect((await cli(["tiles", "--workspace", workspace, "--dataset", "fields", "--label", "1"])).out).toMatch(/tile-0.*1 of 1 tiles/s);
  });
});
