// Reflectance of canopies, soils, water and roofs in Sentinel-2's bands, from a few physical quantities.
// Values are in the range that ESA's and USGS's spectral libraries give for such surfaces; they are a plausible model, not measurements.
import type { BandName } from "../../domain/bands.ts";

/** The bands of a level-2A product (no B10), in the order of wavelength in which this simulation stores spectra. */
export const SIMULATED_BANDS = [
  "B01",
  "B02",
  "B03",
  "B04",
  "B05",
  "B06",
  "B07",
  "B08",
  "B8A",
  "B09",
  "B11",
  "B12",
] as const satisfies readonly BandName[];
export type SimulatedBand = (typeof SIMULATED_BANDS)[number];
export const BAND_COUNT = SIMULATED_BANDS.length;

/** Reflectance (0 to 1) in each of SIMULATED_BANDS. */
export type Spectrum = Float32Array;

/** A canopy's optical state. 1 is a well-watered green crop. */
export interface Canopy {
  /** Chlorophyll: absorbs in the visible and at the red edge. */
  readonly chlorophyll: number;
  /** Leaf water: absorbs in the short-wave infrared. */
  readonly water: number;
  /** Brown pigments of dry leaves and straw. */
  readonly brown: number;
  /** Share of light not lost to shadows within the canopy: 1 for a crop, about 0.45 for conifers. */
  readonly lit: number;
}

export type SoilKind = "chernozem" | "loam" | "calcareous" | "red" | "sand";

//                                    B01   B02   B03   B04   B05   B06   B07   B08   B8A   B09   B11   B12
const SCATTERING = Float32Array.of(0.46, 0.47, 0.5, 0.52, 0.52, 0.52, 0.52, 0.52, 0.52, 0.51, 0.48, 0.41);
const CHLOROPHYLL = Float32Array.of(3.2, 3.05, 2.12, 3.0, 1.72, 0.4, 0.14, 0.09, 0.06, 0.04, 0, 0);
const WATER = Float32Array.of(0, 0, 0, 0, 0, 0.01, 0.01, 0.02, 0.03, 0.1, 0.92, 1.5);
const BROWN = Float32Array.of(1.75, 1.55, 1.15, 0.8, 0.66, 0.56, 0.5, 0.44, 0.4, 0.38, 0.22, 0.25);
const WETNESS = Float32Array.of(0.55, 0.55, 0.6, 0.62, 0.62, 0.63, 0.64, 0.65, 0.67, 0.72, 0.9, 1.2);

const SOILS: Readonly<Record<SoilKind, Spectrum>> = {
  chernozem: Float32Array.of(0.048, 0.055, 0.075, 0.097, 0.11, 0.122, 0.135, 0.148, 0.158, 0.165, 0.225, 0.19),
  loam: Float32Array.of(0.062, 0.075, 0.11, 0.15, 0.17, 0.188, 0.203, 0.22, 0.232, 0.24, 0.31, 0.26),
  calcareous: Float32Array.of(0.095, 0.12, 0.165, 0.21, 0.23, 0.247, 0.262, 0.28, 0.292, 0.3, 0.375, 0.32),
  red: Float32Array.of(0.045, 0.055, 0.09, 0.165, 0.195, 0.215, 0.232, 0.245, 0.26, 0.265, 0.34, 0.275),
  sand: Float32Array.of(0.11, 0.14, 0.195, 0.245, 0.265, 0.28, 0.292, 0.305, 0.315, 0.32, 0.4, 0.36),
};

/** Surfaces whose reflectance does not follow the season. */
export const MATERIALS = {
  clearWater: Float32Array.of(0.03, 0.029, 0.026, 0.016, 0.013, 0.01, 0.009, 0.008, 0.007, 0.007, 0.004, 0.003),
  turbidWater: Float32Array.of(0.05, 0.062, 0.088, 0.07, 0.06, 0.034, 0.031, 0.026, 0.02, 0.018, 0.009, 0.007),
  floodedField: Float32Array.of(0.05, 0.056, 0.074, 0.068, 0.064, 0.052, 0.052, 0.05, 0.046, 0.042, 0.024, 0.016),
  asphalt: Float32Array.of(0.075, 0.082, 0.093, 0.104, 0.112, 0.118, 0.124, 0.13, 0.135, 0.137, 0.155, 0.142),
  concrete: Float32Array.of(0.135, 0.155, 0.18, 0.197, 0.207, 0.214, 0.222, 0.23, 0.236, 0.24, 0.262, 0.24),
  tiles: Float32Array.of(0.068, 0.078, 0.105, 0.17, 0.19, 0.205, 0.217, 0.228, 0.238, 0.24, 0.28, 0.24),
  metalRoof: Float32Array.of(0.25, 0.28, 0.3, 0.315, 0.32, 0.325, 0.33, 0.335, 0.34, 0.34, 0.335, 0.3),
  rock: Float32Array.of(0.095, 0.112, 0.142, 0.172, 0.186, 0.197, 0.207, 0.217, 0.225, 0.23, 0.272, 0.245),
  gravel: Float32Array.of(0.13, 0.155, 0.19, 0.225, 0.24, 0.25, 0.26, 0.27, 0.278, 0.28, 0.32, 0.285),
} as const satisfies Readonly<Record<string, Spectrum>>;
export type Material = keyof typeof MATERIALS;

/**
 * Reflectance of a closed canopy: scattering dimmed by each pigment's absorption (Beer-Lambert), as leaf models such as PROSPECT have it.
 * @param out receives BAND_COUNT reflectances from `offset` on
 */
export function canopySpectrum(canopy: Canopy, out: Float32Array, offset = 0): void {
  const { chlorophyll, water, brown, lit } = canopy;
  for (let b = 0; b < BAND_COUNT; b++) {
    out[offset + b] = lit * SCATTERING[b]! * Math.exp(-chlorophyll * CHLOROPHYLL[b]! - water * WATER[b]! - brown * BROWN[b]!);
  }
}

/**
 * Reflectance of bare soil: darker when wet, in the short-wave infrared above all.
 * @param wetness 0 (dry) to 1 (saturated)
 * @param brightness gain over the kind's dry reflectance, about 0.7 to 1.3
 */
export function soilSpectrum(kind: SoilKind, wetness: number, brightness: number, out: Float32Array, offset = 0): void {
  const dry = SOILS[kind];
  for (let b = 0; b < BAND_COUNT; b++) out[offset + b] = brightness * dry[b]! * Math.exp(-wetness * WETNESS[b]!);
}
