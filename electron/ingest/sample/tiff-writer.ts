// GeoTIFF files as BigEarthNet v1 has them: uint16, uncompressed strips, little-endian, georeferenced in a northern UTM zone.
import { endianness } from "node:os";

/** What a patch's file says beside its pixels. */
export interface TiffGeoreference {
  /** UTM zone of the northern hemisphere, 1 to 60. */
  readonly utmZone: number;
  /** North-west corner of the image, metres. */
  readonly eastMetres: number;
  readonly northMetres: number;
  readonly gsdMetres: number;
}

const SHORT = 3;
const LONG = 4;
const ASCII = 2;
const DOUBLE = 12;
const BYTES = { [SHORT]: 2, [LONG]: 4, [ASCII]: 1, [DOUBLE]: 8 } as const;
type FieldType = keyof typeof BYTES;

/** GDAL's strip size: as many rows as fit into 8 KiB (34 of 120 pixels). */
const STRIP_BYTES = 8192;

/** EPSG code of a northern UTM zone on WGS 84. */
export const epsgOf = (utmZone: number) => 32_600 + utmZone;

/**
 * The bytes of a one-band square GeoTIFF.
 * @param pixels [side x side] digital numbers, row by row from the north-west
 */
export function encodeTiff(pixels: Uint16Array, side: number, place: TiffGeoreference): Buffer {
  if (pixels.length !== side * side) throw new Error(`${pixels.length} pixels are no square of side ${side}`);
  const rowsPerStrip = Math.min(side, Math.floor(STRIP_BYTES / (2 * side)));
  const strips = Math.ceil(side / rowsPerStrip);
  const stripBytes = Array.from({ length: strips }, (_, s) => 2 * side * Math.min(rowsPerStrip, side - s * rowsPerStrip));
  const citation = `WGS 84 / UTM zone ${place.utmZone}N|WGS 84|\0`;
  const geoKeys = [
    [1, 1, 0, 7],
    [1024, 0, 1, 1], // projected
    [1025, 0, 1, 1], // pixels are areas
    [1026, 34737, citation.length - 8, 0],
    [2049, 34737, 7, citation.length - 8],
    [2054, 0, 1, 9102], // degrees
    [3072, 0, 1, epsgOf(place.utmZone)],
    [3076, 0, 1, 9001], // metres
  ].flat();
  const { eastMetres, northMetres, gsdMetres } = place;
  const fields: [tag: number, type: FieldType, values: readonly number[] | string][] = [
    [256, SHORT, [side]],
    [257, SHORT, [side]],
    [258, SHORT, [16]],
    [259, SHORT, [1]], // no compression
    [262, SHORT, [1]], // black is zero
    [273, LONG, stripBytes], // offsets: filled in below
    [277, SHORT, [1]],
    [278, SHORT, [rowsPerStrip]],
    [279, LONG, stripBytes],
    [284, SHORT, [1]],
    [339, SHORT, [1]], // unsigned
    [33550, DOUBLE, [gsdMetres, gsdMetres, 0]],
    [33922, DOUBLE, [0, 0, 0, eastMetres, northMetres, 0]],
    [34735, SHORT, geoKeys],
    [34737, ASCII, citation],
  ];
  const directory = 8;
  let end = directory + 2 + 12 * fields.length + 4;
  // GDAL writes strip sizes before strip offsets; so do we, for files alike to the byte.
  const order = [...fields].sort((a, b) => sizeRank(a[0]) - sizeRank(b[0]));
  const offsets = new Map<number, number>();
  for (const [tag, type, values] of order) {
    const bytes = BYTES[type] * values.length;
    if (bytes <= 4) continue;
    offsets.set(tag, end);
    end += bytes;
  }
  const file = Buffer.alloc(end + 2 * pixels.length);
  file.write("II*\0", 0, "latin1");
  file.writeUInt32LE(directory, 4);
  file.writeUInt16LE(fields.length, directory);
  let entry = directory + 2;
  for (const [tag, type, given] of fields) {
    const values = tag === 273 ? stripBytes.map((_, s) => end + s * stripBytes[0]!) : given;
    file.writeUInt16LE(tag, entry);
    file.writeUInt16LE(type, entry + 2);
    file.writeUInt32LE(values.length, entry + 4);
    const offset = offsets.get(tag);
    if (offset !== undefined) file.writeUInt32LE(offset, entry + 8);
    writeValues(file, offset ?? entry + 8, type, values);
    entry += 12;
  }
  const image = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  image.copy(file, end);
  if (endianness() === "BE") file.subarray(end).swap16();
  return file;
}

const sizeRank = (tag: number) => (tag === 279 ? 272.5 : tag);

function writeValues(file: Buffer, offset: number, type: FieldType, values: readonly number[] | string): void {
  if (typeof values === "string") {
    file.write(values, offset, "latin1");
    return;
  }
  values.forEach((value, i) => {
    const at = offset + i * BYTES[type];
    if (type === SHORT) file.writeUInt16LE(value, at);
    else if (type === LONG) file.writeUInt32LE(value, at);
    else file.writeDoubleLE(value, at);
  });
}
