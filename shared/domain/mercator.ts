// Web Mercator on a unit square: x from 0 at 180 degrees west to 1 at 180 degrees east, y from 0 in the north to 1 in the south.

/** Latitude at which the square ends, degrees: atan(sinh(pi)). */
export const MERCATOR_LATITUDE = (Math.atan(Math.sinh(Math.PI)) * 180) / Math.PI;
/** Length of the equator of Web Mercator's sphere, metres: 2 pi times WGS84's semi-major axis. */
const EQUATOR_METRES = 2 * Math.PI * 6_378_137;

/** @param longitude degrees; beyond 180 it is a turn further @returns x */
export const mercatorX = (longitude: number): number => (longitude + 180) / 360;

/** @param latitude degrees; beyond the square's end it is taken for that @returns y */
export function mercatorY(latitude: number): number {
  const bounded = Math.min(MERCATOR_LATITUDE, Math.max(-MERCATOR_LATITUDE, latitude));
  return 0.5 - Math.asinh(Math.tan((bounded * Math.PI) / 180)) / (2 * Math.PI);
}

/** @returns degrees */
export const longitudeAt = (x: number): number => x * 360 - 180;

/** @returns degrees */
export const latitudeAt = (y: number): number => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;

/** Metres on the ground that a unit of the square stands for at a latitude. */
export const metresAUnit = (latitude: number): number => EQUATOR_METRES * Math.cos((latitude * Math.PI) / 180);
