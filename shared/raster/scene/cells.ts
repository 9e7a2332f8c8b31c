// Divisions of a zone into fields: ploughed strips, irregular plots, and the circles of centre pivots. Each writes canvas.cell and canvas.border.
import type { Random } from "../../domain/random.ts";
import { CANVAS_SIZE, type Canvas } from "./canvas.ts";
import { hash2 } from "./noise.ts";

/** Half the diagonal of a canvas, rounded up: rotated coordinates stay within +-REACH. */
const REACH = 256;

/** Fields cut out of parallel strips. Lengths in canvas pixels. */
export interface StripLayout {
  readonly angleRadians: number;
  /** Breadth of a strip; a field's long side when fields are narrower than it. */
  readonly stripPx: number;
  readonly fieldPx: number;
  /** 0 (a chessboard) to 1 (no two fields alike). */
  readonly irregularity: number;
  /** Slant of the short sides. */
  readonly shear: number;
  /** Amplitude of the strips' bending. */
  readonly bendPx: number;
}

function cuts(random: Random, step: number, irregularity: number): number[] {
  const out = [-REACH - step * random.next()];
  while (out.at(-1)! < REACH) out.push(out.at(-1)! + Math.max(2, step * (1 + irregularity * random.uniform(-0.6, 0.75))));
  return out;
}

/** Whole-pixel coordinate + REACH to the index of the interval that it lies in. */
function intervalTable(positions: readonly number[], out: Uint16Array, offset: number): void {
  let interval = 0;
  for (let i = 0; i < 2 * REACH; i++) {
    while (interval + 1 < positions.length - 1 && positions[interval + 1]! <= i - REACH) interval++;
    out[offset + i] = interval;
  }
}

/** Cuts a zone into strips, and strips into fields: one direction for all. */
export function layStrips(canvas: Canvas, zone: number, random: Random, layout: StripLayout): void {
  canvas.block.fill(0);
  layBlockStrips(canvas, zone, random, layout, 0);
}

/**
 * Cuts a zone into blocks, as roads and parishes do, and each block into strips and fields of its own direction.
 * @param turn how far blocks differ in direction, radians (one standard deviation)
 */
export function layBlocks(
  canvas: Canvas,
  zone: number,
  random: Random,
  layout: StripLayout & { blockPx: number; turnRadians: number },
): void {
  const { angleRadians, blockPx, turnRadians } = layout;
  layPlots(canvas, zone, random, { angleRadians, plotPx: blockPx, stretch: 1.3, jitter: 0.9 });
  canvas.block.set(canvas.cell);
  canvas.blockBorder.set(canvas.border);
  layBlockStrips(canvas, zone, random, layout, turnRadians);
  for (let i = 0; i < canvas.border.length; i++) canvas.border[i] = Math.min(canvas.border[i]!, canvas.blockBorder[i]!);
}

function layBlockStrips(canvas: Canvas, zone: number, random: Random, layout: StripLayout, turnRadians: number): void {
  const size = CANVAS_SIZE;
  const strips = cuts(random, layout.stripPx, layout.irregularity);
  const stripOf = new Uint16Array(2 * REACH);
  intervalTable(strips, stripOf, 0);
  const fields = strips.map(() => cuts(random, layout.fieldPx, layout.irregularity));
  const fieldOf = new Uint16Array(strips.length * 2 * REACH);
  const firstField: number[] = [];
  let total = 0;
  fields.forEach((positions, strip) => {
    intervalTable(positions, fieldOf, strip * 2 * REACH);
    firstField.push(total);
    total += positions.length;
  });
  const salt = random.nextInt32();
  let cos = Math.cos(layout.angleRadians);
  let sin = Math.sin(layout.angleRadians);
  let block = 0;
  let shift = 0;
  let firstCell = 0;
  const wave = 2 / size + random.next() / 40;
  const phase = random.uniform(0, 2 * Math.PI);
  const half = size / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if (canvas.zone[i] !== zone) continue;
      if (canvas.block[i] !== block) {
        block = canvas.block[i]!;
        const h = hash2(block, 0, salt);
        const quarter = (h >>> 30) * (Math.PI / 2);
        const angle = layout.angleRadians + (turnRadians > 0 ? quarter + turnRadians * ((h & 1023) / 256 - 2) : 0);
        cos = Math.cos(angle);
        sin = Math.sin(angle);
        shift = (h >>> 10) & 31;
        firstCell = (h >>> 8) & 65535;
      }
      const along = cos * (x - half) + sin * (y - half);
      const across = cos * (y - half) - sin * (x - half) + shift;
      const v = clampReach(across + layout.bendPx * Math.sin(along * wave + phase));
      const u = clampReach(along + layout.shear * across);
      const strip = stripOf[Math.floor(v) + REACH]!;
      const positions = fields[strip]!;
      const field = fieldOf[strip * 2 * REACH + Math.floor(u) + REACH]!;
      const fromStrip = Math.min(v - strips[strip]!, strips[strip + 1]! - v);
      const fromField = Math.min(u - positions[field]!, positions[field + 1]! - u);
      canvas.cell[i] = firstCell + firstField[strip]! + field; // wraps at 65,536: at worst two fields look alike
      canvas.border[i] = Math.min(fromStrip, fromField);
    }
  }
}

