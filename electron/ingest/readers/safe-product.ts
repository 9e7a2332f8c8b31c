// Sentinel-2 products (.SAFE folders, zipped or not, of all ages) and the bucket folders of cloud providers: granules, their files and what is told of them.
import { basename, dirname, join } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../../shared/domain/bands.ts";
import type { Problem } from "../../../shared/domain/dataset.ts";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { NO_DATA_DN, SATURATED_DN } from "../../../shared/raster/radiometry.ts";
import { listFolder } from "../../files/byte-source.ts";
import { offsetOfBaseline } from "./baseline.ts";
import { granuleIn, isoDateIn, parseBandFileName } from "./names.ts";
import { type Geocoding, type GranuleDocument, type ProductDocument, readSafeDocument, type SafeLevel } from "./safe-metadata.ts";
import { readTileInfo, type TileInfo } from "./tile-info.ts";

/** A granule of a product. */
export interface SafeGranule {
  /** Its folder: in `GRANULE`, or the product's own where it has no such folder. */
  readonly path: string;
  /** Without `.SAFE`. */
  readonly productName: string;
  readonly level: SafeLevel;
  /** Processing baseline, `04.00`. */
  readonly baseline: string | null;
  /** ISO day of the overpass. */
  readonly date: string | null;
  /** MGRS tile as `T33SVB`. */
  readonly granule: string | null;
  /** Each band's image at its native resolution, of those that are there. */
  readonly files: Readonly<Partial<Record<BandName, string>>>;
  /** Reflectance is (DN + offset of the band) / quantification. */
  readonly offsets: Readonly<Record<BandName, number>>;
  readonly quantification: number;
  /** What tells offsets and quantification. */
  readonly radiometrySource: string;
  /** Whether the product's metadata tells them; else they are assumed. */
  readonly isRadiometryTold: boolean;
  /** DN of pixels without data, and of saturated ones. */
  readonly nodata: number;
  readonly saturated: number;
  /** Holds for images of the sizes that it names only. */
  readonly geocoding: Geocoding | null;
  /** Edges of the granule as tileInfo.json tells them, whatever the images' size. */
  readonly edges: Pick<TileInfo, "epsg" | "bounds"> | null;
  /** Of the product, WGS 84. */
  readonly footprint: ProductDocument["footprint"];
  readonly cloudPercent: number | null;
  readonly masks: SafeMasks;
  readonly problems: readonly Problem[];
}

/** Paths of the masks that are there. Of copies at several resolutions that of 20 m. */
export interface SafeMasks {
  /** Level-2A's scene classification (see SCENE_CLASSES). */
  readonly scl: string | null;
  /** Percent. */
  readonly cloudProbability: string | null;
  readonly snowProbability: string | null;
  /** MSK_CLASSI (see CLASSIFICATION_BANDS), from processing baseline 04.00 on. */
  readonly classification: string | null;
  /** MSK_CLOUDS, before (see `readCloudMask`). */
  readonly cloudsGml: string | null;
}

/** `metadata.xml` and `product_metadata.xml` are a bucket's. */
const METADATA_FILE = /^(.*_)?MTD_.*\.xml$|^(product_)?metadata\.xml$/i;
const PRODUCT_FILE = /^(.*_)?MTD_(MSI|SAF)L(1C|2A).*\.xml$/i;
const IMAGE_FILE = /\.(jp2|j2k|tiff?)$/i;
/** Folders whose images are no bands: masks, previews and weather. */
const OTHER_FOLDERS = /^(QI_DATA|AUX_DATA|HTML|rep_info|DATASTRIP|qi|preview|auxiliary)$/i;
/** Documents of one folder that are read. */
const MAXIMUM_DOCUMENTS = 8;
/** Folders in a granule: IMG_DATA/R10m. */
const MAXIMUM_DEPTH = 3;
const MAXIMUM_FILES = 20_000;
const ASSUMED_QUANTIFICATION = 10_000;

/** Whether a folder is a product, or a granule of one: what is in it then belongs together. */
export function isSafeProduct({ files, folders }: { readonly files: readonly string[]; readonly folders: readonly string[] }): boolean {
  return folders.some((name) => /^(GRANULE|IMG_DATA)$/i.test(name)) || files.some((name) => PRODUCT_FILE.test(name));
}

