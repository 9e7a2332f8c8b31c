// Sentinel-2's view of a canvas: light on slopes, point spread, sampling to 10, 20 and 60 m, haze, noise, digital numbers.
import { BANDS } from "../../domain/bands.ts";
import type { Random } from "../../domain/random.ts";
import { CANVAS_GSD_METRES, CANVAS_MARGIN, CANVAS_SIZE, type Canvas, type SurfaceTable } from "./canvas.ts";
import { PATCH_METRES } from "./places.ts";
import { BAND_COUNT, SIMULATED_BANDS, type SimulatedBand } from "./spectra.ts";

/** Pixels on a patch's side by ground sampling distance in metres. */
export const PATCH_PIXELS = { 10: PATCH_METRES / 10, 20: PATCH_METRES / 20, 60: PATCH_METRES / 60 } as const;

/** Digital numbers of one patch: [side x side] of each band at its native resolution, row by row from the north-west. */
export type PatchBands = Readonly<Record<SimulatedBand, Uint16Array>>;

/** DN per unit of reflectance (ESA level-2A before processing baseline 04.00: no offset). */
export const QUANTIFICATION = 10_000;

/** Reference radiance (W m-2 sr-1 um-1), signal-to-noise ratio there, solar irradiance (W m-2 um-1). ESA, Sentinel-2 User Handbook, table 2, and S2A response functions. */
const RADIOMETRY: Readonly<Record<SimulatedBand, readonly [referenceRadiance: number, snr: number, irradiance: number]>> = {
  B01: [129, 129, 1885],
  B02: [128, 154, 1960],
  B03: [128, 168, 1824],
  B04: [108, 142, 1512],
  B05: [74.5, 117, 1425],
  B06: [68, 89, 1287],
  B07: [67, 105, 1162],
  B08: [103, 174, 1036],
  B8A: [52.5, 72, 955],
  B09: [9, 114, 813],
  B11: [4, 100, 247],
  B12: [1.5, 100, 85],
};

/** Modulation transfer at the Nyquist frequency. ESA asks for 0.15 to 0.30 at 10 and 20 m, and for at most 0.45 at 60 m. */
const NYQUIST_MTF = { 10: 0.25, 20: 0.28, 60: 0.3 } as const;

/** The grid that a band is sampled from: the canvas, or the means of 2 x 2 of its pixels, which do as well for the coarser bands. */
const GRID_METRES = { 10: CANVAS_GSD_METRES, 20: 2 * CANVAS_GSD_METRES, 60: 2 * CANVAS_GSD_METRES } as const;

/** How one sample is made of a grid's pixels, along rows and again along columns. */
export interface PointSpread {
  readonly gridMetres: number;
  /** The first pixel, relative to the sample's own first. */
  readonly first: number;
  /** An even number of symmetric weights, of sum 1. */
  readonly weights: Float64Array;
}

/** The weights of a sample: the detector's square (mean over the sample) under a Gaussian of optics and motion. */
export function pointSpread(gsdMetres: 10 | 20 | 60): PointSpread {
  const gridMetres = GRID_METRES[gsdMetres];
  const factor = gsdMetres / gridMetres;
  // The square alone transfers 2/pi at Nyquist; a Gaussian of this sigma gives the rest.
  const sigmaPx = (2 * factor * Math.sqrt(-0.5 * Math.log((NYQUIST_MTF[gsdMetres] * Math.PI) / 2))) / Math.PI;
  const reach = Math.min((CANVAS_MARGIN * CANVAS_GSD_METRES) / gridMetres, Math.ceil(3 * sigmaPx));
  const weights = new Float64Array(factor + 2 * reach);
  for (let inside = 0; inside < factor; inside++) {
    for (let k = -reach; k <= reach; k++) {
      const at = inside + k + reach;
      weights[at] = weights[at]! + Math.exp(-0.5 * (k / sigmaPx) ** 2);
    }
  }
  const sum = weights.reduce((a, b) => a + b, 0);
  return { gridMetres, first: -reach, weights: weights.map((weight) => weight / sum) };
}

/** What the atmosphere, the sun and the correction do to one patch. */
export interface Viewing {
  readonly gain: number;
  readonly bandGains: readonly number[];
  /** Reflectance that haze adds at 490 nm. */
  readonly haze: number;
  readonly hazeExponent: number;
  readonly sunElevationRadians: number;
  /** Factor on the noise; 1 is the sensor's specification. */
  readonly noiseScale: number;
}

/** Turns canvases into bands. Holds scratch memory: one at a time. */
export class Sensor {
  private readonly ground = new Float32Array(CANVAS_SIZE * CANVAS_SIZE);
  private readonly columns = new Float32Array(CANVAS_SIZE * PATCH_PIXELS[10]);
  private readonly image = new Float32Array(PATCH_PIXELS[10] * PATCH_PIXELS[10]);
  private readonly spreads = { 10: pointSpread(10), 20: pointSpread(20), 60: pointSpread(60) };

  view(canvas: Canvas, surfaces: SurfaceTable, viewing: Viewing, random: Random): PatchBands {
    const out: Partial<Record<SimulatedBand, Uint16Array>> = {};
    for (let b = 0; b < BAND_COUNT; b++) {
      const name = SIMULATED_BANDS[b]!;
      const gsd = BANDS[name].gsdMetres;
      this.reflect(canvas, surfaces, b);
      if (this.spreads[gsd].gridMetres !== CANVAS_GSD_METRES) this.halve();
      this.sample(gsd);
      out[name] = this.digitise(b, viewing, random);
    }
    return out as PatchBands;
  }

