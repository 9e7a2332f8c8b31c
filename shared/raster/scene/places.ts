// Where and when the simulation takes place: granules in several UTM zones, their climate, and the overpasses of a year.
import { Random } from "../../domain/random.ts";
import type { SoilKind } from "./spectra.ts";

/** The landscapes that sites are drawn from. */
export const LANDSCAPES = [
  "irrigated plain",
  "cereal plain",
  "rice plain",
  "vineyards",
  "orchards",
  "olive groves",
  "bocage",
  "forest",
  "mosaic",
  "wetland",
  "town",
] as const;
export type Landscape = (typeof LANDSCAPES)[number];

/** One MGRS granule with the character of its country. */
export interface Granule {
  /** MGRS tile, without the leading T. */
  readonly tile: string;
  readonly place: string;
  /** UTM zone of the northern hemisphere. */
  readonly utmZone: number;
  /** North-west corner, metres in that zone. */
  readonly eastMetres: number;
  readonly northMetres: number;
  readonly latitudeDegrees: number;
  /** 0 (rain all year) to 1 (no rain from May to September). */
  readonly aridity: number;
  readonly soils: Readonly<Partial<Record<SoilKind, number>>>;
  /** Factor on the sizes of fields. */
  readonly parcelScale: number;
  readonly coniferShare: number;
  readonly winterCropShiftDays: number;
  readonly summerCropShiftDays: number;
  /** Factors on the frequency of landscapes; 1 where absent. */
  readonly frequencies: Readonly<Partial<Record<Landscape, number>>>;
  /** Relative orbit of the overpasses. */
  readonly orbit: number;
  /** UTC time of the overpasses, HHMMSS. */
  readonly time: string;
}

/** Side of a patch, and of a granule in whole patches (109.8 km hold 91). */
export const PATCH_METRES = 1200;
export const GRANULE_PATCHES = 91;

/** The granules of BigEarthNet's countries that the simulation imitates. */
export const GRANULES: readonly Granule[] = [
  {
    tile: "29SND",
    place: "Ribatejo, Portugal",
    utmZone: 29,
    eastMetres: 499980,
    northMetres: 4400040,
    latitudeDegrees: 39.3,
    aridity: 0.75,
    soils: { loam: 3, sand: 1, red: 1 },
    parcelScale: 1,
    coniferShare: 0.35,
    winterCropShiftDays: 14,
    summerCropShiftDays: 6,
    frequencies: { "rice plain": 1.5, "olive groves": 1.2 },
    orbit: 37,
    time: "112117",
  },
  {
    tile: "33UXP",
    place: "Marchfeld, Austria",
    utmZone: 33,
    eastMetres: 600000,
    northMetres: 5400000,
    latitudeDegrees: 48.3,
    aridity: 0.25,
    soils: { loam: 2, chernozem: 2, calcareous: 1 },
    parcelScale: 0.88,
    coniferShare: 0.4,
    winterCropShiftDays: -4,
    summerCropShiftDays: -3,
    frequencies: { "rice plain": 0.15, "olive groves": 0.1, vineyards: 2, orchards: 1.6 },
    orbit: 122,
    time: "100031",
  },
  {
    tile: "34TDR",
    place: "Vojvodina, Serbia",
    utmZone: 34,
    eastMetres: 399960,
    northMetres: 5100000,
    latitudeDegrees: 45.5,
    aridity: 0.45,
    soils: { chernozem: 4, loam: 2 },
    parcelScale: 1.2,
    coniferShare: 0.05,
    winterCropShiftDays: 2,
    summerCropShiftDays: 0,
    frequencies: { "rice plain": 0.3, "olive groves": 0.15, vineyards: 1.2, orchards: 2.2, forest: 0.7 },
    orbit: 36,
    time: "094032",
  },
  {
    tile: "29SPB",
    place: "Alentejo, Portugal",
    utmZone: 29,
    eastMetres: 600000,
    northMetres: 4200000,
    latitudeDegrees: 37.5,
    aridity: 0.95,
    soils: { red: 3, loam: 2, calcareous: 1 },
    parcelScale: 1.25,
    coniferShare: 0.1,
    winterCropShiftDays: 18,
    summerCropShiftDays: 9,
    frequencies: { "olive groves": 2.4, orchards: 0.6, bocage: 0.7, forest: 0.8 },
    orbit: 137,
    time: "111623",
  },
  {
    tile: "34TDN",
    place: "Metohija, Kosovo",
    utmZone: 34,
    eastMetres: 399960,
    northMetres: 4800000,
    latitudeDegrees: 42.8,
    aridity: 0.5,
    soils: { loam: 3, red: 1, calcareous: 1 },
    parcelScale: 0.85,
    coniferShare: 0.25,
    winterCropShiftDays: 3,
    summerCropShiftDays: 1,
    frequencies: { "rice plain": 0.4, "olive groves": 0.2, orchards: 1.9, vineyards: 1.6, mosaic: 1.3 },
    orbit: 79,
    time: "093039",
  },
  {
    tile: "29TNE",
    place: "Beira Litoral, Portugal",
    utmZone: 29,
    eastMetres: 499980,
    northMetres: 4500000,
    latitudeDegrees: 40.2,
    aridity: 0.6,
    soils: { loam: 3, sand: 1, calcareous: 1 },
    parcelScale: 0.92,
    coniferShare: 0.6,
    winterCropShiftDays: 9,
    summerCropShiftDays: 4,
    frequencies: { "rice plain": 1.6, "olive groves": 1.1, vineyards: 1.2, forest: 1.3 },
    orbit: 80,
    time: "113321",
  },
];

