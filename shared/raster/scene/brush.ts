// Paints the cells of a zone: each gets a surface, how much its upper layer covers, and its texture.
import { Random } from "../../domain/random.ts";
import { CANVAS_SIZE, type Canvas, type SurfaceTable } from "./canvas.ts";
import { hash2, TEXTURE_SIZE, type Textures } from "./noise.ts";
import { type FieldState, type GrassClimate, grassState } from "./phenology.ts";
import { BAND_COUNT, canopySpectrum, MATERIALS, type Material, type SoilKind, soilSpectrum } from "./spectra.ts";

/** How a cell looks. Amplitudes are relative, one standard deviation. */
export interface Fill {
  /** Row of the surface table. */
  readonly surface: number;
  readonly cover: number;
  /** Unevenness of the cover over tens of metres, and from pixel to pixel. */
  readonly broad: number;
  readonly fine: number;
  readonly gain: number;
  /** Unevenness of the brightness from pixel to pixel: shadows of crowns, roofs, clods. */
  readonly roughness: number;
  /** Planted rows: a wave in the cover. */
  readonly rows?: PlantedRows | undefined;
  /** Single trees: a lattice of crowns; between them the cover is `under`. */
  readonly trees?: Trees | undefined;
}

export interface PlantedRows {
  /** Radians per pixel. */
  readonly waveX: number;
  readonly waveY: number;
  /** Relative amplitude. */
  readonly depth: number;
}

export function plantedRows(periodPx: number, angleRadians: number, depth: number): PlantedRows {
  const wave = (2 * Math.PI) / periodPx;
  return { waveX: wave * Math.cos(angleRadians), waveY: wave * Math.sin(angleRadians), depth };
}

export interface Trees {
  readonly spacingPx: number;
  readonly crownPx: number;
  /** Direction of the lattice. */
  readonly cos: number;
  readonly sin: number;
  /** 0 (planted on a grid) to 1 (wild). */
  readonly jitter: number;
  /** Share of the lattice's places that carry a tree. */
  readonly presence: number;
  readonly under: number;
}

/** What a place and a day give to everything that grows there. */
export interface Setting extends GrassClimate {
  readonly soil: SoilKind;
  readonly soilBrightness: number;
  /** Factor on the sizes of fields. */
  readonly parcelScale: number;
  /** The prevailing direction of fields, in radians. */
  readonly angleRadians: number;
  /** Share of conifers among trees. */
  readonly coniferShare: number;
  /** Height differences: 0 (plain) to 1 (mountains). */
  readonly relief: number;
  /** Days by which fields are ahead of their calendar. */
  readonly winterCropShiftDays: number;
  readonly summerCropShiftDays: number;
}

export class Brush {
  readonly canvas: Canvas;
  readonly surfaces: SurfaceTable;
  readonly textures: Textures;
  readonly setting: Setting;
  readonly random: Random;
  readonly zone: number;
  private readonly key: number;
  private readonly offset: number;

  constructor(options: {
    canvas: Canvas;
    surfaces: SurfaceTable;
    textures: Textures;
    setting: Setting;
    /** Depends on the site alone, so that a place keeps its fields from date to date. */
    random: Random;
    zone: number;
  }) {
    this.canvas = options.canvas;
    this.surfaces = options.surfaces;
    this.textures = options.textures;
    this.setting = options.setting;
    this.random = options.random;
    this.zone = options.zone;
    this.key = options.random.nextInt32();
    this.offset = options.random.below(TEXTURE_SIZE * TEXTURE_SIZE);
  }

  /** A stream for one cell, the same on every date. */
  cellRandom(cell: number): Random {
    return Random.of(this.key, cell);
  }

  /** A surface of a canopy over soil or water; `soilShift` is added to the soil's brightness. */
  field(state: FieldState, soilShift = 0): number {
    const index = this.surfaces.add();
    canopySpectrum(state.canopy, this.surfaces.canopies, index * BAND_COUNT);
    if (state.isFlooded) this.surfaces.grounds.set(MATERIALS.floodedField, index * BAND_COUNT);
    else {
      const { soil, soilBrightness } = this.setting;
      soilSpectrum(soil, state.wetness, soilBrightness + soilShift, this.surfaces.grounds, index * BAND_COUNT);
    }
    return index;
  }

