// How a tile-component is divided: resolutions, precincts, sub-bands and code-blocks (ITU-T T.800, annex B).
import type { Coding, Rect } from "./jpeg2000-codestream.ts";

/** A sub-band, in its own coordinates. */
export interface Subband extends Rect {
  /** Wavelet levels between the sub-band and the image. */
  readonly level: number;
  /** Exponents of a code-block's size, cut to the precincts. */
  readonly blockWidthExponent: number;
  readonly blockHeightExponent: number;
}

export interface Resolution extends Rect {
  /** Wavelet levels between the resolution and the image. */
  readonly level: number;
  /** Exponents of the precincts' size in the resolution's coordinates. */
  readonly precinctWidthExponent: number;
  readonly precinctHeightExponent: number;
  readonly precinctsAcross: number;
  readonly precinctsDown: number;
  /** LL, or HL, LH, HH. */
  readonly subbands: readonly Subband[];
}

/** The resolutions of a tile-component, smallest first. @param tile on the reference grid */
export function resolutionsOf(tile: Rect, coding: Coding): Resolution[] {
  return coding.precincts.map(([precinctWidthExponent, precinctHeightExponent], resolution) => {
    const level = coding.levels - resolution;
    const area = scaled(tile, level, 0, 0);
    const isEmpty = area.x1 <= area.x0 || area.y1 <= area.y0;
    const orientations =
      resolution === 0
        ? [[0, 0]]
        : [
            [1, 0],
            [0, 1],
            [1, 1],
          ];
    const bandLevel = resolution === 0 ? level : level + 1;
    const halved = resolution === 0 ? 0 : 1;
    return {
      ...area,
      level,
      precinctWidthExponent,
      precinctHeightExponent,
      precinctsAcross: isEmpty ? 0 : cells(area.x0, area.x1, precinctWidthExponent),
      precinctsDown: isEmpty ? 0 : cells(area.y0, area.y1, precinctHeightExponent),
      subbands: orientations.map(([right, lower]) => ({
        ...scaled(tile, bandLevel, right!, lower!),
        level: bandLevel,
        blockWidthExponent: Math.min(coding.blockWidthExponent, precinctWidthExponent - halved),
        blockHeightExponent: Math.min(coding.blockHeightExponent, precinctHeightExponent - halved),
      })),
    };
  });
}

/** Cells of size 2^exponent, counted from 0, that the range from `from` to before `to` touches. */
export function cells(from: number, to: number, exponent: number): number {
  return to <= from ? 0 : Math.ceil(to / 2 ** exponent) - Math.floor(from / 2 ** exponent);
}

/** T.800, equation B-15. Plain numbers: shifts by 32 and more would wrap. */
function scaled({ x0, y0, x1, y1 }: Rect, level: number, right: number, lower: number): Rect {
  const scale = 2 ** level;
  const x = (right * scale) / 2;
  const y = (lower * scale) / 2;
  return {
    x0: Math.ceil((x0 - x) / scale),
    y0: Math.ceil((y0 - y) / scale),
    x1: Math.ceil((x1 - x) / scale),
    y1: Math.ceil((y1 - y) / scale),
  };
}
