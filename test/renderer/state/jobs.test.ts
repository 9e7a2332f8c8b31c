import { describe, expect, it } from "vitest";
import { newestJobs } from "../../../renderer/state/jobs.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

const job = (id: string, kind: Job["kind"], target: string, status: Job["status"]) => ({ id, kind, target, status }) as Job;

describe("the jobs that still say something", () => {
  it("are the newest on each thing: what failed and was done again is none of them", () => {
    const jobs = [
      job("4", "ingest", "fields", "finished"),
      job("3", "study", "fields", "failed"),
      job("2", "ingest", "fields", "failed"),
      job("1", "ingest", "other", "failed"),
    ];
    expect(newestJobs(jobs).map(({ id }) => id)).toEqual(["4", "3", "1"]);
  });
});
