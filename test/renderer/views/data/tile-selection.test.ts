import { describe, expect, it } from "vitest";
import { noSelection, selectedRows, withRange, withToggled } from "../../../../renderer/views/data/tile-selection.ts";

describe("the selection of tiles", () => {
  const order = Int32Array.from([7, 3, 5, 1, 0]);

  it("takes a tile in, and out again", () => {
    const one = withToggled(noSelection(8), 3);
    expect([one.count, [...selectedRows(one)]]).toEqual([1, [3]]);
    expect(withToggled(one, 3)).toEqual(noSelection(8));
  });

  it("adds what lies between two places of the order shown, whichever is first", () => {
    const some = withRange(withToggled(noSelection(8), 5), order, 3, 1);
    expect([some.count, [...selectedRows(some)]]).toEqual([3, [1, 3, 5]]);
  });

  it("counts nothing twice", () => {
    const all = withRange(noSelection(8), order, 0, order.length - 1);
    expect(withRange(all, order, 0, 2).count).toBe(5);
    expect([...selectedRows(all)]).toEqual([0, 1, 3, 5, 7]);
  });
});