  /** A surface of a canopy over grass: trees over a meadow. */
  overGrass(canopy: FieldState["canopy"], grass: FieldState): number {
    const index = this.field({ ...grass, canopy });
    const { grounds } = this.surfaces;
    const leaf = new Float32Array(BAND_COUNT);
    canopySpectrum(grass.canopy, leaf);
    for (let b = 0; b < BAND_COUNT; b++) {
      const at = index * BAND_COUNT + b;
      grounds[at] = grass.cover * leaf[b]! + (1 - grass.cover) * grounds[at]!;
    }
    return index;
  }

  /** A surface of a material, with a canopy that may stand on it. */
  material(ground: Material, canopy = GARDEN): number {
    const index = this.surfaces.add();
    canopySpectrum(canopy, this.surfaces.canopies, index * BAND_COUNT);
    this.surfaces.grounds.set(MATERIALS[ground], index * BAND_COUNT);
    return index;
  }

  grass(lushness: number): FieldState {
    return grassState(this.setting, lushness);
  }

  /**
   * Paints the cells that a layout has left in the canvas.
   * @param fillOf called once a cell
   * @param border drawn where a pixel is nearer than `halfWidthPx` to the cell's border
   */
  paint(fillOf: (cell: number, random: Random) => Fill, border?: { halfWidthPx: number; fill: Fill }): void {
    const size = CANVAS_SIZE;
    const textureSize = TEXTURE_SIZE;
    const { canvas, zone } = this;
    const { broad, fine } = this.textures;
    const fills: (Fill | undefined)[] = [];
    const mask = textureSize * textureSize - 1;
    const halfWidth = border?.halfWidthPx ?? -1e9;
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        if (canvas.zone[i] !== zone) continue;
        const cell = canvas.cell[i]!;
        const at = (y * textureSize + x + this.offset) & mask;
        let fill: Fill;
        if (border && canvas.border[i]! < halfWidth && canvas.border[i]! > -1) fill = border.fill;
        else {
          fill = fills[cell] as Fill;
          if (fill === undefined) {
            fill = fillOf(cell, this.cellRandom(cell));
            fills[cell] = fill;
          }
        }
        let cover = fill.cover * (1 + fill.broad * broad[at]! + fill.fine * fine[at]!);
        if (fill.rows !== undefined) {
          const { waveX, waveY, depth } = fill.rows;
          cover *= 1 + depth * Math.sin(x * waveX + y * waveY);
        }
        if (fill.trees !== undefined) cover = treeCover(fill.trees, x, y, this.key, cover);
        canvas.surface[i] = fill.surface;
        canvas.cover[i] = cover < 0 ? 0 : Math.min(cover, 1);
        canvas.gain[i] = fill.gain * Math.max(0.35, 1 + fill.roughness * fine[(at + 7919) & mask]!);
      }
    }
  }
}

/** Leaves of gardens and parks. */
export const GARDEN = { chlorophyll: 0.85, water: 0.85, brown: 0.08, lit: 0.8 };

function treeCover(trees: Trees, x: number, y: number, salt: number, cover: number): number {
  const { cos, sin } = trees;
  const u = (cos * x + sin * y) / trees.spacingPx;
  const v = (cos * y - sin * x) / trees.spacingPx;
  const column = Math.floor(u);
  const row = Math.floor(v);
  const h = hash2(column, row, salt);
  if ((h & 1023) / 1024 >= trees.presence) return trees.under;
  const room = 0.5 * trees.jitter;
  const du = u - column - 0.5 - room * (((h >>> 10) & 1023) / 1023 - 0.5);
  const dv = v - row - 0.5 - room * (((h >>> 20) & 1023) / 1023 - 0.5);
  const inside = trees.crownPx - Math.sqrt(du * du + dv * dv) * trees.spacingPx;
  if (inside <= 0) return trees.under;
  return inside >= 1 ? cover : trees.under + (cover - trees.under) * inside;
}

/** A fill of even texture, with the given differences. */
export function fill(surface: number, cover: number, more: Partial<Fill> = {}): Fill {
  return {
    surface,
    cover,
    broad: more.broad ?? 0.06,
    fine: more.fine ?? 0.03,
    gain: more.gain ?? 1,
    roughness: more.roughness ?? 0.025,
    rows: more.rows,
    trees: more.trees,
  };
}
