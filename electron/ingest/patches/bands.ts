// Band rasters into the slots of a batch: the checks and cuts that all kinds of sources share.
import { basename } from "node:path";
import type { BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { SATURATED_DN } from "../../../shared/raster/radiometry.ts";
import { bandOfDescription } from "../readers/band-descriptions.ts";
import { EUROSAT_BANDS, isScenes } from "../readers/formats.ts";
import { openRaster } from "../readers/open-raster.ts";
import type { Affine, Raster, Samples, Window } from "../readers/raster.ts";
import type { Conversion, PatchItem, ReadSettings, TileBatch } from "./patch.ts";

/** One band of a patch, open. */
export interface BandRaster {
  readonly band: BandName;
  readonly raster: Raster;
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

/** Where a band lies in an image, from 0. @throws AppError BAD_FILE, UNSUPPORTED when the image has other bands than it should */
export function sampleOf({ kind, samples }: Pick<PatchItem, "kind" | "samples">, band: BandName, raster: Raster): number {
  const { path, bands, descriptions } = raster;
  if (kind === "eurosat-ms") {
    if (bands === EUROSAT_BANDS.length) return EUROSAT_BANDS.indexOf(band);
    const rgb = bands === 3 ? " This looks like the RGB version: use the 13-band one (EuroSATallBands)." : " Replace it.";
    throw new AppError("BAD_FILE", `${path} has ${bands} bands instead of ${EUROSAT_BANDS.length}.${rgb}`);
  }
  if (samples) {
    const sample = samples[band];
    // Where descriptions tell another band, the file is not like those by which its layout was told.
    if (sample !== undefined && sample < bands && (bandOfDescription(descriptions[sample] ?? "") ?? band) === band) return sample;
    throw new AppError("BAD_FILE", `${path} has ${bands} bands, and ${band} is not where its neighbours have it. Ingest it on its own.`);
  }
  if (bands === 1) return 0;
  throw new AppError(
    "UNSUPPORTED",
    `${path} holds ${bands} bands, but its name tells one. Split ${basename(path)} (gdal_translate -b N IN OUT.tif).`,
  );
}

/**
 * Opens the rasters of a patch and checks that they fit each other.
 * @throws AppError when one is missing, broken, of another size or elsewhere
 */
export function openBands(item: PatchItem, settings: ReadSettings): BandRaster[] {
  const rasters: BandRaster[] = [];
  const byFile = new Map<string, Raster>();
  try {
    for (const group of settings.groups) {
      for (const band of group.bands) {
        const file = fileOf(item, band);
        const raster = byFile.get(file) ?? openRaster(file, { isSparse: item.isSparse, parts: item.parts });
        byFile.set(file, raster);
        rasters.push({ band, raster, sample: sampleOf(item, band, raster) });
        checkBand(item, settings, band, raster);
      }
    }
    checkGround(rasters);
    return rasters;
  } catch (error) {
    for (const raster of byFile.values()) raster.close();
    throw error;
  }
}

export function closeBands(rasters: readonly BandRaster[]): void {
  for (const { raster } of rasters) raster.close();
}

/** The file of a band. @throws AppError BAD_FILE when the patch has none */
export function fileOf(item: PatchItem, band: BandName): string {
  const file = item.files[band];
  if (!file) throw new AppError("BAD_FILE", `${band} is missing. Copy or download the patch again, or ingest it with other bands.`);
  return file;
}

/** A band's size and sample type against what was planned. @throws AppError BAD_FILE, UNSUPPORTED */
export function checkBand(item: PatchItem, { tilePixels, groups }: ReadSettings, band: BandName, raster: Raster): void {
  const group = groups.find(({ bands }) => bands.includes(band))!;
  const ratio = tilePixels / group.pixels;
  const slack = isScenes(item.kind) ? ratio : 1;
  const fits = (size: number, reference: number) => Math.abs(size * ratio - reference) < slack;
  if (!fits(raster.width, item.width) || !fits(raster.height, item.height)) {
    const expected = `${Math.round(item.width / ratio)} x ${Math.round(item.height / ratio)}`;
    const remedy = isScenes(item.kind) ? "Replace it, or ingest this folder as a data set of its own." : "Copy or download it again.";
    throw new AppError("BAD_FILE", `${raster.path}: ${band} is ${raster.width} x ${raster.height} px, not ${expected}. ${remedy}`);
  }
  checkSampleType(raster);
  const isFloat = raster.dtype.startsWith("float");
  if (isFloat !== item.isFloat) throw new AppError("BAD_FILE", `${raster.path}: ${otherNumbers(item.kind, isFloat)}`);
}

/** @throws AppError UNSUPPORTED for pictures */
export function checkSampleType({ path, dtype }: Raster): void {
  if (dtype !== "uint8" && dtype !== "int8") return;
  throw new AppError("UNSUPPORTED", `${path} has 8-bit values: a picture, not reflectance. Use the 16-bit product.`);
}

/** Why files of another sample type are left out: their scale may be another, too. */
export function otherNumbers(kind: PatchItem["kind"], isFloat: boolean): string {
  const what = isFloat
    ? "floating-point values, where the others have whole numbers"
    : "whole numbers, where the others have floating-point values";
  const remedy = isScenes(kind) ? "Ingest it as a data set of its own." : "Copy or download it again.";
  return `has ${what}. ${remedy}`;
}

/** All bands must be in one reference system and begin at one corner. */
function checkGround(rasters: readonly BandRaster[]): void {
  const first = rasters.find(({ raster }) => raster.crs !== null && raster.transform !== null)?.raster;
  if (!first) return;
  for (const { band, raster } of rasters) {
    if (raster.crs !== null && raster.crs !== first.crs) {
      throw new AppError(
        "BAD_FILE",
        `${raster.path}: ${band} is in ${raster.crs}, other bands in ${first.crs}. Bring all bands to one reference system (gdalwarp).`,
      );
    }
    if (!raster.transform) continue;
    const [a, , c, , e, f] = raster.transform;
    const [firstA, , firstC, , firstE, firstF] = first.transform!;
    const isNear =
      Math.abs(c - firstC) <= Math.max(Math.abs(a), Math.abs(firstA)) && Math.abs(f - firstF) <= Math.max(Math.abs(e), Math.abs(firstE));
    if (!isNear) {
      throw new AppError(
        "BAD_FILE",
        `${raster.path}: ${band} begins at ${c}, ${f}, other bands at ${firstC}, ${firstF}. Bring all bands to one grid (gdalwarp -te).`,
      );
    }
  }
}

/**
 * Reads a window as the data set's DN.
 * @param out uint16, filled from `at` on: 0 where the file has no data (its no-data value, NaN), 65535 where it is saturated
 * @param conversion of the patch; null: the file's values are the data set's
 */
export async function readDn(
  { band, raster, sample }: BandRaster,
  window: Omit<Window, "band">,
  out: Uint16Array,
  at: number,
  conversion: Conversion | null,
): Promise<void> {
  const area = { ...window, band: sample };
  const { nodata } = raster;
  if (!conversion && raster.isDirect && raster.dtype === "uint16") {
    raster.readWindowSync!(area, out, at);
    if (nodata === null || nodata === 0 || !(nodata > 0 && nodata <= 65535)) return;
    for (let i = at; i < at + window.width * window.height; i++) if (out[i] === nodata) out[i] = 0;
    return;
  }
  const values = await raster.readWindow(area);
  if (!conversion) toDn(values, nodata, { factor: 1, offset: 0, scale: 1, shift: 0 }, out, at);
  else {
    const { factor, offsets, scale, shift } = conversion;
    toDn(values, nodata, { factor, offset: offsets[band] ?? 0, scale, shift }, out, at);
  }
}

/** `(value x factor + offset) x scale + shift`, at least 1: dark pixels are data. Not converted, 65535 stays what it is: saturated. */
function toDn(
  values: Samples,
  nodata: number | null,
  { factor, offset, scale, shift }: { factor: number; offset: number; scale: number; shift: number },
  out: Uint16Array,
  at: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const dn = value * factor;
    // NaN fails the comparison, too.
    if (value === 0 || value === nodata || !(dn > LOWEST_DN)) out[at + i] = 0;
    else if (dn >= SATURATED_DN) out[at + i] = SATURATED_DN;
    else out[at + i] = Math.min(Math.max(Math.round((dn + offset) * scale + shift), 1), SATURATED_DN - 1);
  }
}

/** Where a tile lies, and how it is named. */
export interface TilePlace {
  readonly id: string;
  readonly column: number;
  readonly row: number;
}

/** The tiles of an item, in the order in which they are read. */
export function* tilesOf({ id, places, isCut }: PatchItem): Generator<TilePlace> {
  for (const [column, row] of places) yield { id: isCut ? `${id}_${column}_${row}` : id, column, row };
}

/** Reads one tile from open rasters into the slot of the batch. */
export async function readTileBands(
  rasters: readonly BandRaster[],
  item: PatchItem,
  { column, row }: TilePlace,
  batch: TileBatch,
): Promise<void> {
  const { groups, stridePixels, tilePixels } = batch.settings;
  let i = 0;
  for (let g = 0; g < groups.length; g++) {
    const { pixels, bands } = groups[g]!;
    const stride = (stridePixels * pixels) / tilePixels;
    for (let b = 0; b < bands.length; b++) {
      const { data, at } = batch.slot(g, b);
      await readDn(rasters[i++]!, { x: column * stride, y: row * stride, width: pixels, height: pixels }, data, at, item.conversion);
    }
  }
}

/**
 * The affine of a tile's 10 m grid from that of an image whose tile has `pixels` of the `tilePixels` on that grid.
 * @param stridePixels px of the 10 m grid from a tile to the next
 */
export function tileTransform(
  transform: Affine | null,
  pixels: number,
  { tilePixels, stridePixels }: Pick<ReadSettings, "tilePixels" | "stridePixels">,
  { column, row }: TilePlace,
): number[] | null {
  if (!transform) return null;
  const scale = pixels / tilePixels;
  const [a, b, c, d, e, f] = transform;
  const x = column * stridePixels * scale;
  const y = row * stridePixels * scale;
  return [a * scale, b * scale, c + a * x + b * y, d * scale, e * scale, f + d * x + e * y];
}

/** The bands' resolution groups for a patch of known ratios: `10m`, `20m`, `60m`. */
export function groupName(ratio: 1 | 2 | 6): string {
  return { 1: "10m", 2: "20m", 6: "60m" }[ratio];
}
