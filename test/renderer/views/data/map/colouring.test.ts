// What the colours of the map mean: categories of tiles and their counts.
import { describe, expect, it } from "vitest";
import { colourChoices, columnPathOf } from "../../../../../renderer/views/data/map/colour-choice.ts";
import { colouringOf, countCategories, NONE, OTHER, paletteOf, SCALE } from "../../../../../renderer/views/data/map/colouring.ts";
import { footprintsOf } from "../../../../../renderer/views/data/map/footprints.ts";
import { NO_CODE } from "../../../../../shared/contract/columns.ts";
import { DARK_THEME, LIGHT_THEME } from "../../../../../shared/figures/theme.ts";

function labels(tiles: readonly (readonly string[])[]) {
  const values = [...new Set(tiles.flat())];
  let end = 0;
  return {
    facts: { values },
    arrays: {
      starts: Uint32Array.from([0, ...tiles.map((classes) => (end += classes.length))]),
      codes: Uint16Array.from(tiles.flat(), (name) => values.indexOf(name)),
    },
  };
}
const coded = (values: readonly string[], codes: readonly number[], facts = {}) => ({
  facts: { values, ...facts },
  arrays: { codes: Uint16Array.from(codes) },
});
const names = ({ categories, legend }: ReturnType<typeof colouringOf>) => [...categories].map((category) => legend[category]!.name);

describe("colours by class", () => {
  it("show the rarest class of a tile", () => {
    const colouring = colouringOf("classes", labels([["forest"], ["forest", "rice"], ["forest", "water", "rice"], []]));
    expect(names(colouring)).toEqual(["forest", "rice", "water", "no class"]);
    expect(colouring.note).toContain("rarest");
    expect(colouringOf("classes", labels([["forest"], ["rice"]])).note).toBeNull();
  });

  it("go to the eight most frequent classes, and to those that the filter asks for before them", () => {
    const tiles = Array.from({ length: 10 }, (_, i) => Array.from({ length: 20 - i }, () => [`class ${i}`])).flat();
    const usual = colouringOf("classes", labels(tiles));
    expect(usual.legend.map(({ name }) => name)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `class ${i}`),
      "2 other classes only",
      "no class",
    ]);
    expect(usual.legend[8]!.colour).toBe(OTHER);
    const chosen = colouringOf("classes", labels(tiles), ["class 9"]);
    expect(chosen.legend[0]!.name).toBe("class 9");
    expect(names(chosen).at(-1)).toBe("class 9");
  });
});

describe("colours by parts", () => {
  it("name each part, and say the rule", () => {
    const columns = coded(["train", "validation", "test"], [2, 0, NO_CODE, 1], { rule: "spatial", blockMetres: 12_000 });
    const colouring = colouringOf("parts", columns);
    expect(names(colouring)).toEqual(["test", "training", "in no part: no labels, or out of use", "validation"]);
    expect(colouring.note).toContain("12 km");
  });

  it("name the splits of a source whatever their order there", () => {
    expect(names(colouringOf("split", coded(["test", "train"], [0, 1, NO_CODE])))).toEqual(["test", "training", "not told"]);
  });
});

describe("colours by date", () => {
  it("are days, months or years, whichever are few enough", () => {
    expect(names(colouringOf("date", coded(["2018-06-02", "2018-06-01"], [0, 1])))).toEqual(["2018-06-02", "2018-06-01"]);
    const days = Array.from({ length: 28 }, (_, i) => `2018-0${1 + (i % 3)}-${String(i + 1).padStart(2, "0")}`);
    expect(colouringOf("date", coded(days, [])).legend.map(({ name }) => name)).toEqual(["2018-01", "2018-02", "2018-03", "not told"]);
    const years = Array.from({ length: 9 }, (_, i) => `${2016 + i}-01-01`);
    const colouring = colouringOf("date", coded(years, [0, 8, NO_CODE]));
    expect(names(colouring)).toEqual(["2019 and before", "2024", "not told"]);
    expect(colouring.legend.map(({ colour }) => colour)).toEqual([0, 1, 2, 3, 4, 5].map((i) => SCALE + i).concat(NONE));
  });
});

describe("colours by share", () => {
  it("have limits that hold the limit itself, and tell what is not known", () => {
    const shares = Float32Array.of(0, 0.01, 0.011, 0.2, 1, Number.NaN);
    expect(names(colouringOf("cloud", { facts: {}, arrays: { shares } }))).toEqual([
      "up to 1.0 %",
      "up to 1.0 %",
      "1.0 % to 5.0 %",
      "5.0 % to 20 %",
      "80 % to 100 %",
      "not known",
    ]);
  });
});

describe("the legend", () => {
  it("counts tiles that lie somewhere only", () => {
    const colouring = colouringOf("classes", labels([["forest"], ["rice"], ["forest"]]));
    const corners = new Float32Array(24);
    corners.fill(Number.NaN, 16);
    const footprints = footprintsOf({ facts: { origin: [0, 0] }, arrays: { corners } });
    expect(countCategories(colouring, footprints, Int32Array.of(0, 1, 2))).toEqual([1, 1, 0]);
  });

  it("has a colour for each place of the palette in both themes", () => {
    for (const theme of [LIGHT_THEME, DARK_THEME]) {
      const palette = paletteOf(theme);
      expect(palette).toHaveLength(NONE + 1);
      expect(new Set(palette).size).toBe(palette.length);
    }
  });

  it("offers the parts of each study of the data set", () => {
    const study = { name: "crops", dataset: "fields", created: "", runs: 0, finished: 0, failed: 0, running: 0 };
    const choices = colourChoices("fields", [study, { ...study, name: "others", dataset: "elsewhere" }]);
    expect(choices.filter(({ by }) => by === "parts").map(({ key }) => key)).toEqual(["parts:crops", "parts"]);
    expect(columnPathOf("fields", choices.find(({ key }) => key === "parts:crops")!)).toBe("/columns/fields/parts?study=crops");
  });
});
