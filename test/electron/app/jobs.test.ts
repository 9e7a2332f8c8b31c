import { describe, expect, it } from "vitest";
import { JobList, type WorkOptions } from "../../../electron/app/jobs.ts";
import { Watched } from "../../../electron/app/watched.ts";
import type { Job } from "../../../shared/domain/workspace.ts";

const START = { kind: "ingest", title: "Ingesting into a", target: "a", unit: "tiles" } as const;

/** Waits for the state of the newest job. */
async function until(list: JobList, status: Job["status"]): Promise<Job> {
  for await (const jobs of list.jobs.watch(AbortSignal.timeout(2_000), 0)) if (jobs[0]?.status === status) return jobs[0];
  throw new Error(`never ${status}: ${JSON.stringify(list.jobs.value)}`);
}

const forever = ({ signal }: WorkOptions) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("jobs", () => {
  it("tell their progress and their end", async () => {
    const list = new JobList();
    list.start(START, async ({ onProgress }) => onProgress?.({ done: 3, total: 4 }));
    expect(await until(list, "finished")).toMatchObject({ done: 3, total: 4, message: null });
  });

  it("fail with the message of the error", async () => {
    const list = new JobList();
    list.start(START, async () => {
      throw new Error("B05 ends early");
    });
    expect(await until(list, "failed")).toMatchObject({ message: "B05 ends early" });
  });

  it.each(["cancelled", "paused"] as const)("end as %s when told so", async (reason) => {
    const list = new JobList();
    const job = list.start(START, forever);
    list.stop(job.id, reason);
    expect((await until(list, reason)).endedAt).not.toBeNull();
  });

  it("are followed by what was given, before their end is told, also when they fail", async () => {
    const order: string[] = [];
    const list = new JobList(async () => void order.push("afterwards"));
    list.start(
      START,
      async () => {},
      (end) => void order.push(end),
    );
    await until(list, "finished");
    list.start(
      START,
      () => Promise.reject(new Error("no")),
      (end) => void order.push(end),
    );
    await until(list, "failed");
    expect(order).toEqual(["afterwards", "finished", "afterwards", "failed"]);
  });

  it("refuse a second one on the same target while the first runs", async () => {
    const list = new JobList();
    list.start(START, forever);
    expect(() => list.start(START, forever)).toThrow(/already running/);
    expect(() => list.start({ ...START, target: "b" }, forever)).not.toThrow();
    await list.stopAll("paused");
    expect(list.jobs.value.map((job) => job.status)).toEqual(["paused", "paused"]);
  });
});

describe("a watched value", () => {
  it("gives the present value first and skips to the newest", async () => {
    const value = new Watched(1);
    const seen: number[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const n of value.watch(stop.signal, 5)) {
        seen.push(n);
        if (n === 3) stop.abort();
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 1));
    value.set(2);
    value.set(3);
    await watching;
    expect(seen).toEqual([1, 3]);
  });

  it("ends when nobody changes it and the signal aborts", async () => {
    const stop = new AbortController();
    const iterator = new Watched("x").watch(stop.signal, 0);
    await iterator.next();
    const next = iterator.next();
    stop.abort();
    expect((await next).done).toBe(true);
  });
});
