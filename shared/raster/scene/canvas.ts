// The ground of one patch at 5 m, finer than any band, with a margin that the sensor's point spread function reaches into.
import { BAND_COUNT } from "./spectra.ts";

/** Metres per canvas pixel. */
export const CANVAS_GSD_METRES = 5;
/** Canvas pixels beyond each side of the patch. */
export const CANVAS_MARGIN = 12;
/** Canvas side in pixels: 1,200 m and the margins. */
export const CANVAS_SIZE = 1200 / CANVAS_GSD_METRES + 2 * CANVAS_MARGIN;

/** Layers of a canvas, each CANVAS_SIZE x CANVAS_SIZE, row by row from the north-west. */
export interface Canvas {
  /** Index of the land-cover zone. */
  readonly zone: Uint8Array;
  /** Index of the field, crown or block within the zone being painted (scratch). */
  readonly cell: Uint16Array;
  /** Distance in pixels to the border of that cell (scratch). */
  readonly border: Float32Array;
  /** Index of the block of fields, and distance to its border (scratch). */
  readonly block: Uint16Array;
  readonly blockBorder: Float32Array;
  /** Row of the surface table. */
  readonly surface: Uint16Array;
  /** Share of the pixel that the surface's upper layer hides, 0 to 1. */
  readonly cover: Float32Array;
  /** Illumination and roughness: multiplies reflectance. */
  readonly gain: Float32Array;
}

export function createCanvas(): Canvas {
  const pixels = CANVAS_SIZE * CANVAS_SIZE;
  return {
    zone: new Uint8Array(pixels),
    cell: new Uint16Array(pixels),
    border: new Float32Array(pixels),
    block: new Uint16Array(pixels),
    blockBorder: new Float32Array(pixels),
    surface: new Uint16Array(pixels),
    cover: new Float32Array(pixels),
    gain: new Float32Array(pixels),
  };
}

/** Pairs of spectra, upper layer (canopy) and ground, that canvas pixels refer to. */
export class SurfaceTable {
  /** [surface, band] reflectance of the upper layer. */
  canopies = new Float32Array(256 * BAND_COUNT);
  /** [surface, band] reflectance of the ground. */
  grounds = new Float32Array(256 * BAND_COUNT);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Reserves a row for the caller to fill; gives its index. */
  add(): number {
    const index = this.count++;
    if (this.count * BAND_COUNT > this.canopies.length) {
      this.canopies = doubled(this.canopies);
      this.grounds = doubled(this.grounds);
    }
    return index;
  }
}

function doubled(values: Float32Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length * 2);
  out.set(values);
  return out;
}
