// What file and folder names say: bands, dates, granules.
import { type BandName, parseBandName } from "../../../shared/domain/bands.ts";

/** The band that a file name tells, and the rest of the name, which tells the scene. */
export interface BandFileName {
  readonly band: BandName;
  /** The name without band, resolution and extension; empty when nothing is left. */
  readonly scene: string;
  /** `_10m`, `_20m` or `_60m` in the name: the file's resolution, metres. */
  readonly resolutionMetres: number | null;
  /** EO Browser's `(Raw)`: DN / 65535. */
  readonly isRaw: boolean;
}

/** Names that are never a band of imagery, whatever they contain. */
const OTHER_FILES =
  /\.(json|xml|txt|csv|md|html?|png|jpe?g|gif|webp|pdf|npy|npz|h5|hdf|nc|parquet|gml|geojson|shp|dbf|prj|shx|qml|vrt|ovr|msk|hdr|log|py|ipynb|zip|gz|tar|part|tmp|crdownload)$/i;

/** A band's token: `B02`, `b2`, `B8A`, between separators or the ends of the name. */
const BAND_TOKEN = /(?<![a-z0-9])b\d{1,2}a?(?![a-z0-9])/gi;

/** Reads a file name as that of one band: `B02.tif`, `x_B02.tif`, `x_B02_10m.tif`, `B2.tif`, `..B02_(Raw).tiff`. */
export function parseBandFileName(name: string): BandFileName | null {
  if (name.startsWith(".") || OTHER_FILES.test(name)) return null;
  const stem = name.replace(/\.(geo)?(tiff?|gtiff|jp2|j2k|img)$/i, "");
  const tokens = [...stem.matchAll(BAND_TOKEN)];
  const token = tokens.at(-1);
  const band = token ? parseBandName(token[0]) : undefined;
  if (!token || !band) return null;
  const rest = `${stem.slice(0, token.index)}\0${stem.slice(token.index + token[0].length)}`;
  const resolution = /(?<![a-z0-9])(10|20|60)m(?![a-z0-9])/i.exec(rest);
  const isRaw = /\(raw\)/i.test(rest);
  const scene = rest
    .replace(/(?<![a-z0-9])(10|20|60)m(?![a-z0-9])/i, "")
    .replace(/\(raw\)/i, "")
    .replace(/\0/g, "_")
    .replace(/[_\-. ]+/g, "_")
    .replace(/^_|_$/g, "");
  return { band, scene, resolutionMetres: resolution ? Number(resolution[1]) : null, isRaw };
}

/** A name that is safe as part of a file name and in every tool: letters, digits, dot, dash, underscore; it begins with none of the signs. */
export function sanitise(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._-]+/, "");
  return safe.slice(0, 160) || "tile";
}

/** The first day in a text as `YYYY-MM-DD`: `2020-06-04`, `20200604`, `20200604T054639`. */
export function isoDateIn(text: string): string | null {
  for (const [, year, month, day] of text.matchAll(/(?<!\d)((?:19|20)\d\d)-?([01]\d)-?([0-3]\d)(?!\d)/g)) {
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    if (date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)) return `${year}-${month}-${day}`;
  }
  return null;
}

/** The MGRS tile in a text as `T33UUP`: `_T33UUP_` in product names, `S2A_29RKH_` in those of cloud buckets. */
export function granuleIn(text: string): string | null {
  const match = /(?<![A-Za-z0-9])T?((?:0[1-9]|[1-5]\d|60)[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])(?![A-Za-z0-9])/.exec(text);
  return match ? `T${match[1]}` : null;
}

/** Order of names that does not depend on the machine's language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
