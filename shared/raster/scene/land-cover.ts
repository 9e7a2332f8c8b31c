// How each CORINE class of the simulation looks from above: the fields it is divided into, what stands in them, and their texture.
import type { CorineClass } from "../../domain/labels.ts";
import type { Random } from "../../domain/random.ts";
import { type Brush, type Fill, fill, GARDEN, plantedRows } from "./brush.ts";
import { CANVAS_GSD_METRES } from "./canvas.ts";
import { BETWEEN_PIVOTS, layBlocks, layPivots, layPlots, layStrips } from "./cells.ts";
import { CROPS, type Crop, deciduousCover, fieldState } from "./phenology.ts";
import type { Canopy } from "./spectra.ts";

const px = (metres: number) => metres / CANVAS_GSD_METRES;
const anyAngle = (random: Random) => random.uniform(0, Math.PI);

const CONIFER: Canopy = { chlorophyll: 0.95, water: 1.05, brown: 0.14, lit: 0.43 };
const EVERGREEN: Canopy = { chlorophyll: 0.72, water: 0.72, brown: 0.3, lit: 0.6 };
const OLIVE: Canopy = { chlorophyll: 0.55, water: 0.6, brown: 0.3, lit: 0.62 };
const SHRUB: Canopy = { chlorophyll: 0.66, water: 0.66, brown: 0.28, lit: 0.66 };

function broadleaf(brush: Brush, random: Random): Canopy {
  const leaf = deciduousCover(brush.setting.day);
  const chlorophyll = (0.35 + 0.6 * leaf) * random.uniform(0.9, 1.1);
  return { chlorophyll, water: 0.5 + 0.5 * leaf, brown: 0.06 + 0.4 * (1 - leaf), lit: 0.84 };
}

/** Draws by weight. */
export function weighted<T extends string>(random: Random, weights: Readonly<Partial<Record<T, number>>>): T {
  const entries = Object.entries(weights) as [T, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of entries) {
    left -= weight;
    if (left < 0) return item;
  }
  return entries.at(-1)![0];
}

type CropName = keyof typeof CROPS;

const WINTER_CROPS: readonly CropName[] = ["winterCereal", "rape", "fallow", "irrigatedCereal", "alfalfa"];

/** A crop in a field, sown when its grower had time. */
function cropFill(brush: Brush, random: Random, name: CropName): Fill {
  const { setting } = brush;
  const shift = WINTER_CROPS.includes(name) ? setting.winterCropShiftDays : setting.summerCropShiftDays;
  const day = setting.day + shift + 7 * random.normal();
  const crop: Crop = CROPS[name];
  const thinned = crop.isIrrigated ? crop : { ...crop, maxLai: crop.maxLai * (1 - 0.3 * setting.aridity) };
  const state = fieldState(thinned, day, setting.rainWetness, random);
  const surface = brush.field(state, random.uniform(-0.12, 0.12));
  // Water levels a crop; a dry year shows every change of the soil.
  return fill(surface, state.cover, { broad: crop.isIrrigated ? 0.05 : 0.12, fine: 0.03, gain: random.uniform(0.94, 1.06) });
}

/** Grass, stones and weeds along a field's border. */
function marginFill(brush: Brush, lushness: number): Fill {
  const grass = brush.grass(lushness);
  return fill(brush.field(grass, 0.1), grass.cover, { fine: 0.12 });
}

function hedgeFill(brush: Brush): Fill {
  const surface = brush.overGrass(broadleaf(brush, brush.random), brush.grass(0.9));
  return fill(surface, 0.85, { fine: 0.14, roughness: 0.12 });
}

function irrigatedCrops(brush: Brush): Partial<Record<CropName, number>> {
  return brush.setting.aridity > 0.6
    ? { irrigatedMaize: 4, tomato: 2.5, alfalfa: 2, vegetables: 1, irrigatedCereal: 1.1, fallow: 0.4 }
    : { irrigatedMaize: 2.6, potato: 2.4, vegetables: 2, beet: 1.5, alfalfa: 1.6, irrigatedCereal: 1.2, winterCereal: 0.5 };
}

