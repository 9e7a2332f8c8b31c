// What all image formats look like to the rest: a grid of bands that gives windows of samples.
import type { SampleType } from "./tiff.ts";

/** Affine of a grid, a b c d e f: x = a col + b row + c, y = d col + e row + f; (col, row) at the upper left corner of a pixel. */
export type Affine = readonly [number, number, number, number, number, number];

export type Samples = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** A part of one band, px from the upper left corner. */
export interface Window {
  /** Band, from 0. */
  readonly band: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An open image of any format. */
export interface Raster {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly dtype: SampleType;
  readonly transform: Affine | null;
  /** `EPSG:n`, where the file says so. */
  readonly crs: string | null;
  /** The value of pixels without data, where the file says so. */
  readonly nodata: number | null;
  /** Description of each band, where the file has them. */
  readonly descriptions: readonly (string | null)[];
  /** Areas of a split image whose parts are missing, px; parts at its right and lower edge are not known to be. */
  readonly missing?: readonly Omit<Window, "band">[];
  /** Whether `readWindowSync` is there and works. */
  readonly isDirect?: boolean;
  /** Values of the window, row by row, in the file's sample type. */
  readWindow(window: Window): Promise<Samples>;
  /** As `readWindow`, into a given array from its element `at` on. */
  readWindowSync?(window: Window, out: Samples, at: number): void;
  close(): void;
}
