// Brightness: adds one number, in band standard deviations, to all bands. The same in both profiles.
import type * as tf from "@tensorflow/tfjs-core";
import { type PixelMap, perView } from "./pixel-map.ts";
import { type Sampler, signed } from "./scene.ts";

/** The offset in band standard deviations; 0 changes nothing. */
export const drawBrightness: Sampler<number> = (random, { settings }) => {
  const { probability, offset } = settings.parameters.brightness;
  if (!random.chance(probability)) return { value: 0, words: null };
  const value = random.uniform(...offset);
  return { value, words: `brightness ${signed(value, 2)} std` };
};

/** @param offsets // [V] */
export function brightnessMap(offsets: tf.Tensor): PixelMap {
  return { offset: perView(offsets) };
}