/** The overpasses of BigEarthNet's year in the growing season: year, month, day. Each granule's are some days off. */
const OVERPASSES = [
  [2017, 6, 14],
  [2017, 7, 15],
  [2017, 8, 18],
  [2017, 9, 14],
  [2018, 4, 20],
  [2018, 5, 22],
] as const;
export const SCENES_PER_GRANULE = OVERPASSES.length;

/** One overpass over one granule: what is the same for all of its patches. */
export interface Scene {
  readonly granule: Granule;
  readonly satellite: "S2A" | "S2B";
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly dayOfYear: number;
  readonly sunElevationRadians: number;
  /** Clockwise from north. */
  readonly sunAzimuthRadians: number;
  /** Factor left by the correction of illumination and by the sensor's calibration. */
  readonly gain: number;
  /** The same, band by band, about 1. */
  readonly bandGainSpread: number;
  /** Reflectance that haze adds at 490 nm, what the atmospheric correction left. */
  readonly haze: number;
  /** Falls with wavelength to this power. */
  readonly hazeExponent: number;
  /** Days by which this year's vegetation is ahead. */
  readonly phenologyShiftDays: number;
  /** Wetness by recent rain, 0 to 1. */
  readonly rainWetness: number;
}

/** Makes the scene of a granule on its n-th overpass. */
export function sceneOf(seed: number, granuleIndex: number, overpass: number): Scene {
  const granule = GRANULES[granuleIndex]!;
  const random = Random.of(seed, "scene", granuleIndex, overpass);
  const [year, month, day] = OVERPASSES[overpass]!;
  const time = Date.UTC(year, month - 1, day + Math.round(random.uniform(-5, 5)));
  const date = new Date(time).toISOString().slice(0, 10);
  const dayOfYear = Math.round((time - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  const declination = -0.409 * Math.cos((2 * Math.PI * (dayOfYear + 10)) / 365);
  const latitude = (granule.latitudeDegrees * Math.PI) / 180;
  const hourAngle = -0.33; // about 10:45 local solar time
  const sinElevation = Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle);
  const rain = 0.42 - 0.34 * granule.aridity * Math.max(0, 1 - Math.abs(dayOfYear - 212) / 75);
  return {
    granule,
    satellite: random.chance(0.5) ? "S2A" : "S2B",
    date,
    dayOfYear,
    sunElevationRadians: Math.asin(sinElevation),
    sunAzimuthRadians:
      Math.PI + Math.atan2(Math.sin(hourAngle), Math.cos(hourAngle) * Math.sin(latitude) - Math.tan(declination) * Math.cos(latitude)),
    gain: Math.exp(0.07 * random.normal()),
    bandGainSpread: 0.015,
    haze: 0.003 + 0.018 * random.next() ** 2,
    hazeExponent: random.uniform(1.2, 2.6),
    phenologyShiftDays: 6 * random.normal(),
    rainWetness: Math.min(0.8, Math.max(0.02, rain + 0.1 * random.normal())),
  };
}
