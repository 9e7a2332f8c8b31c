// A 64-bit hash of what a tile looks like: near for the same ground in another file, baseline or processing, far for other ground.
import type { BandName } from "../domain/bands.ts";
import { NO_DATA_DN, SATURATED_DN } from "./radiometry.ts";

/** Cells of the pooled tile: 8 rows of 9, whose neighbours are compared. */
const COLUMNS = 9;
const ROWS = 8;
/** Every source has these; others would make hashes of the same ground differ between sources. */
const HASHED_BANDS: readonly BandName[] = ["B02", "B03", "B04", "B08"];

/**
 * Difference hash (dHash): the tile is averaged to 9 x 8 cells, and each bit tells whether a cell is darker than its right neighbour. An offset or a
 * gain of the DN changes nothing, noise little. A flat tile has few bits set.
 * @param tile DN of one tile, for each group [bands, pixels, pixels]; pixels without data or saturated are left out of the averages
 * @param groups their bands; of several B02, B03, B04 and B08 count, else all of the first group
 * @returns 16 hexadecimal digits, the upper left comparison first
 */
export function tileHash(
  tile: readonly Uint16Array[],
  groups: readonly { readonly pixels: number; readonly bands: readonly BandName[] }[],
): string {
  const hasHashed = groups.some(({ bands }) => bands.some((band) => HASHED_BANDS.includes(band)));
  const cells = new Float64Array(COLUMNS * ROWS);
  groups.forEach(({ pixels, bands }, g) => {
    bands.forEach((band, b) => {
      if (hasHashed ? HASHED_BANDS.includes(band) : g === 0) addBand(cells, tile[g]!, b * pixels * pixels, pixels);
    });
  });
  let hash = "";
  for (let row = 0; row < ROWS; row++) {
    let byte = 0;
    for (let column = 0; column < COLUMNS - 1; column++) {
      const at = row * COLUMNS + column;
      byte = (byte << 1) | (cells[at]! < cells[at + 1]! ? 1 : 0);
    }
    hash += byte.toString(16).padStart(2, "0");
  }
  return hash;
}

/** Rows of a cell that are averaged, about: more make the hash no steadier, and ingestion slower. */
const SAMPLED_ROWS = 5;

/** Adds the mean of a band's valid pixels to each cell. */
function addBand(cells: Float64Array, dn: Uint16Array, start: number, pixels: number): void {
  const step = Math.max(1, Math.floor(pixels / ROWS / SAMPLED_ROWS));
  for (let row = 0; row < ROWS; row++) {
    const top = Math.floor((row * pixels) / ROWS);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * pixels) / ROWS));
    for (let column = 0; column < COLUMNS; column++) {
      const left = Math.floor((column * pixels) / COLUMNS);
      const right = Math.max(left + 1, Math.floor(((column + 1) * pixels) / COLUMNS));
      let sum = 0;
      let count = 0;
      for (let y = top; y < bottom; y += step) {
        // A row of a cell is short enough for whole-number sums.
        let rowSum = 0;
        const end = start + y * pixels + right;
        for (let i = start + y * pixels + left; i < end; i++) {
          const value = dn[i]!;
          if (value === NO_DATA_DN || value === SATURATED_DN) continue;
          rowSum = (rowSum + value) | 0;
          count++;
        }
        sum += rowSum;
      }
      if (count > 0) cells[row * COLUMNS + column]! += sum / count;
    }
  }
}
