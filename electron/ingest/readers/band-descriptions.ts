// Which sample of a multi-band file is which band, by the descriptions that GDAL and Earth Engine give to bands: `B4`, `B4_1`, `20190206_B4`, `red`.
import { type BandName, parseBandName } from "../../../shared/domain/bands.ts";
import { isoDateIn } from "./names.ts";

/** Masks that files carry beside their bands. */
export const MASK_NAMES = [
  "SCL",
  "QA60",
  "MSK_CLDPRB",
  "MSK_SNWPRB",
  "MSK_CLASSI_OPAQUE",
  "MSK_CLASSI_CIRRUS",
  "MSK_CLASSI_SNOW_ICE",
] as const;
export type MaskName = (typeof MASK_NAMES)[number];

/** The bands of one acquisition or composite. */
export interface TimeStep {
  /** What the descriptions say of it besides the band: `1`, `20190206`, `median`; "" when nothing. */
  readonly label: string;
  /** ISO day, where the label tells one. */
  readonly date: string | null;
  /** Sample of each band in the file, from 0. */
  readonly bands: Readonly<Partial<Record<BandName, number>>>;
  readonly masks: Readonly<Partial<Record<MaskName, number>>>;
}

export interface DescribedBands {
  /** In the order of the file. */
  readonly timeSteps: readonly TimeStep[];
  /** Descriptions of samples that are neither bands nor masks; `band 7` where there is none. */
  readonly ignored: readonly string[];
  /** The file tells nothing of its bands: their order must be asked for. */
  readonly missing: "no-descriptions" | null;
}

/**
 * Names of bands in words: those of Earth Search's STAC items, of the STAC extension "eo" (version 2), and short ones in common use.
 * `rededge` alone could be any of three, so it is none.
 */
const COMMON_NAMES: Readonly<Record<string, BandName>> = {
  coastal: "B01",
  aerosol: "B01",
  blue: "B02",
  green: "B03",
  red: "B04",
  rededge1: "B05",
  rededge071: "B05",
  re1: "B05",
  rededge2: "B06",
  rededge075: "B06",
  re2: "B06",
  rededge3: "B07",
  rededge078: "B07",
  re3: "B07",
  nir: "B08",
  nir08: "B8A",
  nir09: "B09",
  cirrus: "B10",
  swir16: "B11",
  swir1: "B11",
  swir22: "B12",
  swir2: "B12",
};

/** The band that a STAC key, a description or a column name stands for, without anything else in it. */
export function bandOfWord(word: string): BandName | undefined {
  return parseBandName(word) ?? COMMON_NAMES[word.toLowerCase()];
}

const isMaskName = (word: string): word is MaskName => (MASK_NAMES as readonly string[]).includes(word);

/** What may stand beside a band's name: a number, a day or the name of an Earth Engine image, a reducer whose result still is reflectance. */
const STEP_LABEL = /^(\d+|\d{4}-\d\d-\d\d|\d{8}T\d{6}(_\w+)?|S2[A-D]_\w+|mean|median|medoid|min|max|p\d{1,3}|mosaic|first|last)$/i;
const MAXIMUM_CHARACTERS = 256;

interface Parsed {
  readonly band: BandName | undefined;
  readonly mask: MaskName | undefined;
  readonly label: string;
}

/** Reads one description. @returns null when it is neither band nor mask */
function parse(description: string): Parsed | null {
  if (description.length > MAXIMUM_CHARACTERS) return null;
  // GDAL's SENTINEL2 driver: `B4, central wavelength 665 nm`.
  const text = description.replace(/,\s*central wavelength.*$/i, "").trim();
  const separators = [...text.matchAll(/[_.:\- ]+/g)];
  const splits = separators.flatMap(({ index, 0: { length } }) => [
    { word: text.slice(0, index), label: text.slice(index + length) },
    { word: text.slice(index + length), label: text.slice(0, index) },
  ]);
  for (const { word, label } of [{ word: text, label: "" }, ...splits]) {
    if (label !== "" && !STEP_LABEL.test(label)) continue;
    const band = bandOfWord(word);
    const mask = isMaskName(word.toUpperCase()) ? (word.toUpperCase() as MaskName) : undefined;
    if (band || mask) return { band, mask, label };
  }
  return null;
}

