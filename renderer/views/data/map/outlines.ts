// Land and borders of countries, bundled with the application: Natural Earth 1:50 million, public domain, by way of world-atlas.
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import address from "world-atlas/countries-50m.json?url";

type Atlas = Topology<{ land: GeometryCollection; countries: GeometryCollection<{ name: string }> }>;

export interface Outlines {
  readonly land: GeoJSON.FeatureCollection;
  /** Where two countries meet. */
  readonly borders: GeoJSON.MultiLineString;
  /** Names of the countries, at the middle of their largest part. */
  readonly names: GeoJSON.FeatureCollection<GeoJSON.Point, { readonly name: string; readonly size: number }>;
}

/** Reads the outlines from the bundle. */
export async function loadOutlines(signal: AbortSignal): Promise<Outlines> {
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Error("The outlines of the countries are not in the bundle. Build the application again.");
  const atlas = (await response.json()) as Atlas;
  const { land, countries } = atlas.objects;
  return {
    land: feature(atlas, land),
    borders: mesh(atlas, countries, (a, b) => a !== b),
    names: { type: "FeatureCollection", features: feature(atlas, countries).features.flatMap(nameOf) },
  };
}

function nameOf({ geometry, properties }: GeoJSON.Feature<GeoJSON.Geometry, { name: string }>): Outlines["names"]["features"] {
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  const boxes = parts.map(([ring = []]) => {
    const [xs, ys] = [ring.map(([x]) => x!), ring.map(([, y]) => y!)];
    const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    return { size: (east - west) * (north - south), middle: [(west + east) / 2, (south + north) / 2] };
  });
  const largest = boxes.sort((a, b) => b.size - a.size)[0];
  if (!largest) return [];
  const { size, middle: coordinates } = largest;
  return [{ type: "Feature", properties: { name: properties.name, size }, geometry: { type: "Point", coordinates } }];
}
