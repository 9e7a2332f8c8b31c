// Splits and label draws: laws by random data, blocks, positives everywhere, balance, errors.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLabelDraws } from "../../../shared/domain/label-draw.ts";
import { isPositive, LABEL_SETS } from "../../../shared/domain/labels.ts";
import { Random } from "../../../shared/domain/random.ts";
import {
  blockOf,
  drawPretrainingRows,
  drawProbeRows,
  PARTS,
  type PlacedTile,
  type SplitSettings,
  splitTiles,
} from "../../../shared/domain/splits.ts";

const IRRIGATED = "Permanently irrigated land";
const SETTINGS: SplitSettings = {
  split: "spatial",
  blockMetres: 12_000,
  trainShare: 0.6,
  validationShare: 0.15,
  labelSets: [LABEL_SETS.regular, LABEL_SETS.extended],
};

/** Tiles scattered over two zones; some have no coordinates or no place at all. */
function scatter(count: number, seed: number, share = 0.2): PlacedTile[] {
  const random = Random.of("scatter", seed);
  return Array.from({ length: count }, (_, i) => {
    const hasPlace = random.chance(0.9);
    const labels = random.chance(share) ? [IRRIGATED] : random.chance(share) ? ["Vineyards", "Pastures"] : ["Pastures"];
    return {
      index: i * 3 + 1,
      crs: hasPlace ? (random.chance(0.5) ? "EPSG:32633" : "EPSG:32634") : null,
      transform: hasPlace ? [10, 0, 4e5 + random.below(100) * 1200, 0, -10, 5e6 - random.below(100) * 1200] : null,
      granule: random.chance(0.5) ? `T33U${random.below(9)}` : null,
      labels: random.chance(0.95) ? labels : null,
    };
  });
}

describe("a split", () => {
  test("is a partition, keeps blocks whole, and hangs on the seed alone", () => {
    fc.assert(
      fc.property(
        fc.nat(400),
        fc.nat(1000),
        fc.constantFrom("spatial" as const, "random" as const),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        (count, seed, split, trainShare) => {
          const tiles = scatter(count, seed);
          const settings = { ...SETTINGS, split, trainShare, validationShare: Math.min(0.5, (1 - trainShare) / 2) };
          const result = splitTiles(tiles, settings, seed);
          const all = PARTS.flatMap((part) => [...result[part]]);
          expect(all.sort((a, b) => a - b)).toEqual(tiles.map(({ index }) => index));
          expect(splitTiles(Random.of(seed).shuffled(tiles), settings, seed)).toEqual(result);
          if (split === "random") return;
          const partOf = new Map(PARTS.flatMap((part) => [...result[part]].map((row) => [row, part])));
          const partOfBlock = new Map<string, string>();
          for (const tile of tiles) {
            const block = blockOf(tile, settings.blockMetres);
            const part = partOf.get(tile.index)!;
            expect(partOfBlock.get(block) ?? part).toBe(part);
            partOfBlock.set(block, part);
          }
        },
      ),
      { seed: 2, numRuns: 60 },
    );
  });

  test.each(["spatial", "random"] as const)("%s comes near the shares, with positives of every label set in every part", (split) => {
    for (let seed = 0; seed < 5; seed++) {
      const tiles = scatter(1500, seed, 0.04);
      const result = splitTiles(tiles, { ...SETTINGS, split });
      const total = tiles.length;
      expect(result.train.length / total).toBeCloseTo(0.6, 1);
      expect(result.validation.length / total).toBeCloseTo(0.15, 1);
      const byIndex = new Map(tiles.map((tile) => [tile.index, tile]));
      for (const set of SETTINGS.labelSets) {
        const positives = (rows: Int32Array) => [...rows].filter((row) => isPositive(byIndex.get(row)!.labels ?? [], set)).length;
        const counts = PARTS.map((part) => positives(result[part]));
        const all = counts.reduce((sum, count) => sum + count, 0);
        expect(counts[0]! / all).toBeGreaterThan(0.45);
        expect(counts[0]! / all).toBeLessThan(0.75);
        expect(Math.min(...counts)).toBeGreaterThan(0);
      }
    }
  });

  test("three blocks with positives go to three parts", () => {
    const tiles: PlacedTile[] = Array.from({ length: 60 }, (_, i) => ({
      index: i,
      crs: "EPSG:32633",
      transform: [10, 0, Math.floor(i / 5) * 12_000, 0, -10, 0],
      granule: null,
      labels: [2, 3, 7].includes(Math.floor(i / 5)) ? [IRRIGATED] : ["Pastures"],
    }));
    const result = splitTiles(tiles, SETTINGS);
    for (const part of PARTS) expect([...result[part]].some((row) => tiles[row]!.labels![0] === IRRIGATED)).toBe(true);
  });

  test("tells blocks of two zones apart, and falls back on granules", () => {
    const at = (crs: string | null, granule: string | null): PlacedTile => ({
      index: 5,
      crs,
      transform: crs ? [10, 0, 400_000, 0, -10, 5e6] : null,
      granule,
      labels: null,
    });
    expect(blockOf(at("EPSG:32633", "T33UUP"), 12_000)).not.toBe(blockOf(at("EPSG:32634", "T33UUP"), 12_000));
    expect(blockOf(at(null, "T33UUP"), 12_000)).toBe("granule T33UUP");
    expect(blockOf(at(null, null), 12_000)).toBe("tile 5");
  });
});

