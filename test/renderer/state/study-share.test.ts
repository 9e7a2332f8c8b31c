import { expect, it } from "vitest";
import { runningShare } from "../../../renderer/state/study-share.ts";
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
it("tells the share of the study that runs, and none when none does", () => {
  expect(runningShare([job({ status: "finished" }), job({ id: "2", done: 41, total: 82 })])).toEqual({ study: "demo", share: 0.5 });
  expect(runningShare([job({ total: 0 })])).toMatchObject({ share: 0 });
  expect(runningShare([])).toBeNull();
});
