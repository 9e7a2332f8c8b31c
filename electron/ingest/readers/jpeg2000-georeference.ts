// Where a JPEG 2000 image lies on the ground: by its GMLJP2 box, else by its GeoJP2 box, as GDAL does.
import { AppError } from "../../../shared/domain/errors.ts";
import { memorySource } from "../../files/byte-source.ts";
import { crsOf, transformOf } from "./geotiff.ts";
import type { Jpeg2000Boxes } from "./jpeg2000-boxes.ts";
import type { Affine, Raster } from "./raster.ts";
import { readTiffTags } from "./tiff.ts";

export type Georeference = Pick<Raster, "transform" | "crs">;

/** Nothing where both boxes are missing or make no sense: the pixels can be read all the same. */
export function georeferenceOf(path: string, { xml, geoTiff }: Jpeg2000Boxes): Georeference {
  for (const text of xml) {
    const found = fromGml(text);
    if (found) return found;
  }
  if (!geoTiff) return { transform: null, crs: null };
  try {
    const tags = readTiffTags(memorySource(path, geoTiff));
    return { transform: transformOf(tags), crs: crsOf(tags) };
  } catch (error) {
    if (error instanceof AppError) return { transform: null, crs: null };
    throw error;
  }
}

/**
 * The rectified grid of a GMLJP2 box.
 * @see OGC 05-047r3 and 08-085r8, whose origin is the centre of the upper left pixel
 */
function fromGml(text: string): Georeference | undefined {
  const start = text.search(/<(\w+:)?RectifiedGrid[\s>]/);
  if (start < 0) return undefined;
  const grid = text.slice(start);
  const origin = numbers(/<(?:\w+:)?(?:pos|coordinates)\b[^<>]*>([^<]*)</.exec(grid)?.[1]);
  const vectors = [...grid.matchAll(/<(?:\w+:)?offsetVector\b[^<>]*>([^<]*)</g)].slice(0, 2).map((match) => numbers(match[1]));
  const [column, row] = vectors;
  if (!origin || !column || !row) return undefined;
  // Coordinate systems that EPSG defines as latitude, longitude (or northing, easting) come in that order: then columns go along the second axis.
  const isSwapped = column[0] === 0 && row[1] === 0;
  const [x, y] = isSwapped ? [1, 0] : [0, 1];
  const [a, b, d, e] = [column[x]!, row[x]!, column[y]!, row[y]!];
  const transform: Affine = [a, b, origin[x]! - (a + b) / 2, d, e, origin[y]! - (d + e) / 2];
  const srs = /\bsrsName\s*=\s*["']([^"'<>]*)["']/;
  const name = (srs.exec(grid) ?? srs.exec(text))?.[1] ?? "";
  const code =
    /^(?:urn:ogc:def:crs:EPSG:[^:]*:|https?:\/\/www\.opengis\.net\/(?:def\/crs\/EPSG\/[^/]*\/|gml\/srs\/epsg\.xml#)|EPSG:)(\d{4,6})$/i.exec(
      name,
    )?.[1];
  return { transform, crs: code ? `EPSG:${code}` : null };
}

/** Two numbers of a GML list. */
function numbers(list: string | undefined): [number, number] | undefined {
  const [x, y, ...others] = (list ?? "")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  return x !== undefined && y !== undefined && others.length === 0 && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined;
}
