// Standardised reflectance: in band standard deviations about the band's mean, as the networks see it.

/** Mean and standard deviation of a band's reflectance. */
export interface Moments {
  readonly mean: number;
  readonly std: number;
}

/** The divisor of a band: its standard deviation, or 1 for a band that is constant (its standardised values are then all 0). */
export function spreadOf({ std }: Moments): number {
  return std > 0 ? std : 1;
}

/**
 * Standardises reflectance: `(r - mean) / std`.
 * @param reflectance of one band, any shape
 * @param mask 1 = valid; all valid when null
 * @returns standardised values; 0, the mean, where invalid
 */
export function standardise(reflectance: ArrayLike<number>, mask: ArrayLike<number> | null, moments: Moments): Float32Array {
  const out = new Float32Array(reflectance.length);
  const { mean } = moments;
  const spread = spreadOf(moments);
  for (let i = 0; i < out.length; i++) out[i] = mask && !mask[i] ? 0 : (reflectance[i]! - mean) / spread;
  return out;
}

/** The way back: reflectance of standardised values. */
export function unstandardise(standardised: ArrayLike<number>, moments: Moments): Float32Array {
  const out = new Float32Array(standardised.length);
  const { mean } = moments;
  const spread = spreadOf(moments);
  for (let i = 0; i < out.length; i++) out[i] = standardised[i]! * spread + mean;
  return out;
}