const clampReach = (value: number) => Math.max(-REACH, Math.min(REACH - 1, value));

/** Irregular plots: the Voronoi cells of a jittered lattice. */
export interface PlotLayout {
  readonly angleRadians: number;
  readonly plotPx: number;
  /** Length over breadth of the lattice. */
  readonly stretch: number;
  /** 0 (rectangles) to 1. */
  readonly jitter: number;
}

export function layPlots(canvas: Canvas, zone: number, random: Random, layout: PlotLayout): void {
  const size = CANVAS_SIZE;
  const { plotPx, stretch, jitter } = layout;
  const scale = 1 / (plotPx * Math.sqrt(stretch));
  const cos = Math.cos(layout.angleRadians) * scale;
  const sin = Math.sin(layout.angleRadians) * scale;
  // Lattice coordinates reach as far as the canvas's half diagonal; one more place all round for neighbours.
  const half = size / 2;
  const diagonal = Math.SQRT2 * half * scale;
  const columns = 2 * Math.ceil(diagonal + 2);
  const rows = 2 * Math.ceil(diagonal * stretch + 2);
  const seedU = new Float32Array(columns * rows);
  const seedV = new Float32Array(columns * rows);
  for (let s = 0; s < seedU.length; s++) {
    seedU[s] = (s % columns) + 0.5 + jitter * (random.next() - 0.5);
    seedV[s] = Math.floor(s / columns) + 0.5 + jitter * (random.next() - 0.5);
  }
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if (canvas.zone[i] !== zone) continue;
      const u = cos * (x - half) + sin * (y - half) + columns / 2;
      const v = (cos * (y - half) - sin * (x - half)) * stretch + rows / 2;
      const corner = Math.floor(v - 1) * columns + Math.floor(u - 1);
      let nearest = 1e9;
      let second = 1e9;
      let cell = 0;
      for (let r = 0; r < 3; r++) {
        for (let c = 0; c < 3; c++) {
          const s = corner + r * columns + c;
          const du = seedU[s]! - u;
          const dv = seedV[s]! - v;
          const distance = du * du + dv * dv;
          if (distance < nearest) {
            second = nearest;
            nearest = distance;
            cell = s;
          } else if (distance < second) second = distance;
        }
      }
      canvas.cell[i] = cell;
      canvas.border[i] = ((Math.sqrt(second) - Math.sqrt(nearest)) / 2) * plotPx;
    }
  }
}

/** Centre pivots: circles on a lattice. */
export interface PivotLayout {
  readonly angleRadians: number;
  /** Length of the arm. */
  readonly radiusPx: number;
  /** Distance between neighbouring circles' rims. */
  readonly gapPx: number;
  /** Rows are shifted by half a step, as on hexagonal lattices. */
  readonly isStaggered: boolean;
}

/** The cell of the ground between circles; circles and their sectors have greater ones. */
export const BETWEEN_PIVOTS = 0;

/** Lays circles over a zone, each whole, halved or quartered. `border` is negative between them. */
export function layPivots(canvas: Canvas, zone: number, random: Random, layout: PivotLayout): void {
  const size = CANVAS_SIZE;
  const salt = random.nextInt32();
  const cos = Math.cos(layout.angleRadians);
  const sin = Math.sin(layout.angleRadians);
  const step = 2 * layout.radiusPx + layout.gapPx;
  const rowStep = layout.isStaggered ? step * 0.88 : step;
  const offsetU = random.uniform(0, step);
  const offsetV = random.uniform(0, rowStep);
  const half = size / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if (canvas.zone[i] !== zone) continue;
      const v = cos * (y - half) - sin * (x - half) + offsetV;
      const row = Math.round(v / rowStep);
      const u = cos * (x - half) + sin * (y - half) + offsetU + (layout.isStaggered && row & 1 ? step / 2 : 0);
      const column = Math.round(u / step);
      const du = u - column * step;
      const dv = v - row * rowStep;
      const h = hash2(column, row, salt);
      const radius = layout.radiusPx * (0.86 + (0.14 * (h & 255)) / 255);
      const inside = radius - Math.sqrt(du * du + dv * dv);
      canvas.border[i] = inside;
      if (inside < 0 || (h >>> 8) % 16 === 0) {
        canvas.cell[i] = BETWEEN_PIVOTS;
        canvas.border[i] = Math.min(-1, inside);
        continue;
      }
      const sectors = [1, 1, 1, 2, 2, 4][(h >>> 12) % 6]!;
      const turn = Math.atan2(dv, du) / (2 * Math.PI) + 0.5 + (h >>> 16) / 65536;
      const sector = Math.floor((turn % 1) * sectors);
      canvas.cell[i] = 4 + ((row & 31) * 32 + (column & 31)) * 4 + sector;
    }
  }
}
