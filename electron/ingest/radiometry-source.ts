// How the digital numbers of a source become reflectance, and what tells it.
import { join } from "node:path";
import type { Problem, Source, SourceKind } from "../../shared/domain/dataset.ts";
import type { FoundPatch } from "./gather.ts";
import { BIGEARTHNET_RADIOMETRY } from "./readers/bigearthnet.ts";
import { listFolder, readWhole } from "./readers/byte-source.ts";
import { EUROSAT_RADIOMETRY } from "./readers/eurosat.ts";

type Radiometry = Source["radiometry"];

/** What is known of a source when its radiometry is decided. */
export interface RadiometryEvidence {
  readonly kind: SourceKind;
  readonly isSimulated: boolean;
  /** Some of its patches. */
  readonly sample: readonly FoundPatch[];
  /** Largest value of floating-point files; null where files hold whole numbers. */
  readonly floatMaximum: number | null;
}

/** Reflectance above this does not occur; floating-point values above it are DN. */
const LARGEST_REFLECTANCE = 3;

/** DN of the value 1 in floating-point files: 10000 where they hold reflectance. null: the files hold whole numbers. */
export function dnScaleOf({ floatMaximum }: RadiometryEvidence): number | null {
  if (floatMaximum === null) return null;
  return floatMaximum <= LARGEST_REFLECTANCE ? 10_000 : 1;
}

/** Decides the radiometry of a source. @param problems takes note of patches that disagree */
export function radiometryOf(evidence: RadiometryEvidence, problems: Problem[]): Radiometry {
  const { kind, isSimulated, sample } = evidence;
  if (isSimulated) return { quantification: 10_000, offset: 0, source: "simulation: DN / 10000" };
  if (kind === "bigearthnet-v1") return { ...BIGEARTHNET_RADIOMETRY };
  if (kind === "eurosat-ms") return { ...EUROSAT_RADIOMETRY };
  if (dnScaleOf(evidence) === 10_000)
    return { quantification: 10_000, offset: 0, source: "floating-point reflectance, stored as DN / 10000" };
  if (sample.every(({ isRaw }) => isRaw)) return { quantification: 65_535, offset: 0, source: "EO Browser raw: DN / 65535" };
  const told = sample.flatMap(({ path }) => {
    const stac = stacRadiometry(path);
    return stac ? [{ path, ...stac }] : [];
  });
  const [first] = told;
  if (!first) return { quantification: 10_000, offset: 0, source: "assumed: DN / 10000, no offset (nothing beside the images tells it)" };
  for (const { path, offset, quantification } of told) {
    if (offset === first.offset && quantification === first.quantification) continue;
    problems.push({
      path,
      reason: `its STAC item tells another radiometry (offset ${offset}) than that of ${first.path} (offset ${first.offset}). Ingest the two as data sets of their own: mixed, their reflectance would not compare.`,
    });
  }
  return { quantification: first.quantification, offset: first.offset, source: first.source };
}

const MAXIMUM_STAC_BYTES = 4 * 1024 * 1024;

/**
 * The radiometry that a STAC item in the folder tells. Where `earthsearch:boa_offset_applied` is true the pixels have the offset already,
 * while `raster:bands` still names it: it must not be subtracted twice.
 */
export function stacRadiometry(folder: string): Radiometry | null {
  for (const name of listFolder(folder).files) {
    if (!name.endsWith(".json")) continue;
    try {
      const item = JSON.parse(readWhole(join(folder, name), MAXIMUM_STAC_BYTES).toString("utf8")) as StacItem;
      if (typeof item?.stac_version !== "string" || !item.assets) continue;
      if (item.properties?.["earthsearch:boa_offset_applied"] === true) {
        return { quantification: 10_000, offset: 0, source: `${name}: the offset is applied already` };
      }
      for (const asset of Object.values(item.assets)) {
        const [band] = asset["raster:bands"] ?? [];
        const isReflectance = asset["eo:bands"] !== undefined && typeof band?.scale === "number" && band.scale > 0 && band.scale < 1;
        if (!isReflectance || typeof band.offset !== "number") continue;
        const quantification = Math.round(1 / band.scale!);
        return { quantification, offset: Math.round(band.offset * quantification), source: `${name}: raster:bands` };
      }
    } catch {
      // Another json, a broken or a large one: it tells nothing.
    }
  }
  return null;
}

interface StacItem {
  readonly stac_version?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly assets?: Readonly<
    Record<string, { readonly "eo:bands"?: unknown; readonly "raster:bands"?: readonly { scale?: number; offset?: number }[] }>
  >;
}
