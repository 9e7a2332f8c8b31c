// A look inside a patch or scene: whether its images fit each other, their sizes, and what their pixels say.
import { BANDS, type BandName } from "../../../shared/domain/bands.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { sizeOf } from "../../files/byte-source.ts";
import { checkSampleType, ratioTo10m, sampleOf } from "../patches/bands.ts";
import type { TfRecordReader } from "../patches/tfrecord-patches.ts";
import { FORMATS, isScenes } from "../readers/formats.ts";
import { openRaster } from "../readers/open-raster.ts";
import type { Raster } from "../readers/raster.ts";
import { bandFile, type FoundPatch, labelsFile } from "./found-patch.ts";

/** What was seen of a patch. */
export interface OpenedPatch {
  readonly patch: FoundPatch;
  /** Size on the 10 m grid, px. */
  readonly width: number;
  readonly height: number;
  /** Of its files, which it may share with other patches. */
  readonly bytes: number;
  readonly crs: string | null;
  /** Metres, or degrees, that a pixel of the 10 m grid spans; null without a georeference. */
  readonly spacing: number | null;
  readonly isFloat: boolean;
  /** Pixels of the 10 m grid that a band's pixel spans. */
  readonly ratios: Readonly<Partial<Record<BandName, 1 | 2 | 6>>>;
  /** What the middle of some bands holds; null: not looked at. */
  readonly pixels: PixelSample | null;
}

/** Values of windows in the middle of some bands. */
export interface PixelSample {
  readonly maximum: number;
  /** Of scenes: what is darkest in each band that has data. */
  readonly darkest: readonly DarkEnd[];
  /** Share of values without data, 0..1. */
  readonly nodata: number;
}

/** The darkest values of a band that are data. */
export interface DarkEnd {
  readonly band: BandName;
  /** One in a thousand is lower. */
  readonly permille: number;
  /** One in a hundred is lower. */
  readonly percentile: number;
}

/** Side of a window that is looked at, px; there are five: in the middle and half-way to each corner. */
const WINDOW = 128;
/** Bands that are looked at: dark ones, in which an offset shows. Windows of 60 m span most of the ground, and B10 sees next to nothing of it. */
const LOOKED_AT: readonly BandName[] = ["B02", "B04", "B12", "B09", "B10"];

/**
 * Opens all bands of a patch and checks their sizes.
 * @param options.pixels whether to look at pixels, too
 * @param options.records reads examples of TFRecord files
 * @throws AppError when an image is missing, broken or does not fit
 */
export async function openPatch(
  patch: FoundPatch,
  bands: readonly BandName[],
  options: { pixels: boolean; records: TfRecordReader },
): Promise<OpenedPatch> {
  const open = new Map<string, Raster>();
  try {
    const labels = labelsFile(patch);
    let bytes = labels ? sizeOf(labels) : 0;
    for (const file of new Set(bands.map((band) => bandFile(patch, band)!))) {
      for (const part of patch.parts ?? [file]) bytes += sizeOf(part);
      if (patch.kind !== "tfrecords") open.set(file, openRaster(file, { isSparse: true, parts: patch.parts }));
    }
    const example = patch.kind === "tfrecords" ? await options.records.rasters(patch.path, patch.member!) : {};
    const rasters = bands.map((band) => ({ band, raster: example[band] ?? open.get(bandFile(patch, band)!)! }));
    const reference = referenceSize(rasters, FORMATS[patch.kind].isNative);
    for (const { band, raster } of rasters) {
      sampleOf(patch, band, raster);
      checkSampleType(raster);
      checkSize(patch, band, raster, reference);
    }
    const floats = rasters.filter(({ raster }) => raster.dtype.startsWith("float"));
    const [first] = rasters as [(typeof rasters)[number]];
    const ratios = Object.fromEntries(rasters.map(({ band, raster }) => [band, ratioTo10m(reference.width, raster.width)!]));
    const { transform } = first.raster;
    const looked = options.pixels || floats.length > 0 ? rasters.filter(({ band }) => LOOKED_AT.includes(band)) : [];
    return {
      patch,
      ...reference,
      ratios,
      bytes,
      crs: first.raster.crs ?? patch.scene?.place?.crs ?? null,
      spacing: transform ? Math.abs(transform[0]) / ratios[first.band]! : null,
      isFloat: floats.length > 0,
      pixels: options.pixels || floats.length > 0 ? await samplePixels(patch, looked.length > 0 ? looked : [first]) : null,
    };
  } finally {
    for (const raster of open.values()) raster.close();
  }
}

