// Coordinate reference systems: from EPSG codes and WKT to transformations of points, by proj4. Axes are always easting or longitude first.
import proj4, { type Converter } from "proj4";
import { AppError } from "../../../shared/domain/errors.ts";

export interface Crs {
  /** `EPSG:n`, or the name in the WKT. */
  readonly name: string;
  /** For proj4. */
  readonly definition: string;
  /** Coordinates are degrees. */
  readonly isGeographic: boolean;
  /** What makes its coordinates uncertain; null when nothing does. */
  readonly note: string | null;
}

/** Points from one system to another. Points that have no place there become NaN. */
export type Transformation = (x: number, y: number) => [number, number];

export const WGS84 = "EPSG:4326";

/** ETRS89 and NAD83 differ from WGS 84 by less than a metre or two: a tenth of a pixel. */
const GRS80 = "+ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +no_defs";

/** Systems by EPSG code (epsg.org) that files name without describing them. WGS 84's UTM zones are proj4's own. */
const DEFINITIONS: Readonly<Record<number, string>> = {
  4258: `+proj=longlat ${GRS80}`,
  3035: `+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 ${GRS80} +units=m`,
  2154: `+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 ${GRS80} +units=m`,
};

/** A WKT is 1 to 3 kB. */
const MAXIMUM_WKT = 64 * 1024;
/** proj4's number for a datum of which it knows no way to WGS 84. */
const UNKNOWN_DATUM = 5;

/** The system of an EPSG code; null when this program does not know it. */
export function crsOfEpsg(code: number): Crs | null {
  const zone = code >= 25828 && code <= 25838 ? code - 25800 : code >= 26901 && code <= 26923 ? code - 26900 : null;
  const definition = zone === null ? (DEFINITIONS[code] ?? `EPSG:${code}`) : `+proj=utm +zone=${zone} ${GRS80} +units=m`;
  return describe(`EPSG:${code}`, definition);
}

/** The system that a WKT describes (OGC WKT 1 and 2, ESRI's); null when it is none that proj4 can use. */
export function crsOfWkt(wkt: string): Crs | null {
  const text = wkt.replaceAll("\0", "").trim();
  if (!text.includes("[") || text.startsWith("+") || text.length > MAXIMUM_WKT) return null;
  return describe(/^[A-Z_0-9]+\[\s*"([^"]*)"/i.exec(text)?.[1] ?? "its own CRS", text);
}

/** The system by a name: `EPSG:32633`, `urn:ogc:def:crs:EPSG::32633`, `urn:ogc:def:crs:OGC:1.3:CRS84`. */
export function crsOfName(name: string): Crs | null {
  if (/\bCRS(84|83)\b/i.test(name)) return crsOfEpsg(4326);
  const code = /\bEPSG[:/]*(?:[\d.]*[:/])?(\d{4,6})$/i.exec(name.trim())?.[1];
  return code === undefined ? null : crsOfEpsg(Number(code));
}

function describe(name: string, definition: string): Crs | null {
  try {
    const projection = new proj4.Proj(definition);
    const { projName, ellps } = projection as unknown as { projName?: string; ellps?: string };
    const datum = (projection as unknown as { datum?: { datum_type?: number } }).datum?.datum_type;
    const isKnown = datum !== UNKNOWN_DATUM || /^(grs|wgs)/i.test(String(ellps).replaceAll(/[\s_]/g, ""));
    return {
      name,
      definition,
      isGeographic: projName === "longlat",
      note: isKnown
        ? null
        : `${name}: its datum's shift to WGS 84 is not known, so that polygons may lie up to some 200 m off. Reproject the file to WGS 84 first.`,
    };
  } catch {
    return null;
  }
}

/** Points from one system to another; null where they are the same. */
export function transformation(from: Crs, to: Crs): Transformation | null {
  if (from.definition === to.definition) return null;
  let converter: Converter;
  try {
    converter = proj4(from.definition, to.definition);
  } catch (cause) {
    throw new AppError(
      "UNSUPPORTED",
      `Coordinates cannot be brought from ${from.name} to ${to.name}. Reproject the file to WGS 84 first.`,
      { cause },
    );
  }
  return (x, y) => {
    try {
      const [px, py] = converter.forward([x, y]);
      return [px!, py!];
    } catch {
      // Outside the projection's domain, such as a pole in Mercator's.
      return [Number.NaN, Number.NaN];
    }
  };
}
