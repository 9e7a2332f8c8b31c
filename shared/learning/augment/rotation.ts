// Rotation about the tile's middle, counter-clockwise.
// Physical, and published full runs: quarter turns, which move pixels without changing them. Published sweep: any angle.
import { type Affine, aboutCentre } from "./affine.ts";
import { type Sampler, signed } from "./scene.ts";

export const drawRotation: Sampler<Affine> = (random, { settings, stage, pixels }) => {
  if (settings.profile === "published" && stage === "arm") {
    const { maxDegrees } = settings.parameters.rotation;
    const angleDegrees = random.uniform(-maxDegrees, maxDegrees);
    const angle = (angleDegrees / 180) * Math.PI;
    const value = aboutCentre([Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)], pixels);
    return { value, words: `rotation ${signed(angleDegrees, 0)} deg` };
  }
  const turns = settings.profile === "published" ? random.below(4) : quarterTurns(random, settings.parameters.rotation.probability);
  return { value: quarterTurn(turns, pixels), words: turns === 0 ? null : `rotation ${turns * 90} deg` };
};

function quarterTurns(random: Parameters<typeof drawRotation>[0], probability: number): number {
  return random.chance(probability) ? 1 + random.below(3) : 0;
}

/** Counter-clockwise by quarter turns, exact, as `tf.image.rot90`. */
export function quarterTurn(turns: number, pixels: number): Affine {
  const cosine = [1, 0, -1, 0][turns % 4]!;
  const sine = [0, 1, 0, -1][turns % 4]!;
  return aboutCentre([cosine, 0 - sine, sine, cosine], pixels);
}