function rainfedCrops(brush: Brush): Partial<Record<CropName, number>> {
  return brush.setting.aridity > 0.6
    ? { winterCereal: 5, fallow: 1.8, sunflower: 1.3, maize: 0.3, rape: 0.4 }
    : { winterCereal: 3.6, maize: 1.8, sunflower: 1.2, rape: 1.2, beet: 0.6, fallow: 0.5 };
}

function irrigated(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  const crops = irrigatedCrops(brush);
  const grow = (_: number, cells: Random) => cropFill(brush, cells, weighted(cells, crops));
  if (random.chance(0.5)) {
    const between = weighted(random, { fallow: 2, winterCereal: 1.2, grass: 1 });
    const angleRadians = anyAngle(random);
    const radiusPx = px(random.uniform(170, 370)) * setting.parcelScale;
    layPivots(canvas, zone, random, { angleRadians, radiusPx, gapPx: px(random.uniform(10, 70)), isStaggered: random.chance(0.5) });
    const track = fill(brush.material("gravel"), 0.35);
    brush.paint(
      (cell, cells) => {
        if (cell !== BETWEEN_PIVOTS) return grow(cell, cells);
        return between === "grass" ? marginFill(brush, 0.5) : cropFill(brush, cells, between);
      },
      { halfWidthPx: px(7), fill: track },
    );
    return;
  }
  const canal = fill(brush.material("clearWater", GARDEN), 0.35, { fine: 0.2 });
  const track = marginFill(brush, 0.8);
  layStrips(canvas, zone, random, {
    angleRadians: setting.angleRadians + 0.15 * random.normal(),
    stripPx: px(random.uniform(320, 520)) * setting.parcelScale,
    fieldPx: px(random.uniform(220, 400)) * setting.parcelScale,
    irregularity: 0.25,
    shear: 0,
    bendPx: 0,
  });
  brush.paint(grow, { halfWidthPx: px(random.uniform(6, 10)), fill: random.chance(0.6) ? canal : track });
}

function arable(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  const crops = rainfedCrops(brush);
  const isLargeFarm = random.chance(0.15);
  const layout = {
    angleRadians: setting.angleRadians + 0.3 * random.normal(),
    stripPx: px(isLargeFarm ? random.uniform(300, 520) : random.uniform(200, 460)) * setting.parcelScale,
    fieldPx: px(isLargeFarm ? random.uniform(150, 280) : random.uniform(60, 170)) * setting.parcelScale,
    irregularity: isLargeFarm ? 0.5 : 0.8,
    shear: 0.25 * random.normal(),
    bendPx: px(random.uniform(0, 90)),
  };
  if (isLargeFarm || random.chance(0.4)) layStrips(canvas, zone, random, layout);
  else layBlocks(canvas, zone, random, { ...layout, blockPx: px(random.uniform(330, 620)), turnRadians: random.uniform(0.1, 0.4) });
  brush.paint((_, cells) => cropFill(brush, cells, weighted(cells, crops)), {
    halfWidthPx: px(random.uniform(2, 6)),
    fill: marginFill(brush, 0.6),
  });
}

function rice(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layStrips(canvas, zone, random, {
    angleRadians: anyAngle(random),
    stripPx: px(random.uniform(260, 480)) * setting.parcelScale,
    fieldPx: px(random.uniform(55, 120)) * setting.parcelScale,
    irregularity: 0.2,
    shear: 0,
    bendPx: px(random.uniform(0, 30)),
  });
  brush.paint((_, cells) => cropFill(brush, cells, cells.chance(0.93) ? "rice" : "fallow"), {
    halfWidthPx: px(6),
    fill: marginFill(brush, 1),
  });
}

