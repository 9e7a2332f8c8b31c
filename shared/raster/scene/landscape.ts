// The ground of a site: a landscape drawn for the place, divided into CORINE zones, painted, with roads, a river and farms on top.
import { CORINE_CLASSES, type CorineClass } from "../../domain/labels.ts";
import { Random } from "../../domain/random.ts";
import { Brush, type Setting } from "./brush.ts";
import { CANVAS_MARGIN, CANVAS_SIZE, type Canvas, type SurfaceTable } from "./canvas.ts";
import { LAND_COVERS, type SimulatedClass, weighted } from "./land-cover.ts";
import { TEXTURE_SIZE, type Textures } from "./noise.ts";
import { GRANULE_PATCHES, type Granule, LANDSCAPES, type Landscape, type Scene } from "./places.ts";
import { BAND_COUNT, canopySpectrum } from "./spectra.ts";

/** A class is a label when it covers at least this share of the patch. */
export const LABEL_MIN_SHARE = 0.07;

type Mix = Readonly<Partial<Record<SimulatedClass, number>>>;

/** What surrounds fields everywhere, so that the neighbours of a class don't give it away. */
const NEIGHBOURS: Mix = {
  "Non-irrigated arable land": 1.2,
  Pastures: 1,
  "Complex cultivation patterns": 0.8,
  "Land principally occupied by agriculture, with significant areas of natural vegetation": 0.8,
  "Discontinuous urban fabric": 0.55,
  "Industrial or commercial units": 0.15,
  "Broad-leaved forest": 0.6,
  "Coniferous forest": 0.3,
  "Mixed forest": 0.25,
  "Transitional woodland/shrub": 0.4,
  "Natural grassland": 0.45,
  "Inland marshes": 0.12,
  "Water bodies": 0.2,
};

/** First class of each landscape: its zone is the greatest. The rest are other zones, beside NEIGHBOURS. */
const MIXES: Readonly<Record<Landscape, { readonly main: Mix; readonly others: Mix }>> = {
  "irrigated plain": {
    main: { "Permanently irrigated land": 1 },
    others: { "Permanently irrigated land": 1, "Fruit trees and berry plantations": 0.15, "Rice fields": 0.1 },
  },
  "cereal plain": { main: { "Non-irrigated arable land": 1 }, others: { "Non-irrigated arable land": 1 } },
  "rice plain": { main: { "Rice fields": 1 }, others: { "Rice fields": 1, "Inland marshes": 0.6, "Permanently irrigated land": 0.5 } },
  vineyards: { main: { Vineyards: 1 }, others: { Vineyards: 1, "Fruit trees and berry plantations": 0.3 } },
  orchards: { main: { "Fruit trees and berry plantations": 1 }, others: { "Fruit trees and berry plantations": 1, Vineyards: 0.3 } },
  "olive groves": {
    main: { "Olive groves": 1 },
    others: { "Olive groves": 1, "Agro-forestry areas": 0.6, "Sclerophyllous vegetation": 0.5, Vineyards: 0.2 },
  },
  bocage: { main: { Pastures: 3, "Natural grassland": 1 }, others: { Pastures: 1 } },
  forest: {
    main: {
      "Broad-leaved forest": 1.2,
      "Coniferous forest": 1,
      "Mixed forest": 0.7,
      "Transitional woodland/shrub": 0.7,
      "Agro-forestry areas": 0.5,
    },
    others: { "Broad-leaved forest": 1, "Sparsely vegetated areas": 0.3, "Transitional woodland/shrub": 0.8 },
  },
  mosaic: {
    main: {
      "Complex cultivation patterns": 1,
      "Land principally occupied by agriculture, with significant areas of natural vegetation": 1,
    },
    others: { "Discontinuous urban fabric": 0.5 },
  },
  wetland: { main: { "Water bodies": 1, "Inland marshes": 1 }, others: { Pastures: 1, "Inland marshes": 0.5 } },
  town: {
    main: { "Discontinuous urban fabric": 2, "Industrial or commercial units": 0.7 },
    others: {
      "Discontinuous urban fabric": 1,
      "Green urban areas": 0.8,
      "Industrial or commercial units": 0.5,
      "Mineral extraction sites": 0.2,
    },
  },
};

