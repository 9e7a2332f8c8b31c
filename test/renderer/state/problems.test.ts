import { expect, it } from "vitest";
import { failedJobs } from "../../../renderer/state/problems.ts";
import type { Job, StudySummary } from "../../../shared/domain/workspace.ts";

const job = (change: Partial<Job>): Job => ({
  ...{ id: "1", kind: "ingest", title: "Ingesting into fields", target: "fields", status: "failed", done: 0, total: 0, unit: "tiles" },
  ...{ rate: null, etaSeconds: null, message: "The disk is full.", skipped: 0, problems: [], changed: [], startedAt: 0, endedAt: 1 },
  ...change,
});
const study = (failed: number) => ({ name: "demo", failed }) as StudySummary;

it("counts what failed and was not started again", () => {
  expect(failedJobs([job({})], [])).toHaveLength(1);
  expect(failedJobs([job({ id: "2", status: "running" }), job({})], [])).toEqual([]);
  expect(failedJobs([job({ id: "2", status: "finished" }), job({})], [])).toEqual([]);
  expect(failedJobs([job({ id: "2", target: "others" }), job({})], [])).toHaveLength(2);
  expect(failedJobs([job({ id: "2" }), job({})], []).map(({ id }) => id)).toEqual(["2"]);
});

it("counts a study once: by its runs where they failed, by its job where it did not come so far", () => {
  const failed = job({ kind: "study", target: "demo" });
  expect(failedJobs([failed], [study(3)])).toEqual([]);
  expect(failedJobs([failed], [study(0)])).toHaveLength(1);
});
