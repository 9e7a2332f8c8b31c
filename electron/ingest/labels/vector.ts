// Opens a file of polygons, whatever its format: that is told by the content, never by the name.
import { AppError } from "../../../shared/domain/errors.ts";
import { openByteSource } from "../../files/byte-source.ts";
import { openGeoJson } from "./geojson.ts";
import { isGeoPackage, openGeoPackage } from "./geopackage.ts";
import { isShapefile, openShapefile, openZippedShapefile } from "./shapefile.ts";
import type { VectorFile } from "./vector-file.ts";

/**
 * Opens a file of polygons.
 * @param layer of a file with several
 * @throws AppError NOT_FOUND, BAD_FILE, UNSUPPORTED, BAD_ARGUMENT (no such layer), NO_DATA (empty file)
 */
export async function openVector(path: string, layer: string | null): Promise<VectorFile> {
  const source = openByteSource(path);
  try {
    if (source.size === 0) throw new AppError("NO_DATA", `${path} is empty. Copy or download it again.`, { data: { path } });
    const head = Buffer.alloc(HEAD_BYTES);
    source.read(0, Math.min(source.size, HEAD_BYTES)).copy(head);
    if (head.readUInt32BE(0) === ZIP_MAGIC) return await openZippedShapefile(path, layer);
    if (isGeoPackage(head)) return await openGeoPackage(source, layer);
    if (isShapefile(head)) return openShapefile(path, source);
    if (/^(\uFEFF)?\s*\{/.test(head.toString("utf8"))) return openGeoJson(source);
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  throw unknown(path);
}

/** Long enough for every format's mark. */
const HEAD_BYTES = 100;
const ZIP_MAGIC = 0x504b0304;

function unknown(path: string): AppError {
  return new AppError(
    "UNSUPPORTED",
    `${path} is neither GeoJSON, GeoPackage, a Shapefile (its .shp) nor a zip with one. Convert it to one of them.`,
    {
      data: { path },
    },
  );
}
