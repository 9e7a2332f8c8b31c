import { describe, expect, it } from "vitest";
import { filterLines, lineOf, logText, outputLines } from "../../../../renderer/views/training/log-lines.ts";
import type { RunEvent } from "../../../../shared/domain/run-state.ts";

const step: RunEvent = {
  kind: "step",
  at: 0,
  step: 4,
  steps: 48,
  epoch: 1,
  loss: 3.5,
  chance: 4.84,
  learningRate: 1e-3,
  viewsPerSecond: 1791,
  feedWaitMs: 0.04,
};
const lines = [
  lineOf({ kind: "started", at: 0, engine: "tensorflow 2.20.0", device: "cpu", resumedAtStep: 20 }),
  lineOf(step),
  lineOf({ kind: "failed", at: 1000, code: "DISK_FULL", message: "The disk is full." }),
  ...outputLines("warning: slow\n\nsecond line\n"),
];

describe("the log of a run", () => {
  it("tells events in words, and the worker's output line by line", () => {
    expect(lines.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      "event: started on tensorflow 2.20.0, cpu, from step 20",
      "step: step 4 of 48: loss 3.500, chance 4.84, rate 0.0010, 1791 views/s, waited 0.0 ms for data",
      "failure: failed, DISK_FULL: The disk is full.",
      "output: warning: slow",
      "output: second line",
    ]);
  });

  it("lets steps through only when they are asked for, and every word of the filter", () => {
    expect(filterLines(lines, { text: "", hasSteps: false })).toHaveLength(4);
    expect(filterLines(lines, { text: "DISK full", hasSteps: true }).map(({ kind }) => kind)).toEqual(["failure"]);
    expect(filterLines(lines, { text: "disk slow", hasSteps: true })).toEqual([]);
  });

  it("is copied with times", () => {
    expect(logText(lines.slice(2, 4))).toBe("1970-01-01T00:00:01.000Z  failed, DISK_FULL: The disk is full.\nworker  warning: slow");
  });
});
