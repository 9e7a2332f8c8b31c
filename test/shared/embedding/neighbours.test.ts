import { describe, expect, it } from "vitest";
import { exactNeighbours, nearestByCosine, neighboursByCells, recallOf } from "../../../shared/embedding/neighbours.ts";
import { madeFeatures } from "./made-features.ts";

const data = madeFeatures({ rows: 60, columns: 8 });

const rowOf = (i: number) => [...data.values.subarray(i * data.columns, (i + 1) * data.columns)];
const distance = (i: number, j: number) => Math.hypot(...rowOf(i).map((value, c) => value - rowOf(j)[c]!));
const cosine = (i: number, j: number) => {
  const dot = rowOf(i).reduce((sum, value, c) => sum + value * rowOf(j)[c]!, 0);
  return dot / (Math.hypot(...rowOf(i)) * Math.hypot(...rowOf(j)));
};
const others = (i: number) => Array.from({ length: data.rows }, (_, j) => j).filter((j) => j !== i);

describe("nearest neighbours", () => {
  it("by distance are those of a plain loop", () => {
    const { indices, distances } = exactNeighbours(data, 6);
    for (let i = 0; i < data.rows; i++) {
      const expected = others(i)
        .sort((a, b) => distance(i, a) - distance(i, b))
        .slice(0, 6);
      expect([...indices.subarray(i * 6, (i + 1) * 6)]).toEqual(expected);
      for (const [k, j] of expected.entries()) expect(distances[i * 6 + k]).toBeCloseTo(distance(i, j), 5);
    }
  });

  it("by cosine are those of a plain loop, without the row itself", () => {
    for (const row of [0, 37, 59]) {
      const expected = others(row)
        .sort((a, b) => cosine(row, b) - cosine(row, a))
        .slice(0, 9);
      const found = nearestByCosine(data, row, 9);
      expect(found.map(({ row: at }) => at)).toEqual(expected);
      for (const one of found) expect(one.cosine).toBeCloseTo(cosine(row, one.row), 6);
    }
  });

  it("of a row of zeros are as good as any others", () => {
    const flat = { rows: 3, columns: 2, values: new Float32Array([0, 0, 1, 0, 0, 1]) };
    expect(nearestByCosine(flat, 0, 5).map((one) => one.cosine)).toEqual([0, 0]);
  });

  it("by cells are nearly all of them, repeat, and the recall says how many", () => {
    const many = madeFeatures({ rows: 3000, columns: 10, groups: 12 });
    const found = neighboursByCells(many, 10);
    const exact = exactNeighbours(many, 10);
    let hits = 0;
    for (let i = 0; i < many.rows; i++) {
      const own = new Set(exact.indices.subarray(i * 10, (i + 1) * 10));
      for (let k = 0; k < 10; k++) if (own.has(found.indices[i * 10 + k]!)) hits++;
    }
    const recall = hits / (many.rows * 10);
    expect(recall).toBeGreaterThan(0.93);
    expect(recallOf(many, found)).toBeCloseTo(recall, 1);
    expect(recallOf(many, exact)).toBe(1);
    expect(neighboursByCells(many, 10).indices).toEqual(found.indices);
  });
});
