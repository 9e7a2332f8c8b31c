// From digital numbers to reflectance, and the mask of what was measured.

/** How a data set's DN become reflectance: `(DN + offset) / quantification`. */
export interface Radiometry {
  readonly quantification: number;
  /** Added to the DN, e.g. -1000 from processing baseline 04.00 on. */
  readonly offset: number;
}

/** DN of a pixel without data. */
export const NO_DATA_DN = 0;
/** DN of a saturated detector: no measurement either. */
export const SATURATED_DN = 65535;

/** Whether a DN is a measurement. */
export function isValidDn(dn: number): boolean {
  return dn > NO_DATA_DN && dn < SATURATED_DN;
}

/**
 * Reflectance of one DN that is a measurement. After the offset the DN is clamped at 1, not 0: dark water must not become no data.
 * @see ESA, Sentinel-2 Products Specification, RADIO_ADD_OFFSET and BOA_ADD_OFFSET
 */
export function reflectanceOf(dn: number, { quantification, offset }: Radiometry): number {
  return Math.max(dn + offset, 1) / quantification;
}

/**
 * Reflectance and validity of an array of DN, of any shape.
 * @param dn uint16; 0 is no data, 65535 is saturated: both are masked
 * @returns `data` reflectance, 0 where invalid; `mask` 1 where valid
 */
export function toReflectance(dn: ArrayLike<number>, { quantification, offset }: Radiometry): { data: Float32Array; mask: Uint8Array } {
  const data = new Float32Array(dn.length);
  const mask = new Uint8Array(dn.length);
  for (let i = 0; i < dn.length; i++) {
    const value = dn[i]!;
    if (value <= NO_DATA_DN || value >= SATURATED_DN) continue;
    data[i] = Math.max(value + offset, 1) / quantification;
    mask[i] = 1;
  }
  return { data, mask };
}