function vineyards(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  const leaf = deciduousCover(setting.day - 8);
  const dry = { fine: 0.1 };
  layBlocks(canvas, zone, random, {
    angleRadians: setting.angleRadians,
    stripPx: px(random.uniform(110, 210)) * setting.parcelScale,
    fieldPx: px(random.uniform(55, 120)) * setting.parcelScale,
    irregularity: 0.7,
    shear: 0.2 * random.normal(),
    bendPx: px(random.uniform(0, 50)),
    blockPx: px(random.uniform(240, 420)),
    turnRadians: random.uniform(0.15, 0.5),
  });
  const track = random.chance(0.5) ? fill(brush.material("gravel"), 0.4) : marginFill(brush, 0.5);
  brush.paint(
    (_, cells) => {
      const state = { ...brush.grass(0.3), canopy: { chlorophyll: 0.35 + 0.5 * leaf, water: 0.8, brown: 0.12, lit: 0.72 } };
      const cover = (0.12 + 0.36 * leaf) * cells.uniform(0.7, 1.25);
      // Rows stand 2 to 3 m apart; what 10 m pixels show are the tracks and terraces between groups of them.
      const rows = plantedRows(px(cells.uniform(18, 34)), anyAngle(cells), 0.55);
      return fill(brush.field(state, cells.uniform(0, 0.25)), cover, { ...dry, rows });
    },
    { halfWidthPx: px(3), fill: track },
  );
}

function orchards(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layStrips(canvas, zone, random, {
    angleRadians: setting.angleRadians + 0.2 * random.normal(),
    stripPx: px(random.uniform(150, 260)) * setting.parcelScale,
    fieldPx: px(random.uniform(90, 170)) * setting.parcelScale,
    irregularity: 0.35,
    shear: 0,
    bendPx: 0,
  });
  const hedge = hedgeFill(brush);
  brush.paint(
    (_, cells) => {
      const grass = brush.grass(random.chance(0.5) ? 0.9 : 0.35);
      const surface = brush.overGrass(
        { ...broadleaf(brush, cells), water: 0.95 },
        { ...grass, wetness: Math.min(1, grass.wetness + 0.25) },
      );
      const angle = setting.angleRadians + (cells.chance(0.5) ? 0 : Math.PI / 2);
      const age = cells.uniform(0.5, 1);
      const trees = {
        spacingPx: px(cells.uniform(16, 24)),
        crownPx: px(9) * age,
        cos: Math.cos(angle),
        sin: Math.sin(angle),
        jitter: 0.15,
        presence: 0.97,
        under: 0.04,
      };
      return fill(surface, 0.9, { fine: 0.05, roughness: 0.08, trees });
    },
    { halfWidthPx: px(8), fill: hedge },
  );
}

function oliveGroves(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layBlocks(canvas, zone, random, {
    angleRadians: setting.angleRadians,
    stripPx: px(random.uniform(200, 330)) * setting.parcelScale,
    fieldPx: px(random.uniform(140, 260)) * setting.parcelScale,
    irregularity: 0.8,
    shear: 0.2 * random.normal(),
    bendPx: px(random.uniform(0, 60)),
    blockPx: px(random.uniform(400, 620)),
    turnRadians: 0.3,
  });
  const hedgerowShare = random.chance(0.4) ? 0.5 : 0.08;
  brush.paint(
    (_, cells) => {
      const grass = brush.grass(cells.uniform(0.15, 0.4));
      const surface = brush.field({ ...grass, canopy: OLIVE }, cells.uniform(0.05, 0.3));
      const angle = setting.angleRadians + 0.25 * cells.normal();
      // New groves are planted in hedgerows, old ones as single trees that stand wide apart.
      if (cells.chance(hedgerowShare)) {
        return fill(surface, cells.uniform(0.35, 0.55), { fine: 0.1, rows: plantedRows(px(cells.uniform(18, 26)), angle, 0.45) });
      }
      const trees = {
        spacingPx: px(cells.uniform(20, 30)),
        crownPx: px(cells.uniform(5.5, 8.5)),
        cos: Math.cos(angle),
        sin: Math.sin(angle),
        jitter: 0.3,
        presence: cells.chance(0.1) ? 0.3 : 0.93,
        under: 0.02,
      };
      return fill(surface, 0.88, { broad: 0.1, fine: 0.08, roughness: 0.06, trees });
    },
    { halfWidthPx: px(3), fill: fill(brush.material("gravel"), 0.25) },
  );
}

