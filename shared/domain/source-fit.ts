// Which sources can be in one data set: its tiles have one side, and each of its bands one resolution.
import { SOURCE_TITLES, type Source } from "./dataset.ts";

/** What others must be like. */
export interface Reference extends Pick<Source, "tilePixels" | "ratios"> {
  /** What it is, as a reason names it. */
  readonly name: string;
}

/** The one that decides: that with most tiles, of several the first. @param sources not empty */
export function referenceOf<S extends Pick<Source, "tiles">>(sources: readonly S[]): S {
  return sources.reduce((a, b) => (b.tiles > a.tiles ? b : a));
}

export const nameOfSource = ({ path, kind }: Pick<Source, "path" | "kind">): string => `${path} (${SOURCE_TITLES[kind]})`;

/** Why a source cannot be in one data set with the reference; null: it can. */
export function misfit(own: Pick<Source, "tilePixels" | "ratios" | "bands">, reference: Reference): string | null {
  const rest = `those of ${reference.name}. Ingest it as a data set of its own.`;
  if (own.tilePixels !== reference.tilePixels) return `its tiles are ${own.tilePixels} px, not ${reference.tilePixels} px like ${rest}`;
  const band = own.bands.find((name) => reference.ratios[name] !== undefined && reference.ratios[name] !== own.ratios[name]);
  return band ? `its ${band} is at another resolution than ${rest}` : null;
}
