import { describe, expect, it } from "vitest";
import { CLC_CLASSES, CLC_CODES, classShares, clcShares, NINETEEN_CLASSES } from "../../../shared/domain/corine.ts";
import { CORINE_CLASSES } from "../../../shared/domain/labels.ts";

describe("CORINE codes", () => {
  it("name BigEarthNet's 43 classes, each once, and glaciers none", () => {
    expect([...CLC_CLASSES.keys()]).toEqual([...CLC_CODES]);
    expect([...CLC_CLASSES.values()].filter((name) => name !== null)).toEqual([...CORINE_CLASSES]);
    expect(CLC_CLASSES.get(335)).toBeNull();
    const some = {
      111: "Continuous urban fabric",
      212: "Permanently irrigated land",
      244: "Agro-forestry areas",
      334: "Burnt areas",
      411: "Inland marshes",
      523: "Sea and ocean",
    };
    for (const [code, name] of Object.entries(some)) expect(CLC_CLASSES.get(Number(code))).toBe(name);
  });

  it("fall into the 19 classes as the authors' label_indices.json has it, by index of both", () => {
    // https://git.tu-berlin.de/rsim/BigEarthNet-S2_19-classes_models/-/blob/master/label_indices.json, as torchgeo 0.7 quotes it: a list for each class.
    const originals = "0,1 2 11,12,13 14,15,16,18 17 19 20 21 22 23 24 25,31 26,27 28 29 33,34 35,36 38,39 40,41,42".split(" ");
    const names = Object.values(NINETEEN_CLASSES).map((codes) => codes.map((code) => CORINE_CLASSES.indexOf(CLC_CLASSES.get(code)!)));
    expect(names.map((indices) => indices.sort((a, b) => a - b).join())).toEqual(originals);
  });

  it("lie in at most one of the 19 classes; 12 lie in none", () => {
    const codes = Object.values(NINETEEN_CLASSES).flat();
    expect(Object.keys(NINETEEN_CLASSES)).toHaveLength(19);
    expect(new Set(codes).size).toBe(codes.length);
    expect(CLC_CODES.filter((code) => !codes.includes(code))).toEqual([122, 123, 124, 131, 132, 133, 141, 142, 332, 334, 335, 423]);
  });
});

describe("shares of a map", () => {
  const shares = clcShares(Uint16Array.of(211, 211, 212, 212, 212, 231, 999, 332));

  it("are by code, most first, and add up to 1", () => {
    expect([...shares]).toEqual([
      [212, 3 / 8],
      [211, 2 / 8],
      [0, 1 / 8],
      [231, 1 / 8],
      [332, 1 / 8],
    ]);
    expect(clcShares([]).size).toBe(0);
  });

  it("are by class in either nomenclature", () => {
    expect(Object.fromEntries(classShares(shares, 43))).toEqual({
      "Permanently irrigated land": 3 / 8,
      "Non-irrigated arable land": 2 / 8,
      Pastures: 1 / 8,
      "Bare rock": 1 / 8,
    });
    expect([...classShares(shares, 19)]).toEqual([
      ["Arable land", 5 / 8],
      ["Pastures", 1 / 8],
    ]);
  });
});