/** Frequencies of the landscapes other than the irrigated plain, before a granule's own factors. */
const FREQUENCIES: Readonly<Record<Exclude<Landscape, "irrigated plain">, number>> = {
  "cereal plain": 0.2,
  "rice plain": 0.04,
  vineyards: 0.044,
  orchards: 0.038,
  "olive groves": 0.048,
  bocage: 0.16,
  forest: 0.13,
  mosaic: 0.09,
  wetland: 0.05,
  town: 0.05,
};

const RELIEF: Readonly<Record<Landscape, number>> = {
  "irrigated plain": 0.03,
  "cereal plain": 0.12,
  "rice plain": 0,
  vineyards: 0.4,
  orchards: 0.15,
  "olive groves": 0.4,
  bocage: 0.25,
  forest: 0.7,
  mosaic: 0.25,
  wetland: 0.05,
  town: 0.1,
};

/** Side of the districts that share their taste for landscapes, in patches (about 16 km). */
const DISTRICT_PATCHES = 13;

/** Where a site lies: the same place whatever the date. */
export interface SitePlace {
  readonly seed: number;
  readonly granule: Granule;
  /** Position in the granule, in patches from its north-west corner. */
  readonly column: number;
  readonly row: number;
  /** Share of sites with permanently irrigated land, about. */
  readonly irrigatedShare: number;
}

/** Share of sites with irrigated land over that of irrigated plains, as measured: other landscapes have some too. */
const IRRIGATED_BEYOND_PLAINS = 1.2;

/** The landscape of a site. Neighbouring sites tend to have the same. */
export function landscapeAt({ seed, granule, column, row, irrigatedShare }: SitePlace): Landscape {
  const district = Random.of(seed, "district", granule.tile, Math.floor(column / DISTRICT_PATCHES), Math.floor(row / DISTRICT_PATCHES));
  const weights: Partial<Record<Landscape, number>> = {};
  let others = 0;
  for (const landscape of LANDSCAPES) {
    const taste = Math.exp(0.6 * district.normal());
    if (landscape === "irrigated plain") weights[landscape] = taste;
    else {
      weights[landscape] = FREQUENCIES[landscape] * (granule.frequencies[landscape] ?? 1) * taste;
      others += weights[landscape];
    }
  }
  const irrigated = Math.min(0.95, (weights["irrigated plain"]! * irrigatedShare) / IRRIGATED_BEYOND_PLAINS);
  weights["irrigated plain"] = (others * irrigated) / (1 - irrigated);
  return weighted(Random.of(seed, "landscape", granule.tile, column, row), weights);
}

/** Divides the canvas into zones: Voronoi cells with borders that wind, or run straight along roads. */
function divide(canvas: Canvas, textures: Textures, random: Random, zones: number): void {
  const size = CANVAS_SIZE;
  const textureSize = TEXTURE_SIZE;
  const winding = random.chance(0.5) ? random.uniform(12, 28) : random.uniform(0, 4);
  const seeds = Array.from({ length: zones }, (_, index) => ({
    x: random.uniform(0.05, 0.95) * size,
    y: random.uniform(0.05, 0.95) * size,
    // The first zone is the greatest.
    bonus: index === 0 && zones > 1 ? random.uniform(0.04, 0.3) * size * size * 0.5 : 0,
  }));
  const mask = textureSize * textureSize - 1;
  const first = random.below(mask);
  const second = random.below(mask);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const at = y * textureSize + x;
      const wx = x + winding * textures.relief[(at + first) & mask]!;
      const wy = y + winding * textures.relief[(at + second) & mask]!;
      let nearest = Number.POSITIVE_INFINITY;
      let zone = 0;
      for (let s = 0; s < zones; s++) {
        const { x: sx, y: sy, bonus } = seeds[s]!;
        const distance = (wx - sx) * (wx - sx) + (wy - sy) * (wy - sy) - bonus;
        if (distance < nearest) {
          nearest = distance;
          zone = s;
        }
      }
      canvas.zone[i] = zone;
    }
  }
}

