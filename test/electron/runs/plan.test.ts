import { describe, expect, it } from "vitest";
import { planStudy, WEIGHTS } from "../../../electron/runs/plan.ts";
import { resolveStudyConfig } from "../../../electron/runs/study-store.ts";
import { STUDY_BANDS } from "../../../shared/domain/bands.ts";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import { ENCODERS } from "../../../shared/domain/run-config.ts";
import { createNetwork } from "../../../shared/learning/model.ts";

const moments = { mean: 0.1, std: 0.05, validPixels: 1, minimum: 0, maximum: 1 };
const dataset: Dataset = {
  version: 1,
  name: "fields",
  created: "",
  tiles: 2000,
  tilePixels: 120,
  groups: [
    { name: "10m", pixels: 120, bands: ["B02", "B03", "B04", "B08"] },
    { name: "20m", pixels: 60, bands: ["B05", "B06", "B07", "B8A", "B11", "B12"] },
  ],
  statistics: Object.fromEntries(STUDY_BANDS.map((band) => [band, moments])),
  classes: [
    { name: "Pastures", tiles: 1200 },
    { name: "Permanently irrigated land", tiles: 600 },
    { name: "Vineyards", tiles: 300 },
  ],
  radiometry: { quantification: 10_000, offset: 0, source: "" },
  sources: [],
  skipped: [],
  simulated: false,
  fingerprint: "",
};
const facts = { viewsPerSecond: 1000, freeBytes: 1e12, engine: "tensorflow 2.20 on the CPU", memory: null };
const configOf = (settings: object = {}, preset: "demo" | "quick" | "published" = "quick") =>
  resolveStudyConfig({ preset, settings: { dataset: "fields", ...settings } });
const plan = (settings: object = {}, over: Partial<Dataset> = {}, also: Partial<typeof facts> = {}) =>
  planStudy(configOf(settings), { ...dataset, ...over }, { ...facts, ...also });

describe("the plan of a study", () => {
  it("counts runs, steps and views", () => {
    expect(plan()).toMatchObject({ arms: 41, runs: 123, stepsPerRun: 20 * 16, viewsPerRun: 20 * 16 * 128, problems: [] });
  });

  it("estimates time from the measured speed, and none without", () => {
    const { seconds, fullSeconds } = plan();
    const pretraining = (120 * 20 * 16 * 128) / 1000;
    expect(seconds).toBeGreaterThan(pretraining);
    expect(seconds).toBeLessThan(pretraining * 1.3 + 123 * 5);
    expect(fullSeconds).toBeGreaterThan((3 * 20 * 16 * 128) / 1000);
    expect(planStudy(configOf(), dataset, { ...facts, viewsPerSecond: null })).toMatchObject({ seconds: null, fullSeconds: null });
  });

  it("counts fine-tuning of the whole network", () => {
    const linear = plan().seconds!;
    expect(plan({ finetune: { mode: "full", percents: [3, 100] } }).seconds).toBeGreaterThan(linear * 2);
  });

  it("refuses a batch that cannot fit the memory, and warns of one that may not", () => {
    const memory = (deviceBytes: number) => ({ memory: { step: { fixedBytes: 1e9, tileBytes: 1e8 }, deviceBytes } });
    const of = (deviceBytes: number) => planStudy(configOf({}), dataset, { ...facts, ...memory(deviceBytes) });
    expect(of(24e9)).toMatchObject({ problems: [] }); // 64 tiles: at least 7.4 GB, 13.1 GB expected
    expect(of(24e9).warnings.join()).not.toContain("memory");
    expect(of(10e9)).toMatchObject({ problems: [], warnings: expect.arrayContaining([expect.stringContaining("About 45 tiles fit")]) });
    expect(of(6e9).problems).toEqual([
      "A step of 64 tiles takes at least 7.4 GB of memory; there are 6.0 GB. About 22 tiles fit: lower the batch size (accumulate makes up for it) or the input, or compute activations again (recompute).",
    ]);
    expect(of(2e9).problems.join()).toContain("Choose a smaller input or encoder.");
  });

  it("knows the size of every encoder's weights", () => {
    for (const encoder of ENCODERS) {
      const count = createNetwork(encoder, 10).specifications.reduce(
        (sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1),
        0,
      );
      expect(Math.abs(WEIGHTS[encoder] / count - 1), `${encoder}: ${count}`).toBeLessThan(0.05);
    }
  });

  it.each([
    ["bands that are not there", { bands: ["B04", "B09", "B10"] }, {}, /no B09, B10\. Choose among its bands \(B02/],
    ["a band given twice", { bands: ["B04", "B04"] }, {}, /B04 is given twice/],
    ["a batch larger than the data", { pretrain: { batchSize: 2048 } }, {}, /1024 tiles are left for pretraining.*at most 1024/],
    ["a batch larger than the tiles asked for", { pretrain: { tiles: 32 } }, {}, /set to 32 tiles, fewer than a batch of 64/],
    ["an input larger than the tiles", { inputPixels: 256 }, {}, /256 px is larger than the data set's tiles of 120 px/],
    ["an input too small for the encoder", { encoder: "inceptionv3", inputPixels: 64 }, {}, /inceptionv3 needs an input of at least 75 px/],
    ["shares that leave no test", { finetune: { trainShare: 0.9, validationShare: 0.1 } }, {}, /leave no tiles for the test/],
    ["no labels", {}, { classes: [] }, /has no labels/],
    [
      "no positive of a label set",
      { finetune: { labelSets: [{ name: "sea", classes: ["Sea and ocean"] }] } },
      {},
      /No tile of "fields" has a label of the set "sea".*Pastures \(1200\)/,
    ],
    [
      "nothing but positives",
      { finetune: { labelSets: [{ name: "x", classes: ["Pastures"] }] } },
      { tiles: 1200 },
      /nothing to tell apart/,
    ],
    [
      "label sets of one name",
      {
        finetune: {
          labelSets: [
            { name: "x", classes: ["Pastures"] },
            { name: "x", classes: ["Vineyards"] },
          ],
        },
      },
      {},
      /Two label sets are named "x"/,
    ],
  ])("refuses %s", (_, settings, over, message) => {
    expect(plan(settings, over).problems).toContainEqual(expect.stringMatching(message));
  });

  it("needs room on the disk", () => {
    const { bytes } = plan();
    expect(plan({}, {}, { freeBytes: bytes - 1 }).problems).toContainEqual(expect.stringContaining("Free some space"));
    expect(plan({}, {}, { freeBytes: bytes * 1.2 })).toMatchObject({
      problems: [],
      warnings: expect.arrayContaining([expect.stringContaining("that are free")]),
    });
    expect(plan({ encoder: "resnet50" }).bytes).toBeGreaterThan(bytes * 10);
  });

  it("warns of what makes results weak", () => {
    const weak = planStudy(
      configOf({}, "demo"),
      { ...dataset, simulated: true, classes: [{ name: "Permanently irrigated land", tiles: 20 }] },
      facts,
    );
    expect(weak.problems).toEqual([]);
    for (const text of ["simulated", "one seed", "20 positive tiles at most", "no tile has Rice fields"])
      expect(weak.warnings).toContainEqual(expect.stringContaining(text));
    expect(plan({ pretrain: { tiles: 1900 } }).warnings).toContainEqual(expect.stringContaining("About 1500 tiles are left"));
  });

  it("without labels uses all tiles, when only pretraining is asked for", () => {
    expect(plan({ finetune: { labelSets: [] }, pretrain: { tiles: null } }, { classes: [] })).toMatchObject({
      stepsPerRun: 20 * 31,
      problems: [],
    });
  });
});
