import { describe, expect, it } from "vitest";
import { publishedF1 } from "../../../shared/domain/published.ts";
import { mean } from "../../../shared/domain/statistics.ts";
import { ALL_ARMS, CONTROL_ARM, COUPLET_ARMS, selectCouplets } from "../../../shared/domain/study.ts";
import { publishedResult, type StudyResult, studyResult } from "../../../shared/domain/study-result.ts";
import { exampleStudy, resultOf } from "./example-study.ts";

const armOf = (result: StudyResult, arm: string) => result.arms.find((entry) => entry.arm === arm)!;

describe("studyResult", () => {
  it("scores an arm by the mean over label sets, then draws, then seeds", () => {
    const { result, runs } = exampleStudy({ seeds: [1, 2], draws: 3 });
    const own = runs.filter(({ arm }) => arm === "blur+gain");
    const perSeed = own.map(({ state }) => mean(state.evaluations.map(({ f1 }) => f1)));
    const arm = armOf(result, "blur+gain");
    expect(arm.f1).toBeCloseTo(mean(perSeed), 12);
    expect(arm.seeds.map(({ f1 }) => f1)).toEqual(perSeed.map((value) => expect.closeTo(value, 12)));
    expect(arm.byLabelSet.regular!.f1! + arm.byLabelSet.extended!.f1!).toBeCloseTo(2 * arm.f1!, 12);
    expect(arm).toMatchObject({
      family: "pixel",
      status: "finished",
      runs: 2,
      finished: 2,
      failed: 0,
      publishedF1: publishedF1("blur+gain"),
    });
  });

  it("ranks every scored arm once, the control included", () => {
    const { result } = exampleStudy();
    expect(result.arms.map(({ rank }) => rank!).sort((a, b) => a - b)).toEqual(ALL_ARMS.map((_, i) => i + 1));
    const byRank = [...result.arms].sort((a, b) => a.rank! - b.rank!);
    for (let i = 1; i < byRank.length; i++) expect(byRank[i - 1]!.f1!).toBeGreaterThanOrEqual(byRank[i]!.f1!);
  });

  it("says what its intervals are over", () => {
    expect(exampleStudy({ seeds: [1, 2] }).result.intervalOf).toBe("seeds");
    expect(exampleStudy({ seeds: [1], draws: 4 }).result.intervalOf).toBe("label draws");
    expect(exampleStudy({ seeds: [1], draws: 1 }).result.intervalOf).toBe("test tiles");
    expect(exampleStudy({ finished: 0 }).result.intervalOf).toBeNull();
  });

  it("finds what beats the control, by paired differences", () => {
    const { result } = exampleStudy({
      seeds: [1, 2, 3],
      draws: 3,
      spread: 0.0005,
      f1Of: (arm) => (arm === CONTROL_ARM ? 0.7 : arm === "rotation+shift" ? 0.76 : arm === "blur+gain" ? 0.6 : 0.7),
    });
    expect(armOf(result, "rotation+shift")).toMatchObject({ beatsControl: true, trailsControl: false, rank: 1 });
    expect(armOf(result, "rotation+shift").difference!.pairs).toBe(9);
    expect(armOf(result, "blur+gain")).toMatchObject({ beatsControl: false, trailsControl: true });
    expect(armOf(result, CONTROL_ARM)).toMatchObject({ difference: null, beatsControl: null });
    expect(result.alike).toEqual({ best: "rotation+shift", others: [] });
    expect(result.headline).toMatch(/of 36 couplets .* the control \(95 %\).*rotation\+shift .* stands apart from all others\.$/);
  });

  it("claims nothing against the control from one value an arm", () => {
    const { result } = exampleStudy({ seeds: [1], draws: 1 });
    expect(result.arms.every(({ beatsControl, difference }) => beatsControl === null && difference === null)).toBe(true);
    expect(result.alike).toBeNull();
    expect(result.headline).toContain("chance cannot be told from effect");
    expect(Object.values(result.selection.probabilityBottomQuarter).every((value) => value === null)).toBe(true);
  });

  it("drops the bottom quarter by the study's rule, or what the user chose", () => {
    const { result, study, runs } = exampleStudy();
    const rule = selectCouplets(new Map(COUPLET_ARMS.map((arm) => [arm, armOf(result, arm).f1!])));
    expect(result.selection).toMatchObject({ ...rule, byHand: false, droppedByRule: rule.dropped });
    expect(result.arms.filter(({ isDropped }) => isDropped)).toHaveLength(9);
    const byHand = resultOf({ ...study, droppedByHand: ["rotation+shift"] }, runs);
    expect(byHand.selection).toMatchObject({ dropped: ["rotation+shift"], byHand: true, droppedByRule: rule.dropped });
    expect(byHand.selection.kept).toHaveLength(35);
    expect(resultOf({ ...study, droppedByHand: [] }, runs).selection.kept).toHaveLength(36);
  });

  it("gives every couplet a probability of the bottom quarter, nine in all", () => {
    const { result } = exampleStudy({ spread: 0.02 });
    const values = Object.values(result.selection.probabilityBottomQuarter);
    expect(values).toHaveLength(36);
    expect(values.reduce<number>((sum, value) => sum + value!, 0)).toBeCloseTo(9, 9);
    expect(armOf(result, "pixel").probabilityBottomQuarter).toBeNull();
  });

  it("works on partial results: an evaluation waits until its draw has all label sets", () => {
    const { study, runs } = exampleStudy({ seeds: [1], draws: 2 });
    const cut = runs.map((run) =>
      run.arm === "blur+gain"
        ? { ...run, state: { ...run.state, status: "running" as const, evaluations: run.state.evaluations.slice(0, 3) } }
        : run,
    );
    const arm = armOf(resultOf(study, cut), "blur+gain");
    expect(arm.seeds[0]!.draws).toHaveLength(1);
    expect(arm.status).toBe("running");
    const first = runs.find((run) => run.arm === "blur+gain")!.state.evaluations.slice(0, 2);
    expect(arm.f1).toBeCloseTo(mean(first.map(({ f1 }) => f1)), 12);
  });

  it("goes by the label sets that the data set could give", () => {
    const { study, runs } = exampleStudy({ seeds: [1], draws: 2 });
    const regularOnly = runs.map((run) => ({
      ...run,
      state: { ...run.state, evaluations: run.state.evaluations.filter(({ labelSet }) => labelSet === "regular") },
    }));
    const result = resultOf(study, regularOnly);
    expect(result.labelSets).toEqual(["regular"]);
    expect(result.arms.every(({ f1 }) => f1 !== null)).toBe(true);
    expect(result.agreement.labelSets).toEqual([]);
  });

  it("takes the last evaluation of a draw that was scored twice", () => {
    const { study, runs } = exampleStudy({ arms: ["none"], seeds: [1], draws: 1, labelSets: ["regular"] });
    const again = runs.map((run) =>
      run.arm === "none"
        ? { ...run, state: { ...run.state, evaluations: [...run.state.evaluations, { ...run.state.evaluations[0]!, f1: 0.123 }] } }
        : run,
    );
    expect(armOf(resultOf(study, again), "none").f1).toBe(0.123);
  });

  it("has a headline at every stage", () => {
    expect(exampleStudy({ finished: 0 }).result.headline).toBe("No arm has a score yet: 0 of 123 runs finished.");
    expect(exampleStudy({ finished: 10 }).result.headline).toMatch(/^So far \(30 of 123 runs\): the control has no score yet/);
    const { study, runs } = exampleStudy({ arms: ["none"] });
    const unlabelled = runs.map((run) => ({ ...run, state: { ...run.state, evaluations: [] } }));
    expect(resultOf(study, unlabelled).headline).toContain("has no labels");
    expect(studyResult(study, []).headline).toBe("No arm has a score yet: 0 of 0 runs finished.");
    expect(exampleStudy({ arms: ["none"], spread: 0 }).result.headline).toContain("1 arm ");
  });

  it("tells failures, main effects and the agreement of seeds", () => {
    const { result } = exampleStudy({ failed: ["blur+gain"], seeds: [1, 2, 3] });
    expect(result.progress).toEqual({ runs: 123, finished: 120, failed: 3, running: 0 });
    expect(result.caveats.join(" ")).toContain("3 runs failed");
    const flip = result.operations.find(({ operation }) => operation === "flip")!;
    expect(flip.couplets).toBe(8);
    expect(flip.f1).toBeCloseTo(mean(result.arms.filter(({ arm }) => arm.split("+").includes("flip")).map(({ f1 }) => f1!)), 12);
    expect(flip.interval!.low).toBeLessThan(flip.f1!);
    expect(result.operations.find(({ operation }) => operation === "gain")!.couplets).toBe(7);
    expect(result.agreement.seeds.map(({ between }) => between)).toEqual([
      ["seed 1", "seed 2"],
      ["seed 1", "seed 3"],
      ["seed 2", "seed 3"],
    ]);
    expect(result.agreement.labelSets[0]!.couplets).toBe(35);
  });

  it("keeps the second stage apart from the ranking", () => {
    const { result } = exampleStudy({ withFull: true, finished: 42 });
    expect(result.full).toMatchObject({ arm: "full", rank: null, family: "full" });
    expect(result.full!.f1).toBeGreaterThan(0.8);
    expect(result.arms).toHaveLength(41);
    expect(exampleStudy().result.full).toBeNull();
  });
});

describe("publishedResult", () => {
  const result = publishedResult();
  it("repeats what the study's own figures teach", () => {
    expect(result.arms).toHaveLength(41);
    expect(armOf(result, "geometric").rank).toBe(1);
    expect(armOf(result, "none").rank).toBe(13);
    expect(result.control).toMatchObject({ f1: 0.8008, rank: 15 });
    expect(result.agreement.labelSets[0]!.spearman).toBeCloseTo(0.1, 2);
    expect(result.selection.dropped).toHaveLength(9);
    expect(result.headline).toContain("11 of 36 couplets scored above the control");
    expect(new Set(result.arms.map(({ rank }) => rank)).size).toBe(41);
  });
});
