import { describe, expect, it } from "vitest";
import { bytes, clock, counted, duration, percent, radiometryText, rate } from "../../../renderer/state/words.ts";

describe("numbers in words", () => {
  it("say how long", () => {
    expect([0, 21, 89, 90, 240, 5400, 7500, 86_400 * 3 + 4 * 3600].map(duration)).toEqual([
      "0 s",
      "21 s",
      "89 s",
      "2 min",
      "4 min",
      "1 h 30 min",
      "2 h 05 min",
      "3 d 4 h",
    ]);
  });

  it("say how much, without a unit that is about to change", () => {
    expect([0, 999, 1000, 999_600, 3.2e9, 51e9, 590_326 * 150e3].map(bytes)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.0 MB",
      "3.2 GB",
      "51.0 GB",
      "88.5 GB",
    ]);
  });

  it("say how many", () => {
    expect([counted(1, "tile"), counted(8281, "tile"), counted(0, "class", "classes")]).toEqual(["1 tile", "8,281 tiles", "0 classes"]);
  });

  it("say how fast, in two or three figures", () => {
    expect([168.4, 34.2, 3.41, 0.342].map(rate)).toEqual(["168", "34", "3.4", "0.34"]);
  });

  it("say shares, small ones with a decimal", () => {
    expect([0, 0.003, 0.12, 1].map(percent)).toEqual(["0 %", "0.3 %", "12 %", "100 %"]);
  });

  it("say when, with the day if it is another one", () => {
    const noon = new Date(2026, 10, 24, 12, 0).getTime();
    expect(clock(new Date(2026, 10, 24, 9, 5).getTime(), noon)).toBe("09:05");
    expect(clock(new Date(2026, 10, 23, 14, 5).getTime(), noon)).toBe("23 Nov, 14:05");
  });

  it("say how digital numbers become reflectance", () => {
    expect(radiometryText(10_000, 0)).toBe("DN / 10,000");
    expect(radiometryText(10_000, -1000)).toBe("(DN − 1,000) / 10,000");
  });
});