describe("a label draw", () => {
  const tiles = scatter(3000, 1, 0.1).map((tile) => ({ ...tile, labels: tile.labels ?? ["Pastures"] }));
  const split = splitTiles(tiles, SETTINGS);
  const options = { tiles, split, settings: { balanced: true, minimumPerClass: 4 }, labelSet: LABEL_SETS.regular };
  const positive = new Set(tiles.filter(({ labels }) => labels.includes(IRRIGATED)).map(({ index }) => index));

  test("is balanced, of the right size, from the right part, with the right labels", () => {
    for (const percent of [1, 10, 50, 100]) {
      const draw = createLabelDraws(options)(percent, 0);
      for (const part of PARTS) {
        const { rows, labels } = draw[part];
        const available = [...split[part]].filter((row) => positive.has(row)).length;
        const each = part === "test" ? available : Math.min(available, Math.max(4, Math.round((available * percent) / 100)));
        expect(labels.filter((label) => label === 1)).toHaveLength(each);
        expect(labels.filter((label) => label === 0)).toHaveLength(each);
        expect([...rows].every((row, i) => split[part].includes(row) && positive.has(row) === (labels[i] === 1))).toBe(true);
        expect(new Set(rows).size).toBe(rows.length);
      }
    }
  });

  test("differs between draws, is the same again, and always has the same test tiles", () => {
    const [a, b, again] = [0, 1, 0].map((draw) => createLabelDraws(options)(10, draw));
    expect(again).toEqual(a);
    expect(b!.train.rows).not.toEqual(a!.train.rows);
    expect(b!.test).toEqual(a!.test);
    expect(createLabelDraws(options)(50, 7).test).toEqual(a!.test);
  });

  test("keeps the classes' frequency when it is not balanced", () => {
    const draw = createLabelDraws({ ...options, settings: { balanced: false, minimumPerClass: 1 } })(50, 0);
    expect(draw.train.rows.length / split.train.length).toBeCloseTo(0.5, 2);
    expect(draw.test.rows).toHaveLength(split.test.length);
  });

  test("says what to do when a class is missing or too rare", () => {
    const none = tiles.map((tile) => ({ ...tile, labels: ["Pastures"] }));
    expect(() => createLabelDraws({ ...options, tiles: none })).toThrow(
      expect.objectContaining({
        code: "NO_DATA",
        message: expect.stringContaining("Choose a label set from the classes present: Pastures (3000)"),
      }),
    );
    const all = tiles.map((tile) => ({ ...tile, labels: [IRRIGATED] }));
    expect(() => createLabelDraws({ ...options, tiles: all })).toThrow(expect.objectContaining({ code: "NO_DATA" }));
    const lastTest = split.test[0]!;
    const onlyTest = tiles.map((tile) => ({ ...tile, labels: tile.index === lastTest ? [IRRIGATED] : ["Pastures"] }));
    expect(() => createLabelDraws({ ...options, tiles: onlyTest })).toThrow(
      expect.objectContaining({ code: "NO_DATA", message: expect.stringContaining("0 positive and") }),
    );
  });
});

test("pretraining rows hang on the rows and the count alone", () => {
  const rows = Int32Array.from({ length: 100 }, (_, i) => 2 * i);
  const some = drawPretrainingRows(rows, 10);
  expect(some).toHaveLength(10);
  expect(drawPretrainingRows(rows.slice().reverse(), 10)).toEqual(some);
  expect(drawPretrainingRows(rows, null)).toEqual(rows);
  expect(drawPretrainingRows(rows, 500)).toEqual(rows);
});

test("probe rows are half positives where there are enough", () => {
  const rows = Int32Array.from({ length: 200 }, (_, i) => i);
  const probe = drawProbeRows(rows, 40, (row) => row % 5 === 0);
  expect(probe).toHaveLength(40);
  expect([...probe].filter((row) => row % 5 === 0)).toHaveLength(20);
  expect(drawProbeRows(rows, 40, null)).toHaveLength(40);
  expect([...drawProbeRows(rows, 40, (row) => row === 7)].includes(7)).toBe(true);
});
