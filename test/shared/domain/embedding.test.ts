import { describe, expect, it } from "vitest";
import { type GroupedColumns, groupTiles } from "../../../shared/domain/embedding.ts";

const columns: GroupedColumns = {
  labels: [["Rice"], ["Pastures"], null, ["Pastures", "Rice"], []],
  date: ["2018-06-01", "2017-05-02", null, "2018-06-30", "2019-01-01"],
  source: ["safe-l2a", "safe-l2a", "tfrecords", "safe-l2a", "safe-l2a"],
  split: ["train", "test", null, "train", "train"],
  cloud: [0, 0.03, null, 0.9, 0.01],
  granule: ["A", "B", null, "B", "B"],
  country: [null, null, null, null, null],
  product: [null, null, null, null, null],
};
const rows = [0, 1, 2, 3, 4];
const sets = [{ name: "wet", classes: ["Rice"] }];
const named = (by: string, of: readonly number[] = rows) => {
  const { names, codes } = groupTiles(by, columns, of, sets);
  return [...codes].map((code) => names[code]);
};

describe("groups of tiles", () => {
  it("tell positives, negatives and tiles without labels apart", () => {
    expect(named("set:wet")).toEqual(["positive", "negative", "no labels", "positive", "negative"]);
    expect(named("class:Pastures")).toEqual(["has not", "has Pastures", "no labels", "has Pastures", "has not"]);
  });

  it("are not made of a label set that the study lacks", () => {
    expect(() => named("set:dry")).toThrow('The study has no label set "dry". It has: wet.');
  });

  it("order months and clouds, with what is not known last", () => {
    const months = groupTiles("date", columns, rows, sets);
    expect(months.names).toEqual(["2017-05", "2018-06", "2019-01", "not known"]);
    expect(months.isOrdered).toBe(true);
    expect(named("cloud")).toEqual(["none", "1 to 5 %", "not known", "over 50 %", "up to 1 %"]);
  });

  it("take years where there are many months", () => {
    const date = Array.from({ length: 24 }, (_, i) => `20${17 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}-01`);
    const { names } = groupTiles("date", { ...columns, date }, [...date.keys()], sets);
    expect(names).toEqual(["2017", "2018"]);
  });

  it("put the most frequent first, and look at the rows asked for only", () => {
    expect(groupTiles("granule", columns, rows, sets).names).toEqual(["B", "A", "not known"]);
    expect(named("split", [4, 2])).toEqual(["train", "not known"]);
    expect(named("country", [0])).toEqual(["not known"]);
  });
});
