import { describe, expect, it } from "vitest";
import { countGroups, groupColours, looksOf } from "../../../../renderer/views/embeddings/looks.ts";
import { contrast, DARK_THEME, LIGHT_THEME } from "../../../../shared/figures/theme.ts";

const codes = Uint16Array.from([0, 1, 1, 1, 0, 2]);
const colours = ["#ff0000", "#00ff00", "#0000ff"];
const looks = (change: Partial<Parameters<typeof looksOf>[0]> = {}) =>
  looksOf({ codes, colours, isOrdered: false, hidden: new Set(), picked: null, ...change });

describe("looks of points", () => {
  it("put the rarer groups on top, and what is picked above all", () => {
    expect([...looks().order]).toEqual([1, 2, 3, 0, 4, 5]);
    expect([...looks({ picked: Uint8Array.from([0, 1, 0, 0, 0, 0]) }).order]).toEqual([2, 3, 0, 4, 5, 1]);
  });

  it("leave ordered groups as they come, so that none hides the others", () => {
    expect([...looks({ isOrdered: true }).order]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...looks({ isOrdered: true, picked: Uint8Array.from([0, 1, 0, 0, 0, 0]) }).order]).toEqual([0, 2, 3, 4, 5, 1]);
  });

  it("hide groups, and make faint what is not picked", () => {
    const alpha = (all: Uint8Array) => [...all].filter((_, i) => i % 4 === 3);
    expect(alpha(looks({ hidden: new Set([1]) }).colours).map((value) => value > 0)).toEqual([true, false, false, false, true, true]);
    const [first, second] = alpha(looks({ picked: Uint8Array.from([1, 0, 0, 0, 0, 0]) }).colours);
    expect(first).toBeGreaterThan(5 * second!);
  });

  it("count groups", () => {
    expect([...countGroups(codes, 3)]).toEqual([2, 3, 1]);
  });

  it.each([LIGHT_THEME, DARK_THEME])("stand out from the ground in the $name theme, ordered ones too", (theme) => {
    const names = ["2017-05", "2017-06", "2018-01", "not known"];
    for (const isOrdered of [false, true]) {
      const chosen = groupColours(names, isOrdered, theme);
      expect(new Set(chosen).size).toBe(names.length);
      for (const colour of chosen) expect(contrast(colour, theme.ground)).toBeGreaterThan(1.7);
    }
  });
});
