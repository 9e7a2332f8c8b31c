import { describe, expect, it } from "vitest";
import { computeMetrics } from "../../../shared/domain/metrics.ts";
import { resampleTiles, type WeightedCell } from "../../../shared/domain/paired-bootstrap.ts";
import { Random } from "../../../shared/domain/random.ts";
import type { ScoredCell } from "../../../shared/domain/scored-cell.ts";

/** Tiles of two label sets that share some of them: `narrow` has the even ones. */
function example(count: number, cells: number): { cells: WeightedCell[]; kindOf: (tile: number) => string } {
  const random = Random.of("example", count);
  const wide = Uint8Array.from({ length: count }, () => (random.chance(0.4) ? 1 : 0));
  const narrow = Uint8Array.from({ length: Math.ceil(count / 2) }, (_, i) => (wide[2 * i]! > 0 && random.chance(0.6) ? 1 : 0));
  const cellOf = (i: number): ScoredCell => {
    const isWide = i % 2 === 0;
    const labels = isWide ? wide : narrow;
    return {
      ...{ arm: `arm ${i >> 1}`, seed: 1, draw: 0, percent: 3, labelSet: isWide ? "wide" : "narrow", labels },
      tiles: Int32Array.from(labels, (_, place) => (isWide ? place : 2 * place) + 7),
      scores: Float64Array.from(labels, (label) => Math.min(1, 0.7 * random.next() + 0.3 * label)),
    };
  };
  return {
    cells: Array.from({ length: cells }, (_, i) => ({ cell: cellOf(i), row: i >> 1, weight: 0.5 })),
    kindOf: (tile) => `${wide[tile - 7]! > 0 ? "+" : "-"}${tile % 2 === 0 ? "0" : narrow[(tile - 7) / 2]! > 0 ? "+" : "-"}`,
  };
}

function run(cells: readonly WeightedCell[], resamples: number, rows: number) {
  const values: number[] = [];
  const told: number[] = [];
  const take = (f1: Float64Array) => values.push(...f1);
  const steps = resampleTiles(cells, { rows, threshold: 0.5, resamples, random: Random.of("test"), take });
  for (;;) {
    const step = steps.next();
    if (step.done) return { values, tiles: step.value, told };
    told.push(step.value);
  }
}

describe("resampleTiles", () => {
  it.each([5, 33, 64, 257])("counts what a naive loop over %i resampled tiles counts", (count) => {
    const { cells, kindOf } = example(count, 6);
    const { values, tiles, told } = run(cells, 20, 3);
    // The oracle draws the same tiles, by a list for each kind, and scores the list of drawn tiles by the metrics themselves.
    const random = Random.of("test");
    const all = Array.from({ length: count }, (_, i) => i + 7);
    const kinds = [...new Set(all.map(kindOf))].sort().map((kind) => all.filter((tile) => kindOf(tile) === kind));
    const expected = Array.from({ length: 20 }, () => {
      const drawn = kinds.flatMap((kind) => kind.map(() => kind[random.below(kind.length)]!));
      return [0, 1, 2].map((row) => {
        const own = cells
          .filter((cell) => cell.row === row)
          .map(({ cell, weight }) => {
            const places = drawn.map((tile) => cell.tiles.indexOf(tile)).filter((place) => place >= 0);
            const scores = places.map((place) => cell.scores[place]!);
            return (
              weight *
              computeMetrics(
                scores,
                places.map((place) => cell.labels[place]!),
              ).f1
            );
          });
        return own.reduce((sum, value) => sum + value, 0);
      });
    }).flat();
    expect(values).toEqual(expected.map((value) => expect.closeTo(value, 12)));
    expect(tiles).toBe(count);
    expect(told.at(-1)).toBe(20);
  });

  it("gives the same numbers again", () => {
    const { cells } = example(100, 4);
    expect(run(cells, 5, 2).values).toEqual(run(cells, 5, 2).values);
  });

  it("resamples arms together: two that call the same tiles never differ", () => {
    const { cells } = example(120, 2);
    const twin = cells.map((cell) => ({ ...cell, row: 1 }));
    const { values } = run([...cells, ...twin], 50, 2);
    for (let round = 0; round < 50; round++) expect(values[2 * round]).toBe(values[2 * round + 1]);
    expect(new Set(values).size).toBeGreaterThan(10);
  });

  it("refuses runs that were scored on different tiles", () => {
    const { cells } = example(60, 4);
    const moved = cells.map((cell, i) =>
      i === 2 ? { ...cell, cell: { ...cell.cell, tiles: cell.cell.tiles.map((tile) => tile + 1) } } : cell,
    );
    expect(() => run(moved, 2, 2)).toThrow(/other test tiles of wide/);
  });
});
