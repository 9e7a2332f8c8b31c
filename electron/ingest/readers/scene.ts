// What metadata beside the images tell of a scene: how its DN become reflectance, where it lies, what clouds it.
import { relative } from "node:path";
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import type { MajorTomScene } from "./major-tom.ts";
import type { SafeGranule, SafeMasks } from "./safe-product.ts";
import type { EarthEngineMetadata } from "./ssl4eo.ts";
import type { StacItem } from "./stac.ts";

/** How a scene's DN become reflectance: `(DN + offset of the band) / quantification`. */
export interface SceneRadiometry {
  /** Of the bands that have one; the others have none. */
  readonly offsets: Readonly<Partial<Record<BandName, number>>>;
  readonly quantification: number;
  /** What tells it, for the user. */
  readonly source: string;
  /** Metadata name it; else it follows from a processing baseline, or is assumed. */
  readonly isTold: boolean;
}

/** Where an image lies that does not say so itself. */
export interface ScenePlace {
  readonly crs: string | null;
  /** Left, upper, right and lower edge in the reference system. */
  readonly bounds: readonly [number, number, number, number];
  /** Sides of the whole on the 10 m grid, px, where this holds for images of that size only. */
  readonly pixels: readonly [number, number] | null;
}

/** The mask that tells clouds, and its kind; `sample`: which of the file's, the first one when left out. */
export type SceneMask =
  /** Level-2A's scene classification, see SCENE_CLASSES. */
  | { readonly kind: "scene-classes"; readonly file: string; readonly sample?: number }
  /** MSK_CLASSI: a band each for opaque clouds, cirrus and snow. */
  | { readonly kind: "classification"; readonly file: string }
  /** Cloud probability, percent. */
  | { readonly kind: "probability"; readonly file: string; readonly sample?: number }
  /** MSK_CLOUDS' outlines. */
  | { readonly kind: "outlines"; readonly file: string }
  /** Major TOM's cloud_mask.tif. */
  | { readonly kind: "cloud-classes"; readonly file: string };

export interface Scene {
  readonly product: string | null;
  /** Processing baseline, `04.00`. */
  readonly baseline: string | null;
  /** Of the whole product. */
  readonly cloudPercent: number | null;
  readonly radiometry: SceneRadiometry | null;
  readonly place: ScenePlace | null;
  readonly mask: SceneMask | null;
  /** What is assumed, or lacking. */
  readonly warnings: readonly string[];
}

export const NO_SCENE: Scene = {
  product: null,
  baseline: null,
  cloudPercent: null,
  radiometry: null,
  place: null,
  mask: null,
  warnings: [],
};

type Scale = Pick<SceneRadiometry, "offsets" | "quantification">;

/** The offset of a band. */
export function offsetOf({ offsets }: Pick<SceneRadiometry, "offsets">, band: BandName): number {
  return offsets[band] ?? 0;
}

/** Whether two radiometries give the same reflectance. */
export function isSameRadiometry(a: Scale, b: Scale): boolean {
  return a.quantification === b.quantification && BAND_NAMES.every((band) => offsetOf(a, band) === offsetOf(b, band));
}

/** The scene of a granule. */
export function sceneOf(granule: SafeGranule): Scene {
  const { productName, baseline, cloudPercent, offsets, quantification, radiometrySource, isRadiometryTold: isTold } = granule;
  return {
    product: productName,
    baseline,
    cloudPercent,
    radiometry: { offsets, quantification, source: radiometrySource, isTold },
    place: placeOf(granule),
    mask: maskOf(granule.masks),
    warnings: granule.problems.map(({ reason }) => `${productName} ${reason}`),
  };
}

/** What a STAC item tells of a scene with these bands; its mask is found by its name. */
export function sceneOfStac({ id, product, baseline, cloudPercent, radiometry }: StacItem, bands: readonly BandName[]): Scene {
  const told = { ...NO_SCENE, product: product ?? (id || null), baseline, cloudPercent };
  if (!radiometry) return { ...told, warnings: [assumed(`The STAC item of ${id}`, baseline)] };
  const { quantification, source, isTold } = radiometry;
  const scaleOf = (band: BandName) => radiometry.bands[band] ?? radiometry;
  const others = bands.filter((band) => scaleOf(band).quantification !== quantification);
  const warning = `${id}: its STAC item gives ${others.join(", ")} another scale than the other bands; 1 / ${quantification} is taken for all.`;
  return {
    ...told,
    radiometry: { offsets: offsetsOf((band) => scaleOf(band).offset), quantification, source, isTold },
    warnings: others.length > 0 ? [warning] : [],
  };
}

/** What Earth Engine's metadata.json tell of a scene. @param name of the scene, for the user */
export function sceneOfEarthEngine({ product, baseline, cloudPercent, radiometry }: EarthEngineMetadata, name: string): Scene {
  const told = { ...NO_SCENE, product, baseline, cloudPercent };
  if (!radiometry) return { ...told, warnings: [assumed(`The metadata.json of ${name}`, baseline)] };
  const { offsets, ...rest } = radiometry;
  return { ...told, radiometry: { offsets: offsetsOf((band) => offsets[band]), ...rest } };
}

/** What the path of a Major TOM scene tells. */
export function sceneOfMajorTom({ product, baseline, radiometry }: MajorTomScene): Scene {
  const { offset, quantification, source } = radiometry;
  return { ...NO_SCENE, product, baseline, radiometry: { offsets: offsetsOf(() => offset), quantification, source, isTold: false } };
}

/** The offsets of the bands that have one. */
function offsetsOf(offset: (band: BandName) => number): SceneRadiometry["offsets"] {
  return Object.fromEntries(BAND_NAMES.flatMap((band) => (offset(band) === 0 ? [] : [[band, offset(band)]])));
}

/** What is said where metadata are there, but nothing in them tells the radiometry. */
function assumed(what: string, baseline: string | null): string {
  const known = baseline === null ? "" : ` (processing baseline ${baseline})`;
  return `${what} tells neither scale nor offset${known}: DN / 10000 without an offset is assumed. If the offset is in the pixels, set the offset to -1000.`;
}

function placeOf({ geocoding, edges }: SafeGranule): ScenePlace | null {
  const grid = geocoding?.grids[10];
  if (grid) {
    const { ulx, uly, xdim, ydim, ncols, nrows } = grid;
    const bounds = [ulx, uly, ulx + xdim * ncols, uly + ydim * nrows] as const;
    return { crs: `EPSG:${geocoding!.epsg}`, bounds, pixels: [ncols, nrows] };
  }
  return edges?.bounds ? { crs: edges.epsg === null ? null : `EPSG:${edges.epsg}`, bounds: edges.bounds, pixels: null } : null;
}

function maskOf({ scl, classification, cloudProbability, cloudsGml }: SafeMasks): SceneMask | null {
  if (scl) return { kind: "scene-classes", file: scl };
  if (classification) return { kind: "classification", file: classification };
  if (cloudProbability) return { kind: "probability", file: cloudProbability };
  return cloudsGml ? { kind: "outlines", file: cloudsGml } : null;
}

/** The bands of a granule and their files, relative to its folder. */
export function bandsOf({ path, files }: SafeGranule): { bands: BandName[]; files: Partial<Record<BandName, string>> } {
  const bands = BAND_NAMES.filter((band) => files[band]);
  return { bands, files: Object.fromEntries(bands.map((band) => [band, relative(path, files[band]!)])) };
}
