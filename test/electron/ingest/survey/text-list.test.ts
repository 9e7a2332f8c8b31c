import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NumberList, TextList } from "../../../../electron/ingest/survey/text-list.ts";

/** Texts of any characters, halves of surrogate pairs among them, that often begin like the one before. */
const texts = fc.array(
  fc.tuple(fc.constantFrom("", "/archive/S2A_MSIL2A_20170613T101031_87_", "/archive/日本_"), fc.string({ unit: "binary", maxLength: 300 })),
  { maxLength: 200 },
);

describe("TextList", () => {
  it("gives back what was put in: all of it, a part, or one", () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), (parts, from, size) => {
        const all = parts.map(([start, rest]) => start + rest);
        const list = new TextList();
        for (const text of all) list.push(text);
        expect(list.length).toBe(all.length);
        expect([...list]).toEqual(all);
        const start = from % (all.length + 1);
        expect([...list.slice(start, start + (size % 100))]).toEqual(all.slice(start, start + (size % 100)));
        if (all.length > 0) expect(list.at(from % all.length)).toBe(all[from % all.length]);
      }),
      { seed: 1 },
    );
  });

  it("keeps the halves of a pair of surrogates that two texts part at", () => {
    const list = new TextList();
    const pair = ["a\ud83d\ude00", "a\ud83d\ude01", "a\ud83d"];
    for (const text of pair) list.push(text);
    expect([...list]).toEqual(pair);
  });

  it("has no text behind its last", () => {
    const list = new TextList();
    list.push("a");
    expect(() => list.at(1)).toThrow(RangeError);
  });
});

describe("NumberList", () => {
  it("grows, and gives back what was put in", () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => (i * 2_654_435_761) % 2 ** 32);
    const list = new NumberList();
    for (const number of numbers) list.push(number);
    expect(Array.from({ length: list.length }, (_, i) => list.at(i))).toEqual(numbers);
  });
});
