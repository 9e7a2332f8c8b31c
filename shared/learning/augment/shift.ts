// Shift: moves the tile's content along both axes.
// Physical: whole pixels, so nothing is blurred. Published sweep: any distance (Keras' random_shift). Published full runs: a circular roll
// by 0 .. fraction x side - 1 px, to the right and down only.
import type { Random } from "../../domain/random.ts";
import type { Affine } from "./affine.ts";
import { type Sampler, type Scene, signed } from "./scene.ts";

export const drawShift: Sampler<Affine> = (random, scene) => {
  const right = drawDistance(random, scene);
  const down = drawDistance(random, scene);
  const digits = Number.isInteger(right) && Number.isInteger(down) ? 0 : 1;
  return {
    value: shift(right, down),
    words: right === 0 && down === 0 ? null : `shift ${signed(right, digits)} px, ${signed(down, digits)} px`,
  };
};

function drawDistance(random: Random, { settings, stage, pixels }: Scene): number {
  const reach = settings.parameters.shift.fraction * pixels;
  if (settings.profile === "physical") {
    const whole = Math.round(reach);
    return random.below(2 * whole + 1) - whole;
  }
  if (stage === "arm") return random.uniform(-reach, reach);
  return random.below(Math.max(1, Math.floor(reach + 1e-9)));
}

/** Moves the content to the right and down, px. */
export function shift(right: number, down: number): Affine {
  return [1, 0, 0 - right, 0, 1, 0 - down];
}
