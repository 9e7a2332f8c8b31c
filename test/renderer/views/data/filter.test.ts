import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRoute, parseRoute } from "../../../../renderer/state/router.ts";
import {
  filterOf,
  firstDay,
  isMonthChosen,
  isSameFilter,
  lastDay,
  layoutOf,
  queryOf,
  toggled,
  withMonth,
  withoutFacet,
} from "../../../../renderer/views/data/filter.ts";
import { SOURCE_KINDS, SPLITS } from "../../../../shared/domain/dataset.ts";
import type { TileFilter } from "../../../../shared/domain/tile-query.ts";

const names = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 });
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const filters: fc.Arbitrary<TileFilter> = fc.record(
  {
    labels: names,
    sources: fc.subarray([...SOURCE_KINDS], { minLength: 1 }),
    granules: names,
    countries: names,
    splits: fc.subarray([...SPLITS], { minLength: 1 }),
    from: fc.constantFrom("2018", "2018-06", "2018-06-01"),
    to: fc.constantFrom("2019", "2019-02"),
    bounds: fc.constantFrom([-9.5, 38, 21.25, 48], [179, -20, -179, -10]),
    area: fc.constantFrom([1, 2, 3, 4, 5, 6.5]),
    maxCloud: share,
    maxSnow: share,
    maxNodata: share,
    maxSaturated: share,
    text: fc.string({ minLength: 1 }),
  },
  { requiredKeys: [] },
);

const throughRoute = (filter: TileFilter) => {
  const query = Object.fromEntries(Object.entries(queryOf(filter)).filter((entry): entry is [string, string] => entry[1] !== null));
  return filterOf(parseRoute(formatRoute({ place: "data", subject: "fields", query })).query);
};

describe("a filter in the route", () => {
  it("comes back as it was, whatever the names hold", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(throughRoute(filter)).toEqual(filter);
      }),
      { seed: 1 },
    );
  });

  it("leaves out what is none, so that an old link still opens", () => {
    expect(filterOf({ source: "landsat", cloud: "much", from: "soon", class: "%E0%A4%A", tile: "3" })).toEqual({ labels: ["%E0%A4%A"] });
  });

  it("takes everything out of the route that it does not ask for", () => {
    expect(Object.values(queryOf({})).every((value) => value === null)).toBe(true);
    expect(queryOf({ labels: [], text: "" })).toMatchObject({ class: null, text: null });
  });
});

describe("choosing", () => {
  it("takes a value into a list and out again, and the list with the last", () => {
    const one = toggled({ maxCloud: 0.1 }, "labels", "Pastures");
    expect(one).toEqual({ maxCloud: 0.1, labels: ["Pastures"] });
    expect(toggled(one, "labels", "Vineyards").labels).toEqual(["Pastures", "Vineyards"]);
    expect(toggled(one, "labels", "Pastures")).toEqual({ maxCloud: 0.1 });
  });

  it("makes a span of months of two, one of a month within, and none of the same", () => {
    const june = withMonth({ text: "x" }, "2018-06");
    expect(june).toEqual({ text: "x", from: "2018-06", to: "2018-06" });
    const span = withMonth(june, "2018-04");
    expect(span).toEqual({ text: "x", from: "2018-04", to: "2018-06" });
    expect(["2018-03", "2018-04", "2018-05", "2018-06", "2018-07"].map((month) => isMonthChosen(span, month))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(withMonth(span, "2018-05")).toEqual({ text: "x", from: "2018-05", to: "2018-05" });
    expect(withMonth(june, "2018-06")).toEqual({ text: "x" });
  });

  it("counts the values of a facet without what the facet itself chooses", () => {
    const filter: TileFilter = { labels: ["a"], sources: ["safe-l2a"], from: "2018", to: "2018", maxCloud: 0.5 };
    expect(withoutFacet(filter, "classes")).toEqual({ sources: ["safe-l2a"], from: "2018", to: "2018", maxCloud: 0.5 });
    expect(withoutFacet(filter, "months")).toEqual({ labels: ["a"], sources: ["safe-l2a"], maxCloud: 0.5 });
    expect(withoutFacet(filter, "granules")).toEqual(filter);
  });
});

describe("a date of a filter", () => {
  it("begins and ends with a day", () => {
    expect([undefined, "2018", "2018-06", "2018-06-07"].map(firstDay)).toEqual(["", "2018-01-01", "2018-06-01", "2018-06-07"]);
    expect([undefined, "2018", "2020-02", "2018-06-07"].map(lastDay)).toEqual(["", "2018-12-31", "2020-02-29", "2018-06-07"]);
  });
});

describe("two filters", () => {
  it("are the same when they ask for the same", () => {
    expect(isSameFilter({ labels: ["a"], maxCloud: 0.1 }, { maxCloud: 0.1, labels: ["a"] })).toBe(true);
    expect(isSameFilter({}, { labels: [] })).toBe(true);
    expect(isSameFilter({ text: "a" }, { text: "b" })).toBe(false);
  });
});

describe("the layout in the route", () => {
  it("is the grid alone unless another is asked for", () => {
    expect([{}, { layout: "map" }, { layout: "both" }, { layout: "x" }].map((query) => layoutOf(query as Record<string, string>))).toEqual([
      "grid",
      "map",
      "both",
      "grid",
    ]);
  });
});
