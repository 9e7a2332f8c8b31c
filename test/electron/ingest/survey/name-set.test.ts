import { describe, expect, it } from "vitest";
import { NameSet } from "../../../../electron/ingest/survey/name-set.ts";

describe("NameSet", () => {
  it("numbers different names as they come, and knows them again", () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `S2A_MSIL2A_20170613T101031_${i % 90}_${Math.floor(i / 90)}`);
    const set = new NameSet();
    const numbers = names.map((name) => set.add(name));
    expect(numbers.every((number, i) => number === i)).toBe(true);
    expect(set.size).toBe(names.length);
    expect(names.every((name, i) => set.add(name) === i && set.numberOf(name) === i)).toBe(true);
    expect(set.size).toBe(names.length);
    expect(names.some((name) => set.has(`${name}_`) || set.has(name.slice(1)))).toBe(false);
    expect(set.numberOf("other")).toBe(-1);
  });

  it("takes names that differ in one character, or in their order, for different ones", () => {
    const set = new NameSet();
    const names = ["", "a", "b", "ab", "ba", "\0", "\0\0", "aa", "日本", "本日"];
    for (const name of names) set.add(name);
    expect(set.size).toBe(names.length);
  });
});