/** Pasture or cereals under oaks that stand wide apart. */
function agroforestry(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layPlots(canvas, zone, random, {
    angleRadians: anyAngle(random),
    plotPx: px(random.uniform(180, 320)) * setting.parcelScale,
    stretch: 1.3,
    jitter: 0.8,
  });
  brush.paint((_, cells) => {
    const surface = brush.overGrass(EVERGREEN, brush.grass(0.75 * cells.uniform(0.6, 1.3)));
    const angle = anyAngle(cells);
    const trees = {
      spacingPx: px(46 * cells.uniform(0.8, 1.2)),
      crownPx: px(13 * cells.uniform(0.8, 1.15)),
      cos: Math.cos(angle),
      sin: Math.sin(angle),
      jitter: 1,
      presence: cells.uniform(0.45, 0.9),
      under: 0.02,
    };
    return fill(surface, 0.88, { broad: 0.1, fine: 0.1, roughness: 0.08, trees });
  });
}

function pastures(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  const plotPx = px(random.uniform(110, 230)) * setting.parcelScale;
  if (random.chance(0.5))
    layPlots(canvas, zone, random, { angleRadians: setting.angleRadians, plotPx, stretch: random.uniform(1, 1.6), jitter: 0.9 });
  else {
    layBlocks(canvas, zone, random, {
      angleRadians: setting.angleRadians,
      stripPx: plotPx * 1.3,
      fieldPx: plotPx * 0.9,
      irregularity: 0.9,
      shear: 0.3 * random.normal(),
      bendPx: px(random.uniform(10, 60)),
      blockPx: px(random.uniform(300, 520)),
      turnRadians: 0.35,
    });
  }
  const hasHedges = random.chance(0.7);
  const border = hasHedges
    ? { halfWidthPx: px(random.uniform(5, 10)), fill: hedgeFill(brush) }
    : { halfWidthPx: px(3), fill: marginFill(brush, 0.5) };
  // Where CORINE maps pastures in dry countries they lie on the moist ground.
  const moist = random.uniform(0.8, 1.35);
  brush.paint((_, cells) => {
    const grass = brush.grass(moist * cells.uniform(0.75, 1.15));
    const mown = cells.chance(0.22) ? 0.6 : 1;
    return fill(brush.field(grass), grass.cover * mown, { broad: 0.09, fine: 0.04, gain: cells.uniform(0.92, 1.06) });
  }, border);
}

function complexCultivation(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layBlocks(canvas, zone, random, {
    angleRadians: setting.angleRadians,
    stripPx: px(random.uniform(80, 150)) * setting.parcelScale,
    fieldPx: px(random.uniform(32, 60)) * setting.parcelScale,
    irregularity: 0.9,
    shear: 0.25 * random.normal(),
    bendPx: px(random.uniform(0, 60)),
    blockPx: px(random.uniform(180, 330)),
    turnRadians: random.uniform(0.1, 0.5),
  });
  const garden = fill(brush.material("tiles"), 0.55, { fine: 0.4, roughness: 0.2 });
  const crops = { ...rainfedCrops(brush), vegetables: 1.6, potato: 0.8, alfalfa: 0.7 };
  brush.paint((_, cells) => {
    if (cells.chance(0.08)) return garden;
    if (cells.chance(0.16)) return { ...hedgeFill(brush), cover: cells.uniform(0.4, 0.9) };
    if (cells.chance(0.14)) return marginFill(brush, cells.uniform(0.5, 1.2));
    return cropFill(brush, cells, weighted<CropName>(cells, crops));
  });
}

