// Where on Earth a tile lies, by its reference system and its affine.
import proj4 from "proj4";

/** @returns the projection of an EPSG code in PROJ's words; null for one that no Sentinel-2 source here uses */
function definitionOf(crs: string): string | null {
  const code = Number(/^EPSG:(\d{4,5})$/.exec(crs)?.[1]);
  const zone = code % 100;
  if ((code > 32_600 && code <= 32_660) || (code > 32_700 && code <= 32_760))
    return `+proj=utm +zone=${zone}${code > 32_700 ? " +south" : ""} +datum=WGS84 +units=m +no_defs`;
  switch (code) {
    case 4326:
      return "+proj=longlat +datum=WGS84 +no_defs";
    case 3857:
      return "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs";
    case 3035:
      return "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +towgs84=0,0,0,0,0,0,0 +units=m +no_defs";
    default:
      return null;
  }
}

type ToDegrees = (place: [number, number]) => [number, number];

const converters = new Map<string, ToDegrees | null>();
/** Sources are hostile: they may name any number of reference systems. */
const KEPT_CONVERTERS = 256;

function converterOf(crs: string): ToDegrees | null {
  const known = converters.get(crs);
  if (known !== undefined) return known;
  const definition = definitionOf(crs);
  const projection = definition === null ? null : proj4(definition);
  const converter: ToDegrees | null = projection ? (place) => projection.inverse(place) : null;
  if (converters.size < KEPT_CONVERTERS) converters.set(crs, converter);
  return converter;
}

/**
 * The corners of a tile.
 * @param transform affine of the 10 m grid, as in `Tile`
 * @param pixels side of the tile on that grid
 * @returns longitude and latitude (WGS84, degrees) of the upper left, upper right, lower right and lower left corner; null where the place is not known.
 * A tile across the antimeridian has longitudes of both signs.
 */
export function footprintOf(crs: string | null, transform: readonly number[] | null, pixels: number): number[] | null {
  if (crs === null || transform === null || transform.length !== 6 || !transform.every(Number.isFinite)) return null;
  const toDegrees = converterOf(crs);
  if (!toDegrees) return null;
  const [a, b, c, d, e, f] = transform as [number, number, number, number, number, number];
  const corners = (
    [
      [0, 0],
      [pixels, 0],
      [pixels, pixels],
      [0, pixels],
    ] as const
  ).flatMap(([column, row]) => toDegrees([a * column + b * row + c, d * column + e * row + f]));
  const isOnEarth = corners.every((value, i) => Math.abs(value) <= (i % 2 === 0 ? 180 : 90));
  // 1e-7 degrees are a centimetre.
  return isOnEarth ? corners.map((value) => Math.round(value * 1e7) / 1e7) : null;
}
