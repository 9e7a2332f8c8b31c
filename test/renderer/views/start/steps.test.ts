import { describe, expect, it } from "vitest";
import { firstSteps } from "../../../../renderer/views/start/steps.ts";
import type { Job, StudySummary, Workspace } from "../../../../shared/domain/workspace.ts";

const dataset = { name: "fields", complete: true, tiles: 2048, tilePixels: 120, bands: 12, classes: 3, simulated: false };
const study: StudySummary = { name: "demo", dataset: "fields", created: "2025-01-01", runs: 41, finished: 0, failed: 0, running: 0 };
const workspace = (content: Partial<Workspace>): Workspace => ({ path: "/w", datasets: [], studies: [], ...content });
const running = (kind: Job["kind"]) => [{ kind, status: "running" } as Job];
const statesOf = (...given: Parameters<typeof firstSteps>) => firstSteps(...given).map(({ state }) => state);

describe("the way to the first study", () => {
  it("begins with data", () => {
    expect(statesOf(workspace({}), null)).toEqual(["now", "later", "later"]);
    expect(firstSteps(workspace({}), [])[0].route).toEqual({ place: "data", subject: null, query: { add: "1" } });
  });

  it("goes on step by step", () => {
    expect(statesOf(workspace({ datasets: [dataset] }), [])).toEqual(["done", "now", "later"]);
    expect(statesOf(workspace({ datasets: [dataset], studies: [study] }), [])).toEqual(["done", "done", "now"]);
    expect(statesOf(workspace({ datasets: [dataset], studies: [{ ...study, finished: 41 }] }), [])).toEqual(["done", "done", "done"]);
  });

  it("shows what runs, and does not take an unfinished data set for data", () => {
    expect(statesOf(workspace({ datasets: [{ ...dataset, complete: false }] }), running("ingest"))).toEqual(["running", "later", "later"]);
    expect(statesOf(workspace({ datasets: [dataset], studies: [study] }), running("study"))).toEqual(["done", "done", "running"]);
  });

  it("counts what there is", () => {
    const [data, , run] = firstSteps(workspace({ datasets: [dataset], studies: [{ ...study, finished: 17, failed: 1 }] }), []);
    expect(data.text).toBe("2,048 tiles in 1 data set");
    expect(run.text).toBe("17 of 41 runs finished, 1 failed");
  });
});
