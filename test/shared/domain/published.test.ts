import { describe, expect, it } from "vitest";
import { f1Score } from "../../../shared/domain/metrics.ts";
import { PUBLISHED_SWEEP, publishedF1 } from "../../../shared/domain/published.ts";
import { ALL_ARMS, CONTROL_ARM, COUPLET_ARMS, coupletId, FULL_ARM, selectCouplets } from "../../../shared/domain/study.ts";

describe("the published sweep", () => {
  it("has 40 arms by two label sets, each with an F1 that its confusion matrix gives", () => {
    expect(PUBLISHED_SWEEP).toHaveLength(80);
    expect(new Set(PUBLISHED_SWEEP.map(({ arm, labelSet }) => `${arm} ${labelSet}`)).size).toBe(80);
    expect(PUBLISHED_SWEEP.every(({ arm }) => ALL_ARMS.includes(arm))).toBe(true);
    for (const evaluation of PUBLISHED_SWEEP) expect(f1Score(evaluation)).toBeCloseTo(evaluation.f1, 5);
  });

  it("has the best and the worst arms of the study", () => {
    expect(publishedF1("geometric")).toBeCloseTo(0.8226, 4);
    expect(publishedF1("rotation+shift")).toBeCloseTo(0.8188, 4);
    expect(publishedF1("contrast+gain")).toBeCloseTo(0.8181, 4);
    expect(publishedF1("speckle+zoom")).toBeCloseTo(0.8167, 4);
    expect(publishedF1("none")).toBeCloseTo(0.8016, 4);
    expect(publishedF1("all")).toBeCloseTo(0.8013, 4);
    expect(publishedF1("pixel")).toBeCloseTo(0.7879, 4);
    expect(publishedF1("blur+brightness")).toBeCloseTo(0.7378, 4);
    expect(publishedF1(CONTROL_ARM)).toBe(0.8008);
    expect(publishedF1(FULL_ARM)).toBeNull();
    const above = ALL_ARMS.filter((arm) => arm !== CONTROL_ARM && publishedF1(arm)! > 0.8008);
    expect(above).toHaveLength(14);
  });

  it("drops the study's nine couplets", () => {
    const { dropped, kept } = selectCouplets(new Map(COUPLET_ARMS.map((arm) => [arm, publishedF1(arm)!])));
    expect(kept).toHaveLength(27);
    expect(dropped).toEqual([
      coupletId(["brightness", "contrast"]),
      coupletId(["rotation", "brightness"]),
      coupletId(["flip", "blur"]),
      coupletId(["zoom", "blur"]),
      coupletId(["shift", "flip"]),
      coupletId(["rotation", "blur"]),
      coupletId(["flip", "gain"]),
      coupletId(["brightness", "gain"]),
      coupletId(["blur", "brightness"]),
    ]);
  });
});
