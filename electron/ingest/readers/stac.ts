// STAC items beside Sentinel-2 images: what they tell of the scene, and above all how its DN become reflectance.
// Read: sentinel-cogs (Earth Search v0 and v1, Collection 1), Planetary Computer, the Copernicus Data Space; STAC 1.0 and 1.1.
import { basename, dirname, join } from "node:path";
import { BAND_NAMES, BANDS, type BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { listFolder } from "../../files/byte-source.ts";
import { bandOfWord } from "./band-descriptions.ts";
import { offsetOfBaseline } from "./baseline.ts";
import { isObject, type JsonObject, readJson } from "./json-file.ts";
import { granuleIn, isoDateIn } from "./names.ts";

/** Reflectance is (DN + offset) / quantification. */
export interface BandScale {
  readonly offset: number;
  readonly quantification: number;
}

export interface StacRadiometry extends BandScale {
  /** What tells it. `offset` and `quantification` are those of most bands. */
  readonly source: string;
  /** The item names it; else it follows from the processing baseline. */
  readonly isTold: boolean;
  /** Of each band of the item, where bands are told one by one; they may differ. */
  readonly bands: Readonly<Partial<Record<BandName, BandScale>>>;
}

export interface StacItem {
  readonly path: string;
  readonly id: string;
  /** ESA's product, without `.SAFE`, where told. */
  readonly product: string | null;
  /** ISO day. */
  readonly date: string | null;
  /** MGRS tile as `T29RKH`. */
  readonly granule: string | null;
  /** Processing baseline as `02.14`. */
  readonly baseline: string | null;
  readonly epsg: number | null;
  readonly cloudPercent: number | null;
  /** null: the item does not tell it. */
  readonly radiometry: StacRadiometry | null;
  /** DN of pixels without data. */
  readonly nodata: number | null;
  /** Name of each band's file, without folder; of copies at several resolutions the native one. */
  readonly assetFiles: Readonly<Partial<Record<BandName, string>>>;
  /** Name of the scene classification's file. */
  readonly sclFile: string | null;
}

/** They have some 15 kB, 100 kB at most. */
const MAXIMUM_JSON_BYTES = 4 * 1024 * 1024;
/** JSON files of a folder that are looked into. */
const MAXIMUM_FILES = 64;
const DEFAULT_QUANTIFICATION = 10_000;

const textOf = (value: unknown) => (typeof value === "string" && value.length <= 1024 ? value : "");
const numberOf = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : null);
const firstOf = (value: unknown): JsonObject => (Array.isArray(value) && isObject(value[0]) ? value[0] : {});

/**
 * Reads a STAC item; null when the JSON is something else.
 * @param files names of the scene's files: of an item's copies of a band (COG and JPEG 2000, several resolutions) those that are there count
 * @throws AppError NOT_FOUND, NO_ACCESS; BAD_FILE when it is no JSON at all
 */
export function readStacItem(path: string, files: readonly string[] = []): StacItem | null {
  const item = readJson(path, MAXIMUM_JSON_BYTES);
  if (!isObject(item) || typeof item.stac_version !== "string" || !isObject(item.assets) || !isObject(item.properties)) return null;
  const { properties } = item;
  const id = textOf(item.id);
  const assets = bandAssets(item.assets, new Set(files));
  const product = productOf(id, properties);
  const baseline = baselineOf(properties, product);
  return {
    path,
    id,
    product,
    date: isoDateIn(textOf(properties.datetime) || textOf(properties.start_datetime)) ?? isoDateIn(product ?? id),
    granule: granuleOf(properties) ?? granuleIn(product ?? "") ?? granuleIn(id),
    baseline,
    epsg: epsgOf(properties) ?? [...assets.values()].map(({ asset }) => epsgOf(asset)).find((epsg) => epsg !== null) ?? null,
    cloudPercent: cloudOf(properties),
    radiometry: radiometryOf({ name: basename(path), properties, assets, baseline }),
    nodata: [...assets.values()].map(({ asset }) => nodataOf(asset)).find((value) => value !== null) ?? null,
    assetFiles: Object.fromEntries(BAND_NAMES.flatMap((band) => (assets.has(band) ? [[band, assets.get(band)!.file]] : []))),
    sclFile: sclOf(item.assets),
  };
}

