// What each kind of source prescribes.
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import type { SourceKind } from "../../../shared/domain/dataset.ts";
import type { SceneRadiometry } from "./scene.ts";

/** The 12 bands of a BigEarthNet patch, at 120, 60 or 20 px (Sumbul et al., arXiv 1902.06148). */
export const BIGEARTHNET_BANDS: readonly BandName[] = BAND_NAMES.filter((band) => band !== "B10");

/** Side of a BigEarthNet patch on the 10 m grid, px. */
export const BIGEARTHNET_PIXELS = 120;

/** The order of the bands in a EuroSAT file: B8A comes last. */
export const EUROSAT_BANDS: readonly BandName[] = [...BAND_NAMES.filter((band) => band !== "B8A"), "B8A"];

/** Side of a EuroSAT patch, px; all bands were resampled to the 10 m grid by its authors (Helber et al., arXiv 1709.00029). */
export const EUROSAT_PIXELS = 64;

export interface SourceFormat {
  /** For the user. */
  readonly title: string;
  /** Bands that every patch must have; null: those that most of them have. */
  readonly bands: readonly BandName[] | null;
  /** Side of a patch on the 10 m grid, px; null: scenes of any size, which are cut. */
  readonly pixels: number | null;
  /** Whether bands have their native resolution; else all lie on one grid. */
  readonly isNative: boolean;
  /** Whether a patch is a file, not a folder. */
  readonly isFile: boolean;
  readonly radiometry: SceneRadiometry | null;
}

/** DN / 10000. */
const withoutOffset = (source: string): SceneRadiometry => ({ offsets: {}, quantification: 10_000, source, isTold: true });

const SCENES: Omit<SourceFormat, "title"> = { bands: null, pixels: null, isNative: true, isFile: false, radiometry: null };

export const FORMATS: Readonly<Record<SourceKind, SourceFormat>> = {
  "bigearthnet-v1": {
    title: "BigEarthNet v1",
    bands: BIGEARTHNET_BANDS,
    pixels: BIGEARTHNET_PIXELS,
    isNative: true,
    isFile: false,
    radiometry: withoutOffset("BigEarthNet v1: Level-2A of 2017 and 2018, before processing baseline 04.00, so without an offset"),
  },
  "bigearthnet-v2": {
    title: "BigEarthNet v2",
    bands: BIGEARTHNET_BANDS,
    pixels: BIGEARTHNET_PIXELS,
    isNative: true,
    isFile: false,
    radiometry: withoutOffset("BigEarthNet v2: processed without an offset"),
  },
  "eurosat-ms": {
    title: "EuroSAT MS",
    bands: BAND_NAMES,
    pixels: EUROSAT_PIXELS,
    isNative: false,
    isFile: true,
    radiometry: withoutOffset("EuroSAT: Level-1C before processing baseline 04.00, so without an offset"),
  },
  "safe-l1c": { ...SCENES, title: "Sentinel-2 Level-1C product" },
  "safe-l2a": { ...SCENES, title: "Sentinel-2 Level-2A product" },
  "geotiff-bands": { ...SCENES, title: "an image a band" },
  "multi-band": { ...SCENES, title: "images with all bands", isNative: false, isFile: true },
  tfrecords: {
    title: "TFRecords of the study",
    bands: null,
    pixels: BIGEARTHNET_PIXELS,
    isNative: true,
    isFile: true,
    radiometry: withoutOffset("the study's TFRecords: BigEarthNet v1, without an offset"),
  },
};

/** Whether a source has scenes that are cut into tiles. */
export function isScenes(kind: SourceKind): boolean {
  return FORMATS[kind].pixels === null;
}