function naturalAgriculture(brush: Brush): void {
  const { random, setting, canvas, zone } = brush;
  layPlots(canvas, zone, random, {
    angleRadians: anyAngle(random),
    plotPx: px(random.uniform(75, 130)) * setting.parcelScale,
    stretch: 1.4,
    jitter: 1,
  });
  const crops = rainfedCrops(brush);
  const wood = { ...hedgeFill(brush), roughness: 0.17 };
  brush.paint(
    (_, cells) => {
      if (cells.chance(0.34)) return wood;
      if (cells.chance(0.4)) return marginFill(brush, cells.uniform(0.5, 1.1));
      return cropFill(brush, cells, weighted(cells, crops));
    },
    { halfWidthPx: px(4), fill: wood },
  );
}

function forest(brush: Brush, coniferShare: number): void {
  const { random, canvas, zone } = brush;
  layPlots(canvas, zone, random, { angleRadians: anyAngle(random), plotPx: px(random.uniform(120, 300)), stretch: 1.2, jitter: 1 });
  const isEvergreen = brush.setting.aridity > 0.6 && random.chance(0.5);
  const floor = brush.grass(0.7);
  brush.paint((_, cells) => {
    const isConifer = cells.chance(coniferShare);
    const canopy = isConifer ? CONIFER : isEvergreen ? EVERGREEN : broadleaf(brush, cells);
    const isClearing = cells.chance(0.05);
    const age = cells.uniform(0.92, 1.08);
    return fill(brush.overGrass(canopy, floor), isClearing ? 0.35 : 0.94, {
      broad: 0.05,
      fine: 0.06,
      gain: age,
      roughness: isConifer ? 0.16 : 0.13,
    });
  });
}

function open(brush: Brush, options: { lushness: number; shrubs: number; stones: number }): void {
  const { random, canvas, zone, setting } = brush;
  layPlots(canvas, zone, random, { angleRadians: anyAngle(random), plotPx: px(random.uniform(140, 260)), stretch: 1, jitter: 1 });
  brush.paint((_, cells) => {
    const grass = brush.grass(options.lushness * cells.uniform(0.8, 1.2));
    if (options.shrubs > 0) {
      const canopy = { ...SHRUB, chlorophyll: SHRUB.chlorophyll * (1.15 - 0.3 * setting.aridity) };
      return fill(brush.overGrass(canopy, grass), options.shrubs * cells.uniform(0.8, 1.15), { broad: 0.35, fine: 0.28, roughness: 0.1 });
    }
    const surface = options.stones > 0.5 ? brush.material("rock", grass.canopy) : brush.field(grass, 0.1);
    return fill(surface, grass.cover * (1 - options.stones), { broad: 0.2, fine: 0.1, roughness: 0.05 + 0.1 * options.stones });
  });
}

function town(brush: Brush, gardens: number): void {
  const { random, canvas, zone } = brush;
  layBlocks(canvas, zone, random, {
    angleRadians: anyAngle(random),
    stripPx: px(random.uniform(90, 150)),
    fieldPx: px(random.uniform(55, 110)),
    irregularity: 0.6,
    shear: 0.2 * random.normal(),
    bendPx: px(random.uniform(0, 60)),
    blockPx: px(random.uniform(280, 480)),
    turnRadians: random.uniform(0.05, 0.4),
  });
  brush.paint(
    (_, cells) => {
      if (cells.chance(0.07)) return { ...hedgeFill(brush), cover: cells.uniform(0.6, 0.95) };
      const roof = weighted(cells, { tiles: 3, concrete: 1.2, asphalt: 1.2, metalRoof: 0.12 });
      return fill(brush.material(roof), gardens * cells.uniform(0.5, 1.5), {
        broad: 0.2,
        fine: 0.38,
        roughness: 0.16,
        gain: cells.uniform(0.72, 0.98),
      });
    },
    { halfWidthPx: px(5), fill: fill(brush.material("asphalt"), 0.15, { fine: 0.2 }) },
  );
}

