import { expect, it } from "vitest";
import type { LiveRun } from "../../../../renderer/state/study-live.ts";
import { failuresOf } from "../../../../renderer/views/training/failures.ts";
import { QUEUED } from "../../../../shared/domain/run-state.ts";

const run = (arm: string, message: string | null): LiveRun => ({
  key: arm,
  arm,
  seed: 1,
  state: message === null ? QUEUED : { ...QUEUED, status: "failed", error: { code: "NO_DATA", message } },
});

it("tells each reason of failure once, the commonest first, and at most three", () => {
  expect(failuresOf([run("all", null)])).toEqual([]);
  const runs = [run("none", "no tiles"), run("all", "no labels"), run("pixel", "no labels"), run("a", "x"), run("b", "y")];
  expect(failuresOf(runs)).toEqual([
    { message: "no labels", runs: "all, seed 1 and 1 more" },
    { message: "no tiles", runs: "none, seed 1" },
    { message: "x", runs: "a, seed 1" },
  ]);
});