/**
 * The item of a scene: in its folder, or in the folder above when it bears the scene's name or is the only one for the only scene.
 * @param files names of the scene's files: tell its item among several
 * @param list lists the folder above, which is the same for many scenes
 * @throws AppError NOT_FOUND, NOT_A_FOLDER, NO_ACCESS of the folder itself; other or broken JSON files tell nothing
 */
export function findStacItem(folder: string, files: readonly string[] = [], list = listFolder): StacItem | null {
  const own = itemsIn(folder, listFolder(folder).files, basename(folder), files);
  const named = own.filter((item) => namesOneOf(item, files));
  if (own.length > 0)
    return own.length === 1 ? own[0]! : named.length === 1 ? named[0]! : (idIn(own, [...files, basename(folder)]) ?? null);
  const above = dirname(folder);
  if (above === folder) return null;
  try {
    const listing = list(above);
    // Beside many folders, only what bears the scene's name can be its item.
    const isOneOfMany = listing.folders.length > MAXIMUM_FILES;
    const listed = isOneOfMany ? listing.files.filter((file) => file.startsWith(basename(folder))) : listing.files;
    const items = itemsIn(above, listed, basename(folder), files);
    const isAlone = items.length === 1 && listing.folders.length === 1 && (files.length === 0 || namesOneOf(items[0]!, files));
    return idIn(items, [basename(folder)]) ?? (isAlone ? items[0]! : null);
  } catch (error) {
    // The folder above may be closed to us: it is not what was asked for.
    if (error instanceof AppError) return null;
    throw error;
  }
}

const namesOneOf = ({ assetFiles }: StacItem, files: readonly string[]) => Object.values(assetFiles).some((file) => files.includes(file));

/** The item whose id or product is in one of the names; of several the longest one. */
function idIn(items: readonly StacItem[], names: readonly string[]): StacItem | undefined {
  const length = ({ id, product }: StacItem) =>
    Math.max(0, ...[id, product ?? ""].filter((told) => names.some((name) => name.includes(told))).map((told) => told.length));
  const [best, second] = [...items].sort((a, b) => length(b) - length(a));
  return best && length(best) > (second ? length(second) : 0) ? best : undefined;
}

/** @param wanted name of the scene's folder @param files see `readStacItem` */
function itemsIn(folder: string, listed: readonly string[], wanted: string, files: readonly string[]): StacItem[] {
  const names = listed.filter((file) => /\.(geo)?json$/i.test(file) && !/_labels_metadata\.json$|^tileInfo\.json$/i.test(file));
  // One that bears the wanted name goes first, lest it be beyond the limit.
  const isWanted = (name: string) => Number(name.startsWith(wanted));
  return names
    .sort((a, b) => isWanted(b) - isWanted(a))
    .slice(0, MAXIMUM_FILES)
    .flatMap((name) => {
      try {
        return readStacItem(join(folder, name), files) ?? [];
      } catch (error) {
        if (error instanceof AppError) return [];
        throw error;
      }
    });
}

interface BandAsset {
  readonly key: string;
  readonly asset: JsonObject;
  readonly file: string;
}

/** The asset of each band. @param files that are there */
function bandAssets(assets: JsonObject, files: ReadonlySet<string>): Map<BandName, BandAsset> {
  const out = new Map<BandName, BandAsset>();
  for (const [key, asset] of Object.entries(assets)) {
    if (!isObject(asset)) continue;
    const file = fileOf(asset);
    const bands = [asset["eo:bands"], asset.bands].find(Array.isArray) ?? [];
    // True-colour images and previews have three.
    if (file === null || bands.length > 1) continue;
    // `B04_10m` in the Copernicus Data Space, `red-jp2` in Earth Search.
    const word = key.replace(/[_-](jp2|(10|20|60)m)$/i, "");
    const band = bandOfWord(word) ?? bandOfWord(textOf(firstOf(bands).name));
    if (!band) continue;
    const entry = { key, asset, file };
    const other = out.get(band);
    const rank = (one: BandAsset) => (files.has(one.file) ? 4 : 0) + rankOf(one, band);
    if (!other || rank(entry) > rank(other)) out.set(band, entry);
  }
  return out;
}