/**
 * Reads what a product's metadata and file names tell; no image is opened.
 * @param path folder of a product, of one granule in it, or of a bucket (`B02.jp2` or `R10m/B02.jp2`, `tileInfo.json`, `metadata.xml`)
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS, BAD_FILE for the folder itself; NO_DATA when there is neither metadata nor an image.
 * Other trouble is in each granule's problems
 */
export function readSafeProduct(path: string): SafeGranule[] {
  const isGranule = /^GRANULE$/i.test(basename(dirname(path)));
  const product = isGranule ? dirname(dirname(path)) : path;
  const listing = listFolder(product);
  const problems: Problem[] = [];
  const documents = readDocuments(product, listing.files, problems);
  const name = listing.folders.find((folder) => /^GRANULE$/i.test(folder));
  const inner = name && !isGranule ? listFolder(join(product, name)).folders.filter((folder) => !folder.startsWith(".")) : [];
  const folders = isGranule ? [path] : name ? inner.map((folder) => join(product, name, folder)) : [product];
  const granules = folders.flatMap((folder) => {
    const granule = readGranule({ folder, product, documents, problems, isAlone: folders.length === 1 });
    return granule ? [granule] : [];
  });
  if (granules.length === 0)
    throw new AppError("NO_DATA", `${path} holds neither a Sentinel-2 product's metadata nor images. Copy or download it again.`, {
      data: { path, problems },
    });
  return granules;
}

type SafeDocument = (ProductDocument | GranuleDocument) & { readonly file: string };

/** The documents of a folder; those that cannot be read are problems. */
function readDocuments(folder: string, files: readonly string[], problems: Problem[]): SafeDocument[] {
  return files
    .filter((file) => METADATA_FILE.test(file))
    .slice(0, MAXIMUM_DOCUMENTS)
    .flatMap((file) => {
      try {
        const document = readSafeDocument(join(folder, file));
        return document ? [{ ...document, file }] : [];
      } catch (error) {
        problems.push({ path: join(folder, file), reason: messageOf(error).replace(`${join(folder, file)} `, "") });
        return [];
      }
    });
}

interface GranuleInput {
  readonly folder: string;
  readonly product: string;
  /** Of the product's folder. */
  readonly documents: readonly SafeDocument[];
  readonly problems: readonly Problem[];
  /** There is no other granule. */
  readonly isAlone: boolean;
}

function readGranule({ folder, product, documents, problems: shared, isAlone }: GranuleInput): SafeGranule | null {
  const problems = [...shared];
  const files = filesBelow(folder, "", MAXIMUM_DEPTH, problems);
  const own = folder === product ? [] : readDocuments(folder, files, problems);
  const info = files.includes("tileInfo.json") ? tileInfoOf(join(folder, "tileInfo.json"), problems) : null;
  const told = [...own, ...documents].find((document) => document.kind === "product");
  const tile = [...own, ...(isAlone ? documents : [])].find((document) => document.kind === "granule");
  const images = bandImages(files);
  if (images.length === 0 && !told && !tile) return null;

  const productName = told?.productName ?? info?.productName ?? basename(product).replace(/(\.SAFE)?(\.zip)?$/i, "");
  const level =
    told?.level ??
    tile?.level ??
    levelIn(productName) ??
    levelIn(basename(folder)) ??
    (images.some(({ metres }) => metres) ? "L2A" : "L1C");
  const baseline =
    told?.baseline ?? baselineIn(tile?.tileId ?? "") ?? baselineIn(productName) ?? baselineIn(basename(folder)) ?? info?.baseline ?? null;
  const { chosen, problem } = chooseImages(images, level, new Set(told?.images.map((image) => image.toLowerCase())));
  if (problem) problems.push({ path: folder, reason: problem });
  if (!told)
    problems.push({
      path: product,
      reason: "has no readable product metadata (MTD_MSIL1C.xml, MTD_MSIL2A.xml): how DN become reflectance is assumed. Download it again.",
    });
  if (!tile && !info)
    problems.push({
      path: folder,
      reason: "has no readable granule metadata (MTD_TL.xml). Place and date are told by the images and names, if at all.",
    });
  return {
    path: folder,
    productName,
    level,
    baseline,
    date: tile?.date ?? info?.date ?? told?.date ?? dateIn(productName) ?? dateIn(basename(folder)),
    granule:
      granuleIn(tile?.tileId ?? "") ?? granuleIn(basename(folder)) ?? info?.granule ?? granuleIn(productName) ?? firstGranule(images),
    files: Object.fromEntries(BAND_NAMES.flatMap((band) => (chosen[band] ? [[band, join(folder, chosen[band])]] : []))),
    ...radiometryOf(told, level, baseline, { path: product, problems }),
    nodata: told?.nodata ?? NO_DATA_DN,
    saturated: told?.saturated ?? SATURATED_DN,
    geocoding: tile?.geocoding ?? null,
    edges: info?.bounds ? { epsg: info.epsg, bounds: info.bounds } : null,
    footprint: told?.footprint ?? null,
    cloudPercent: tile?.cloudPercent ?? info?.cloudPercent ?? told?.cloudPercent ?? null,
    masks: {
      scl: maskIn(folder, files, /(^|_)SCL(_.*)?\.(jp2|tiff?)$/i),
      cloudProbability: maskIn(folder, files, /(^|_)(CLDPRB|CLD)(_.*)?\.(jp2|tiff?)$/i),
      snowProbability: maskIn(folder, files, /(^|_)(SNWPRB|SNW)(_.*)?\.(jp2|tiff?)$/i),
      classification: maskIn(folder, files, /(^|_)MSK_CLASSI_B00\.(jp2|tiff?)$/i),
      cloudsGml: maskIn(folder, files, /(^|_)MSK_CLOUDS_(.*_)?B00.*\.gml$/i),
    },
    problems,
  };
}

