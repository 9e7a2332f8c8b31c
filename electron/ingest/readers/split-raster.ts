// Earth Engine exports that were split: `<name>-<row>-<column>.tif`, both of ten digits, the place of the part's upper left pixel in the whole.
import { AppError } from "../../../shared/domain/errors.ts";
import { newSamples, openGeoTiff } from "./geotiff.ts";
import type { Affine, Raster, Window } from "./raster.ts";

/** What a part's name tells. */
export interface SplitName {
  /** The export's name. */
  readonly name: string;
  readonly row: number;
  readonly column: number;
}

/** Reads `name-0000000000-0000009472.tif`. @returns null for other names */
export function parseSplitName(file: string): SplitName | null {
  const match = /^(.*)-(\d{10})-(\d{10})\.tiff?$/i.exec(file);
  return match ? { name: match[1]!, row: Number(match[2]), column: Number(match[3]) } : null;
}

/** A part of the whole image, px. */
export interface SplitArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The parts as one image. */
export interface SplitRaster extends Raster {
  /** What no part covers: it is read as no data. Parts that are missing at the right or lower edge can't be told. */
  readonly missing: readonly SplitArea[];
}

interface Part extends SplitArea {
  readonly path: string;
}

/** An export of 1,000 parts has 90,000 MP; parts are 9,472 px wide at most. */
const MAXIMUM_PARTS = 1024;
/** Parts that are held open. */
const OPEN_PARTS = 8;
/** How far a part may lie beside its place, px. */
const TOLERANCE_PIXELS = 0.01;

/**
 * Opens the parts of one export as one image.
 * @param path what names the whole to the user
 * @param parts files of the parts, absolute, in any order
 * @throws AppError NOT_FOUND, NO_ACCESS, UNSUPPORTED; BAD_FILE when a part is broken, or does not fit the others
 */
export function openSplitRaster(
  path: string,
  parts: readonly string[],
  open: (path: string) => Raster = (file) => openGeoTiff(file),
): SplitRaster {
  if (parts.length === 0 || parts.length > MAXIMUM_PARTS)
    throw new AppError("UNSUPPORTED", `${path} has ${parts.length} parts; 1 to ${MAXIMUM_PARTS} are read.`, { data: { path } });
  let first: Raster | undefined;
  const placed = [...parts].sort().map((file): Part => {
    const { row: y, column: x } = placeOf(file);
    const raster = open(file);
    raster.close();
    const origin = originOf(raster, x, y);
    first ??= { ...raster, transform: origin };
    checkFit(raster, origin, first);
    return { path: file, x, y, width: raster.width, height: raster.height };
  });
  const whole = first!;
  const width = Math.max(...placed.map((part) => part.x + part.width));
  const height = Math.max(...placed.map((part) => part.y + part.height));
  const missing = uncovered(path, placed, width, height);
  const fill = fillOf(whole);
  /** The part used last is the last one. */
  const opened = new Map<string, Raster>();
  const rasterOf = (file: string) => {
    const raster = opened.get(file) ?? open(file);
    opened.delete(file);
    opened.set(file, raster);
    for (const [oldest, other] of opened) {
      if (opened.size <= OPEN_PARTS) break;
      opened.delete(oldest);
      other.close();
    }
    return raster;
  };
  return {
    path,
    width,
    height,
    bands: whole.bands,
    dtype: whole.dtype,
    transform: whole.transform,
    crs: whole.crs,
    nodata: whole.nodata,
    descriptions: whole.descriptions,
    missing,
    async readWindow(window) {
      const { band, x, y } = window;
      checkWindow(path, whole.bands, { width, height }, window);
      const out = newSamples(whole.dtype, window.width * window.height);
      if (fill !== 0 && missing.length > 0) out.fill(fill);
      for (const part of placed) {
        const left = Math.max(x, part.x);
        const top = Math.max(y, part.y);
        const columns = Math.min(x + window.width, part.x + part.width) - left;
        const rows = Math.min(y + window.height, part.y + part.height) - top;
        if (columns <= 0 || rows <= 0) continue;
        const raster = rasterOf(part.path);
        if (raster.width !== part.width || raster.height !== part.height || raster.bands !== whole.bands || raster.dtype !== whole.dtype)
          throw new AppError("BAD_FILE", `${part.path} was changed while it was read.`, { data: { path: part.path } });
        const samples = await raster.readWindow({ band, x: left - part.x, y: top - part.y, width: columns, height: rows });
        for (let row = 0; row < rows; row++)
          out.set(samples.subarray(row * columns, (row + 1) * columns), (top - y + row) * window.width + left - x);
      }
      return out;
    },
    close() {
      for (const raster of opened.values()) raster.close();
      opened.clear();
    },
  };
}

