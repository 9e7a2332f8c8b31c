// Files and folders that the ingest tests make: small TIFFs, BigEarthNet patches and scenes with known pixels.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll } from "vitest";
import { BANDS, type BandName } from "../../../shared/domain/bands.ts";

export const fixtures = resolve(import.meta.dirname, "../../fixtures");
export const realPatches = join(fixtures, "data", "bigearthnet-v1");
export const realEurosat = join(fixtures, "data", "eurosat-ms");

/** A folder that goes when the test file ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ingest-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface MadeTiff {
  readonly width: number;
  readonly height: number;
  /** Sample by sample in each pixel. */
  readonly pixels: Uint16Array | Uint8Array | Float32Array | Float64Array;
  /** Samples of a pixel. */
  readonly samples?: number;
  /** GDAL's description of each sample. */
  readonly descriptions?: readonly string[];
  /** Pixel size in metres. */
  readonly gsd?: number;
  readonly left?: number;
  readonly top?: number;
  readonly epsg?: number;
  readonly nodata?: string;
  readonly rowsPerStrip?: number;
  /** Bands, one after another in `pixels`. */
  readonly bands?: number;
  /** Whether the file says where it lies. */
  readonly isPlaced?: boolean;
}

/** An uncompressed little-endian TIFF of strips, written by hand so that the reader is tested against another's code. */
export function encodeMadeTiff(made: MadeTiff): Buffer {
  const {
    width,
    height,
    pixels,
    gsd = 10,
    left = 500_000,
    top = 4_000_000,
    epsg = 32633,
    nodata,
    rowsPerStrip = 13,
    bands = 1,
    isPlaced = true,
    samples = 1,
    descriptions = [],
  } = made;
  const bytes = pixels.BYTES_PER_ELEMENT * samples;
  const strips = Math.ceil(height / rowsPerStrip);
  const format = pixels instanceof Float32Array || pixels instanceof Float64Array ? 3 : 1;
  const rowsOf = Array.from({ length: strips * bands }, (_, i) => Math.min(rowsPerStrip, height - (i % strips) * rowsPerStrip));
  const counts = rowsOf.map((rows) => rows * width * bytes);
  const offsets = rowsOf.map((_, i) => 8 + (Math.floor(i / strips) * height + (i % strips) * rowsPerStrip) * width * bytes);
  const each = (value: number) => new Array<number>(bands * samples).fill(value);
  const items = descriptions.map((text, i) => `<Item name="DESCRIPTION" sample="${i}" role="description">${text}</Item>`);
  const metadata = items.length > 0 ? [[42112, 2, [...Buffer.from(`<GDALMetadata>${items.join("")}</GDALMetadata>\0`)]] as const] : [];
  const text = nodata === undefined ? [] : [[42113, 2, [...Buffer.from(`${nodata}\0`)]] as const];
  const tags: readonly (readonly [tag: number, type: number, values: readonly number[]])[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, each(pixels.BYTES_PER_ELEMENT * 8)],
    [259, 3, [1]],
    [262, 3, [1]],
    [273, 4, offsets],
    [277, 3, [bands * samples]],
    [278, 4, [rowsPerStrip]],
    [279, 4, counts],
    [284, 3, [bands > 1 ? 2 : 1]],
    [339, 3, each(format)],
    ...(isPlaced
      ? ([
          [33550, 12, [gsd, gsd, 0]],
          [33922, 12, [0, 0, 0, left, top, 0]],
          [34735, 3, [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg]],
        ] as const)
      : []),
    ...metadata,
    ...text,
  ];
  const sizes: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 12: 8 };
  const directory = 8 + width * height * bands * bytes;
  const extraAt = directory + 2 + tags.length * 12 + 4;
  const extra = tags.reduce((sum, [, type, values]) => sum + (sizes[type]! * values.length > 4 ? sizes[type]! * values.length : 0), 0);
  const out = Buffer.alloc(extraAt + extra);
  out.write("II*\0", "latin1");
  out.writeUInt32LE(directory, 4);
  Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength).copy(out, 8);
  out.writeUInt16LE(tags.length, directory);
  let next = extraAt;
  tags.forEach(([tag, type, values], i) => {
    const at = directory + 2 + i * 12;
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(type, at + 2);
    out.writeUInt32LE(values.length, at + 4);
    const length = sizes[type]! * values.length;
    const to = length > 4 ? next : at + 8;
    if (length > 4) {
      out.writeUInt32LE(next, at + 8);
      next += length;
    }
    values.forEach((value, k) => {
      if (type === 2) out.writeUInt8(value, to + k);
      else if (type === 3) out.writeUInt16LE(value, to + k * 2);
      else if (type === 4) out.writeUInt32LE(value, to + k * 4);
      else out.writeDoubleLE(value, to + k * 8);
    });
  });
  return out;
}

/** The DN of a made scene: every pixel, band and scene is told from its neighbours. */
export function madeDn(band: BandName, scene: number, column: number, row: number): number {
  return 1 + ((BANDS[band].wavelengthNm * 7 + scene * 977 + column * 31 + row * 17) % 9000);
}

/** A band of a scene: `width` and `height` in its own pixels. */
export function madeBand(band: BandName, scene: number, width: number, height = width): Uint16Array {
  const pixels = new Uint16Array(width * height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) pixels[row * width + column] = madeDn(band, scene, column, row);
  return pixels;
}

export interface MadeScene {
  readonly folder: string;
  /** Name of a band's file. */
  readonly name?: (band: BandName) => string;
  readonly bands: readonly BandName[];
  /** Side of each band, px; by default `pixels` on the 10 m grid, a half and a sixth of it. */
  readonly pixels: number | Readonly<Partial<Record<BandName, number>>>;
  readonly scene?: number;
  readonly change?: Readonly<Partial<Record<BandName, Partial<MadeTiff>>>>;
}

/** Writes a scene as a TIFF a band. */
export function makeScene({ folder, name = (band) => `${band}.tif`, bands, pixels, scene = 0, change = {} }: MadeScene): void {
  mkdirSync(folder, { recursive: true });
  for (const band of bands) {
    const { gsdMetres } = BANDS[band];
    const side = typeof pixels === "number" ? Math.floor((pixels * 10) / gsdMetres) : pixels[band]!;
    writeFileSync(
      join(folder, name(band)),
      encodeMadeTiff({ width: side, height: side, pixels: madeBand(band, scene, side), gsd: gsdMetres, ...change[band] }),
    );
  }
}

/** Copies a real BigEarthNet patch under other names. */
export function copyPatch(root: string, name: string, which: 0 | 1 = 0): string {
  const source = readdirSync(realPatches).sort()[which]!;
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(join(realPatches, source)))
    cpSync(join(realPatches, source, file), join(folder, file.replace(source, name)));
  return folder;
}

/** Every file under a folder, hidden ones too, by its relative path. */
export function filesUnder(folder: string): Map<string, Buffer> {
  const out = new Map<string, Buffer>();
  const visit = (path: string) => {
    for (const name of readdirSync(path).sort()) {
      const inner = join(path, name);
      if (statSync(inner).isDirectory()) visit(inner);
      else out.set(relative(folder, inner), readFileSync(inner));
    }
  };
  visit(folder);
  return out;
}
