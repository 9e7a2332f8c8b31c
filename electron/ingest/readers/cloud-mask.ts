// The outlines of clouds that products before processing baseline 04.00 hold: QI_DATA/MSK_CLOUDS_B00.gml.
import { AppError } from "../../../shared/domain/errors.ts";
import type { Polygon } from "../../../shared/raster/rasterise.ts";
import { numberIn, readXml, type XmlElement } from "./xml.ts";

export interface Cloud {
  readonly kind: "opaque" | "cirrus";
  /** In the mask's reference system, metres. */
  readonly polygon: Polygon;
}

export interface CloudMask {
  /** Of the coordinates; null where the file does not say. */
  readonly epsg: number | null;
  /** None over a clear granule. */
  readonly clouds: readonly Cloud[];
}

/**
 * Reads a vector cloud mask. `rasterise` (shared/raster) puts its polygons onto a grid; they follow the 60 m grid.
 * @throws AppError NOT_FOUND, NO_ACCESS; BAD_FILE when it is no cloud mask, or an outline is broken
 */
export function readCloudMask(path: string): CloudMask {
  const mask = readXml(path);
  const broken = (what: string) =>
    new AppError("BAD_FILE", `${path} ${what}. Copy or download it again, or leave it out.`, { data: { path } });
  if (mask.name !== "Mask") throw broken(`is no cloud mask: it holds a ${mask.name.slice(0, 80)}`);
  const clouds: Cloud[] = [];
  for (const feature of mask.findAll("MaskFeature")) {
    const kind = feature.textOf("maskType")?.toUpperCase() === "CIRRUS" ? "cirrus" : "opaque";
    for (const surface of feature.findAll("Polygon", "PolygonPatch")) {
      const exterior = [...surface.findAll("exterior", "outerBoundaryIs")];
      const rings = [...exterior, ...surface.findAll("interior", "innerBoundaryIs")].map(ringOf);
      if (exterior.length !== 1 || rings.some((ring) => ring === null)) throw broken(`holds a broken outline (cloud ${clouds.length + 1})`);
      clouds.push({ kind, polygon: rings as [number, number][][] });
    }
  }
  const system = [...mask.findAll("Envelope", "Polygon")].map((element) => element.attribute("srsName")).find((name) => name !== null);
  // urn:ogc:def:crs:EPSG:8.7:32633, or without the version.
  const code = /EPSG:(?:[\d.]*:)?(\d{4,6})$/.exec(system ?? "")?.[1];
  return { epsg: code ? Number(code) : null, clouds };
}

/** The points of a ring; null when they are none. */
function ringOf(boundary: XmlElement): [number, number][] | null {
  const list = boundary.find("posList", "coordinates");
  const texts = list ? [list.text] : [...boundary.findAll("pos")].map(({ text }) => text);
  const values = texts
    .join(" ")
    .trim()
    .split(/[\s,]+/)
    .map((text) => numberIn(text) ?? Number.NaN);
  const dimension = list?.attribute("srsDimension") === "3" ? 3 : 2;
  if (values.length < 3 * dimension || values.length % dimension !== 0 || values.some(Number.isNaN)) return null;
  return Array.from({ length: values.length / dimension }, (_, i) => [values[i * dimension]!, values[i * dimension + 1]!]);
}