/** The band that a description tells, whatever the time step. */
export function bandOfDescription(description: string): BandName | undefined {
  return parse(description)?.band;
}

/** Decides what the samples of a file are. @param descriptions of all samples, in order, as `Raster` has them */
export function describeBands(descriptions: readonly (string | null)[]): DescribedBands {
  const steps = new Map<string, { label: string; bands: Partial<Record<BandName, number>>; masks: Partial<Record<MaskName, number>> }>();
  const seen = new Map<string, number>();
  const ignored: string[] = [];
  descriptions.forEach((description, sample) => {
    const parsed = description === null ? null : parse(description);
    if (!parsed) {
      ignored.push(description?.slice(0, MAXIMUM_CHARACTERS) || `band ${sample + 1}`);
      return;
    }
    const { band, mask, label } = parsed;
    // The same description once more is that of the next step: stacks of files keep the names of each.
    const repeats = (seen.get(`${label} ${band ?? mask}`) ?? 0) + 1;
    seen.set(`${label} ${band ?? mask}`, repeats);
    const key = repeats === 1 ? label : `${label}#${repeats}`;
    const step = steps.get(key) ?? { label: key, bands: {}, masks: {} };
    steps.set(key, step);
    if (band) step.bands[band] = sample;
    else if (mask) step.masks[mask] = sample;
  });
  const timeSteps: TimeStep[] = [];
  for (const step of steps.values()) {
    if (Object.keys(step.bands).length > 0) timeSteps.push({ ...step, date: isoDateIn(step.label) });
    else ignored.push(...Object.values(step.masks).map((sample) => descriptions[sample]!));
  }
  return { timeSteps, ignored, missing: descriptions.some((description) => description?.trim()) ? null : "no-descriptions" };
}

/** An order of bands that files of so many samples may have; null: a sample that is no band of Sentinel-2. */
export interface BandOrder {
  readonly name: string;
  readonly bands: readonly (BandName | null)[];
}

const order = (name: string, bands: string): BandOrder => ({ name, bands: bands.split(" ").map((band) => parseBandName(band) ?? null) });

const KNOWN_ORDERS: readonly BandOrder[] = [
  order("true colour", "B04 B03 B02"),
  order("10 m bands by wavelength", "B02 B03 B04 B08"),
  order("10 m bands, true colour first", "B04 B03 B02 B08"),
  order("HLS and Prithvi", "B02 B03 B04 B8A B11 B12"),
  order("10 m and 20 m bands by wavelength", "B02 B03 B04 B05 B06 B07 B08 B8A B11 B12"),
  order("10 m, then 20 m bands", "B02 B03 B04 B08 B05 B06 B07 B8A B11 B12"),
  order("the study's", "B04 B03 B02 B08 B05 B06 B07 B8A B11 B12"),
  // sen2r has B08 up to 10 m and B8A from 20 m on, never both (its vignette "Output structure").
  order("sen2r BOA, 10 m", "B01 B02 B03 B04 B05 B06 B07 B08 B09 B11 B12"),
  order("sen2r BOA, 20 m and 60 m", "B01 B02 B03 B04 B05 B06 B07 B8A B09 B11 B12"),
  order("Level-2A by wavelength", "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12"),
  order("sen2r TOA, 10 m", "B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 B11 B12"),
  order("sen2r TOA, 20 m and 60 m", "B01 B02 B03 B04 B05 B06 B07 B8A B09 B10 B11 B12"),
  order("Level-1C by wavelength", "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12"),
  order("EuroSAT, B8A last", "B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 B11 B12 B8A"),
];

/** Orders to offer for a file without descriptions. Never to be taken without asking: which one holds can't be seen in the pixels. */
export function suggestedOrders(samples: number): readonly BandOrder[] {
  return KNOWN_ORDERS.filter(({ bands }) => bands.length === samples);
}
