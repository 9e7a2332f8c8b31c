// Periodic random textures that a simulated landscape is painted with. Made once a simulation, read at random offsets.
import type { Random } from "../../domain/random.ts";

/** Side of every texture, in pixels; a power of two, so that a coordinate wraps by a mask. */
export const TEXTURE_SIZE = 512;

/** Textures of mean 0 and standard deviation 1, each TEXTURE_SIZE x TEXTURE_SIZE, row by row, periodic. */
export interface Textures {
  /** Hills: wavelengths of 64 to 128 px. */
  readonly relief: Float32Array;
  /** Patches within a field or a wood: 12 to 64 px. */
  readonly broad: Float32Array;
  /** Crowns, tufts and clods: 2 to 6 px. */
  readonly fine: Float32Array;
}

/** Makes the textures of a simulation. */
export function createTextures(random: Random): Textures {
  return {
    relief: octaves(random, [128, 64]),
    broad: octaves(random, [64, 32, 16]),
    fine: octaves(random, [4, 2, 2]),
  };
}

/** A sum of value noises with the given lattice spacings (px, powers of two), the coarser the stronger. */
function octaves(random: Random, cells: readonly number[]): Float32Array {
  const out = new Float32Array(TEXTURE_SIZE * TEXTURE_SIZE);
  cells.forEach((cell, octave) => {
    addValueNoise(out, random, cell, 0.6 ** octave);
  });
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < out.length; i++) {
    sum += out[i]!;
    squares += out[i]! * out[i]!;
  }
  const mean = sum / out.length;
  const scale = 1 / Math.sqrt(squares / out.length - mean * mean);
  for (let i = 0; i < out.length; i++) out[i] = (out[i]! - mean) * scale;
  return out;
}

function addValueNoise(out: Float32Array, random: Random, cell: number, amplitude: number): void {
  const side = TEXTURE_SIZE / cell;
  const lattice = Float32Array.from({ length: side * side }, () => random.normal());
  const smooth = Float32Array.from({ length: cell }, (_, i) => {
    const t = (i + 0.5) / cell;
    return t * t * (3 - 2 * t);
  });
  for (let y = 0; y < TEXTURE_SIZE; y++) {
    const row = Math.floor(y / cell);
    const below = (row + 1) % side;
    const ty = smooth[y % cell]!;
    for (let x = 0; x < TEXTURE_SIZE; x++) {
      const column = Math.floor(x / cell);
      const right = (column + 1) % side;
      const tx = smooth[x % cell]!;
      const top = lattice[row * side + column]! * (1 - tx) + lattice[row * side + right]! * tx;
      const bottom = lattice[below * side + column]! * (1 - tx) + lattice[below * side + right]! * tx;
      out[y * TEXTURE_SIZE + x] = out[y * TEXTURE_SIZE + x]! + amplitude * (top * (1 - ty) + bottom * ty);
    }
  }
}

/** A hash of two lattice coordinates and a salt, uniform over 32 bits. */
export function hash2(x: number, y: number, salt: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ salt;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}