/** A band along a winding line across the canvas. */
function stroke(
  random: Random,
  line: { widthPx: number; windingPx: number; angleRadians: number },
  draw: (i: number, inside: number) => void,
): void {
  const size = CANVAS_SIZE;
  const cos = Math.cos(line.angleRadians);
  const sin = Math.sin(line.angleRadians);
  const offset = random.uniform(-0.38, 0.38) * size;
  const waves = [random.uniform(0.012, 0.03), random.uniform(0.03, 0.06)] as const;
  const phases = [random.uniform(0, 7), random.uniform(0, 7)] as const;
  const half = size / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const across = cos * (y - half) - sin * (x - half) - offset;
      if (Math.abs(across) > line.widthPx + 1.5 * line.windingPx) continue;
      const along = cos * (x - half) + sin * (y - half);
      const bend =
        line.windingPx === 0 ? 0 : line.windingPx * (Math.sin(along * waves[0] + phases[0]) + 0.4 * Math.sin(along * waves[1] + phases[1]));
      const inside = line.widthPx / 2 - Math.abs(across - bend);
      if (inside > 0) draw(i, inside);
    }
  }
}

/** What a site is made of, for the labels and for tests. */
export interface Site {
  readonly landscape: Landscape;
  /** Share of the patch (without the margins) by class; classes in CORINE's order. */
  readonly shares: ReadonlyMap<CorineClass, number>;
  /** Height differences, 0 to 1. */
  readonly relief: number;
}

/** The classes that a patch is labelled with, in CORINE's order: those over LABEL_MIN_SHARE, else the greatest. */
export function labelsOf(site: Site): CorineClass[] {
  const labels = [...site.shares].filter(([, share]) => share >= LABEL_MIN_SHARE).map(([name]) => name);
  if (labels.length > 0) return labels;
  return [[...site.shares].reduce((a, b) => (b[1] > a[1] ? b : a))[0]];
}

/**
 * Paints the ground of a site as it is on a scene's day.
 * The fields depend on (seed, granule, column, row) alone; the date changes what stands in them.
 */
export function paintSite(
  place: SitePlace,
  options: { readonly canvas: Canvas; readonly surfaces: SurfaceTable; readonly textures: Textures; readonly scene: Scene },
): Site {
  const { canvas, surfaces, textures, scene } = options;
  const { seed, granule, column, row } = place;
  if (column < 0 || row < 0 || column >= GRANULE_PATCHES || row >= GRANULE_PATCHES)
    throw new Error(`no patch ${column}, ${row} in a granule`);
  const random = Random.of(seed, "site", granule.tile, column, row);
  const landscape = landscapeAt(place);
  const relief = RELIEF[landscape] * random.uniform(0.5, 1.3);
  const setting: Setting = {
    day: scene.dayOfYear + scene.phenologyShiftDays,
    aridity: granule.aridity,
    rainWetness: scene.rainWetness,
    soil: weighted(random, granule.soils),
    soilBrightness: random.uniform(0.66, 1.06),
    parcelScale: granule.parcelScale * random.uniform(0.85, 1.2),
    angleRadians: random.uniform(0, Math.PI),
    coniferShare: granule.coniferShare,
    relief,
    winterCropShiftDays: granule.winterCropShiftDays,
    summerCropShiftDays: granule.summerCropShiftDays,
  };
  const zones = 1 + [0, 0, 0, 1, 1, 1, 1, 2, 2, 3][random.below(10)]!;
  const { main, others } = MIXES[landscape];
  const classes: SimulatedClass[] = [weighted(random, main)];
  while (classes.length < zones) classes.push(random.chance(0.32) ? weighted(random, others) : weighted(random, NEIGHBOURS));
  surfaces.clear();
  divide(canvas, textures, random, zones);
  classes.forEach((name, zone) => {
    LAND_COVERS[name](
      new Brush({ canvas, surfaces, textures, setting, random: Random.of(seed, "zone", granule.tile, column, row, zone), zone }),
    );
  });
  const brush = new Brush({ canvas, surfaces, textures, setting, random, zone: 255 });
  drawLines(brush, landscape, classes);
  return { landscape, relief, shares: sharesOf(canvas, classes) };
}

