// Land and borders of countries, bundled with the application: Natural Earth 1:50 million, public domain, by way of world-atlas.
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import address from "world-atlas/countries-50m.json?url";

type Atlas = Topology<{ countries: GeometryCollection<{ name: string }> }>;

export interface Outlines {
  /** By countries: all land in one is more than MapLibre fills without a fault. */
  readonly land: GeoJSON.FeatureCollection;
  readonly coast: GeoJSON.MultiLineString;
  /** Where two countries meet. */
  readonly borders: GeoJSON.MultiLineString;
  /** Names of the countries, at the middle of their largest part. */
  readonly names: GeoJSON.FeatureCollection<GeoJSON.Point, { readonly name: string; readonly size: number }>;
}

/** Where the page draws and answers in between: 60,000 corners take a while. */
const breath = () => new Promise<void>((done) => setTimeout(done));

/** Reads the outlines from the bundle, in tasks that hold nothing up. @throws the signal's reason */
export async function loadOutlines(signal: AbortSignal): Promise<Outlines> {
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Error("The outlines of the countries are not in the bundle. Build the application again.");
  const atlas = (await response.json()) as Atlas;
  const inTask = async <T>(work: () => T): Promise<T> => {
    await breath();
    signal.throwIfAborted();
    return work();
  };
  const { countries } = atlas.objects;
  const { features } = await inTask(() => feature(atlas, countries));
  const land = await inTask(() => features.map((country) => ({ ...country, geometry: flat(country.geometry) })));
  const lines = async (isLine: (a: unknown, b: unknown) => boolean): Promise<GeoJSON.MultiLineString> => {
    const { coordinates } = await inTask(() => mesh(atlas, countries, isLine));
    return { type: "MultiLineString", coordinates: await inTask(() => coordinates.map(unwrapped)) };
  };
  const coast = await lines((a, b) => a === b);
  const borders = await lines((a, b) => a !== b);
  const names = await inTask(() => land.flatMap(nameOf));
  return {
    land: { type: "FeatureCollection", features: land },
    coast,
    borders,
    names: { type: "FeatureCollection", features: names },
  };
}

/** A line on a sphere as one on a plane: where it crosses the antimeridian it goes on beyond 180 degrees. */
export function unwrapped(line: GeoJSON.Position[]): GeoJSON.Position[] {
  let turns = 0;
  return line.map(([longitude, latitude], i) => {
    const before = i > 0 ? line[i - 1]![0]! : longitude!;
    if (longitude! - before > 180) turns--;
    if (before - longitude! > 180) turns++;
    return [longitude! + 360 * turns, latitude!];
  });
}

/** A ring as `unwrapped`; one round a pole, Antarctica's, is closed along it. */
export function flatRing(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  const line = unwrapped(ring);
  const [first, last] = [line[0]!, line.at(-1)!];
  if (Math.abs(last[0]! - first[0]!) < 180) return line;
  const pole = first[1]! < 0 ? -90 : 90;
  return [...line, [last[0]!, pole], [first[0]!, pole], first];
}

function flat(geometry: GeoJSON.Geometry): GeoJSON.Geometry {
  if (geometry.type === "Polygon") return { ...geometry, coordinates: geometry.coordinates.map(flatRing) };
  if (geometry.type === "MultiPolygon") return { ...geometry, coordinates: geometry.coordinates.map((rings) => rings.map(flatRing)) };
  return geometry;
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
