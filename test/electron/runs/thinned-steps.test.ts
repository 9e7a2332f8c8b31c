import { describe, expect, it } from "vitest";
import { thinnedSteps } from "../../../electron/runs/thinned-steps.ts";
import type { RunEvent } from "../../../shared/domain/run-state.ts";

const step = (n: number, loss = 2): RunEvent => ({
  ...{ kind: "step", at: n, step: n, steps: 10_000, epoch: n / 100, loss, chance: 4 },
  ...{ learningRate: 1e-3, viewsPerSecond: 90, feedWaitMs: 0 },
});
const started: RunEvent = { kind: "started", at: 0, engine: "wasm", device: "cpu", resumedAtStep: 0 };
const finished: RunEvent = { kind: "finished", at: 9e9, f1: null };
const steps = Array.from({ length: 10_000 }, (_, i) => step(i + 1, i === 5_432 ? 9 : 2 + Math.sin(i)));

describe("a thinned past", () => {
  it("has about as many steps as are wanted, in their order, and everything that is no step", () => {
    const events = [started, ...steps.slice(0, 4_000), { ...started, at: 4_001, resumedAtStep: 4_000 }, ...steps.slice(4_000), finished];
    const thinned = thinnedSteps(events, 1_000);
    expect(thinned.length).toBeGreaterThan(500);
    expect(thinned.length).toBeLessThanOrEqual(1_003);
    expect(thinned).toEqual(events.filter((event) => thinned.includes(event)));
    expect(thinned.filter(({ kind }) => kind !== "step")).toHaveLength(3);
  });

  it("keeps extremes, the first step, and the last ones whole", () => {
    const thinned = thinnedSteps(steps, 1_000);
    expect(thinned).toContain(steps[5_432]);
    expect(thinned[0]).toBe(steps[0]);
    expect(thinned.slice(-50)).toEqual(steps.slice(-50));
  });

  it("is the past itself where that is short", () => {
    expect(thinnedSteps([started, ...steps.slice(0, 999)], 1_000)).toHaveLength(1_000);
  });
});
