import { describe, expect, it } from "vitest";
import { verdictOf } from "../../../../renderer/views/training/verdict.ts";
import { QUEUED, type RunState } from "../../../../shared/domain/run-state.ts";

const health = (knnF1: number | null) => ({
  step: 1,
  embeddingStd: 0.9,
  effectiveRank: 40,
  alignment: 0.1,
  uniformity: -2,
  knnF1,
  verdict: "learning" as const,
  reason: "views of a tile are close",
});
const point = (loss: number) => ({ step: 1, epoch: 1, loss, learningRate: 1e-3, viewsPerSecond: 9, feedWaitMs: 0, at: 1 });
const state = (change: Partial<RunState>, arm = "gain+flip") => ({
  arm,
  state: { ...QUEUED, status: "running" as const, phase: "pretrain", steps: 9, ...change },
});

describe("the verdict of a run", () => {
  it("names its numbers, and where k-NN F1 goes", () => {
    const verdict = verdictOf(state({ chance: 4.14, curve: [point(3), point(2.31)], health: [health(0.6), health(0.71)] }));
    expect(`${verdict.word}: ${verdict.evidence}`).toBe(
      "Learning: loss 2.31, chance 4.14; embedding std 0.90 of uniform; k-NN F1 0.71, rising",
    );
    expect(verdict.reason).toBe("views of a tile are close");
  });

  it.each([
    [[0.71, 0.705], "level"],
    [[0.71, 0.6], "falling"],
  ] as const)("calls %j %s", (values, word) => {
    expect(verdictOf(state({ health: values.map(health) })).evidence).toContain(word);
  });

  it("says no trend of one check, and no F1 without labels", () => {
    expect(verdictOf(state({ health: [health(0.7)] })).evidence).toMatch(/k-NN F1 0.70$/);
    expect(verdictOf(state({ health: [health(null)] })).evidence).not.toContain("k-NN");
  });

  it("is input-bound when steps wait for tiles, and says how long", () => {
    const curve = (feedWaitMs: number) => [1, 2, 3].map((step) => ({ ...point(2), step, at: 1000 + step * 400, feedWaitMs }));
    expect(verdictOf(state({ curve: curve(200), health: [health(0.7)] }))).toMatchObject({
      kind: "input-bound",
      reason: expect.stringContaining("A step waits 50 % of its 400 ms for tiles."),
    });
    expect(verdictOf(state({ curve: curve(40), health: [health(0.7)] })).kind).toBe("learning");
    expect(verdictOf(state({ curve: curve(200), health: [{ ...health(0.7), verdict: "collapsing" }] })).kind).toBe("collapsing");
  });

  it("waits for the first check, and tells that the control has none", () => {
    expect(verdictOf(state({ curve: [point(3)] }))).toMatchObject({ kind: "waiting", word: "Not judged yet" });
    expect(verdictOf(state({ steps: 0, phase: "prepare" }))).toMatchObject({ word: "Not judged yet" });
    expect(verdictOf(state({ steps: 0, phase: "finetune" }, "random-init"))).toMatchObject({ word: "No pretraining" });
  });
});