/**
 * Size on the 10 m grid: that of the finest band, times what its native resolution asks for.
 * @param isNative false: all bands lie on one grid, which is the 10 m grid of its tiles
 */
export function referenceSize(
  rasters: readonly { readonly band: BandName; readonly raster: Pick<Raster, "width" | "height"> }[],
  isNative: boolean,
): { width: number; height: number } {
  const finest = rasters.reduce((a, b) => (BANDS[b.band].gsdMetres < BANDS[a.band].gsdMetres ? b : a));
  const factor = isNative ? BANDS[finest.band].gsdMetres / 10 : 1;
  return { width: finest.raster.width * factor, height: finest.raster.height * factor };
}

function checkSize({ kind }: FoundPatch, band: BandName, raster: Raster, reference: { width: number; height: number }): void {
  const { pixels, isNative } = FORMATS[kind];
  if (pixels !== null) {
    const expected = isNative ? (pixels * 10) / BANDS[band].gsdMetres : pixels;
    if (raster.width === expected && raster.height === expected) return;
    throw new AppError(
      "BAD_FILE",
      `${raster.path}: ${band} is ${raster.width} x ${raster.height} px, not ${expected} x ${expected} as the format has it. Copy or download it again.`,
    );
  }
  const ratio = ratioTo10m(reference.width, raster.width);
  if (ratio !== undefined && ratioTo10m(reference.height, raster.height) === ratio) return;
  throw new AppError(
    "BAD_FILE",
    `${raster.path}: ${band} is ${raster.width} x ${raster.height} px, which is neither all, half nor a sixth of ${reference.width} x ${reference.height}. Bring the bands to one extent (gdalwarp -te).`,
  );
}

async function samplePixels(patch: FoundPatch, rasters: readonly { band: BandName; raster: Raster }[]): Promise<PixelSample> {
  let maximum = 0;
  let missing = 0;
  let total = 0;
  const darkest: DarkEnd[] = [];
  for (const { band, raster } of rasters) {
    const values = await readWindows(raster, sampleOf(patch, band, raster));
    let count = 0;
    for (const value of values) {
      if (value === 0 || value === raster.nodata || !(value > -1e4 && value < Infinity)) continue;
      values[count++] = value;
      if (value > maximum) maximum = value;
    }
    missing += values.length - count;
    total += values.length;
    // What a patch's format prescribes is not checked by it, and sorting costs more than all else here.
    if (count === 0 || !isScenes(patch.kind)) continue;
    const data = values.subarray(0, count).sort();
    darkest.push({ band, permille: data[Math.floor(count / 1000)]!, percentile: data[Math.floor(count / 100)]! });
  }
  return { maximum, darkest, nodata: total > 0 ? missing / total : 0 };
}

/** The values of five windows, or of all where the raster is small. */
async function readWindows(raster: Raster, band: number): Promise<Float64Array> {
  const width = Math.min(raster.width, WINDOW);
  const height = Math.min(raster.height, WINDOW);
  const places = [
    [2, 2],
    [1, 1],
    [3, 1],
    [1, 3],
    [3, 3],
  ].slice(0, raster.width > 4 * WINDOW && raster.height > 4 * WINDOW ? 5 : 1);
  const values = new Float64Array(places.length * width * height);
  for (const [i, [x, y]] of (places as [number, number][]).entries()) {
    const window = {
      x: Math.floor(((raster.width - width) * x) / 4),
      y: Math.floor(((raster.height - height) * y) / 4),
      width,
      height,
      band,
    };
    values.set(await raster.readWindow(window), i * width * height);
  }
  return values;
}
