// CORINE land-cover classes of BigEarthNet v1, and the label sets by which a tile is positive.

/** BigEarthNet v1's 43 classes: CORINE Land Cover 2018 level 3 names, in index order. */
export const CORINE_CLASSES = [
  "Continuous urban fabric",
  "Discontinuous urban fabric",
  "Industrial or commercial units",
  "Road and rail networks and associated land",
  "Port areas",
  "Airports",
  "Mineral extraction sites",
  "Dump sites",
  "Construction sites",
  "Green urban areas",
  "Sport and leisure facilities",
  "Non-irrigated arable land",
  "Permanently irrigated land",
  "Rice fields",
  "Vineyards",
  "Fruit trees and berry plantations",
  "Olive groves",
  "Pastures",
  "Annual crops associated with permanent crops",
  "Complex cultivation patterns",
  "Land principally occupied by agriculture, with significant areas of natural vegetation",
  "Agro-forestry areas",
  "Broad-leaved forest",
  "Coniferous forest",
  "Mixed forest",
  "Natural grassland",
  "Moors and heathland",
  "Sclerophyllous vegetation",
  "Transitional woodland/shrub",
  "Beaches, dunes, sands",
  "Bare rock",
  "Sparsely vegetated areas",
  "Burnt areas",
  "Inland marshes",
  "Peatbogs",
  "Salt marshes",
  "Salines",
  "Intertidal flats",
  "Water courses",
  "Water bodies",
  "Coastal lagoons",
  "Estuaries",
  "Sea and ocean",
] as const;
export type CorineClass = (typeof CORINE_CLASSES)[number];

/** A named set of classes: a tile is positive when it carries at least one of them. */
export interface LabelSet {
  readonly name: string;
  readonly classes: readonly string[];
}

const named = (name: string, indices: readonly number[]): LabelSet => ({ name, classes: indices.map((i) => CORINE_CLASSES[i]!) });

/** The study's two label sets of irrigated land (SimCLR-S2, arXiv 2108.05484): indices 12, and 12 to 16. */
export const LABEL_SETS = {
  regular: named("regular", [12]),
  extended: named("extended", [12, 13, 14, 15, 16]),
} as const satisfies Record<string, LabelSet>;

/** Whether a tile with these class names is a positive of the label set. */
export function isPositive(labels: readonly string[], set: LabelSet): boolean {
  return labels.some((label) => set.classes.includes(label));
}
