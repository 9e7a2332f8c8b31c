import { describe, expect, it } from "vitest";
import { estimateRuns, paceOf, stepsOfStudy } from "../../../shared/domain/run-estimate.ts";
import { QUEUED, type RunState } from "../../../shared/domain/run-state.ts";

/** A run that took 2 s a step from a second on, with points every `every` steps. */
const curve = (steps: number, secondsPerStep: number, startAt = 1000) =>
  Array.from({ length: steps }, (_, i) => ({
    step: i + 1,
    epoch: (i + 1) / 10,
    loss: 3,
    learningRate: 1e-3,
    viewsPerSecond: 64 / secondsPerStep,
    feedWaitMs: 0,
    at: startAt + (i + 1) * secondsPerStep * 1000,
  }));
const run = (arm: string, state: Partial<RunState>) => ({ arm, seed: 1, state: { ...QUEUED, ...state } });

const finished = run("blur+gain", {
  status: "finished",
  step: 10,
  steps: 10,
  curve: curve(10, 2),
  workedMs: 26_000,
  updatedAt: 27_000,
});

describe("the pace of a study", () => {
  it("is not known before a run has made two steps", () => {
    expect(paceOf([run("all", { status: "running", curve: curve(1, 2) })])).toMatchObject({ secondsPerStep: null, secondsBeside: null });
  });

  it("is the time of a step, and what a finished run took beside its steps, with the runs that told", () => {
    const pace = paceOf([finished, run("all", {})]);
    expect(pace).toEqual({
      secondsPerStep: 2,
      stepsFrom: [{ arm: "blur+gain", seed: 1 }],
      secondsBeside: 6,
      besideFrom: [{ arm: "blur+gain", seed: 1 }],
    });
  });

  it("is not told by a night between two steps", () => {
    const slept = curve(10, 2).map((point, i) => (i < 5 ? point : { ...point, at: point.at + 8 * 3600_000 }));
    expect(paceOf([run("all", { status: "running", curve: slept })]).secondsPerStep).toBe(2);
  });
});

describe("estimates", () => {
  const running = run("all", { status: "running", step: 4, steps: 10, curve: curve(4, 3), updatedAt: 99_000 });
  const order = [run("none", {}), finished, running, run("random-init", {}), run("full", {})];
  const stepsOf = stepsOfStudy(order, { sweep: 50, full: 100 });
  const estimates = estimateRuns({ order, pace: paceOf([finished]), stepsOf, workers: 1 });

  it("count the running run first, at its own pace, then the others one after another", () => {
    expect(estimates.get("all/1")).toEqual({ seconds: 6 * 3 + 6, untilSeconds: 24, stepsLeft: 6 });
    expect(estimates.get("none/1")).toEqual({ seconds: 10 * 2 + 6, untilSeconds: 50, stepsLeft: 10 });
  });

  it("leave out steps of the control, and count those of the second stage by its epochs", () => {
    expect(estimates.get("random-init/1")).toEqual({ seconds: 6, untilSeconds: 56, stepsLeft: 0 });
    expect(estimates.get("full/1")).toMatchObject({ stepsLeft: 20, untilSeconds: 56 + 46 });
  });

  it("say nothing of runs that are over", () => {
    expect(estimates.has("blur+gain/1")).toBe(false);
  });

  it("share the runs among several workers", () => {
    const two = estimateRuns({ order, pace: paceOf([finished]), stepsOf, workers: 2 });
    expect(two.get("none/1")!.untilSeconds).toBe(26);
    expect(Math.max(...[...two.values()].map(({ untilSeconds }) => untilSeconds))).toBeLessThan(102);
  });
});
