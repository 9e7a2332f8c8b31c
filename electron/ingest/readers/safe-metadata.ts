// The XML documents of Sentinel-2 products: MTD_MSIL1C.xml, MTD_MSIL2A.xml and the older names (a product), MTD_TL.xml (a granule).
// What a document is, its root tells: products are met whose MTD_MSIL2A.xml is a granule's. See ESA, Sentinel-2 Products Specification Document.
import { BAND_NAMES, type BandName } from "../../../shared/domain/bands.ts";
import { isoDateIn } from "./names.ts";
import type { Affine } from "./raster.ts";
import { numberIn, readXml, type XmlElement } from "./xml.ts";

export type SafeLevel = "L1C" | "L2A";

/** How images of one resolution lie on the ground, metres. Of whole granules: crops that keep the metadata have other sizes. */
export interface SafeGrid {
  readonly nrows: number;
  readonly ncols: number;
  readonly ulx: number;
  readonly uly: number;
  readonly xdim: number;
  readonly ydim: number;
}

export interface Geocoding {
  readonly epsg: number;
  /** By resolution, metres. */
  readonly grids: Readonly<Partial<Record<10 | 20 | 60, SafeGrid>>>;
}

export interface ProductDocument {
  readonly kind: "product";
  readonly level: SafeLevel;
  readonly productName: string | null;
  /** Processing baseline as text, `04.00`; old products write `N02.01`. */
  readonly baseline: string | null;
  /** ISO day. */
  readonly date: string | null;
  readonly quantification: number | null;
  /** DN offsets of the bands that the document names; empty before processing baseline 04.00. */
  readonly offsets: Readonly<Partial<Record<BandName, number>>>;
  /** DN of pixels without data, and of saturated ones. */
  readonly nodata: number | null;
  readonly saturated: number | null;
  /** Outline of what was seen, WGS 84. */
  readonly footprint: readonly (readonly [longitude: number, latitude: number])[] | null;
  readonly cloudPercent: number | null;
  /** Names of the images, without folders and extensions. */
  readonly images: readonly string[];
}

export interface GranuleDocument {
  readonly kind: "granule";
  readonly level: SafeLevel;
  /** `S2A_OPER_MSI_L2A_TL_.._T33SVB_N02.11`. */
  readonly tileId: string | null;
  readonly date: string | null;
  readonly geocoding: Geocoding | null;
  readonly cloudPercent: number | null;
}

/** Values beyond this are no DN. */
const LARGEST_DN = 65_535;
/** Pixels a side, far above the 10,980 of a granule. */
const LARGEST_SIDE = 100_000;

/**
 * Reads a document of a product.
 * @returns null for documents of other kinds
 * @throws AppError NOT_FOUND, NO_ACCESS, BAD_FILE, UNSUPPORTED as `readXml`
 */
export function readSafeDocument(path: string): ProductDocument | GranuleDocument | null {
  const root = readXml(path);
  const match = /^Level-(1C|2A)p?_(User_Product|Tile_ID)$/.exec(root.name);
  if (!match) return null;
  const level = `L${match[1]}` as SafeLevel;
  return match[2] === "Tile_ID" ? granuleOf(root, level) : productOf(root, level);
}

/** The affine of a grid. */
export function gridTransform({ ulx, uly, xdim, ydim }: SafeGrid): Affine {
  return [xdim, 0, ulx, 0, ydim, uly];
}

function productOf(root: XmlElement, level: SafeLevel): ProductDocument {
  const quantification =
    level === "L1C" ? root.numberOf("QUANTIFICATION_VALUE") : root.numberOf("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE");
  return {
    kind: "product",
    level,
    productName: nameOf(root.textOf(`PRODUCT_URI_${level.slice(1)}`, "PRODUCT_URI")),
    baseline: /^N?(\d\d\.\d\d)$/.exec(root.textOf("PROCESSING_BASELINE") ?? "")?.[1] ?? null,
    date: isoDateIn(root.textOf("PRODUCT_START_TIME") ?? root.textOf("DATATAKE_SENSING_START") ?? ""),
    quantification: quantification !== null && quantification > 0 ? quantification : null,
    offsets: offsetsOf(root, level),
    nodata: specialValue(root, "NODATA"),
    saturated: specialValue(root, "SATURATED"),
    footprint: footprintOf(root.find("Global_Footprint")?.textOf("EXT_POS_LIST") ?? null),
    cloudPercent: root.numberOf("Cloud_Coverage_Assessment", "CLOUDY_PIXEL_PERCENTAGE"),
    images: [...root.findAll("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")].map(({ text }) =>
      text.slice(text.lastIndexOf("/") + 1).replace(/\.jp2$/i, ""),
    ),
  };
}

