import { describe, expect, it } from "vitest";
import { badgesOf, badgesText } from "../../../../renderer/views/data/tile-badges.ts";
import { among, sortKeyOf, sortOf } from "../../../../renderer/views/data/tile-order.ts";

describe("the order of the grid", () => {
  it("is that of the route, turned round by a dash, and as stored for anything else", () => {
    expect(sortOf(sortKeyOf({ order: "-cloud" }))).toEqual({ order: "cloud", descending: true });
    expect(sortOf(sortKeyOf({ order: "date" }))).toEqual({ order: "date", descending: false });
    for (const query of [{ order: "colour" }, { order: "constructor" }, {}])
      expect(sortOf(sortKeyOf(query))).toEqual({ order: "index", descending: false });
  });

  it("stays when only a list of tiles is shown", () => {
    expect([...among(Int32Array.from([5, 2, 9, 0]), Int32Array.from([0, 5, 7, 900]), 10)]).toEqual([5, 0]);
  });
});

describe("what is written on tiles", () => {
  it("comes back from the route as it was chosen", () => {
    for (const badges of [[], ["cloud"], ["labels"], ["cloud", "labels"]] as const)
      expect(badgesOf(badgesText(badges) ?? undefined)).toEqual(badges);
  });
});
