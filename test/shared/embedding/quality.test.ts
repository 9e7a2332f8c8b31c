import { describe, expect, it } from "vitest";
import { pictureQuality } from "../../../shared/embedding/quality.ts";
import { madeFeatures } from "./made-features.ts";

/** On a line, so that distances can be told by eye. */
const line = (places: readonly number[]) => ({
  rows: places.length,
  columns: 2,
  values: Float32Array.from(places.flatMap((place) => [place, 0])),
});

describe("measures of a picture", () => {
  it("tell the silhouette of points whose distances are known", () => {
    const picture = line([0, 1, 5, 6]);
    const { silhouette } = pictureQuality(picture, picture, [0, 0, 1, 1], 1).picture;
    // (b - a) / max(a, b) with a = 1 and b = 5.5 and 4.5 at the outer and inner points
    expect(silhouette).toBeCloseTo(((5.5 - 1) / 5.5 + (4.5 - 1) / 4.5) / 2, 6);
  });

  it("count each class alike, however rare it is", () => {
    const places = [...Array.from({ length: 20 }, (_, i) => i), 100, 101];
    const codes = [...new Array<number>(19).fill(0), 1, 1, 1];
    const { accuracy } = pictureQuality(line(places), line(places), codes, 1).picture;
    // All of class 0; of class 1 the two that lie together, not the one beside class 0.
    expect(accuracy).toBeCloseTo((1 + 2 / 3) / 2, 6);
  });

  it("say that a picture of the features themselves keeps all neighbours, and that one drawn by lot keeps few", () => {
    const data = madeFeatures({ rows: 120, columns: 2, spread: 0.8 });
    const lengths = Float32Array.from({ length: data.rows }, (_, i) => Math.hypot(data.values[2 * i]!, data.values[2 * i + 1]!));
    const unit = { ...data, values: data.values.map((value, at) => value / lengths[Math.floor(at / 2)]!) };
    expect(pictureQuality(data, unit, data.codes, 8).kept).toBeGreaterThan(0.99);
    const lot = madeFeatures({ rows: 120, columns: 2, groups: 1, seed: 2 });
    expect(pictureQuality(data, lot, data.codes, 8).kept).toBeLessThan(0.2);
  });
});
