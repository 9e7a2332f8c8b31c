// What masks say of a pixel: Level-2A's scene classification (SCL), Level-1C's MSK_CLASSI, Earth Engine's QA60, Major TOM's cloud masks.

/** What a class means for the use of a pixel. */
export type SceneKind = "clear" | "cloud" | "shadow" | "snow" | "nodata" | "saturated";

export interface SceneClass {
  readonly value: number;
  readonly name: string;
  readonly kind: SceneKind;
}

/**
 * The values of the scene classification (20 m).
 * @see ESA, Sentinel-2 Level-2A Algorithm Theoretical Basis Document, table "Scene classification"
 */
export const SCENE_CLASSES: readonly SceneClass[] = [
  { value: 0, name: "no data", kind: "nodata" },
  { value: 1, name: "saturated or defective", kind: "saturated" },
  { value: 2, name: "dark area", kind: "clear" },
  { value: 3, name: "cloud shadow", kind: "shadow" },
  { value: 4, name: "vegetation", kind: "clear" },
  { value: 5, name: "bare soil", kind: "clear" },
  { value: 6, name: "water", kind: "clear" },
  { value: 7, name: "unclassified", kind: "clear" },
  { value: 8, name: "cloud, medium probability", kind: "cloud" },
  { value: 9, name: "cloud, high probability", kind: "cloud" },
  { value: 10, name: "thin cirrus", kind: "cloud" },
  { value: 11, name: "snow or ice", kind: "snow" },
];

/** What a value of the scene classification means; a value that is none of its classes tells nothing of the pixel. */
export function sceneKindOf(value: number): SceneKind {
  return SCENE_CLASSES[value]?.kind ?? "nodata";
}

/**
 * The bands of MSK_CLASSI_B00.jp2 (60 m, from processing baseline 04.00 on), each 0 or 1.
 * @see ESA, Sentinel-2 Products Specification Document, issue 14.9, MSK_CLASSI
 */
export const CLASSIFICATION_BANDS: readonly { readonly band: 1 | 2 | 3; readonly name: string; readonly kind: SceneKind }[] = [
  { band: 1, name: "opaque cloud", kind: "cloud" },
  { band: 2, name: "cirrus", kind: "cloud" },
  { band: 3, name: "snow or ice", kind: "snow" },
];

/**
 * The values of Major TOM's cloud_mask.tif (10 m), those of CloudSEN12.
 * @see Aybar et al., "CloudSEN12", Scientific Data 9 (2022)
 */
export const CLOUD_MASK_CLASSES: readonly SceneClass[] = [
  { value: 0, name: "clear", kind: "clear" },
  { value: 1, name: "thick cloud", kind: "cloud" },
  { value: 2, name: "thin cloud", kind: "cloud" },
  { value: 3, name: "cloud shadow", kind: "shadow" },
];

/** What a value of a Major TOM cloud mask means. */
export function cloudMaskKindOf(value: number): SceneKind {
  return CLOUD_MASK_CLASSES[value]?.kind ?? "nodata";
}

/** Bits of QA60: opaque cloud, and cirrus. @see the Earth Engine catalogue, COPERNICUS/S2_SR_HARMONIZED */
const QA60_CLOUD_BITS = (1 << 10) | (1 << 11);

/** What a value of QA60 means. Images from early 2022 to February 2024 have no such masks: 0 everywhere says nothing there. */
export function qa60KindOf(value: number): SceneKind {
  return (value & QA60_CLOUD_BITS) === 0 ? "clear" : "cloud";
}
