import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRoute, parseRoute } from "../../../../renderer/state/router.ts";
import { filterOf, isMonthChosen, orderOf, queryOf, toggled, withMonth, withoutFacet } from "../../../../renderer/views/data/filter.ts";
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
    rows: fc.uniqueArray(fc.nat(600_000), { minLength: 1, maxLength: 40 }).map((rows) => rows.sort((a, b) => a - b)),
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
    expect([orderOf({ order: "cloud" }), orderOf({ order: "colour" }), orderOf({})]).toEqual(["cloud", "index", "index"]);
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
