// How several bands become a picture: the combinations that the interface offers.
import { BAND_NAMES, BANDS, type BandName } from "./bands.ts";

/** Red, green and blue from three bands; a normalised difference of two in colours; or one band in grey. */
export type BandCombination = {
  /** As in image addresses: `true-colour`, `ndvi`, `B08`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** What is shown from black to white, or over the colour scale, when tiles are to be comparable: reflectance, or the index itself. */
  readonly range: readonly [number, number];
} & (
  | {
      readonly kind: "colour";
      readonly bands: readonly [red: BandName, green: BandName, blue: BandName];
      /** A stretch gives all three one range: their balance is what the eye sees. Otherwise each has its own. */
      readonly isBalanced?: true;
    }
  | { readonly kind: "index"; readonly bands: readonly [BandName, BandName] }
  | { readonly kind: "single"; readonly bands: readonly [BandName] }
);

const single = (band: BandName): BandCombination => ({
  id: band,
  name: band,
  description: `${BANDS[band].description}, ${BANDS[band].wavelengthNm} nm`,
  kind: "single",
  bands: [band],
  range: [0, 0.5],
});

/** All combinations, the default first. Indices are `(first - second) / (first + second)`. */
export const BAND_COMBINATIONS: readonly BandCombination[] = [
  {
    id: "true-colour",
    name: "True colour",
    description: "red, green, blue: as the eye sees it",
    kind: "colour",
    bands: ["B04", "B03", "B02"],
    isBalanced: true,
    range: [0, 0.3],
  },
  {
    id: "colour-infrared",
    name: "Colour infrared",
    description: "near infrared, red, green: vegetation is red",
    kind: "colour",
    bands: ["B08", "B04", "B03"],
    range: [0, 0.45],
  },
  {
    id: "swir",
    name: "Short-wave infrared",
    description: "short-wave infrared 2, narrow near infrared, red: dry soil is pink, water is black",
    kind: "colour",
    bands: ["B12", "B8A", "B04"],
    range: [0, 0.45],
  },
  {
    id: "agriculture",
    name: "Agriculture",
    description: "short-wave infrared 1, near infrared, blue: vigorous crops are bright green",
    kind: "colour",
    bands: ["B11", "B08", "B02"],
    range: [0, 0.45],
  },
  {
    id: "ndvi",
    name: "NDVI",
    description: "normalised difference vegetation index of near infrared and red",
    kind: "index",
    bands: ["B08", "B04"],
    range: [-0.2, 0.9],
  },
  {
    id: "ndmi",
    name: "NDMI",
    description: "normalised difference moisture index of narrow near infrared and short-wave infrared 1: water in leaves",
    kind: "index",
    bands: ["B8A", "B11"],
    range: [-0.4, 0.6],
  },
  ...BAND_NAMES.map(single),
];

/** The combination of an id; `undefined` when there is none. */
export function findBandCombination(id: string): BandCombination | undefined {
  return BAND_COMBINATIONS.find((combination) => combination.id === id);
}

/** The combinations that a set of bands allows. */
export function availableCombinations(bands: readonly BandName[]): BandCombination[] {
  return BAND_COMBINATIONS.filter((combination) => combination.bands.every((band) => bands.includes(band)));
}
