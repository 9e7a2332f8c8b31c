import { expect, it } from "vitest";
import { parseDomain } from "../../../../renderer/views/training/view-state.ts";

it("reads the part of the axis from the address, and nothing from what is none", () => {
  expect(parseDomain("12.5~30")).toEqual([12.5, 30]);
  for (const text of [undefined, "", "5", "5~", "~5", "9~3", "a~b", "1~2~3"]) expect(parseDomain(text)).toBeUndefined();
});
