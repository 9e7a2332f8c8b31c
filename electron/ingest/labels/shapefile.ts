// Shapefiles: polygons in .shp, attributes in .dbf, system in .prj, encoding in .cpg; side by side in a folder or in a zip.
// An own reader, since shpjs takes the whole file at once and trusts its counts. ESRI Shapefile Technical Description, July 1998.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { type ByteSource, memorySource, openByteSource } from "../../files/byte-source.ts";
import { crsOfWkt } from "./crs.ts";
import { type Dbf, openDbf } from "./dbf.ts";
import { type Rings, textOfValue, type VectorFile } from "./vector-file.ts";

const FILE_CODE = 9994;
const VERSION = 1000;
const HEADER_BYTES = 100;
const RECORD_HEADER_BYTES = 8;
/** Box and the two counts before the parts of a polygon. */
const POLYGON_HEADER_BYTES = 44;
/** Of one polygon: 16 million corners. */
const MAXIMUM_RECORD_BYTES = 256 * 1024 * 1024;
/** Of all files of a zip that are unpacked, in memory. */
const MAXIMUM_UNPACKED_BYTES = 1024 ** 3;
const MAXIMUM_TEXT_BYTES = 64 * 1024;
const EXTENSIONS = ["shp", "dbf", "prj", "cpg"] as const;

/** Polygon, PolygonZ, PolygonM. */
const POLYGONS: ReadonlySet<number> = new Set([5, 15, 25]);
/** Those with Z and M have the same last digit. */
const OTHER_SHAPES: Readonly<Record<number, string>> = { 1: "Point", 3: "PolyLine", 8: "MultiPoint", 31: "MultiPatch" };

/** The parts of a Shapefile. */
interface Parts {
  readonly shp: ByteSource;
  readonly dbf: ByteSource | null;
  readonly prj: string | null;
  readonly cpg: string | null;
}

/** Whether a file begins as a .shp (or a .shx, which begins alike). */
export function isShapefile(head: Buffer): boolean {
  return head.readInt32BE(0) === FILE_CODE && head.readInt32LE(28) === VERSION;
}

/**
 * Opens the .shp and what lies beside it under the same name.
 * @throws AppError BAD_FILE, UNSUPPORTED
 */
export function openShapefile(path: string, shp: ByteSource): VectorFile {
  if (/\.shx$/i.test(path))
    throw new AppError("UNSUPPORTED", `${path} is the index of a Shapefile. Give the .shp beside it.`, { data: { path } });
  const stem = basename(path)
    .replace(/\.[^.]*$/, "")
    .toLowerCase();
  const beside = (extension: string) => {
    const name = readdirSync(dirname(path)).find((other) => other.toLowerCase() === `${stem}.${extension}`);
    return name === undefined ? null : openByteSource(join(dirname(path), name));
  };
  return readParts({ shp, dbf: beside("dbf"), prj: textOf(beside("prj")), cpg: textOf(beside("cpg")) });
}

function textOf(source: ByteSource | null): string | null {
  if (!source) return null;
  try {
    return source.read(0, Math.min(source.size, MAXIMUM_TEXT_BYTES)).toString("utf8");
  } finally {
    source.close();
  }
}

/**
 * Opens a zip with a Shapefile.
 * @param layer its name without extension; needed where there are several
 * @throws AppError BAD_FILE, UNSUPPORTED, BAD_ARGUMENT
 */
export async function openZippedShapefile(path: string, layer: string | null): Promise<VectorFile> {
  const { openPromise } = await import("yauzl");
  const broken = (error: unknown) =>
    error instanceof AppError
      ? error
      : new AppError("BAD_FILE", `${path} is a broken zip archive (${messageOf(error)}). Copy or download it again.`, {
          data: { path },
          cause: error,
        });
  try {
    const zip = await openPromise(path, { autoClose: false });
    try {
      return readParts(await unpack(path, zip, layer));
    } finally {
      zip.close();
    }
  } catch (error) {
    throw broken(error);
  }
}

