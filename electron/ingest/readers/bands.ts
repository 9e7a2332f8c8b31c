// Band rasters into the slots of a batch: the checks and cuts that all kinds of sources share.
import { BANDS, type BandName } from "../../../shared/domain/bands.ts";
import type { SourceKind } from "../../../shared/domain/dataset.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { SATURATED_DN } from "../../../shared/raster/radiometry.ts";
import type { PatchItem, ReadSettings, TileBatch } from "../patch.ts";
import { type GeoTiff, openGeoTiff } from "./geotiff.ts";
import type { Affine, Samples, Window } from "./raster.ts";

/** One band of a patch, open. */
export interface BandRaster {
  readonly band: BandName;
  readonly tiff: GeoTiff;
  /** Its band in the file, from 0. */
  readonly sample: number;
}

/** Values below this DN are taken for a no-data mark (-9999), those above for dark pixels. */
const LOWEST_DN = -2000;

/**
 * How many pixels of the 10 m grid a pixel of a `size` px raster spans beside one of `reference` px on the 10 m grid: 1, 2 or 6.
 * Rasters that do not divide (1098 / 549 / 183) may end up to one pixel early or late.
 * @returns undefined when it is none of them
 */
export function ratioTo10m(reference: number, size: number): 1 | 2 | 6 | undefined {
  for (const ratio of [1, 2, 6] as const) if (Math.abs(size * ratio - reference) < ratio) return ratio;
  return undefined;
}

/**
 * Opens the rasters of a patch and checks that they fit each other.
 * @throws AppError when one is missing, broken, of another size or elsewhere
 */
export function openBands(item: PatchItem, settings: ReadSettings, sampleOf: (band: BandName, tiff: GeoTiff) => number): BandRaster[] {
  const rasters: BandRaster[] = [];
  const byFile = new Map<string, GeoTiff>();
  try {
    for (const group of settings.groups) {
      for (const band of group.bands) {
        const file = fileOf(item, band);
        const tiff = byFile.get(file) ?? openGeoTiff(file);
        byFile.set(file, tiff);
        rasters.push({ band, tiff, sample: sampleOf(band, tiff) });
        checkBand(item, settings, band, tiff);
      }
    }
    checkGround(rasters);
    return rasters;
  } catch (error) {
    for (const tiff of byFile.values()) tiff.close();
    throw error;
  }
}

/** The file of a band. @throws AppError BAD_FILE when the patch has none */
export function fileOf(item: PatchItem, band: BandName): string {
  const file = item.files[band];
  if (!file) throw new AppError("BAD_FILE", `${band} is missing. Copy or download the patch again, or ingest it with other bands.`);
  return file;
}

/** A band's size and sample type against what was planned. @throws AppError BAD_FILE, UNSUPPORTED */
export function checkBand(item: PatchItem, { tilePixels, groups }: ReadSettings, band: BandName, tiff: GeoTiff): void {
  const group = groups.find(({ bands }) => bands.includes(band))!;
  const ratio = tilePixels / group.pixels;
  const slack = item.kind === "geotiff-bands" ? ratio : 1;
  const fits = (size: number, reference: number) => Math.abs(size * ratio - reference) < slack;
  if (!fits(tiff.width, item.width) || !fits(tiff.height, item.height)) {
    const expected = `${Math.round(item.width / ratio)} x ${Math.round(item.height / ratio)}`;
    const remedy =
      item.kind === "geotiff-bands" ? "Replace it, or ingest this folder as a data set of its own." : "Copy or download it again.";
    throw new AppError("BAD_FILE", `${tiff.path}: ${band} is ${tiff.width} x ${tiff.height} px, not ${expected}. ${remedy}`);
  }
  if (tiff.dtype === "uint8" || tiff.dtype === "int8") {
    throw new AppError("UNSUPPORTED", `${tiff.path} has 8-bit values: a picture, not reflectance. Use the 16-bit product.`);
  }
  const isFloat = tiff.dtype.startsWith("float");
  if (isFloat !== (item.dnScale !== null)) throw new AppError("BAD_FILE", `${tiff.path}: ${otherNumbers(item.kind, isFloat)}`);
}

/** Why files of another sample type are left out: their scale may be another, too. */
export function otherNumbers(kind: SourceKind, isFloat: boolean): string {
  const what = isFloat
    ? "floating-point values, where the others have whole numbers"
    : "whole numbers, where the others have floating-point values";
  const remedy = kind === "geotiff-bands" ? "Ingest it as a data set of its own." : "Copy or download it again.";
  return `has ${what}. ${remedy}`;
}

