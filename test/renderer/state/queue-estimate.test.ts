import { describe, expect, it } from "vitest";
import { areStepsAlike, estimateQueue, runsInOrder } from "../../../renderer/state/queue-estimate.ts";
import type { LiveRun } from "../../../renderer/state/study-live.ts";
import { StudyConfig } from "../../../shared/domain/run-config.ts";
import { runKey } from "../../../shared/domain/run-queue.ts";
import { QUEUED, type RunState } from "../../../shared/domain/run-state.ts";
import type { Study } from "../../../shared/domain/workspace.ts";

const config = StudyConfig.parse({
  version: 1,
  dataset: "fields",
  arms: ["none", "all"],
  pretrain: { epochs: 10, batchSize: 10, tiles: 100 },
});
const study: Study = { version: 1, name: "a", created: "", preset: null, config, droppedByHand: null };
const run = (arm: string, state: Partial<RunState> = {}): LiveRun => ({
  arm,
  seed: 1,
  key: runKey({ arm, seed: 1 }),
  state: { ...QUEUED, ...state },
});
const runs = [run("none"), run("all"), run("random-init")];
const pace = { secondsPerStep: 2, stepsFrom: [], secondsBeside: 10, besideFrom: [] };

describe("the queue of a study", () => {
  it("shows runs in the order of work, without those left out", () => {
    const queue = { order: ["random-init/1", "all/1", "none/1"], skipped: new Set(["all/1"]) };
    expect(runsInOrder({ runs, queue }).map(({ arm }) => arm)).toEqual(["random-init", "none"]);
  });

  it("takes the time of a study that has made no step from the pace lent to it, and its steps from its settings", () => {
    const queue = { order: runs.map(({ key }) => key), skipped: new Set<string>() };
    const { seconds, stepsLeft, runsLeft } = estimateQueue({ study, runs, queue }, 1_000, pace);
    // 100 tiles in batches of 10, 10 epochs: 100 steps; the control makes none.
    expect({ seconds, stepsLeft, runsLeft }).toEqual({ seconds: 2 * (100 * 2 + 10) + 10, stepsLeft: 200, runsLeft: 3 });
    expect(estimateQueue({ study, runs, queue }, 1_000).seconds, "nothing is known without it").toBeNull();
  });

  it("lends a pace between studies whose steps are alike only", () => {
    expect(areStepsAlike(config, { ...config, seeds: [1, 2] })).toBe(true);
    expect(areStepsAlike(config, { ...config, inputPixels: 32 })).toBe(false);
    expect(areStepsAlike(config, { ...config, pretrain: { ...config.pretrain, batchSize: 64 } })).toBe(false);
  });
});
