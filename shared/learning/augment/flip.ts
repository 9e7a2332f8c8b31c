// Flip: mirrors the tile left-right and top-bottom, each on its own. The same in both profiles.
import { type Affine, aboutCentre } from "./affine.ts";
import type { Sampler } from "./scene.ts";

export const drawFlip: Sampler<Affine> = (random, { settings, pixels }) => {
  const { probability } = settings.parameters.flip;
  const isMirrored = random.chance(probability);
  const isUpsideDown = random.chance(probability);
  const sides = [...(isMirrored ? ["left-right"] : []), ...(isUpsideDown ? ["top-bottom"] : [])];
  return {
    value: aboutCentre([isMirrored ? -1 : 1, 0, 0, isUpsideDown ? -1 : 1], pixels),
    words: sides.length > 0 ? `flip ${sides.join(" and ")}` : null,
  };
};
