import { describe, expect, it } from "vitest";
import { Random } from "../../../../shared/domain/random.ts";
import { CANVAS_GSD_METRES, CANVAS_SIZE, createCanvas, SurfaceTable } from "../../../../shared/raster/scene/canvas.ts";
import { PATCH_PIXELS, pointSpread, Sensor, shadeSlopes, type Viewing } from "../../../../shared/raster/scene/sensor.ts";
import { BAND_COUNT, SIMULATED_BANDS } from "../../../../shared/raster/scene/spectra.ts";

const PERFECT: Viewing = {
  gain: 1,
  bandGains: Array.from({ length: BAND_COUNT }, () => 1),
  haze: 0,
  hazeExponent: 2,
  sunElevationRadians: 0.9,
  noiseScale: 0,
};

/** A canvas of two surfaces, of reflectances 0.1 and 0.3, divided by `isBright`. */
function twoTone(isBright: (x: number, y: number) => boolean) {
  const canvas = createCanvas();
  const surfaces = new SurfaceTable();
  for (const reflectance of [0.1, 0.3]) {
    const row = surfaces.add();
    surfaces.grounds.fill(reflectance, row * BAND_COUNT, (row + 1) * BAND_COUNT);
  }
  canvas.gain.fill(1);
  for (let i = 0; i < canvas.surface.length; i++) canvas.surface[i] = isBright(i % CANVAS_SIZE, Math.floor(i / CANVAS_SIZE)) ? 1 : 0;
  return { canvas, surfaces };
}

describe("the sensor", () => {
  it.each([10, 20, 60] as const)("at %i m has symmetric weights of sum 1 that transfer 0.15 to 0.35 at Nyquist", (gsd) => {
    const { weights, gridMetres } = pointSpread(gsd);
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect([...weights].reverse().every((weight, i) => Math.abs(weight - weights[i]!) < 1e-12)).toBe(true);
    const nyquist = Math.PI / (gsd / gridMetres);
    // The grid's own pixels are squares too; where they are means of the canvas's, they take their part.
    const pixel = gridMetres === CANVAS_GSD_METRES ? 1 : Math.cos(nyquist / 4);
    const transfer = pixel * weights.reduce((sum, weight, i) => sum + weight * Math.cos(nyquist * (i - (weights.length - 1) / 2)), 0);
    expect(transfer).toBeGreaterThan(0.15);
    expect(transfer).toBeLessThan(0.35);
  });

  it("sees flat ground as its reflectance x 10,000 at every resolution", () => {
    const { canvas, surfaces } = twoTone(() => true);
    const bands = new Sensor().view(canvas, surfaces, PERFECT, Random.of(1));
    for (const name of SIMULATED_BANDS) expect(new Set(bands[name])).toEqual(new Set([3000]));
    expect(bands.B02.length).toBe(PATCH_PIXELS[10] ** 2);
    expect(bands.B8A.length).toBe(60 * 60);
    expect(bands.B09.length).toBe(20 * 20);
  });

  it("mixes along an edge, symmetrically, and keeps the mean", () => {
    const { canvas, surfaces } = twoTone((x) => x >= CANVAS_SIZE / 2);
    const { B08, B11 } = new Sensor().view(canvas, surfaces, PERFECT, Random.of(1));
    expect([B08[0], B08[119]]).toEqual([1000, 3000]);
    expect(Math.abs(B08[59]! + B08[60]! - 4000)).toBeLessThanOrEqual(1);
    expect(B08[59]).toBeGreaterThan(1050);
    const mean = (values: Uint16Array) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(B08)).toBeCloseTo(2000, -1);
    expect(mean(B11)).toBeCloseTo(2000, -1);
  });

  it("adds noise of about the specified signal-to-noise ratio", () => {
    const { canvas, surfaces } = twoTone(() => true);
    const { B04 } = new Sensor().view(canvas, surfaces, { ...PERFECT, noiseScale: 1 }, Random.of(1));
    const mean = B04.reduce((a, b) => a + b, 0) / B04.length;
    const deviation = Math.sqrt(B04.reduce((sum, dn) => sum + (dn - mean) ** 2, 0) / B04.length);
    expect(mean).toBeCloseTo(3000, -1);
    expect(mean / deviation).toBeGreaterThan(110);
    expect(mean / deviation).toBeLessThan(175);
  });

  it("sees haze in the blue most, and no digital number below 1", () => {
    const { canvas, surfaces } = twoTone(() => false);
    canvas.gain.fill(0);
    const hazy = new Sensor().view(canvas, surfaces, { ...PERFECT, haze: 0.02 }, Random.of(1));
    expect(hazy.B02[0]).toBeGreaterThan(150);
    expect(hazy.B02[0]).toBeGreaterThan(hazy.B04[0]!);
    expect(hazy.B04[0]).toBeGreaterThan(hazy.B12[0]!);
    const dark = new Sensor().view(canvas, surfaces, { ...PERFECT, noiseScale: 5 }, Random.of(1));
    for (const name of SIMULATED_BANDS) expect(Math.min(...dark[name])).toBe(1);
  });

  it("brightens slopes that face the sun", () => {
    const canvas = createCanvas();
    canvas.gain.fill(1);
    const size = 512;
    // Ground that rises to the west faces east.
    const heights = Float32Array.from({ length: size * size }, (_, i) => -(i % size) / 100);
    const sun = { sunElevationRadians: 0.8, sunAzimuthRadians: Math.PI / 2 };
    shadeSlopes(canvas, heights, { textureSize: size, offset: 10, relief: 0.5, ...sun });
    expect(canvas.gain[1000]).toBeGreaterThan(1.02);
    canvas.gain.fill(1);
    shadeSlopes(canvas, heights, { textureSize: size, offset: 10, relief: 0.5, ...sun, sunAzimuthRadians: 1.5 * Math.PI });
    expect(canvas.gain[1000]).toBeLessThan(0.98);
  });
});
