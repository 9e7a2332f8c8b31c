// How the digital numbers of a source become reflectance, what tells it, and whether the pixels agree.
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import type { Radiometry } from "../../../shared/raster/radiometry.ts";
import type { Conversion } from "../patches/patch.ts";
import { FORMATS } from "../readers/formats.ts";
import { isSameRadiometry, offsetOf, type SceneRadiometry } from "../readers/scene.ts";
import type { FoundPatch } from "./found-patch.ts";
import type { DarkEnd, PixelSample } from "./open-patch.ts";

/** Reflectance above this does not occur; floating-point values above it are DN. */
const LARGEST_REFLECTANCE = 3;
/** An offset of -1000 that is still in the pixels is a floor, DN: next to nothing lies below the first. Without one, water and shadow do. */
const FLOOR = 850;
/** Where the darkest pixels lie above this, nothing is dark, with an offset or without: snow, clouds. */
const NOTHING_DARK = 2000;
/** Up to so much above the floor is dark in the visible and in the infrared at once where an offset is in, and nowhere else. */
const NEAR_FLOOR = 1250;
/** One in a hundred pixels below this, DN: no offset is in them. */
const APPLIED_BELOW = 400;

/** What is known of a source when its radiometry is decided. */
export interface RadiometryEvidence {
  readonly isSimulated: boolean;
  readonly patch: Pick<FoundPatch, "kind" | "isRaw" | "scene">;
  /** Largest value of floating-point files; null where files hold whole numbers. */
  readonly floatMaximum: number | null;
  /** What the user says, which goes before all else. */
  readonly override: Radiometry | undefined;
}

/** DN of the value 1 in floating-point files: 10000 where they hold reflectance. null: the files hold whole numbers. */
export function dnScaleOf(floatMaximum: number | null): number | null {
  if (floatMaximum === null) return null;
  return floatMaximum <= LARGEST_REFLECTANCE ? 10_000 : 1;
}

/** Decides the radiometry of a source whose scenes all tell the same. */
export function decideRadiometry({ isSimulated, patch, floatMaximum, override }: RadiometryEvidence): SceneRadiometry {
  const told = toldRadiometry(isSimulated, patch, floatMaximum);
  if (!override) return told;
  const { offset, quantification } = override;
  return { ...uniform(offset, quantification), source: `set by the user (else: ${told.source})`, isTold: true };
}

function toldRadiometry(
  isSimulated: boolean,
  { kind, isRaw, scene }: RadiometryEvidence["patch"],
  floatMaximum: number | null,
): SceneRadiometry {
  if (isSimulated) return { ...uniform(0, 10_000), source: "simulation: DN / 10000", isTold: true };
  const { radiometry } = FORMATS[kind];
  if (radiometry) return radiometry;
  if (dnScaleOf(floatMaximum) === 10_000)
    return { ...uniform(0, 10_000), source: "floating-point reflectance, stored as DN / 10000", isTold: true };
  if (isRaw) return { ...uniform(0, 65_535), source: "EO Browser raw: DN / 65535", isTold: true };
  const assumed = "assumed: DN / 10000, no offset (nothing beside the images tells it)";
  return scene?.radiometry ?? { ...uniform(0, 10_000), source: assumed, isTold: false };
}

/** One offset for all bands. */
function uniform(offset: number, quantification: number): Pick<SceneRadiometry, "offsets" | "quantification"> {
  return { offsets: offset === 0 ? {} : Object.fromEntries(BAND_NAMES.map((band) => [band, offset])), quantification };
}

/** The radiometry of a data set: that of its sources where they agree, else one to which all are brought. */
export function storedRadiometry(sources: readonly SceneRadiometry[]): Radiometry & { readonly source: string } {
  const [first] = sources as [SceneRadiometry];
  const offset = offsetOf(first, "B02");
  const isOne = BAND_NAMES.every((band) => offsetOf(first, band) === offset);
  if (isOne && sources.every((other) => isSameRadiometry(first, other)))
    return { quantification: first.quantification, offset, source: first.source };
  return { quantification: 10_000, offset: 0, source: "brought to DN / 10000 without an offset: the sources differ" };
}

/** What brings a scene's values to the data set's DN; null where they are that already. @param dnScale as `dnScaleOf` */
export function conversionOf(own: SceneRadiometry, dnScale: number | null, stored: Radiometry): Conversion | null {
  if (dnScale === null && isSameRadiometry(own, uniform(stored.offset, stored.quantification))) return null;
  const scale = stored.quantification / own.quantification;
  return { factor: dnScale ?? 1, offsets: own.offsets, scale, shift: -stored.offset };
}

/** What the pixels say against a decision: a warning where they contradict it, or nothing told it; else a note. */
export interface Doubt {
  readonly kind: "warning" | "note";
  readonly text: string;
}

/**
 * Says where pixels look as if the decision were wrong; null where they do not.
 * @param samples of scenes; the middle one of them counts
 * @param dnScale as `dnScaleOf`
 */
export function disagreement(radiometry: SceneRadiometry, samples: readonly PixelSample[], dnScale: number | null): Doubt | null {
  if (radiometry.quantification !== 10_000) return null;
  const lowest = (value: (end: DarkEnd) => number, bands?: readonly BandName[]): number | null =>
    median(
      samples.flatMap(({ darkest }) => {
        const values = darkest.filter(({ band }) => !bands || bands.includes(band)).map((end) => value(end) * (dnScale ?? 1));
        return values.length > 0 ? [Math.min(...values)] : [];
      }),
    );
  const floor = lowest(({ permille }) => permille);
  const percentile = lowest((end) => end.percentile);
  if (floor === null || percentile === null) return null;
  const offset = offsetOf(radiometry, "B02");
  if (offset <= -FLOOR && percentile < APPLIED_BELOW)
    return {
      kind: "warning",
      text: `The darkest pixels have DN ${Math.round(percentile)}: it looks as if the offset of ${offset} were applied already. If so, set the offset to 0.`,
    };
  if (offset !== 0 || floor < FLOOR || floor > NOTHING_DARK) return null;
  const isNearFloor = (bands: readonly BandName[]) => (lowest(({ permille }) => permille, bands) ?? Infinity) <= NEAR_FLOOR;
  if (!radiometry.isTold || isNearFloor(["B10"]) || (isNearFloor(["B02", "B04"]) && isNearFloor(["B09", "B12"])))
    return {
      kind: "warning",
      text: `The darkest pixels have DN ${Math.round(floor)}: it looks as if an offset of -1000 were still in them. If so, set the offset to -1000.`,
    };
  return {
    kind: "note",
    text: `The darkest pixels have DN ${Math.round(floor)}, as on bright land, or with an offset of -1000 that is still in them. The metadata tell that there is none.`,
  };
}

function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
