// How the digital numbers of a source become reflectance, what tells it, and whether the pixels agree.
import { BAND_NAMES } from "../../shared/domain/bands.ts";
import type { Radiometry } from "../../shared/raster/radiometry.ts";
import { FORMATS } from "./formats.ts";
import type { FoundPatch } from "./gather.ts";
import type { PixelSample } from "./open-patch.ts";
import type { Conversion } from "./patch.ts";
import { isSameRadiometry, offsetOf, type SceneRadiometry } from "./scene.ts";

/** Reflectance above this does not occur; floating-point values above it are DN. */
const LARGEST_REFLECTANCE = 3;
/** First percentiles of dark bands, DN: with an offset of -1000 raw values lie above the first, without it below the second. */
const RAW_ABOVE = 850;
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
  return { ...uniform(offset, quantification), source: `set by the user (else: ${told.source})` };
}

function toldRadiometry(
  isSimulated: boolean,
  { kind, isRaw, scene }: RadiometryEvidence["patch"],
  floatMaximum: number | null,
): SceneRadiometry {
  if (isSimulated) return { ...uniform(0, 10_000), source: "simulation: DN / 10000" };
  const { radiometry } = FORMATS[kind];
  if (radiometry) return radiometry;
  if (dnScaleOf(floatMaximum) === 10_000) return { ...uniform(0, 10_000), source: "floating-point reflectance, stored as DN / 10000" };
  if (isRaw) return { ...uniform(0, 65_535), source: "EO Browser raw: DN / 65535" };
  return scene?.radiometry ?? { ...uniform(0, 10_000), source: "assumed: DN / 10000, no offset (nothing beside the images tells it)" };
}

/** One offset for all bands. */
function uniform(offset: number, quantification: number): Omit<SceneRadiometry, "source"> {
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
  if (dnScale === null && isSameRadiometry(own, { ...uniform(stored.offset, stored.quantification), source: "" })) return null;
  const scale = stored.quantification / own.quantification;
  return { factor: dnScale ?? 1, offsets: own.offsets, scale, shift: -stored.offset };
}

/** Says where pixels look as if the decision were wrong; null where they do not. */
export function disagreement(radiometry: SceneRadiometry, samples: readonly PixelSample[], dnScale: number | null): string | null {
  const percentiles = samples.flatMap(({ firstPercentile }) => (firstPercentile === null ? [] : [firstPercentile * (dnScale ?? 1)]));
  if (percentiles.length === 0 || radiometry.quantification !== 10_000) return null;
  const low = [...percentiles].sort((a, b) => a - b)[Math.floor(percentiles.length / 2)]!;
  const offset = offsetOf(radiometry, "B02");
  if (offset === 0 && low > RAW_ABOVE)
    return `The darkest pixels have DN ${Math.round(low)}: it looks as if an offset of -1000 were still in them. If so, set the offset to -1000.`;
  if (offset <= -RAW_ABOVE && low < APPLIED_BELOW)
    return `The darkest pixels have DN ${Math.round(low)}: it looks as if the offset of ${offset} were applied already. If so, set the offset to 0.`;
  return null;
}