/** Roads, a stream or a river with its trees, farmsteads: they cross every landscape. May add "Water courses" to the classes. */
function drawLines(brush: Brush, landscape: Landscape, classes: SimulatedClass[]): void {
  const { canvas, random, surfaces, textures } = brush;
  const put = (surface: number, cover: number, i: number) => {
    canvas.surface[i] = surface;
    canvas.cover[i] = cover;
    canvas.gain[i] = 1 + 0.06 * textures.fine[(i * 3) % textures.fine.length]!;
  };
  const hasRiver = random.chance(landscape === "wetland" ? 0.35 : 0.06);
  if (hasRiver || random.chance(0.22)) {
    const waterPx = hasRiver ? random.uniform(14, 32) : random.uniform(0.5, 1.6);
    const treesPx = random.uniform(2, 9);
    const grass = brush.grass(1.1);
    const leaf = { chlorophyll: 0.9, water: 0.95, brown: 0.08, lit: 0.82 };
    const trees = brush.overGrass(leaf, grass);
    const water = brush.material(random.chance(0.5) ? "clearWater" : "turbidWater");
    canopySpectrum(leaf, surfaces.canopies, water * BAND_COUNT);
    const zone = classes.length;
    if (hasRiver) classes.push("Water courses");
    stroke(
      random,
      { widthPx: waterPx + 2 * treesPx, windingPx: random.uniform(4, 22), angleRadians: random.uniform(0, Math.PI) },
      (i, inside) => {
        if (inside > treesPx) {
          put(water, 0, i);
          if (hasRiver) canvas.zone[i] = zone;
        } else put(trees, 0.85 + 0.15 * textures.fine[i]!, i);
      },
    );
  }
  const roads = landscape === "forest" ? random.below(2) : random.below(3);
  for (let r = 0; r < roads; r++) {
    const isPaved = random.chance(0.6);
    const road = brush.material(isPaved ? "asphalt" : "gravel");
    const line = {
      widthPx: isPaved ? random.uniform(1.6, 3.4) : 1.4,
      windingPx: random.chance(0.5) ? 0 : random.uniform(2, 10),
      angleRadians: random.uniform(0, Math.PI),
    };
    stroke(random, line, (i) => put(road, 0.1, i));
  }
  const farms = landscape === "forest" || landscape === "wetland" ? 0 : random.below(4);
  const roof = brush.material("tiles");
  for (let f = 0; f < farms; f++) {
    const x0 = random.below(CANVAS_SIZE - 8);
    const y0 = random.below(CANVAS_SIZE - 8);
    const side = 3 + random.below(5);
    for (let y = y0; y < y0 + side; y++) for (let x = x0; x < x0 + side; x++) put(roof, random.next() * 0.7, y * CANVAS_SIZE + x);
  }
}

function sharesOf(canvas: Canvas, classes: readonly SimulatedClass[]): Map<CorineClass, number> {
  const size = CANVAS_SIZE;
  const pixels = new Float64Array(classes.length);
  let total = 0;
  for (let y = CANVAS_MARGIN; y < size - CANVAS_MARGIN; y++) {
    for (let x = CANVAS_MARGIN; x < size - CANVAS_MARGIN; x++) {
      const zone = canvas.zone[y * size + x]!;
      pixels[zone] = pixels[zone]! + 1;
      total++;
    }
  }
  const shares = new Map<CorineClass, number>();
  for (const name of CORINE_CLASSES) {
    let sum = 0;
    classes.forEach((other, zone) => {
      if (other === name) sum += pixels[zone]!;
    });
    if (sum > 0) shares.set(name, sum / total);
  }
  return shares;
}