  /** Reflectance of every canvas pixel in one band. */
  private reflect({ surface, cover, gain }: Canvas, { canopies, grounds, count }: SurfaceTable, band: number): void {
    // One band of the table, close together in memory: the bare ground, and what a full cover adds.
    const bare = new Float32Array(count);
    const added = new Float32Array(count);
    for (let s = 0; s < count; s++) {
      bare[s] = grounds[s * BAND_COUNT + band]!;
      added[s] = canopies[s * BAND_COUNT + band]! - bare[s]!;
    }
    const out = this.ground;
    for (let i = 0; i < out.length; i++) {
      const s = surface[i]!;
      out[i] = gain[i]! * (bare[s]! + cover[i]! * added[s]!);
    }
  }

  /** Means of 2 x 2 pixels, into the first quarter of `ground`. */
  private halve(): void {
    const { ground } = this;
    const size = CANVAS_SIZE;
    for (let y = 0, out = 0; y < size; y += 2) {
      for (let x = 0; x < size; x += 2, out++) {
        const i = y * size + x;
        ground[out] = 0.25 * (ground[i]! + ground[i + 1]! + ground[i + size]! + ground[i + size + 1]!);
      }
    }
  }

  /** Samples `ground` into `image`: along rows, then along columns. */
  private sample(gsd: 10 | 20 | 60): void {
    const { ground, columns, image } = this;
    const { first, weights, gridMetres } = this.spreads[gsd];
    const side = PATCH_PIXELS[gsd];
    const factor = gsd / gridMetres;
    const size = (CANVAS_SIZE * CANVAS_GSD_METRES) / gridMetres;
    const taps = weights.length;
    const half = taps / 2;
    const start = (CANVAS_MARGIN * CANVAS_GSD_METRES) / gridMetres + first;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < side; x++) {
        const from = y * size + start + x * factor;
        const to = from + taps - 1;
        let sum = 0;
        for (let k = 0; k < half; k++) sum += weights[k]! * (ground[from + k]! + ground[to - k]!);
        columns[y * side + x] = sum;
      }
    }
    for (let y = 0; y < side; y++) {
      const from = (start + y * factor) * side;
      const to = from + (taps - 1) * side;
      for (let x = 0; x < side; x++) {
        let sum = 0;
        for (let k = 0; k < half; k++) sum += weights[k]! * (columns[from + k * side + x]! + columns[to - k * side + x]!);
        image[y * side + x] = sum;
      }
    }
  }

  private digitise(band: number, viewing: Viewing, random: Random): Uint16Array {
    const name = SIMULATED_BANDS[band]!;
    const { wavelengthNm, gsdMetres } = BANDS[name];
    const [radiance, snr, irradiance] = RADIOMETRY[name];
    // Reflectance that the reference radiance means under this sun, and its noise: half read-out, half photons.
    const reference = (Math.PI * radiance) / (irradiance * Math.sin(viewing.sunElevationRadians));
    const deviation = (viewing.noiseScale * reference) / snr;
    const haze = viewing.haze * (490 / wavelengthNm) ** viewing.hazeExponent;
    const gain = viewing.gain * viewing.bandGains[band]! * (1 - 1.5 * haze);
    const side = PATCH_PIXELS[gsdMetres];
    const out = new Uint16Array(side * side);
    for (let i = 0; i < out.length; i++) {
      const reflectance = this.image[i]! * gain + haze;
      const noise = deviation * Math.sqrt(0.5 + (0.5 * reflectance) / reference) * quickNormal(random.nextInt32());
      const dn = Math.round((reflectance + noise) * QUANTIFICATION);
      out[i] = Math.max(dn, 1);
    }
    return out;
  }
}

/** A nearly normal number out of 32 random bits: the sum of four uniform bytes, standardised. */
function quickNormal(bits: number): number {
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) * 0.006766; // 1 / sqrt(4 (256^2 - 1) / 12)
}

/** Light on slopes: multiplies the canvas's gain by the cosine of incidence over that on level ground. */
export function shadeSlopes(
  canvas: Canvas,
  heights: Float32Array,
  options: { textureSize: number; offset: number; relief: number; sunElevationRadians: number; sunAzimuthRadians: number },
): void {
  const size = CANVAS_SIZE;
  const { textureSize, offset, relief } = options;
  if (relief <= 0) return;
  const mask = textureSize * textureSize - 1;
  // Heights have wavelengths of some 500 m; this scale gives slopes of about 10 degrees at relief 1.
  const metres = 42 * relief;
  const toSun = 1 / Math.tan(options.sunElevationRadians) / (2 * CANVAS_GSD_METRES);
  const east = Math.sin(options.sunAzimuthRadians) * toSun * metres;
  const south = -Math.cos(options.sunAzimuthRadians) * toSun * metres;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const at = y * textureSize + x + offset;
      const toEast = heights[(at + 1) & mask]! - heights[(at - 1) & mask]!;
      const toSouth = heights[(at + textureSize) & mask]! - heights[(at - textureSize) & mask]!;
      // A slope that rises towards the sun's side faces away from it.
      const shade = 1 - toEast * east - toSouth * south;
      canvas.gain[i] = canvas.gain[i]! * (shade < 0.4 ? 0.4 : Math.min(shade, 1.6));
    }
  }
}
