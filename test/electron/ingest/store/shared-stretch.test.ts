import { describe, expect, it } from "vitest";
import { countBands, sharedRanges } from "../../../../electron/ingest/store/shared-stretch.ts";
import { findBandCombination } from "../../../../shared/domain/band-combinations.ts";
import type { BandName } from "../../../../shared/domain/bands.ts";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import { Random } from "../../../../shared/domain/random.ts";

const bands: BandName[] = ["B02", "B03", "B04", "B08"];
const layout = {
  groups: [{ name: "10m", pixels: 4, bands }],
  radiometry: { quantification: 10_000, offset: -1000, source: "" },
} as unknown as Dataset;

/** Tiles of `values(tile, place)`; place runs over all bands. */
function reader(tiles: number, values: (tile: number, place: number) => number) {
  const readTile = async (row: number) => ({ count: 1, groups: [Uint16Array.from({ length: 64 }, (_, place) => values(row, place))] });
  return { tiles, layout, readTile };
}
const chosen = (id: "true-colour" | "colour-infrared" | "B08") => {
  const combination = findBandCombination(id)!;
  if (combination.kind === "index") throw new Error("an index has no stretch");
  return combination;
};

describe("the stretch that a data set's tiles share", () => {
  it("lies between percentiles of each band's reflectance over the tiles", async () => {
    const random = Random.of("shared stretch");
    const dn = Array.from({ length: 20 }, () => Array.from({ length: 64 }, () => 1100 + random.below(3000)));
    const counts = await countBands(reader(20, (tile, place) => dn[tile]![place]!));
    const [range] = sharedRanges(counts, chosen("B08"), { low: 5, high: 95, radiometry: layout.radiometry });
    const sorted = dn.flatMap((tile) => tile.slice(48)).sort((a, b) => a - b);
    const of = (percent: number) => (sorted[Math.ceil((percent / 100) * sorted.length) - 1]! - 1000) / 10_000;
    expect(range).toEqual([of(5), of(95)]);
  });

  it("is one for red, green and blue, and each channel's own for other colours", async () => {
    const counts = await countBands(reader(1, (_, place) => 2000 + 1000 * Math.floor(place / 16)));
    const all = { low: 0, high: 100, radiometry: layout.radiometry };
    expect(sharedRanges(counts, chosen("true-colour"), all)).toEqual(Array(3).fill([0.1, 0.3]));
    expect(sharedRanges(counts, chosen("colour-infrared"), all)).toEqual([
      [0.4, 0.4],
      [0.3, 0.3],
      [0.2, 0.2],
    ]);
  });

  it("counts no pixel without data and no saturated one", async () => {
    const counts = await countBands(reader(1, (_, place) => [0, 65535, 1500, 2500][place % 4]!));
    expect(sharedRanges(counts, chosen("B08"), { low: 0, high: 100, radiometry: layout.radiometry })).toEqual([[0.05, 0.15]]);
  });
});
