import { describe, expect, it } from "vitest";
import { offsetOfBaseline } from "../../../../electron/ingest/readers/baseline.ts";

describe("a processing baseline", () => {
  it.each([
    ["02.14", 0],
    ["03.01", 0],
    ["04.00", -1000],
    ["05.11", -1000],
    ["99.99", null],
    ["new", null],
    [null, null],
  ])("%s tells the offset %s", (baseline, offset) => {
    expect(offsetOfBaseline(baseline)).toBe(offset);
  });
});
