// CORINE Land Cover codes of reference maps: from codes to the class names of BigEarthNet, in its nomenclatures of 43 and 19 classes.
import { CORINE_CLASSES, type CorineClass } from "./labels.ts";

/** The 44 level-3 codes of CORINE Land Cover (Copernicus Land Monitoring Service, CLC nomenclature guidelines), in ascending order. */
export const CLC_CODES = [
  111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142, 211, 212, 213, 221, 222, 223, 231, 241, 242, 243, 244, 311, 312, 313, 321, 322,
  323, 324, 331, 332, 333, 334, 335, 411, 412, 421, 422, 423, 511, 512, 521, 522, 523,
] as const;
export type ClcCode = (typeof CLC_CODES)[number];

/** Glaciers and perpetual snow: the one code that BigEarthNet has no class for. */
const GLACIERS = 335;

/** The name of each code among BigEarthNet's 43 classes, which follow the codes' order; `null` for glaciers. */
export const CLC_CLASSES: ReadonlyMap<number, CorineClass | null> = new Map(
  CLC_CODES.map((code) => {
    const before = CLC_CODES.filter((other) => other < code && other !== GLACIERS).length;
    return [code, code === GLACIERS ? null : CORINE_CLASSES[before]!] as const;
  }),
);

/**
 * The nomenclature of 19 classes and the codes of each. Codes in none of them (122, 123, 124, 131, 132, 133, 141, 142, 332, 334, 335, 423)
 * were left out of it.
 * @see Sumbul et al., "BigEarthNet-MM" (arXiv 2105.07921), table II; used by BigEarthNet v2 (Clasen et al., arXiv 2407.03653)
 */
export const NINETEEN_CLASSES: Readonly<Record<string, readonly ClcCode[]>> = {
  "Urban fabric": [111, 112],
  "Industrial or commercial units": [121],
  "Arable land": [211, 212, 213],
  "Permanent crops": [221, 222, 223, 241],
  Pastures: [231],
  "Complex cultivation patterns": [242],
  "Land principally occupied by agriculture, with significant areas of natural vegetation": [243],
  "Agro-forestry areas": [244],
  "Broad-leaved forest": [311],
  "Coniferous forest": [312],
  "Mixed forest": [313],
  "Natural grassland and sparsely vegetated areas": [321, 333],
  "Moors, heathland and sclerophyllous vegetation": [322, 323],
  "Transitional woodland, shrub": [324],
  "Beaches, dunes, sands": [331],
  "Inland wetlands": [411, 412],
  "Coastal wetlands": [421, 422],
  "Inland waters": [511, 512],
  "Marine waters": [521, 522, 523],
};

/**
 * Shares of a map's pixels by CLC code, most first. Values that are no CLC code (999, "unlabelled", and whatever else) share the code 0.
 * @param codes one a pixel
 * @returns code -> share, 0..1; they add up to 1. Empty for no pixels
 */
export function clcShares(codes: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < codes.length; i++) {
    const code = CLC_CLASSES.has(codes[i]!) ? codes[i]! : 0;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return new Map([...counts].map(([code, count]) => [code, count / codes.length] as const).sort((a, b) => b[1] - a[1] || a[0] - b[0]));
}

/** Shares by class, most first, in one of the two nomenclatures; what has no class there is left out. */
export function classShares(shares: ReadonlyMap<number, number>, nomenclature: 43 | 19): Map<string, number> {
  const out = new Map<string, number>();
  for (const [code, share] of shares) {
    const name = nomenclature === 43 ? CLC_CLASSES.get(code) : nineteenClassOf(code);
    if (name) out.set(name, (out.get(name) ?? 0) + share);
  }
  return new Map([...out].sort((a, b) => b[1] - a[1]));
}

function nineteenClassOf(code: number): string | undefined {
  return Object.entries(NINETEEN_CLASSES).find(([, codes]) => (codes as readonly number[]).includes(code))?.[0];
}
