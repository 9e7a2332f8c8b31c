import { describe, expect, it } from "vitest";
import {
  BAND_COUNT,
  canopySpectrum,
  MATERIALS,
  SIMULATED_BANDS,
  type SimulatedBand,
  soilSpectrum,
} from "../../../../shared/raster/scene/spectra.ts";

const at = (spectrum: ArrayLike<number>, band: SimulatedBand) => spectrum[SIMULATED_BANDS.indexOf(band)]!;
const ndvi = (s: ArrayLike<number>) => (at(s, "B08") - at(s, "B04")) / (at(s, "B08") + at(s, "B04"));
const canopy = (chlorophyll: number, water: number, brown: number, lit = 1) => {
  const out = new Float32Array(BAND_COUNT);
  canopySpectrum({ chlorophyll, water, brown, lit }, out);
  return out;
};
const soil = (wetness: number) => {
  const out = new Float32Array(BAND_COUNT);
  soilSpectrum("loam", wetness, 1, out);
  return out;
};

describe("spectra of surfaces", () => {
  const green = canopy(1, 1, 0.03);
  const straw = canopy(0.03, 0.12, 0.75);

  it("have the NDVI order green crop > straw > soil > water", () => {
    expect(ndvi(green)).toBeGreaterThan(0.8);
    expect(ndvi(straw)).toBeLessThan(0.4);
    expect(ndvi(straw)).toBeGreaterThan(ndvi(soil(0)) - 0.05);
    expect(ndvi(soil(0))).toBeGreaterThan(0.05);
    expect(ndvi(MATERIALS.clearWater)).toBeLessThan(0);
  });

  it("rise along the red edge in a green canopy, and fall in the short-wave infrared by leaf water", () => {
    const edge = (["B04", "B05", "B06", "B07", "B08"] as const).map((band) => at(green, band));
    expect(edge).toEqual([...edge].sort((a, b) => a - b));
    expect(at(green, "B03")).toBeGreaterThan(at(green, "B04"));
    expect(at(green, "B11")).toBeLessThan(at(canopy(1, 0.4, 0.03), "B11"));
    expect(at(green, "B12")).toBeLessThan(at(green, "B11"));
  });

  it("darken with wetness, in the short-wave infrared above all", () => {
    const ratio = (band: SimulatedBand) => at(soil(0.8), band) / at(soil(0), band);
    expect(ratio("B02")).toBeLessThan(1);
    expect(ratio("B12")).toBeLessThan(ratio("B11"));
    expect(ratio("B11")).toBeLessThan(ratio("B04"));
  });

  it("stay within 0 and 0.6", () => {
    for (const spectrum of [green, straw, soil(0), soil(1), ...Object.values(MATERIALS)]) {
      for (const value of spectrum) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(0.6);
      }
    }
  });
});
