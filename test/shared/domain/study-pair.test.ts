import { describe, expect, it } from "vitest";
import { CONTROL_ARM } from "../../../shared/domain/study.ts";
import { studyPair } from "../../../shared/domain/study-pair.ts";
import { publishedResult } from "../../../shared/domain/study-result.ts";
import { exampleStudy } from "./example-study.ts";

describe("studyPair", () => {
  const own = { name: "own", result: exampleStudy().result };

  it("aligns the arms that both have, with the difference and its interval", () => {
    const other = { name: "other", result: exampleStudy({ arms: ["rotation+shift", "blur+gain", "none"], f1Of: () => 0.7 }).result };
    const pair = studyPair(own, other);
    expect(pair.arms.map(({ arm }) => arm).sort()).toEqual(["blur+gain", "none", CONTROL_ARM, "rotation+shift"]);
    for (const { first, second, difference, interval } of pair.arms) {
      expect(difference).toBe(first.f1 - second.f1);
      const halves = [first, second].map((arm) => (arm.interval!.high - arm.interval!.low) / 2);
      expect((interval!.high - interval!.low) / 2).toBeCloseTo(Math.sqrt(halves[0]! ** 2 + halves[1]! ** 2), 12);
    }
    expect(pair.arms.map(({ difference }) => difference)).toEqual([...pair.arms.map(({ difference }) => difference)].sort((a, b) => b - a));
    expect(pair.agreement).toBeNull();
  });

  it("is the other way round when the studies change places", () => {
    const other = { name: "other", result: exampleStudy({ seeds: [7, 8], spread: 0.02 }).result };
    const [there, back] = [studyPair(own, other), studyPair(other, own)];
    const differences = new Map(back.arms.map(({ arm, difference }) => [arm, difference]));
    for (const { arm, difference } of there.arms) expect(differences.get(arm)).toBeCloseTo(-difference, 14);
    expect(back.agreement!.spearman).toBeCloseTo(there.agreement!.spearman, 14);
  });

  it("says how alike two studies rank the couplets", () => {
    expect(studyPair(own, { name: "twin", result: own.result }).headline).toMatch(
      /^None of 41 arms .* none lower; they rank the couplets alike \(Spearman 1\.00\)\.$/,
    );
    const published = studyPair(own, { name: "published", result: publishedResult() });
    expect(published.agreement!.couplets).toBe(36);
    // The published control has no interval, so its difference has none.
    expect(published.arms.find(({ arm }) => arm === CONTROL_ARM)!.interval).toBeNull();
    expect(studyPair(own, { name: "new", result: exampleStudy({ finished: 0 }).result }).headline).toBe(
      "own and new have no arm with a score in common.",
    );
  });
});
