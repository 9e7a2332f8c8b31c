import { describe, expect, it } from "vitest";
import { jobHash, noticesOf } from "../../../shared/domain/notices.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

const job = (change: Partial<Job>): Job => ({
  ...{ id: "1", kind: "study", title: "Study couplets", target: "couplets", status: "running", done: 17, total: 41, unit: "runs" },
  ...{ rate: 160, etaSeconds: 7500, message: null, skipped: 0, problems: [], changed: [], startedAt: 0, endedAt: null },
  ...change,
});
const running = [job({})];

describe("notices of work that has ended", () => {
  it("are given once for a job that was seen running, and lead to what came of it", () => {
    expect(noticesOf(running, [job({ status: "finished", done: 41, endedAt: 3_600_000 })])).toEqual([
      {
        ...{ kind: "study", isFailure: false, title: "couplets is finished", hash: "#/comparison/couplets" },
        body: "41 runs are over, in 60 min.",
      },
    ]);
    const ingest = { kind: "ingest", title: "Ingesting into fields", target: "fields", unit: "tiles", done: 8281, total: 8281 } as const;
    expect(noticesOf([job(ingest)], [job({ ...ingest, status: "finished", endedAt: 21_000 })])).toMatchObject([
      { title: "Ingesting into fields: finished", body: "8,281 tiles in 21 s.", hash: "#/data" },
    ]);
  });

  it("give the reason of a failure", () => {
    expect(noticesOf(running, [job({ status: "failed", message: "The disk is full.", endedAt: 1 })])).toMatchObject([
      { isFailure: true, title: "couplets stopped", body: "The disk is full.", hash: "#/training/couplets" },
    ]);
  });

  it.each([
    ["a job that ended before anybody looked", [], [job({ status: "finished", endedAt: 1 })]],
    ["one that had ended", [job({ status: "finished" })], [job({ status: "finished" })]],
    ["a pause", running, [job({ status: "paused", endedAt: 1 })]],
    ["a cancellation", running, [job({ status: "cancelled", endedAt: 1 })]],
    ["a job that goes on", running, [job({ done: 18 })]],
  ] as const)("are not given of %s", (_, before, after) => {
    expect(noticesOf(before, after)).toEqual([]);
  });
});

it("leads to where a job is looked at", () => {
  expect(jobHash({ kind: "study", target: "a b" })).toBe("#/training/a%20b");
  expect(jobHash({ kind: "sample", target: "/data/sample" })).toBe("#/data");
  expect(jobHash({ kind: "embedding", target: "demo/rotation+shift/seed-2/final" })).toBe(
    "#/embeddings/demo?arm=rotation%2Bshift&seed=2&stage=final",
  );
});
