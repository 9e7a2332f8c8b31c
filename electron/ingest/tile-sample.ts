// Draws some of the tiles of many scenes, so that only what they touch is decoded.
import type { TileSample } from "../../shared/domain/ingest-settings.ts";
import { Random } from "../../shared/domain/random.ts";

/** Side of a square of tiles that are read together, tiles: about a codestream tile of ESA's 10 m bands, 1,024 px. */
const BLOCK = 8;

/**
 * Draws tiles of patches of `columns` x `rows`.
 * @returns by patch, in its order, columns and rows of its tiles, neighbours together
 */
export function chooseTiles(
  patches: readonly { readonly columns: number; readonly rows: number }[],
  { tiles, by, seed }: TileSample,
): Map<number, (readonly [number, number])[]> {
  const sizes = patches.map(({ columns, rows }) => columns * rows);
  const total = sizes.reduce((a, b) => a + b, 0);
  const random = Random.of("tile-sample", seed);
  const counts = by === "scene" ? evenShares(sizes, Math.min(tiles, total)) : sharesByChance(sizes, Math.min(tiles, total), random);
  const chosen = new Map<number, (readonly [number, number])[]>();
  counts.forEach((count, i) => {
    if (count === 0) return;
    const { columns } = patches[i]!;
    const places = draw(sizes[i]!, count, random).map((at) => [at % columns, Math.floor(at / columns)] as const);
    const block = ([column, row]: readonly [number, number]) => Math.floor(row / BLOCK) * columns + Math.floor(column / BLOCK);
    chosen.set(
      i,
      places.sort((a, b) => block(a) - block(b) || a[1] - b[1] || a[0] - b[0]),
    );
  });
  return chosen;
}

/** As many of each, as far as there are. */
function evenShares(sizes: readonly number[], wanted: number): number[] {
  const counts = sizes.map(() => 0);
  let left = wanted;
  for (let round = 1; left > 0; round++) {
    for (let i = 0; i < sizes.length && left > 0; i++) {
      if (sizes[i]! < round) continue;
      counts[i]!++;
      left--;
    }
  }
  return counts;
}

function sharesByChance(sizes: readonly number[], wanted: number, random: Random): number[] {
  const counts = sizes.map(() => 0);
  const total = sizes.reduce((a, b) => a + b, 0);
  const places = draw(total, wanted, random).sort((a, b) => a - b);
  let patch = 0;
  let end = sizes[0] ?? 0;
  for (const place of places) {
    while (place >= end) end += sizes[++patch]!;
    counts[patch]!++;
  }
  return counts;
}

/** Different numbers below `size` (Floyd's algorithm: memory of the draw, not of all). */
function draw(size: number, count: number, random: Random): number[] {
  const drawn = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const value = Math.floor(random.next() * (last + 1));
    drawn.add(drawn.has(value) ? last : value);
  }
  return [...drawn];
}
