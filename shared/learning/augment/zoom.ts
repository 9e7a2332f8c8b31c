// Zoom.
// Physical: a random square crop, resized back. Published sweep: each axis scaled on its own about the middle (Keras' random_zoom: the factor
// goes from output to input, so above 1 the content shrinks). Published full runs: a box of four random corners, unsorted, so it may mirror
// and may be tiny (`tf.image.crop_and_resize`).
import { type Affine, aboutCentre } from "./affine.ts";
import type { Sampler } from "./scene.ts";

export const drawZoom: Sampler<Affine> = (random, { settings, stage, pixels }) => {
  if (settings.profile === "physical") {
    const [low, high] = settings.parameters.zoom.area;
    const side = Math.sqrt(random.uniform(low, high));
    const left = random.uniform(0, 1 - side) * pixels;
    const top = random.uniform(0, 1 - side) * pixels;
    return { value: crop(left, top, side), words: side < 1 ? `zoom x ${(1 / side).toFixed(2)}` : null };
  }
  if (stage === "arm") {
    const [low, high] = settings.parameters.zoom.factor;
    const across = random.uniform(low, high);
    const down = random.uniform(low, high);
    const words = `zoom x ${(1 / across).toFixed(2)} across, x ${(1 / down).toFixed(2)} down`;
    return { value: aboutCentre([across, 0, 0, down], pixels), words };
  }
  const [top, left, bottom, right] = [random.next(), random.next(), random.next(), random.next()];
  const words = `zoom to ${percent(left)} - ${percent(right)} % across, ${percent(top)} - ${percent(bottom)} % down`;
  return { value: box(pixels, { left, right, top, bottom }), words };
};

/** Enlarges a square crop to the whole tile, half-pixel centres. @param left,top its corner, px; @param side fraction of the tile's side */
export function crop(left: number, top: number, side: number): Affine {
  const centre = 0.5 * side - 0.5;
  return [side, 0, left + centre, 0, side, top + centre];
}

/** A box in fractions of the tile, corner pixels on corner pixels, as `tf.image.crop_and_resize`. */
export function box(pixels: number, { left, right, top, bottom }: { left: number; right: number; top: number; bottom: number }): Affine {
  return [right - left, 0, left * (pixels - 1), 0, bottom - top, top * (pixels - 1)];
}

function percent(fraction: number): string {
  return (fraction * 100).toFixed(0);
}