async function unpack(path: string, zip: import("yauzl").ZipFile, layer: string | null): Promise<Parts> {
  const entries = new Map<string, import("yauzl").Entry>();
  for await (const entry of zip.eachEntry()) {
    const extension = /\.([a-z]+)$/i.exec(entry.fileName)?.[1]?.toLowerCase();
    if (EXTENSIONS.some((known) => known === extension) && !entry.fileName.startsWith("__MACOSX/"))
      entries.set(`${entry.fileName.replace(/\.[a-z]+$/i, "")}.${extension}`, entry);
  }
  const layers = [...entries.keys()].flatMap((name) => (name.endsWith(".shp") ? [name.slice(0, -4)] : []));
  const names = layers.map((name) => basename(name)).join(", ");
  if (layers.length === 0)
    throw new AppError("UNSUPPORTED", `${path} is a zip without a Shapefile. Unpack it and give the file with the polygons.`, {
      data: { path },
    });
  if (layer === null && layers.length > 1)
    throw new AppError("BAD_ARGUMENT", `${path} holds several Shapefiles: ${names}. Choose one as the layer.`, {
      data: { path, layers: names },
    });
  const chosen = layer === null ? layers[0]! : layers.find((name) => basename(name) === layer);
  if (chosen === undefined)
    throw new AppError("BAD_ARGUMENT", `${path} holds no Shapefile "${layer}". There are: ${names}.`, { data: { path, layers: names } });
  let room = MAXIMUM_UNPACKED_BYTES;
  const open = async (extension: (typeof EXTENSIONS)[number]) => {
    const entry = entries.get(`${chosen}.${extension}`);
    if (!entry) return null;
    room -= entry.uncompressedSize;
    if (room < 0)
      throw new AppError(
        "UNSUPPORTED",
        `${path} holds more than ${MAXIMUM_UNPACKED_BYTES / 1024 ** 2} MB when unpacked. Unpack it and give the .shp.`,
        { data: { path } },
      );
    const chunks: Buffer[] = [];
    // yauzl ends with an error when there is more or less than the entry says.
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    return memorySource(`${path}: ${entry.fileName}`, Buffer.concat(chunks));
  };
  const shp = (await open("shp"))!;
  return { shp, dbf: await open("dbf"), prj: textOf(await open("prj")), cpg: textOf(await open("cpg")) };
}

function readParts({ shp, dbf: table, prj, cpg }: Parts): VectorFile {
  const { path } = shp;
  const close = () => {
    shp.close();
    table?.close();
  };
  let dbf: Dbf | null;
  try {
    if (shp.size < HEADER_BYTES || !isShapefile(shp.read(0, HEADER_BYTES)))
      throw new AppError("BAD_FILE", `${path} is no Shapefile. Copy or download it again.`, { data: { path } });
    dbf = table && openDbf(table, cpg);
  } catch (error) {
    close();
    throw error;
  }
  return {
    format: "Shapefile",
    *features() {
      let number = 0;
      for (const content of recordsOf(shp)) {
        const row = dbf?.read(number);
        const fields = dbf?.fields ?? [];
        yield {
          name: `feature ${++number}`,
          polygons: row?.isDeleted ? "deleted record" : polygonsOf(content),
          attributes: fields,
          value: (attribute) => textOfValue(row?.texts[fields.indexOf(attribute)]),
        };
      }
    },
    crs() {
      const advice = "Assign the right one in a GIS, or reproject it to WGS 84 (EPSG:4326).";
      if (prj === null)
        throw new AppError("BAD_FILE", `${path} has no coordinate reference system: its .prj is missing. ${advice}`, { data: { path } });
      const crs = crsOfWkt(prj);
      if (!crs)
        throw new AppError(
          "UNSUPPORTED",
          `The coordinate reference system in the .prj of ${path} is not known: ${prj.slice(0, 100)}. ${advice}`,
          { data: { path } },
        );
      return crs;
    },
    close,
  };
}

/** Contents of the records, in file order. */
function* recordsOf(shp: ByteSource): Generator<Buffer> {
  for (let at = HEADER_BYTES; at < shp.size; ) {
    const length = shp.read(at, RECORD_HEADER_BYTES).readInt32BE(4) * 2;
    if (length < 4 || length > MAXIMUM_RECORD_BYTES)
      throw new AppError("BAD_FILE", `${shp.path} is broken: a record of ${length} bytes at byte ${at}. Copy or download it again.`, {
        data: { path: shp.path },
      });
    yield shp.read(at + RECORD_HEADER_BYTES, length);
    at += RECORD_HEADER_BYTES + length;
  }
}

function polygonsOf(content: Buffer): Rings[] | string {
  const type = content.readInt32LE(0);
  if (type === 0) return "no geometry";
  if (!POLYGONS.has(type)) {
    const other = OTHER_SHAPES[type === 31 ? 31 : type % 10];
    return other ? `no polygon but a ${other}` : "broken geometry";
  }
  if (content.length < POLYGON_HEADER_BYTES) return "broken geometry";
  const [parts, points] = [content.readInt32LE(36), content.readInt32LE(40)];
  const start = POLYGON_HEADER_BYTES + 4 * parts;
  if (parts < 0 || points < 0 || start + 16 * points > content.length) return "broken geometry";
  const rings: number[][] = [];
  for (let part = 0; part < parts; part++) {
    const first = content.readInt32LE(POLYGON_HEADER_BYTES + 4 * part);
    const end = part + 1 < parts ? content.readInt32LE(POLYGON_HEADER_BYTES + 4 * (part + 1)) : points;
    if (first < 0 || end < first || end > points) return "broken geometry";
    const ring = new Array<number>(2 * (end - first));
    for (let i = 0; i < ring.length; i++) ring[i] = content.readDoubleLE(start + 16 * first + 8 * i);
    rings.push(ring);
  }
  return parts === 0 ? "no geometry" : [rings];
}
