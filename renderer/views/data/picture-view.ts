// Which part of a square picture is seen, and how large: zoom about a point, pan, the pixel under the pointer. Pure geometry.

/** Lengths in pixels of the picture. */
export interface PictureView {
  /** Side of what is seen. */
  readonly side: number;
  readonly left: number;
  readonly top: number;
}

/** The closest look: a pixel is an eighth of the view. */
const LEAST_SIDE = 8;

export const wholeView = (pixels: number): PictureView => ({ side: pixels, left: 0, top: 0 });

/**
 * Nearer or farther; the point stays where it is on the screen, as far as the picture's edges allow.
 * @param factor above 1 is nearer
 * @param at place in the view, 0..1
 */
export function zoomed(view: PictureView, factor: number, pixels: number, at: readonly [number, number] = [0.5, 0.5]): PictureView {
  const side = Math.min(pixels, Math.max(LEAST_SIDE, view.side / factor));
  return inside({ side, left: view.left + at[0] * (view.side - side), top: view.top + at[1] * (view.side - side) }, pixels);
}

/** Moved by shares of the view. */
export function panned(view: PictureView, [dx, dy]: readonly [number, number], pixels: number): PictureView {
  return inside({ ...view, left: view.left + dx * view.side, top: view.top + dy * view.side }, pixels);
}

/** Moved as little as needed to show a pixel. */
export function showing(view: PictureView, [x, y]: readonly [number, number], pixels: number): PictureView {
  const near = (start: number, place: number) => Math.min(Math.max(start, place + 1 - view.side), place);
  return inside({ ...view, left: near(view.left, x), top: near(view.top, y) }, pixels);
}

/** The pixel at a place of the view, 0..1. */
export function pixelAt({ side, left, top }: PictureView, [x, y]: readonly [number, number], pixels: number): readonly [number, number] {
  const whole = (value: number) => Math.min(pixels - 1, Math.max(0, Math.floor(value)));
  return [whole(left + x * side), whole(top + y * side)];
}

function inside({ side, left, top }: PictureView, pixels: number): PictureView {
  const within = (start: number) => Math.min(Math.max(0, start), pixels - side);
  return { side, left: within(left), top: within(top) };
}
