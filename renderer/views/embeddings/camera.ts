// The part of a plane that a canvas shows: its middle, and how large a unit is on the screen. Up is up.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Camera {
  /** What lies in the middle. */
  readonly x: number;
  readonly y: number;
  /** Pixels a unit. */
  readonly scale: number;
}

const MARGIN_PIXELS = 28;
/** Against the whole: beyond, 32-bit coordinates would show their steps. */
const LARGEST_ZOOM = 4000;
const LEAST_ZOOM = 0.5;

/** Shows the square from -1 to 1 whole. */
export function fitted({ width, height }: Size): Camera {
  return { x: 0, y: 0, scale: Math.max(1, (Math.min(width, height) - 2 * MARGIN_PIXELS) / 2) };
}

export const toScreen = ({ x, y, scale }: Camera, { width, height }: Size, px: number, py: number): [number, number] => [
  width / 2 + (px - x) * scale,
  height / 2 - (py - y) * scale,
];

export const toPlane = ({ x, y, scale }: Camera, { width, height }: Size, sx: number, sy: number): [number, number] => [
  x + (sx - width / 2) / scale,
  y - (sy - height / 2) / scale,
];

/** Moved as if the plane were dragged by so many pixels. */
export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.scale,
  y: camera.y + dy / camera.scale,
});

/** Enlarged by a factor about a place of the screen, which stays where it is. */
export function zoomed(camera: Camera, size: Size, factor: number, sx = size.width / 2, sy = size.height / 2): Camera {
  const whole = fitted(size).scale;
  const scale = Math.min(whole * LARGEST_ZOOM, Math.max(whole * LEAST_ZOOM, camera.scale * factor));
  const [px, py] = toPlane(camera, size, sx, sy);
  return { x: px - (sx - size.width / 2) / scale, y: py + (sy - size.height / 2) / scale, scale };
}

/** Points brought into the square from -1 to 1, both axes by one factor. @param points // [n, 2] */
export function intoSquare(points: Float32Array): Float32Array<ArrayBuffer> {
  let [left, right, bottom, top] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    bottom = Math.min(bottom, points[i + 1]!);
    top = Math.max(top, points[i + 1]!);
  }
  const span = Math.max(right - left, top - bottom);
  const factor = span > 0 ? 2 / span : 0;
  const [x, y] = [(left + right) / 2, (bottom + top) / 2];
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    out[i] = (points[i]! - x) * factor;
    out[i + 1] = (points[i + 1]! - y) * factor;
  }
  return out;
}