/** All bands must be in one reference system and begin at one corner. */
function checkGround(rasters: readonly BandRaster[]): void {
  const first = rasters.find(({ tiff }) => tiff.crs !== null && tiff.transform !== null)?.tiff;
  if (!first) return;
  for (const { band, tiff } of rasters) {
    if (tiff.crs !== null && tiff.crs !== first.crs) {
      throw new AppError(
        "BAD_FILE",
        `${tiff.path}: ${band} is in ${tiff.crs}, other bands in ${first.crs}. Bring all bands to one reference system (gdalwarp).`,
      );
    }
    if (!tiff.transform) continue;
    const [a, , c, , e, f] = tiff.transform;
    const [firstA, , firstC, , firstE, firstF] = first.transform!;
    const isNear =
      Math.abs(c - firstC) <= Math.max(Math.abs(a), Math.abs(firstA)) && Math.abs(f - firstF) <= Math.max(Math.abs(e), Math.abs(firstE));
    if (!isNear) {
      throw new AppError(
        "BAD_FILE",
        `${tiff.path}: ${band} begins at ${c}, ${f}, other bands at ${firstC}, ${firstF}. Bring all bands to one grid (gdalwarp -te).`,
      );
    }
  }
}

/**
 * Reads a window as DN.
 * @param out uint16, filled from `at` on: 0 where the file has no data (its no-data value, NaN), 65535 at most
 * @param dnScale as in `PatchItem`
 */
export async function readDn(
  raster: BandRaster,
  window: Omit<Window, "band">,
  out: Uint16Array,
  at: number,
  dnScale: number | null,
): Promise<void> {
  const { tiff, sample } = raster;
  const area = { ...window, band: sample };
  if (tiff.isDirect && tiff.dtype === "uint16") {
    tiff.readWindowSync(area, out, at);
    const { nodata } = tiff;
    if (nodata === null || nodata === 0 || !(nodata > 0 && nodata <= 65535)) return;
    for (let i = at; i < at + window.width * window.height; i++) if (out[i] === nodata) out[i] = 0;
    return;
  }
  toDn(await tiff.readWindow(area), tiff.nodata, dnScale ?? 1, out, at);
}

function toDn(values: Samples, nodata: number | null, dnScale: number, out: Uint16Array, at: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const dn = value * dnScale;
    // NaN fails the comparison, too.
    if (value === 0 || value === nodata || !(dn > LOWEST_DN)) out[at + i] = 0;
    else out[at + i] = Math.min(Math.max(Math.round(dn), 1), SATURATED_DN);
  }
}

/** Where a tile lies, and how it is named. */
export interface TilePlace {
  readonly id: string;
  readonly column: number;
  readonly row: number;
}

/** The tiles of an item, row after row. */
export function* tilesOf({ id, range, isCut }: PatchItem): Generator<TilePlace> {
  for (let row = range.row; row < range.endRow; row++) {
    for (let column = range.column; column < range.endColumn; column++) yield { id: isCut ? `${id}_${column}_${row}` : id, column, row };
  }
}

/** Reads one tile from open rasters into the slot of the batch. */
export async function readTileBands(
  rasters: readonly BandRaster[],
  item: PatchItem,
  { column, row }: TilePlace,
  batch: TileBatch,
): Promise<void> {
  const { groups } = batch.settings;
  let i = 0;
  for (let g = 0; g < groups.length; g++) {
    const { pixels, bands } = groups[g]!;
    for (let b = 0; b < bands.length; b++) {
      const { data, at } = batch.slot(g, b);
      await readDn(rasters[i++]!, { x: column * pixels, y: row * pixels, width: pixels, height: pixels }, data, at, item.dnScale);
    }
  }
}

/** The affine of the 10 m grid from that of a raster whose tile has `pixels` of the `tilePixels` on that grid; moved to a tile's corner. */
export function tileTransform(transform: Affine | null, pixels: number, tilePixels: number, { column, row }: TilePlace): number[] | null {
  if (!transform) return null;
  const scale = pixels / tilePixels;
  const [a, b, c, d, e, f] = transform;
  const x = column * pixels;
  const y = row * pixels;
  return [a * scale, b * scale, c + a * x + b * y, d * scale, e * scale, f + d * x + e * y];
}

/** The bands' resolution groups for a patch of known ratios: `10m`, `20m`, `60m`. */
export function groupName(ratio: 1 | 2 | 6): string {
  return { 1: "10m", 2: "20m", 6: "60m" }[ratio];
}

/** What a band's ratio would be by its ground sampling distance. */
export function nativeRatio(band: BandName): 1 | 2 | 6 {
  return ({ 10: 1, 20: 2, 60: 6 } as const)[BANDS[band].gsdMetres];
}
