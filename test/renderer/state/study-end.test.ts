import { describe, expect, it } from "vitest";
import { runningShare, studyEnds } from "../../../renderer/state/study-end.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

const job = (change: Partial<Job>): Job => ({
  id: "1",
  kind: "study",
  title: "Study demo",
  target: "demo",
  status: "running",
  done: 10,
  total: 41,
  unit: "runs",
  rate: null,
  etaSeconds: null,
  message: null,
  skipped: 0,
  problems: [],
  changed: [],
  startedAt: 0,
  endedAt: null,
  ...change,
});
const running = [job({})];

describe("the end of a study", () => {
  it("is told of a job that was seen running, with how long it took", () => {
    const [end] = studyEnds(running, [job({ status: "finished", endedAt: 3_600_000 })]);
    expect(end).toEqual({ study: "demo", isFailure: false, title: "demo is finished", body: "41 runs of this stage are over, in 60 min." });
  });

  it("is told with the reason when it failed", () => {
    expect(studyEnds(running, [job({ status: "failed", message: "The disk is full.", endedAt: 1 })])).toMatchObject([
      { isFailure: true, body: "The disk is full." },
    ]);
  });

  it.each([
    ["a job that ended before the window opened", [], [job({ status: "finished", endedAt: 1 })]],
    ["a pause", running, [job({ status: "paused", endedAt: 1 })]],
    ["a job that goes on", running, [job({ done: 11 })]],
    ["another kind of job", [job({ kind: "ingest" })], [job({ kind: "ingest", status: "finished", endedAt: 1 })]],
  ] as const)("is not told of %s", (_, before, after) => {
    expect(studyEnds(before, after)).toEqual([]);
  });
});

it("tells the share of the study that runs, and none when none does", () => {
  expect(runningShare([job({ status: "finished" }), job({ id: "2", done: 41, total: 82 })])).toEqual({ study: "demo", share: 0.5 });
  expect(runningShare([job({ total: 0 })])).toMatchObject({ share: 0 });
  expect(runningShare([])).toBeNull();
});
