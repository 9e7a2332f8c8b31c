import { describe, expect, it } from "vitest";
import { Random } from "../../../../shared/domain/random.ts";
import { CANVAS_SIZE, createCanvas } from "../../../../shared/raster/scene/canvas.ts";
import { BETWEEN_PIVOTS, layBlocks, layPivots, layPlots, layStrips } from "../../../../shared/raster/scene/cells.ts";

const STRIPS = { angleRadians: 0.4, stripPx: 60, fieldPx: 25, irregularity: 0.5, shear: 0.1, bendPx: 4 };

describe("divisions of a zone", () => {
  it("leave other zones alone", () => {
    for (const lay of [
      (canvas: ReturnType<typeof createCanvas>) => layStrips(canvas, 1, Random.of(1), STRIPS),
      (canvas: ReturnType<typeof createCanvas>) => layBlocks(canvas, 1, Random.of(1), { ...STRIPS, blockPx: 90, turnRadians: 0.3 }),
      (canvas: ReturnType<typeof createCanvas>) =>
        layPlots(canvas, 1, Random.of(1), { angleRadians: 1, plotPx: 30, stretch: 1.5, jitter: 0.8 }),
    ]) {
      const canvas = createCanvas();
      canvas.zone.fill(1, 0, 100 * CANVAS_SIZE);
      canvas.cell.fill(65_535);
      lay(canvas);
      expect(canvas.cell.subarray(100 * CANVAS_SIZE).every((cell) => cell === 65_535)).toBe(true);
      expect(new Set(canvas.cell.subarray(0, 100 * CANVAS_SIZE)).size).toBeGreaterThan(10);
    }
  });

  it("strips have fields of about the size asked for, and borders at distance 0 where fields change", () => {
    const canvas = createCanvas();
    layStrips(canvas, 0, Random.of(2), { ...STRIPS, irregularity: 0, shear: 0, bendPx: 0 });
    const fields = new Set(canvas.cell).size;
    const expected = CANVAS_SIZE ** 2 / (STRIPS.stripPx * STRIPS.fieldPx);
    expect(fields).toBeGreaterThan(expected);
    expect(fields).toBeLessThan(expected * 1.9);
    for (let i = 1; i < canvas.cell.length; i++) {
      if (i % CANVAS_SIZE !== 0 && canvas.cell[i] !== canvas.cell[i - 1])
        expect(Math.min(canvas.border[i]!, canvas.border[i - 1]!)).toBeLessThan(1.5);
    }
  });

  it("plots are the nearest-seed cells: each is one piece whose inside is far from its border", () => {
    const canvas = createCanvas();
    layPlots(canvas, 0, Random.of(3), { angleRadians: 0.3, plotPx: 40, stretch: 1, jitter: 0.6 });
    const count = new Set(canvas.cell).size;
    expect(count).toBeGreaterThan(30);
    expect(count).toBeLessThan(90);
    expect(Math.min(...canvas.border)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...canvas.border)).toBeLessThan(40);
  });

  it("pivots are discs of the radius asked for, negative between", () => {
    const canvas = createCanvas();
    layPivots(canvas, 0, Random.of(4), { angleRadians: 0.7, radiusPx: 50, gapPx: 6, isStaggered: false });
    let inside = 0;
    const outer: number[] = [];
    const inner: number[] = [];
    for (let i = 0; i < canvas.cell.length; i++) {
      if (canvas.cell[i] !== BETWEEN_PIVOTS) inside++;
      (canvas.cell[i] === BETWEEN_PIVOTS ? outer : inner).push(canvas.border[i]!);
    }
    expect(outer.every((border) => border < 0)).toBe(true);
    expect(inner.every((border) => border >= 0 && border <= 50)).toBe(true);
    const share = inside / canvas.cell.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(Math.PI / 4);
  });
});
