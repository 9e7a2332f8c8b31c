// The Sentinel-2 MSI bands: names, wavelengths and ground sampling distances.

/** Every MSI band, in ascending order of wavelength index (B8A between B08 and B09). */
export const BAND_NAMES = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"] as const;
export type BandName = (typeof BAND_NAMES)[number];

export interface Band {
  readonly name: BandName;
  /** Central wavelength in nanometres (Sentinel-2A; ESA, Sentinel-2 User Handbook, table 1). */
  readonly wavelengthNm: number;
  /** Native ground sampling distance in metres. */
  readonly gsdMetres: 10 | 20 | 60;
  readonly description: string;
}

const band = (name: BandName, wavelengthNm: number, gsdMetres: 10 | 20 | 60, description: string): Band => ({
  name,
  wavelengthNm,
  gsdMetres,
  description,
});

export const BANDS: Readonly<Record<BandName, Band>> = {
  B01: band("B01", 443, 60, "coastal aerosol"),
  B02: band("B02", 492, 10, "blue"),
  B03: band("B03", 560, 10, "green"),
  B04: band("B04", 665, 10, "red"),
  B05: band("B05", 704, 20, "red edge 1"),
  B06: band("B06", 740, 20, "red edge 2"),
  B07: band("B07", 783, 20, "red edge 3"),
  B08: band("B08", 833, 10, "near infrared"),
  B8A: band("B8A", 865, 20, "narrow near infrared"),
  B09: band("B09", 945, 60, "water vapour"),
  B10: band("B10", 1374, 60, "cirrus"),
  B11: band("B11", 1614, 20, "short-wave infrared 1"),
  B12: band("B12", 2202, 20, "short-wave infrared 2"),
};

/** The ten bands of the study, in its channel order (SimCLR-S2, arXiv 2108.05484). */
export const STUDY_BANDS = ["B04", "B03", "B02", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"] as const satisfies readonly BandName[];

/** Narrows a string to a band name. Accepts the zero-padded form only; see `parseBandName` for the others. */
export function isBandName(text: string): text is BandName {
  return (BAND_NAMES as readonly string[]).includes(text);
}

/** Reads `B2`, `b02`, `B8a`, `B08` ... as a band name; `undefined` when it is none. */
export function parseBandName(text: string): BandName | undefined {
  const match = /^B(\d{1,2})(A?)$/i.exec(text.trim());
  if (!match) return undefined;
  const name = match[2] ? `B${Number(match[1])}A` : `B${match[1]!.padStart(2, "0")}`;
  return isBandName(name) ? name : undefined;
}
