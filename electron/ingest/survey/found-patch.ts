// A patch as the survey knows it, and where its files lie.
import { join, sep } from "node:path";
import type { BandName } from "../../../shared/domain/bands.ts";
import type { SourceKind } from "../../../shared/domain/dataset.ts";
import type { PatchFacts } from "../patches/patch.ts";
import { FORMATS } from "../readers/formats.ts";
import type { Scene } from "../readers/scene.ts";

/** A patch or scene as its folder shows it; nothing of it has been opened. */
export interface FoundPatch {
  readonly kind: SourceKind;
  /** Its folder, or its file for EuroSAT. */
  readonly path: string;
  readonly name: string;
  readonly bands: readonly BandName[];
  /** Files of the bands in the folder; null: `<name>_<band>.tif`, or the one file for EuroSAT. */
  readonly files: Readonly<Partial<Record<BandName, string>>> | null;
  /** BigEarthNet: its labels json is there. */
  readonly hasLabelsFile: boolean;
  /** EuroSAT: its class. */
  readonly label: string | null;
  /** Classes that a table beside the patches tells; null: none does. */
  readonly labels: readonly string[] | null;
  /** Files of the parts of a split image, absolute; `path` is the first one. null: the image is one file. */
  readonly parts: readonly string[] | null;
  /** Which of the patches in its file it is, from 0; null: it is the only one. */
  readonly member: number | null;
  /** Place of each band in a file with several. */
  readonly samples: Readonly<Partial<Record<BandName, number>>> | null;
  /** What is known of its tiles; null: nothing more. */
  readonly facts: PatchFacts | null;
  readonly date: string | null;
  readonly granule: string | null;
  /** EO Browser's raw files. */
  readonly isRaw: boolean;
  /** What metadata tell of a scene; null before they are read, and for patches. */
  readonly scene: Scene | null;
}

/** Path of a band's file. */
export function bandFile({ kind, path, name, bands, files }: FoundPatch, band: BandName): string | undefined {
  if (!bands.includes(band)) return undefined;
  if (FORMATS[kind].isFile) return path;
  return files?.[band] ? join(path, files[band]) : `${path}${sep}${name}_${band}.tif`;
}

/** Path of a patch's labels json. */
export function labelsFile({ path, name, hasLabelsFile }: FoundPatch): string | null {
  return hasLabelsFile ? join(path, `${name}_labels_metadata.json`) : null;
}

/** A patch of which nothing more is known. */
export function patchOf(kind: SourceKind, path: string, name: string): FoundPatch {
  return {
    kind,
    path,
    name,
    bands: [],
    files: null,
    hasLabelsFile: false,
    label: null,
    labels: null,
    parts: null,
    member: null,
    samples: null,
    facts: null,
    date: null,
    granule: null,
    isRaw: false,
    scene: null,
  };
}
