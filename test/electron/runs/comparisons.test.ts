// Statistics of studies on the disk: computed once, kept beside the study, and honest about what is missing or damaged.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Comparisons } from "../../../electron/runs/comparisons.ts";
import { readMetrics } from "../../../electron/runs/run-folder.ts";
import { readStudy, runFolderOf, studyResults } from "../../../electron/runs/study-store.ts";
import { mean } from "../../../shared/domain/statistics.ts";
import { atThreshold, studyResult } from "../../../shared/domain/study-result.ts";
import { makeStudy } from "../../e2e/made-study.ts";

const workspace = mkdtempSync(join(tmpdir(), "comparisons-"));
const kept = join(workspace, "studies/made/comparison.json");
const scoresOf = (arm: string) => join(runFolderOf(workspace, "made", { arm, seed: 1 }), "scores.parquet");
beforeAll(async () => {
  await makeStudy({ workspace, name: "made", seeds: [1], random: 3 });
});
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

async function scoredRuns() {
  const results = await studyResults(workspace, await readStudy(workspace, "made"));
  return [...results].flatMap(([arm, runs]) =>
    runs.map(({ seed, state }) => ({ arm, seed, status: state.status, evaluations: state.evaluations })),
  );
}

describe("Comparisons", () => {
  it("agrees with the runs' own metrics, and keeps what it computed", async () => {
    const progress: string[] = [];
    const { statistics, note } = await new Comparisons(workspace).statistics("made", 0.5, {
      onProgress: ({ what }) => progress.push(what),
    });
    expect(note).toBeNull();
    expect(statistics).toMatchObject({ tiles: 240, seeds: 1, draws: 2, resamples: 2000 });
    expect(new Set(progress)).toEqual(new Set(["runs", "resamples"]));
    const metrics = await readMetrics(runFolderOf(workspace, "made", { arm: "gain+flip", seed: 1 }));
    expect(statistics!.arms.find(({ arm }) => arm === "gain+flip")!.f1).toBeCloseTo(mean(metrics!.evaluations.map(({ f1 }) => f1)), 12);
    const again: string[] = [];
    const second = await new Comparisons(workspace).statistics("made", 0.5, { onProgress: ({ what }) => again.push(what) });
    expect(second.statistics).toEqual(statistics);
    expect(again).toEqual([]);
  });

  it("gives the result its intervals, comparisons and chances", async () => {
    const study = await readStudy(workspace, "made");
    const comparisons = new Comparisons(workspace);
    const { statistics } = await comparisons.statistics("made");
    const result = studyResult(study, await scoredRuns(), { statistics });
    const arm = result.arms.find((entry) => entry.arm === "rotation+shift")!;
    expect(arm).toMatchObject({ intervalOf: "test tiles and label draws", beatsControl: true });
    expect(arm.difference!.pHolm).toBeLessThan(0.05);
    expect(result.alike!.best).toBe(statistics!.toBest!.best);
    expect(result.selection.probabilityBottomQuarter).toEqual(statistics!.bottomQuarter);
    expect(result.caveats.join(" ")).toContain("Holm");
    // Statistics at one threshold say nothing of scores at another.
    const moved = studyResult(study, atThreshold(await scoredRuns(), await comparisons.counts("made"), 0.3), {
      statistics,
      threshold: 0.3,
    });
    expect(moved.statistics).toBeNull();
    const other = await comparisons.statistics("made", 0.3);
    const full = studyResult(study, atThreshold(await scoredRuns(), await comparisons.counts("made"), 0.3), {
      statistics: other.statistics,
      threshold: 0.3,
    });
    expect(full.statistics).toMatchObject({ threshold: 0.3 });
    expect(full.arms.map(({ f1 }) => f1)).toEqual(moved.arms.map(({ f1 }) => f1));
  });

  it("draws curves of the arms asked for", async () => {
    const curves = await new Comparisons(workspace).curves("made", ["rotation+shift", "random-init", "unknown"]);
    expect(curves.map(({ arm, labelSet }) => `${arm} ${labelSet}`)).toEqual([
      "rotation+shift regular",
      "rotation+shift extended",
      "random-init regular",
      "random-init extended",
    ]);
    expect(curves[0]!.auc).toBeGreaterThan(curves[2]!.auc);
  });

  it("ends when it is told to", async () => {
    rmSync(kept);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("stopped"));
    await expect(new Comparisons(workspace).statistics("made", 0.5, { signal: stop.signal, onProgress })).rejects.toThrow("stopped");
  });

  it("computes anew over what was kept of other runs, or damaged", async () => {
    const comparisons = new Comparisons(workspace);
    const { statistics } = await comparisons.statistics("made");
    for (const damage of ["{", "{}", readFileSync(kept, "utf8").replace(/"fingerprint":"./, '"fingerprint":"x')]) {
      writeFileSync(kept, damage);
      expect((await new Comparisons(workspace).statistics("made")).statistics).toEqual(statistics);
    }
  });

  it("leaves out a run whose file is no list of scores, and names it", async () => {
    const whole = readFileSync(scoresOf("blur+gain"));
    const { statistics: before } = await new Comparisons(workspace).statistics("made");
    writeFileSync(scoresOf("blur+gain"), "PAR1 nothing PAR1");
    for (const comparisons of [new Comparisons(workspace), new Comparisons(workspace)]) {
      const { statistics, note } = await comparisons.statistics("made");
      expect(note).toMatch(/^1 run is left out of the comparison\. .*blur\+gain.*scores\.parquet/);
      expect(statistics!.arms).toHaveLength(before!.arms.length - 1);
      expect((await comparisons.statistics("made", 0.3)).note).toBe(note);
    }
    expect(await new Comparisons(workspace).curves("made", ["blur+gain"])).toEqual([]);
    writeFileSync(scoresOf("blur+gain"), whole);
    expect((await new Comparisons(workspace).statistics("made")).note).toBeNull();
  });

  it("says which runs have no scores, and compares the others", async () => {
    rmSync(scoresOf("blur+gain"));
    const { statistics, note } = await new Comparisons(workspace).statistics("made");
    expect(note).toBe("1 finished run has no scores.parquet: the runs that have one are compared.");
    expect(statistics!.arms.map(({ arm }) => arm)).not.toContain("blur+gain");
    const result = studyResult(await readStudy(workspace, "made"), await scoredRuns(), { statistics });
    const left = result.arms.find(({ arm }) => arm === "blur+gain")!;
    expect(left).toMatchObject({ intervalOf: "label draws" });
    expect(left.difference!.pHolm).toBeNull();
  });
});
