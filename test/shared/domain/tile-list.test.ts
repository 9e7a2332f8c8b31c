import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTileList, parseTileList } from "../../../shared/domain/tile-list.ts";

describe("tile lists", () => {
  it("write ascending runs as one term, and keep the order", () => {
    expect(formatTileList([3, 4, 5, 14, 2, 3])).toBe("3-5,14,2-3");
    expect(formatTileList([])).toBe("");
  });

  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300)), (rows) => {
        expect([...parseTileList(formatTileList(rows), rows.length)!]).toEqual(rows);
      }),
      { seed: 1 },
    );
  });

  it("are refused when they are none, run backwards or name too many", () => {
    for (const text of ["a", "1,", "5-3", "-1", "1.5", "0-999999999"]) expect(parseTileList(text, 1000)).toBeNull();
    expect(parseTileList("0-999", 1000)).toHaveLength(1000);
    expect(parseTileList("0-999,7", 1000)).toBeNull();
  });
});
