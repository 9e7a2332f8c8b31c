// What curves of training are drawn from: places on an x axis, smoothed values. Computed once for a list of points, since lists are replaced when they grow.
import { decimate, smooth } from "../domain/decimate.ts";
import type { LossPoint } from "../domain/run-state.ts";
import type { Scale } from "./scale.ts";
import { linePath } from "./svg.ts";

export type XAxis = "epoch" | "step" | "views" | "minutes";

export const X_TITLES: Readonly<Record<XAxis, string>> = {
  epoch: "epochs",
  step: "steps",
  views: "views seen",
  minutes: "minutes of training",
};

type Points = readonly LossPoint[];
type Values = readonly number[];

const kept = new WeakMap<Points, Map<string, Values>>();

function once(points: Points, key: string, make: () => Values): Values {
  let own = kept.get(points);
  if (!own) {
    own = new Map();
    kept.set(points, own);
  }
  let values = own.get(key);
  if (!values) {
    values = make();
    own.set(key, values);
  }
  return values;
}

/** A gap so many times longer than the usual one is a pause: the machine slept, or the run waited. */
const PAUSE_FACTOR = 20;
const LEAST_PAUSE_MS = 60_000;

/** Places of points on an axis, ascending. @param viewsPerStep twice the tiles of an update, for `views` */
export function placesOf(points: Points, axis: XAxis, viewsPerStep = 1): Values {
  switch (axis) {
    case "epoch":
      return once(points, axis, () => points.map(({ epoch }) => epoch));
    case "step":
      return once(points, axis, () => points.map(({ step }) => step));
    case "views":
      return once(points, `views ${viewsPerStep}`, () => points.map(({ step }) => step * viewsPerStep));
    case "minutes":
      return once(points, axis, () => workedMinutes(points));
  }
}

/** Minutes of work since the first point: a pause counts as the usual gap. */
function workedMinutes(points: Points): number[] {
  const gaps = points.slice(1).map(({ at }, i) => Math.max(0, at - points[i]!.at));
  const usual = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
  const longest = Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * usual);
  let sum = 0;
  return points.map((_, i) => {
    if (i > 0) sum += gaps[i - 1]! > longest ? usual : gaps[i - 1]!;
    return sum / 60_000;
  });
}

/** What points have on the y axis. */
export type PointValue = "loss" | "learningRate" | "viewsPerSecond" | "feedWaitMs";

/** One value of every point. */
export const valuesOf = (points: Points, value: PointValue): Values => once(points, value, () => points.map((point) => point[value]));

/** The value smoothed by a centred mean. @param share of the curve that is averaged, 0..1 */
export function smoothedOf(points: Points, value: PointValue, share: number): Values {
  const half = (points.length * share) / 2;
  return half < 1 ? valuesOf(points, value) : once(points, `${value} ${share}`, () => smooth(valuesOf(points, value), half));
}

/** Place of a step between the points' steps, for what was measured at steps of its own. */
export function placeOfStep(points: Points, places: Values, step: number): number {
  if (points.length === 0) return 0;
  const at = firstAtLeast(points.length, (i) => points[i]!.step, step);
  if (at === 0) return step <= 0 ? 0 : places[0]! * (points[0]!.step > 0 ? step / points[0]!.step : 1);
  if (at === points.length) return places.at(-1)!;
  const [from, to] = [points[at - 1]!.step, points[at]!.step];
  return places[at - 1]! + ((places[at]! - places[at - 1]!) * (step - from)) / Math.max(1, to - from);
}

/** Indices of what lies in a domain, with one neighbour on either side, so that lines reach the border. Ends exclusive. */
export function visibleRange(places: Values, [low, high]: readonly [number, number]): [number, number] {
  const from = firstAtLeast(places.length, (i) => places[i]!, low);
  const to = firstAtLeast(places.length, (i) => places[i]!, high);
  return [Math.max(0, from - 1), Math.min(places.length, to + 2)];
}

function firstAtLeast(length: number, value: (i: number) => number, wanted: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value nearest to a place in an ascending list, which is not empty. */
export function nearest(places: Values, place: number): number {
  const after = Math.min(
    places.length - 1,
    firstAtLeast(places.length, (i) => places[i]!, place),
  );
  const before = Math.max(0, after - 1);
  return place - places[before]! <= places[after]! - place ? before : after;
}

/** A line through the visible part, thinned so that every pixel column keeps its extremes. */
export function curvePath(places: Values, values: Values, { x, y }: { x: Scale; y: Scale }): string {
  const [from, to] = visibleRange(places, x.domain);
  const points: [number, number][] = [];
  for (let i = from; i < to; i++) if (Number.isFinite(values[i])) points.push([places[i]!, values[i]!]);
  return linePath(decimate(points, ([, value]) => value, Math.abs(x.range[1] - x.range[0])).map(([at, value]) => [x.at(at), y.at(value)]));
}
