import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reduceEvents } from "../../../renderer/state/study-live.ts";
import { QUEUED, type RunEvent, reduceRun } from "../../../shared/domain/run-state.ts";

const step = fc.nat(200).map(
  (at): RunEvent => ({
    kind: "step",
    at,
    step: at,
    steps: 200,
    epoch: at / 20,
    loss: 4 - at / 100,
    chance: 4.1,
    learningRate: 1e-3,
    viewsPerSecond: 100,
    feedWaitMs: 0,
  }),
);
const event = fc.oneof(
  { weight: 8, arbitrary: step },
  fc.nat(200).map((at): RunEvent => ({ kind: "started", at, engine: "wasm", device: "cpu", resumedAtStep: at })),
  fc.constant<RunEvent>({ kind: "phase", at: 1, phase: "pretrain", detail: "768 tiles" }),
  fc.constant<RunEvent>({ kind: "checkpoint", at: 1, step: 3 }),
  fc.constant<RunEvent>({ kind: "interrupted", at: 2, step: 3, reason: "paused" }),
  fc.constant<RunEvent>({ kind: "failed", at: 2, code: "NO_DATA", message: "no tiles" }),
  fc.constant<RunEvent>({ kind: "finished", at: 9, f1: 0.7 }),
);

describe("many events of a run", () => {
  it("give the state that they give one by one, in whatever portions they come", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat(60), (events, cut) => {
        const oneByOne = events.reduce(reduceRun, QUEUED);
        expect(reduceEvents(QUEUED, events)).toEqual(oneByOne);
        expect(reduceEvents(reduceEvents(QUEUED, events.slice(0, cut)), events.slice(cut))).toEqual(oneByOne);
      }),
    );
  });

  it("leave the state before them as it was", () => {
    const before = reduceEvents(QUEUED, [{ kind: "started", at: 0, engine: "wasm", device: "cpu", resumedAtStep: 0 }]);
    const copy = structuredClone(before);
    reduceEvents(before, fc.sample(step, 5));
    expect(before).toEqual(copy);
  });
});