/** Files of a folder and of those in it, by their path from the first; sorted. */
function filesBelow(root: string, inner: string, depth: number, problems: Problem[]): string[] {
  try {
    const { files, folders } = listFolder(join(root, inner));
    const out = files.map((file) => join(inner, file));
    for (const folder of depth > 0 ? folders : []) {
      if (folder.startsWith(".")) continue;
      out.push(...filesBelow(root, join(inner, folder), depth - 1, problems));
      if (out.length > MAXIMUM_FILES) break;
    }
    return out;
  } catch (error) {
    if (inner === "") throw error;
    problems.push({ path: join(root, inner), reason: messageOf(error).replace(`${join(root, inner)} `, "") });
    return [];
  }
}

function tileInfoOf(path: string, problems: Problem[]): TileInfo | null {
  try {
    return readTileInfo(path);
  } catch (error) {
    problems.push({ path, reason: messageOf(error).replace(`${path} `, "") });
    return null;
  }
}

interface BandImage {
  readonly band: BandName;
  /** Path in the granule. */
  readonly file: string;
  /** Resolution by name or folder; null where neither tells, as in Level-1C. */
  readonly metres: number | null;
}

function bandImages(files: readonly string[]): BandImage[] {
  return files.flatMap((file) => {
    const name = basename(file);
    const folders = dirname(file).split(/[\\/]/);
    if (!IMAGE_FILE.test(name) || /(^|_)MSK_/i.test(name) || folders.some((folder) => OTHER_FOLDERS.test(folder))) return [];
    const parsed = parseBandFileName(name);
    if (!parsed) return [];
    const metres = parsed.resolutionMetres ?? (Number(/^R(10|20|60)m$/i.exec(folders.at(-1) ?? "")?.[1] ?? 0) || null);
    return [{ band: parsed.band, file, metres }];
  });
}

/**
 * The image of each band at its native resolution: Level-2A holds copies at others.
 * @param listed names, in lower case, that the metadata gives: they go before other files of the band
 */
