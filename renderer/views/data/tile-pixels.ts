// A tile's measurements as they are stored, and the spectrum of a pixel among them.
import { BANDS, type BandName } from "../../../shared/domain/bands.ts";
import type { Dataset } from "../../../shared/domain/dataset.ts";
import type { SpectrumPoint } from "../../../shared/figures/spectrum.ts";
import { isValidDn, reflectanceOf } from "../../../shared/raster/radiometry.ts";

interface BandPixels {
  readonly band: BandName;
  /** Side, px. */
  readonly pixels: number;
  /** // [pixels, pixels] */
  readonly dn: Uint16Array;
}

export interface TilePixels {
  /** Side on the 10 m grid, px. */
  readonly side: number;
  readonly radiometry: Dataset["radiometry"];
  /** By wavelength. */
  readonly bands: readonly BandPixels[];
}

/** Bytes of `imagePaths.bands` by bands. @throws Error when they do not fit the data set */
export function readTilePixels({ groups, radiometry, tilePixels }: Dataset, bytes: ArrayBuffer): TilePixels {
  const lengths = groups.map(({ bands, pixels }) => bands.length * pixels * pixels);
  const expected = lengths.reduce((sum, length) => sum + length, 0) * 2;
  if (bytes.byteLength !== expected)
    throw new Error(
      `The tile's pixels came as ${bytes.byteLength} bytes instead of ${expected}: the data set has changed. Reload the window.`,
    );
  let start = 0;
  const bands = groups.flatMap(({ bands: names, pixels }) =>
    names.map((band): BandPixels => {
      const dn = new Uint16Array(bytes, start, pixels * pixels);
      start += dn.byteLength;
      return { band, pixels, dn };
    }),
  );
  return { side: tilePixels, radiometry, bands: bands.sort((a, b) => BANDS[a.band].wavelengthNm - BANDS[b.band].wavelengthNm) };
}

/** What one pixel measures in one band. */
export interface PixelValue {
  readonly band: BandName;
  readonly dn: number;
  /** Null where it is no measurement: no data, or saturated. */
  readonly reflectance: number | null;
}

/**
 * What the bands measure at a place of the 10 m grid. Bands of 20 and 60 m tell of the larger pixel that holds it: nothing is interpolated.
 * @param x column, @param y row, px
 */
export function valuesAt({ side, radiometry, bands }: TilePixels, x: number, y: number): PixelValue[] {
  return bands.map(({ band, pixels, dn }) => {
    const value = dn[Math.floor((y * pixels) / side) * pixels + Math.floor((x * pixels) / side)]!;
    return { band, dn: value, reflectance: isValidDn(value) ? reflectanceOf(value, radiometry) : null };
  });
}

/** The measurements as a curve; bands without one are left out. */
export function spectrumOf(values: readonly PixelValue[]): SpectrumPoint[] {
  return values.flatMap(({ band, reflectance }) =>
    reflectance === null
      ? []
      : [{ band, wavelengthNm: BANDS[band].wavelengthNm, mean: reflectance, minimum: reflectance, maximum: reflectance }],
  );
}