/** Native resolution first, then what is no copy in another format. */
function rankOf({ key, asset, file }: BandAsset, band: BandName): number {
  const told = /[_-](10|20|60)m$/i.exec(key)?.[1] ?? /_(10|20|60)m\.\w+$/i.exec(file)?.[1];
  const metres = told ? Number(told) : (numberOf(asset.gsd) ?? BANDS[band].gsdMetres);
  return (metres === BANDS[band].gsdMetres ? 2 : 0) + (/-jp2$/i.test(key) ? 0 : 1);
}

/** The last part of an asset's address; null when it is no plain file name. */
function fileOf(asset: JsonObject): string | null {
  const [address] = textOf(asset.href).split(/[?#]/);
  const last = address!.split(/[\\/]/).at(-1)!;
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // A stray percent sign: the name as it stands.
  }
  return name === "" || name.startsWith(".") || /[\\/\0]/.test(name) ? null : name;
}

function sclOf(assets: JsonObject): string | null {
  const key = ["SCL", "scl", "SCL_20m", "scl-jp2", "SCL_60m"].find((name) => isObject(assets[name]));
  return key ? fileOf(assets[key] as JsonObject) : null;
}

/** ESA's name of a product. */
const PRODUCT = /^S2[A-D]_(MSIL(1C|2A)|OPER_PRD)_/;

function productOf(id: string, properties: JsonObject): string | null {
  const told = ["s2:product_uri", "sentinel:product_id", "sentinel2:product_id"].map((key) => textOf(properties[key])).find(Boolean);
  return told?.replace(/\.SAFE$/i, "") ?? (PRODUCT.test(id) ? id : null);
}

function baselineOf(properties: JsonObject, product: string | null): string | null {
  for (const key of ["s2:processing_baseline", "sentinel:processing_baseline", "processing:version"]) {
    const told = /^(\d\d)\.?(\d\d)$/.exec(textOf(properties[key]));
    if (told) return `${told[1]}.${told[2]}`;
  }
  const named = /_N(\d\d)(\d\d)_/.exec(product ?? "");
  return named ? `${named[1]}.${named[2]}` : null;
}

function granuleOf(properties: JsonObject): string | null {
  const zoned = (zone: unknown, rest: string) => granuleIn(`T${String(zone).padStart(2, "0")}${rest}`);
  const code = /^(?:MGRS-)?T?(\d{1,2})([A-Z]{3})$/.exec(textOf(properties["s2:mgrs_tile"]) || textOf(properties["grid:code"]));
  if (code) return zoned(code[1], code[2]!);
  for (const prefix of ["mgrs", "sentinel"]) {
    const rest = textOf(properties[`${prefix}:latitude_band`]) + textOf(properties[`${prefix}:grid_square`]);
    const found = zoned(properties[`${prefix}:utm_zone`], rest);
    if (found) return found;
  }
  return null;
}

function epsgOf(owner: JsonObject): number | null {
  const code = /^EPSG:(\d{4,6})$/.exec(textOf(owner["proj:code"]))?.[1] ?? owner["proj:epsg"];
  const epsg = Number(code ?? Number.NaN);
  return Number.isInteger(epsg) && epsg > 0 ? epsg : null;
}

/** Earth Search v0 says where its cloud cover is none: `sentinel:valid_cloud_cover`. */
function cloudOf(properties: JsonObject): number | null {
  const percent = numberOf(properties["eo:cloud_cover"]);
  return properties["sentinel:valid_cloud_cover"] === false || percent === null || percent < 0 || percent > 100 ? null : percent;
}

/** STAC 1.0 has `raster:bands`, 1.1 `bands` or fields of the asset itself. */
function rasterFields(asset: JsonObject): { scale: number | null; offset: number | null; nodata: number | null } {
  const old = firstOf(asset["raster:bands"]);
  const band = firstOf(asset.bands);
  return {
    scale: numberOf(old.scale) ?? numberOf(band["raster:scale"]) ?? numberOf(asset["raster:scale"]),
    offset: numberOf(old.offset) ?? numberOf(band["raster:offset"]) ?? numberOf(asset["raster:offset"]),
    nodata: numberOf(old.nodata) ?? numberOf(band.nodata) ?? numberOf(asset.nodata),
  };
}

const nodataOf = (asset: JsonObject) => rasterFields(asset).nodata;

/** Scale and offset of reflectance as a band's asset tells them. */
function scaleOf({ asset }: BandAsset): BandScale | null {
  const { scale, offset } = rasterFields(asset);
  if (scale === null || offset === null || !(scale > 0 && scale < 1) || Math.abs(offset) > 1) return null;
  return { offset: Math.round(offset / scale) || 0, quantification: Math.round(1 / scale) };
}

interface Evidence {
  readonly name: string;
  readonly properties: JsonObject;
  readonly assets: ReadonlyMap<BandName, BandAsset>;
  readonly baseline: string | null;
}

/**
 * In this order:
 * 1. the item says that the offset is in the pixels already: 0, whatever `raster:bands` still names. So it is in Earth Search's COGs, not in
 *    the JPEG 2000 files that the same items name, which are ESA's;
 * 2. the bands' assets tell scale and offset: each band's own;
 * 3. neither, and the baseline is before 04.00: there was no offset;
 * 4. neither, and it is 04.00 or later: -1000 if the pixels are ESA's own. They are when the item says that the offset is not applied, and
 *    when the files bear ESA's names (Planetary Computer's COGs of the product's images, which tell no offset) or are JPEG 2000; else unknown.
 */
function radiometryOf({ name, properties, assets, baseline }: Evidence): StacRadiometry | null {
  const told = new Map<BandName, BandScale>();
  for (const [band, asset] of assets) {
    const scale = scaleOf(asset);
    if (scale) told.set(band, scale);
  }
  const quantification = mostCommon([...told.values()].map((scale) => scale.quantification)) ?? DEFAULT_QUANTIFICATION;
  const all = (offset: number, source: string, isTold = false): StacRadiometry => ({
    offset,
    quantification,
    source: `${name}: ${source}`,
    isTold,
    bands: Object.fromEntries(
      [...assets.keys()].map((band) => [band, { offset, quantification: told.get(band)?.quantification ?? quantification }]),
    ),
  });
  const applied = ["earthsearch:boa_offset_applied", "sentinel:boa_offset_applied"]
    .map((key) => properties[key])
    .find((value) => typeof value === "boolean");
  const isJpeg = assets.size > 0 && [...assets.values()].every(({ file }) => /\.jp2$/i.test(file));
  if (applied === true && !isJpeg) return all(0, "the offset is applied already", true);
  if (told.size > 0) {
    const offset = mostCommon([...told.values()].map((scale) => scale.offset))!;
    return { offset, quantification, source: `${name}: scale and offset of each band`, isTold: true, bands: Object.fromEntries(told) };
  }
  const offset = offsetOfBaseline(baseline);
  if (offset === 0) return all(0, `processing baseline ${baseline}, before offsets`);
  const isEsas = [...assets.values()].some(({ file }) => /^T\w{5}_\d{8}T\d{6}_B\w\w(_\d\dm)?\.\w+$|\.jp2$/i.test(file));
  if (offset !== null && (applied === false || isEsas))
    return all(offset, `processing baseline ${baseline}, and the images are ESA's own, so with its offset`);
  return null;
}

function mostCommon(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