function industry(brush: Brush): void {
  const { random, canvas, zone } = brush;
  layStrips(canvas, zone, random, {
    angleRadians: anyAngle(random),
    stripPx: px(random.uniform(90, 150)),
    fieldPx: px(random.uniform(60, 140)),
    irregularity: 0.7,
    shear: 0,
    bendPx: 0,
  });
  brush.paint(
    (_, cells) => {
      const roof = weighted(cells, { metalRoof: 2, concrete: 2, asphalt: 1.2, gravel: 0.8 });
      const isGreen = cells.chance(0.16);
      return fill(brush.material(roof), isGreen ? 0.8 : 0.03, { fine: 0.15, roughness: 0.06, gain: cells.uniform(0.75, 1.15) });
    },
    { halfWidthPx: px(10), fill: fill(brush.material("asphalt"), 0.12, { fine: 0.3 }) },
  );
}

function park(brush: Brush): void {
  const { random, canvas, zone } = brush;
  layPlots(canvas, zone, random, { angleRadians: anyAngle(random), plotPx: px(random.uniform(70, 130)), stretch: 1, jitter: 1 });
  brush.paint(
    (_, cells) => {
      if (cells.chance(0.45)) return { ...hedgeFill(brush), cover: 0.9 };
      const lawn = brush.grass(1.25);
      return fill(brush.field({ ...lawn, canopy: { ...lawn.canopy, chlorophyll: 0.85, brown: 0.1, water: 0.85 } }), 0.88, { fine: 0.08 });
    },
    { halfWidthPx: px(5), fill: fill(brush.material("gravel"), 0.3) },
  );
}

function marsh(brush: Brush): void {
  const { random, canvas, zone } = brush;
  layPlots(canvas, zone, random, { angleRadians: anyAngle(random), plotPx: px(random.uniform(80, 170)), stretch: 1.2, jitter: 1 });
  brush.paint((_, cells) => {
    const reed = brush.grass(1.3);
    const isPool = cells.chance(0.25);
    return fill(brush.field({ ...reed, isFlooded: true }), isPool ? 0.15 : reed.cover * cells.uniform(0.7, 1), { broad: 0.16, fine: 0.12 });
  });
}

function water(brush: Brush): void {
  const { random, canvas } = brush;
  canvas.cell.fill(0);
  canvas.border.fill(1e3);
  const surface = brush.material(random.chance(0.6) ? "clearWater" : "turbidWater");
  const gain = random.uniform(0.8, 1.35);
  brush.paint(() => fill(surface, 0, { gain, roughness: 0.02 }));
}

/** The classes that the simulation draws, and how. */
export const LAND_COVERS = {
  "Discontinuous urban fabric": (brush) => town(brush, 0.42),
  "Industrial or commercial units": industry,
  "Mineral extraction sites": (brush) => open(brush, { lushness: 0.2, shrubs: 0, stones: 0.93 }),
  "Green urban areas": park,
  "Non-irrigated arable land": arable,
  "Permanently irrigated land": irrigated,
  "Rice fields": rice,
  Vineyards: vineyards,
  "Fruit trees and berry plantations": orchards,
  "Olive groves": oliveGroves,
  Pastures: pastures,
  "Complex cultivation patterns": complexCultivation,
  "Land principally occupied by agriculture, with significant areas of natural vegetation": naturalAgriculture,
  "Agro-forestry areas": agroforestry,
  "Broad-leaved forest": (brush) => forest(brush, 0.03),
  "Coniferous forest": (brush) => forest(brush, 0.96),
  "Mixed forest": (brush) => forest(brush, 0.5),
  "Natural grassland": (brush) => open(brush, { lushness: 0.75, shrubs: 0, stones: 0.06 }),
  "Sclerophyllous vegetation": (brush) => open(brush, { lushness: 0.4, shrubs: 0.62, stones: 0 }),
  "Transitional woodland/shrub": (brush) => open(brush, { lushness: 0.8, shrubs: 0.75, stones: 0 }),
  "Sparsely vegetated areas": (brush) => open(brush, { lushness: 0.5, shrubs: 0, stones: 0.7 }),
  "Inland marshes": marsh,
  "Water courses": water,
  "Water bodies": water,
} as const satisfies Partial<Record<CorineClass, (brush: Brush) => void>>;
export type SimulatedClass = keyof typeof LAND_COVERS;