function chooseImages(
  images: readonly BandImage[],
  level: SafeLevel,
  listed: ReadonlySet<string>,
): { chosen: Partial<Record<BandName, string>>; problem: string | null } {
  const chosen: Partial<Record<BandName, string>> = {};
  const missing: string[] = [];
  for (const band of BAND_NAMES) {
    const { gsdMetres } = BANDS[band];
    const all = images.filter((image) => image.band === band);
    const native = all.filter(({ metres }) => metres === null || metres === gsdMetres);
    const image = native.find(({ file }) => listed.has(basename(file).replace(IMAGE_FILE, "").toLowerCase())) ?? native[0];
    if (image) chosen[band] = image.file;
    // Level-2A has no cirrus band.
    else if (band !== "B10" || level === "L1C")
      missing.push(all.length > 0 ? `${band} (only a copy resampled to ${all[0]!.metres} m is there, none at ${gsdMetres} m)` : band);
  }
  const problem =
    missing.length > 0 ? `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing. Download the product again.` : null;
  return { chosen, problem };
}

/** By the presence of offsets in the metadata, never by the date: old scenes are processed anew. Without metadata by the processing baseline. */
function radiometryOf(
  told: (ProductDocument & { readonly file: string }) | undefined,
  level: SafeLevel,
  baseline: string | null,
  { path, problems }: { path: string; problems: Problem[] },
): Pick<SafeGranule, "offsets" | "quantification" | "radiometrySource" | "isRadiometryTold"> {
  const all = (offset: (band: BandName) => number) =>
    Object.fromEntries(BAND_NAMES.map((band) => [band, offset(band)])) as Record<BandName, number>;
  if (!told) {
    const offset = offsetOfBaseline(baseline) ?? 0;
    const why = baseline === null ? "nothing tells the processing baseline" : `processing baseline ${baseline}`;
    return {
      offsets: all(() => offset),
      quantification: ASSUMED_QUANTIFICATION,
      radiometrySource: `assumed: ${offset < 0 ? `(DN - ${-offset})` : "DN"} / 10000 (${why})`,
      isRadiometryTold: false,
    };
  }
  const { file, quantification, offsets } = told;
  const [offsetTag, quantificationTag] =
    level === "L1C" ? ["RADIO_ADD_OFFSET", "QUANTIFICATION_VALUE"] : ["BOA_ADD_OFFSET", "BOA_QUANTIFICATION_VALUE"];
  const values = [...new Set(Object.values(offsets))];
  const lacking = BAND_NAMES.filter((band) => offsets[band] === undefined);
  if (values.length > 0 && lacking.length > 0)
    problems.push({
      path,
      reason: `${file} tells no ${offsetTag} of ${lacking.join(", ")}, while other bands have one: 0 is taken. Download it again.`,
    });
  if (quantification === null)
    problems.push({ path, reason: `${file} tells no ${quantificationTag}: ${ASSUMED_QUANTIFICATION} is taken. Download it again.` });
  return {
    offsets: all((band) => offsets[band] ?? 0),
    quantification: quantification ?? ASSUMED_QUANTIFICATION,
    radiometrySource: `${file}: ${values.length > 0 ? `${offsetTag} ${values.join(", ")}` : `no ${offsetTag}`}, ${
      quantification === null ? `no ${quantificationTag}, so 10000 is assumed` : `${quantificationTag} ${quantification}`
    }`,
    isRadiometryTold: quantification !== null,
  };
}

function maskIn(folder: string, files: readonly string[], pattern: RegExp): string | null {
  const found = files.filter((file) => pattern.test(basename(file)));
  const file = found.find((name) => /20m/i.test(basename(name)) || /R20m/i.test(dirname(name))) ?? found[0];
  return file ? join(folder, file) : null;
}

function levelIn(name: string): SafeLevel | null {
  const level = /(?:MSI|SAF|_)L(1C|2A)(?:_|$)/i.exec(name)?.[1]?.toUpperCase();
  return level ? (`L${level}` as SafeLevel) : null;
}

/** `_N0211_` of a product's name, `_N02.11` of a granule's. */
function baselineIn(name: string): string | null {
  const match = /_N(\d\d)\.?(\d\d)(?=_|$)/.exec(name);
  return match ? `${match[1]}.${match[2]}` : null;
}

/** The names of products before December 2016 begin with the day of processing; that of the overpass follows `_V`. */
function dateIn(name: string): string | null {
  return isoDateIn(/_V(\d{8})T/.exec(name)?.[1] ?? name);
}

function firstGranule(images: readonly BandImage[]): string | null {
  for (const { file } of images) {
    const granule = granuleIn(basename(file));
    if (granule) return granule;
  }
  return null;
}
