import { describe, expect, it } from "vitest";
import { CORINE_CLASSES, isPositive, LABEL_SETS } from "../../../../shared/domain/labels.ts";
import { Random } from "../../../../shared/domain/random.ts";
import { SampleOptions } from "../../../../shared/domain/sample-options.ts";
import { createCanvas, SurfaceTable } from "../../../../shared/raster/scene/canvas.ts";
import { LABEL_MIN_SHARE, labelsOf, landscapeAt, paintSite } from "../../../../shared/raster/scene/landscape.ts";
import { createTextures } from "../../../../shared/raster/scene/noise.ts";
import { createSimulation, maxPatches, type SimulatedPatch } from "../../../../shared/raster/scene/patch.ts";
import { GRANULE_PATCHES, sceneOf } from "../../../../shared/raster/scene/places.ts";
import { SIMULATED_BANDS } from "../../../../shared/raster/scene/spectra.ts";

const OPTIONS = SampleOptions.parse({ seed: 7 });
const mean = (values: Uint16Array) => values.reduce((a, b) => a + b, 0) / values.length;
const ndvi = ({ bands }: SimulatedPatch) => (mean(bands.B08) - mean(bands.B04)) / (mean(bands.B08) + mean(bands.B04));

describe("simulated patches", () => {
  const simulation = createSimulation(OPTIONS);
  const patches = Array.from({ length: 48 }, (_, i) => simulation.patch(i));

  it("are the same in any order and in another simulation of the seed", () => {
    const again = createSimulation(OPTIONS);
    for (const index of [17, 3, 40]) {
      const { bands, ...facts } = again.patch(index);
      const { bands: expected, ...expectedFacts } = patches[index]!;
      expect(facts).toEqual(expectedFacts);
      for (const band of SIMULATED_BANDS) expect(bands[band]).toEqual(expected[band]);
    }
    expect(createSimulation({ ...OPTIONS, seed: 8 }).patch(3).bands.B04).not.toEqual(patches[3]!.bands.B04);
  });

  it("have names of their own, like BigEarthNet's", () => {
    const names = Array.from({ length: 3000 }, (_, i) => simulation.place(i).name);
    expect(new Set(names).size).toBe(3000);
    for (const name of names) expect(name).toMatch(/^S2[AB]_MSIL2A_201[78]\d{4}T\d{6}_\d{1,2}_\d{1,2}$/);
  });

  it("meet a place again on another date, with the same labels and other pixels", () => {
    const revisit = OPTIONS.granules * GRANULE_PATCHES ** 2;
    const later = simulation.patch(5 + revisit);
    const first = patches[5]!;
    expect([later.column, later.row, later.granule.tile]).toEqual([first.column, first.row, first.granule.tile]);
    expect(later.scene.date).not.toBe(first.scene.date);
    expect(later.labels).toEqual(first.labels);
    expect(later.bands.B08).not.toEqual(first.bands.B08);
    expect(() => simulation.place(maxPatches(OPTIONS.granules))).toThrow();
  });

  it("have reflectances of land: every mean within a factor 1.6 of BigEarthNet's", () => {
    // SimCLR-S2's published band means of BigEarthNet, DN.
    const published = { B02: 430, B03: 614, B04: 590, B05: 951, B06: 1792, B07: 2075, B08: 2219, B8A: 2266, B11: 1594, B12: 1009 };
    for (const [band, value] of Object.entries(published)) {
      const ours = patches.reduce((sum, patch) => sum + mean(patch.bands[band as keyof typeof published]), 0) / patches.length;
      expect(ours / value, band).toBeGreaterThan(1 / 1.6);
      expect(ours / value, band).toBeLessThan(1.6);
    }
  });

  it("are green where woods and pastures are, dark where water is", () => {
    const pure = patches.filter(({ site }) => Math.max(...site.shares.values()) > 0.97);
    expect(pure.length).toBeGreaterThan(3);
    for (const patch of pure) {
      const [name] = patch.labels;
      if (name === "Broad-leaved forest" || name === "Coniferous forest") expect(ndvi(patch)).toBeGreaterThan(0.55);
      if (name === "Water bodies") expect(mean(patch.bands.B08)).toBeLessThan(600);
    }
  });

  it("store 10, 20 and 60 m bands at 120, 60 and 20 pixels, with no digital number 0", () => {
    for (const { bands } of patches) {
      expect([bands.B03.length, bands.B12.length, bands.B01.length]).toEqual([14_400, 3600, 400]);
      for (const band of SIMULATED_BANDS) expect(bands[band].includes(0)).toBe(false);
    }
  });
});

describe("labels of simulated patches", () => {
  const canvas = createCanvas();
  const surfaces = new SurfaceTable();
  const textures = createTextures(Random.of("textures"));
  const draw = (sites: number) =>
    Array.from({ length: sites }, (_, i) => {
      const scene = sceneOf(1, i % 6, 2);
      const place = { seed: 1, granule: scene.granule, column: (i * 29) % 91, row: (i * 53) % 91, irrigatedShare: 0.27 };
      return paintSite(place, { canvas, surfaces, textures, scene });
    });
  const plains = (irrigatedShare: number) => {
    const { place } = createSimulation({ ...OPTIONS, irrigatedShare });
    const landscapes = Array.from({ length: 4000 }, (_, i) => landscapeAt({ ...place(i), seed: OPTIONS.seed, irrigatedShare }));
    return landscapes.filter((landscape) => landscape === "irrigated plain").length / landscapes.length;
  };

  it("are the classes over the least share, in CORINE's order, and shares add up to 1", () => {
    for (const site of draw(40)) {
      const labels = labelsOf(site);
      const order = labels.map((label) => CORINE_CLASSES.indexOf(label));
      expect(order).toEqual([...order].sort((a, b) => a - b));
      for (const label of labels) expect(site.shares.get(label)).toBeGreaterThanOrEqual(LABEL_MIN_SHARE);
      expect([...site.shares.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    }
  });

  it("have the share of irrigated plains that the options ask for", () => {
    expect(plains(0)).toBe(0);
    expect(plains(0.27)).toBeGreaterThan(0.19);
    expect(plains(0.27)).toBeLessThan(0.29);
    expect(plains(0.6)).toBeGreaterThan(0.42);
  });

  it("call every irrigated plain irrigated, and hardly any other landscape", () => {
    const sites = draw(60);
    const irrigated = (site: (typeof sites)[number]) => isPositive(labelsOf(site), LABEL_SETS.regular);
    const isPlain = (site: (typeof sites)[number]) => site.landscape === "irrigated plain";
    expect(sites.filter(isPlain).every(irrigated)).toBe(true);
    expect(sites.filter((site) => !isPlain(site) && irrigated(site)).length).toBeLessThan(10);
  });
});