/** What pixels without a part are: the no-data value where the sample type can hold it, else NaN or 0. */
function fillOf({ dtype, nodata }: Raster): number {
  const sample = newSamples(dtype, 1);
  if (nodata !== null) {
    sample[0] = nodata;
    if (Object.is(sample[0], nodata)) return nodata;
  }
  return dtype.startsWith("float") ? Number.NaN : 0;
}

function placeOf(file: string): SplitName {
  const name = parseSplitName(file);
  if (name) return name;
  throw new AppError("BAD_FILE", `${file} is no part of a split export: its name does not end as -0000000000-0000000000.tif.`, {
    data: { path: file },
  });
}

/** The affine of the whole image as one part tells it. */
function originOf({ transform }: Raster, x: number, y: number): Affine | null {
  if (!transform) return null;
  const [a, b, c, d, e, f] = transform;
  return [a, b, c - a * x - b * y, d, e, f - d * x - e * y];
}

function checkFit(part: Raster, origin: Affine | null, first: Raster): void {
  const fail = (what: string) =>
    new AppError("BAD_FILE", `${part.path} ${what}: it belongs to another export than ${first.path}, or was renamed. Export it again.`, {
      data: { path: part.path },
    });
  if (part.bands !== first.bands || part.dtype !== first.dtype)
    throw fail(`has ${part.bands} bands of ${part.dtype}, not ${first.bands} of ${first.dtype}`);
  if (part.descriptions.some((description, i) => description !== first.descriptions[i])) throw fail("has bands of other names");
  if (!Object.is(part.nodata, first.nodata)) throw fail(`has the no-data value ${part.nodata}, not ${first.nodata}`);
  if (part.crs !== first.crs) throw fail(`is in ${part.crs ?? "no reference system"}, not in ${first.crs ?? "none"}`);
  const other = first.transform;
  if (!origin || !other) {
    if (origin !== other) throw fail("has another georeference");
    return;
  }
  // The scale may differ in its last digits; over the whole image that must not add up to a pixel.
  const scale = Math.hypot(other[0], other[3]);
  const isNear = origin.every((value, i) => {
    const tolerance = TOLERANCE_PIXELS * scale;
    return Math.abs(value - other[i]!) <= (i % 3 === 2 ? tolerance : tolerance / Math.max(part.width, part.height));
  });
  if (!isNear) throw fail("does not lie where its name says");
}

/** The areas that no part covers. @throws AppError BAD_FILE when parts overlap */
function uncovered(path: string, parts: readonly Part[], width: number, height: number): SplitArea[] {
  const edges = (starts: readonly number[]) => [...new Set(starts)].sort((a, b) => a - b);
  const xs = edges([0, width, ...parts.flatMap((part) => [part.x, part.x + part.width])]);
  const ys = edges([0, height, ...parts.flatMap((part) => [part.y, part.y + part.height])]);
  const columnAt = new Map(xs.map((x, i) => [x, i]));
  const rowAt = new Map(ys.map((y, i) => [y, i]));
  const columns = xs.length - 1;
  const covered = new Uint8Array(columns * (ys.length - 1));
  for (const part of parts) {
    const end = columnAt.get(part.x + part.width)!;
    for (let row = rowAt.get(part.y)!; row < rowAt.get(part.y + part.height)!; row++) {
      for (let column = columnAt.get(part.x)!; column < end; column++) {
        const cell = row * columns + column;
        if (covered[cell])
          throw new AppError("BAD_FILE", `${path}: ${part.path} overlaps another part. Keep the files of one export only.`, {
            data: { path: part.path },
          });
        covered[cell] = 1;
      }
    }
  }
  const out: SplitArea[] = [];
  for (let row = 0; row + 1 < ys.length; row++) {
    for (let column = 0; column < columns; column++) {
      const start = column;
      while (column < columns && !covered[row * columns + column]) column++;
      if (column === start) continue;
      out.push({ x: xs[start]!, y: ys[row]!, width: xs[column]! - xs[start]!, height: ys[row + 1]! - ys[row]! });
    }
  }
  return out;
}

function checkWindow(path: string, bands: number, size: { width: number; height: number }, { band, x, y, width, height }: Window): void {
  const isInside = band >= 0 && band < bands && x >= 0 && y >= 0 && width >= 1 && height >= 1;
  if (isInside && x + width <= size.width && y + height <= size.height) return;
  throw new RangeError(
    `window ${x},${y} ${width} x ${height} of band ${band} lies outside ${path} (${size.width} x ${size.height} x ${bands})`,
  );
}
