// What part of the world a map shows: north is up, so places on the screen follow from a middle and a scale.
import { latitudeAt, longitudeAt, mercatorX, mercatorY } from "../../../../shared/domain/mercator.ts";
import type { Box, Point } from "./footprints.ts";

export interface MapView {
  /** The middle, Mercator. */
  readonly middle: Point;
  /** px a unit of the Mercator square. */
  readonly scale: number;
  /** px. */
  readonly width: number;
  readonly height: number;
}

/** Side of the world at zoom 0, px, as MapLibre has it. */
export const WORLD_PIXELS = 512;
export const scaleOf = (zoom: number): number => WORLD_PIXELS * 2 ** zoom;
export const zoomOf = (scale: number): number => Math.log2(scale / WORLD_PIXELS);

export function toScreen({ middle, scale, width, height }: MapView, [x, y]: Point): Point {
  return [width / 2 + (x - middle[0]) * scale, height / 2 + (y - middle[1]) * scale];
}

export function toWorld({ middle, scale, width, height }: MapView, [left, top]: Point): Point {
  return [middle[0] + (left - width / 2) / scale, middle[1] + (top - height / 2) / scale];
}

/** The part of the world in view. */
export function boxInView(view: MapView): Box {
  return [...toWorld(view, [0, 0]), ...toWorld(view, [view.width, view.height])] as unknown as Box;
}

/** Copies of the world, in turns, on which what lies between two x is in view. */
export function turnsInView({ middle, scale, width }: MapView, west: number, east: number): number[] {
  const half = width / 2 / scale;
  const [from, to] = [Math.ceil(middle[0] - half - east), Math.floor(middle[0] + half - west)];
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

const rounded = (degrees: number) => Math.round(degrees * 1e4) / 1e4;
const wrapped = (longitude: number) => longitude - 360 * Math.floor((longitude + 180) / 360);

/** A box as `bounds` of a filter: west, south, east, north in degrees; the whole turn when it is wider. */
export function boundsOf([west, north, east, south]: Box): [number, number, number, number] {
  const [w, e] = east - west >= 1 ? [-180, 180] : [wrapped(longitudeAt(west)), wrapped(longitudeAt(east))];
  return [w, latitudeAt(south), e, latitudeAt(north)].map(rounded) as [number, number, number, number];
}

/** The box of `bounds`, east of the antimeridian where they cross it. */
export function boxOfBounds([west, south, east, north]: readonly [number, number, number, number]): Box {
  return [mercatorX(west), mercatorY(north), mercatorX(east < west ? east + 360 : east), mercatorY(south)];
}

/** A shape drawn on the map as `area` of a filter: longitude and latitude of its corners. */
export function areaOf(corners: readonly Point[]): number[] {
  const turns = corners[0] ? Math.floor(corners[0][0]) : 0;
  return corners.flatMap(([x, y]) => [rounded(longitudeAt(x - turns)), rounded(latitudeAt(y))]);
}

/** The corners of an `area`. */
export function cornersOfArea(area: readonly number[]): Point[] {
  return Array.from({ length: area.length / 2 }, (_, i): Point => [mercatorX(area[2 * i]!), mercatorY(area[2 * i + 1]!)]);
}

/** The place and zoom of a view in a route: `37.5,-120.1,6.3`. */
export function placeText({ middle, scale }: MapView): string {
  return [rounded(latitudeAt(middle[1])), rounded(wrapped(longitudeAt(middle[0]))), Math.round(zoomOf(scale) * 100) / 100].join(",");
}

/** @returns null for what is no place */
export function placeOf(text: string | undefined): { readonly middle: Point; readonly zoom: number } | null {
  const [latitude, longitude, zoom, ...rest] = (text ?? "").split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const isPlace = [latitude, longitude, zoom].every(Number.isFinite) && rest.length === 0;
  if (!isPlace || Math.abs(latitude!) > 90 || Math.abs(longitude!) > 180) return null;
  return { middle: [mercatorX(longitude!), mercatorY(latitude!)], zoom: Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom!)) };
}

export const LEAST_ZOOM = 0;
/** A pixel of 10 m is some 4 px wide there, in middle latitudes. */
export const MOST_ZOOM = 15;
/** What is fitted is not shown nearer than this: a single tile is then some 60 px wide. */
const NEAREST_FIT = 11;
const FIT_MARGIN_PIXELS = 40;
/** What the legend covers on the left, px; a narrow map has no room to spare for it. */
const LEGEND_PIXELS = 224;
const LEAST_WIDTH_BESIDE_LEGEND = 640;

/** The middle and zoom that show a box whole, beside the legend where there is room. */
export function fitted(
  [west, north, east, south]: Box,
  { width, height }: Pick<MapView, "width" | "height">,
): { middle: Point; zoom: number } {
  const covered = width >= LEAST_WIDTH_BESIDE_LEGEND ? LEGEND_PIXELS : 0;
  const room = (side: number) => Math.max(40, side - 2 * FIT_MARGIN_PIXELS);
  const scale = Math.min(room(width - covered) / Math.max(1e-9, east - west), room(height) / Math.max(1e-9, south - north));
  const zoom = Math.min(NEAREST_FIT, Math.max(LEAST_ZOOM, zoomOf(scale)));
  return { middle: [(west + east) / 2 - covered / 2 / scaleOf(zoom), (north + south) / 2], zoom };
}