/** Products of before the launch, and of the first processors, have an address of any kind where the name should be. */
function nameOf(uri: string | null): string | null {
  return uri && /^S2[A-D]_\w+(\.SAFE)?$/i.test(uri) ? uri.replace(/\.SAFE$/i, "") : null;
}

/** A band's id is its place among the thirteen. */
function offsetsOf(root: XmlElement, level: SafeLevel): Partial<Record<BandName, number>> {
  const offsets: Partial<Record<BandName, number>> = {};
  for (const element of root.findAll(level === "L1C" ? "RADIO_ADD_OFFSET" : "BOA_ADD_OFFSET")) {
    const band = BAND_NAMES[numberIn(element.attribute("band_id")) ?? -1];
    const value = numberIn(element.text);
    if (band && value !== null && Math.abs(value) <= LARGEST_DN) offsets[band] = value;
  }
  return offsets;
}

function specialValue(root: XmlElement, name: string): number | null {
  for (const element of root.findAll("Special_Values"))
    if (element.textOf("SPECIAL_VALUE_TEXT") === name) return element.numberOf("SPECIAL_VALUE_INDEX");
  return null;
}

/** Latitude and longitude in turns. */
function footprintOf(text: string | null): [number, number][] | null {
  const values = (text ?? "").split(/\s+/).map((part) => numberIn(part) ?? Number.NaN);
  if (values.length < 6 || values.length % 2 !== 0) return null;
  const ring = Array.from({ length: values.length / 2 }, (_, i): [number, number] => [values[i * 2 + 1]!, values[i * 2]!]);
  return ring.every(([longitude, latitude]) => Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90) ? ring : null;
}

function granuleOf(root: XmlElement, level: SafeLevel): GranuleDocument {
  return {
    kind: "granule",
    level,
    tileId: root.textOf("TILE_ID", "TILE_ID_2A"),
    date: isoDateIn(root.textOf("SENSING_TIME") ?? ""),
    geocoding: geocodingOf(root.find("Tile_Geocoding")),
    cloudPercent: root.numberOf("CLOUDY_PIXEL_PERCENTAGE"),
  };
}

function geocodingOf(element: XmlElement | null): Geocoding | null {
  const epsg = /^EPSG:(\d{4,6})$/.exec(element?.textOf("HORIZONTAL_CS_CODE") ?? "")?.[1];
  if (!element || !epsg) return null;
  const at = (name: string, metres: number) =>
    [...element.findAll(name)].find((candidate) => numberIn(candidate.attribute("resolution")) === metres) ?? null;
  const grids: Partial<Record<10 | 20 | 60, SafeGrid>> = {};
  for (const metres of [10, 20, 60] as const) {
    const size = at("Size", metres);
    const place = at("Geoposition", metres);
    const [nrows, ncols] = [size?.numberOf("NROWS"), size?.numberOf("NCOLS")];
    const [ulx, uly] = [place?.numberOf("ULX"), place?.numberOf("ULY")];
    const [xdim, ydim] = [place?.numberOf("XDIM"), place?.numberOf("YDIM")];
    if (!isSide(nrows) || !isSide(ncols) || ulx == null || uly == null || !xdim || !ydim) continue;
    grids[metres] = { nrows, ncols, ulx, uly, xdim, ydim };
  }
  return { epsg: Number(epsg), grids };
}

function isSide(value: number | null | undefined): value is number {
  return Number.isInteger(value) && value! >= 1 && value! <= LARGEST_SIDE;
}
