// Lines of equal longitude and latitude, and the scale bar. On a Mercator map with north up both kinds of lines are straight.
import { latitudeAt, longitudeAt, mercatorX, mercatorY, metresAUnit } from "../../../../shared/domain/mercator.ts";
import { boxInView, type MapView, toScreen } from "./map-view.ts";

export interface GraticuleLine {
  /** px from the left (meridians) or the top (parallels). */
  readonly at: number;
  /** `120° W`. */
  readonly label: string;
}

export interface Graticule {
  readonly meridians: readonly GraticuleLine[];
  readonly parallels: readonly GraticuleLine[];
}

/** Degrees between lines; beyond those that halve a right angle, round ones of decimal degrees. */
const STEPS = [45, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const LEAST_SPACING_PIXELS = 110;

/** The lines in view, some hundred pixels apart. */
export function graticule(view: MapView): Graticule {
  const pixelsADegree = view.scale / 360;
  const step = STEPS.findLast((candidate) => candidate * pixelsADegree >= LEAST_SPACING_PIXELS) ?? STEPS[0]!;
  const [west, north, east, south] = boxInView(view);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const top = latitudeAt(Math.max(0, north));
  const bottom = latitudeAt(Math.min(1, south));
  return {
    meridians: multiples(step, longitudeAt(west), longitudeAt(east)).map((longitude) => ({
      at: toScreen(view, [mercatorX(longitude), 0])[0],
      label: degreesText(longitude - 360 * Math.round(longitude / 360), "E", "W", decimals),
    })),
    parallels: multiples(step, bottom, top).map((latitude) => ({
      at: toScreen(view, [0, mercatorY(latitude)])[1],
      label: degreesText(latitude, "N", "S", decimals),
    })),
  };
}

function multiples(step: number, from: number, to: number): number[] {
  const [first, last] = [Math.ceil(from / step), Math.floor(to / step)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** `37.5° N`, `0°`. */
export function degreesText(degrees: number, positive: string, negative: string, decimals: number): string {
  const text = Math.abs(degrees).toFixed(decimals);
  if (Number(text) === 0) return "0°";
  return Math.abs(degrees) === 180 && positive === "E" ? "180°" : `${text}° ${degrees > 0 ? positive : negative}`;
}

export interface ScaleBar {
  /** px. */
  readonly length: number;
  /** `50 km`. */
  readonly label: string;
}

/** The longest bar of 1, 2 or 5 times a power of ten metres within a length, true in the middle of the view. @param longest px */
export function scaleBar(view: MapView, longest = 120): ScaleBar {
  const metresAPixel = metresAUnit(latitudeAt(view.middle[1])) / view.scale;
  const most = metresAPixel * longest;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = power * ([5, 2].find((factor) => factor * power <= most) ?? 1);
  return { length: metres / metresAPixel, label: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` };
}
