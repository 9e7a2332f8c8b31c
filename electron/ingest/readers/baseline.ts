// Processing baselines of Sentinel-2 products. For sources that tell a baseline only: metadata that names an offset goes before it.

/** @see ESA, Sentinel-2 Products Specification Document, issue 14.9: RADIO_ADD_OFFSET and BOA_ADD_OFFSET from 04.00 on */
const FIRST_WITH_OFFSET = 4;
const OFFSET = -1000;
/** Those of trial processings, as 99.99, tell nothing. */
const FIRST_TRIAL = 90;

/** The offset in the DN of ESA's products of a baseline (`04.00`); null: the baseline doesn't tell. */
export function offsetOfBaseline(baseline: string | null): number | null {
  const number = baseline === null ? Number.NaN : Number(baseline);
  if (!(number < FIRST_TRIAL)) return null;
  return number < FIRST_WITH_OFFSET ? 0 : OFFSET;
}
