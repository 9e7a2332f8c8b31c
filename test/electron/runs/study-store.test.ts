import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "../../../electron/runs/journal.ts";
import { Claimer } from "../../../electron/runs/lease.ts";
import { createRun, readRun, runState } from "../../../electron/runs/run-folder.ts";
import {
  allRunsOf,
  createStudy,
  deleteStudy,
  fullRunConfig,
  fullRunsOf,
  listStudies,
  readStudy,
  resolveStudyConfig,
  runConfigOf,
  runFolderOf,
  runsOf,
  selectByHand,
  selectionOf,
  studyResults,
  studySummary,
} from "../../../electron/runs/study-store.ts";
import { PRESETS } from "../../../shared/domain/run-config.ts";
import type { RunEventBody } from "../../../shared/domain/run-state.ts";
import { ALL_ARMS, COUPLET_ARMS } from "../../../shared/domain/study.ts";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "studies-"));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

const demo = { preset: "demo", settings: { dataset: "fields" } } as const;

async function journal(study: string, arm: string, seed: number, ...bodies: RunEventBody[]) {
  const folder = runFolderOf(workspace, study, { arm, seed });
  await createRun(folder, runConfigOf(await readStudy(workspace, study), arm, seed));
  const file = openJournal(folder);
  file.append(...bodies);
  file.close();
}
const started: RunEventBody = { kind: "started", engine: "wasm", device: "cpu", resumedAtStep: 0 };

describe("settings of a study", () => {
  it("are the preset's under the user's, arrays replaced", () => {
    const config = resolveStudyConfig({
      preset: "quick",
      settings: { dataset: "fields", seeds: [4], pretrain: { epochs: 2 }, finetune: { percents: [1, 3] } },
    });
    expect(config).toMatchObject({ encoder: "small", seeds: [4], pretrain: { epochs: 2, batchSize: 64 } });
    expect(config.finetune).toMatchObject({ percents: [1, 3], mode: "linear" });
  });

  it("of all presets are complete with a data set", () => {
    for (const preset of ["demo", "quick", "published"] as const) {
      const config = resolveStudyConfig({ preset, settings: { dataset: "fields" } });
      expect(config.arms).toEqual([...ALL_ARMS]);
    }
  });

  it("know a couplet in either order", () => {
    expect(resolveStudyConfig({ preset: "demo", settings: { dataset: "fields", arms: ["shift+gain", "none"] } }).arms).toEqual([
      "gain+shift",
      "none",
      "random-init",
    ]);
  });

  it("take another augmentation profile as a whole", () => {
    const config = resolveStudyConfig({
      preset: "published",
      settings: { dataset: "fields", augmentation: { profile: "physical", parameters: { shift: { fraction: 0.2 } } } },
    });
    expect(config.augmentation).toMatchObject({ profile: "physical", parameters: { shift: { fraction: 0.2 } } });
  });

  it.each([
    [{}, /dataset: it must be given/],
    [{ dataset: "fields", epochs: 3 }, /epochs: there is no such setting.*Settings: .*pretrain/],
    [{ dataset: "fields", pretrain: { epoch: 3 } }, /pretrain\.epoch: there is no such setting. Settings of pretrain: epochs, /],
    [{ dataset: "fields", pretrain: { epochs: 0 } }, /pretrain\.epochs: 0 is not allowed. It must be at least 1/],
    [{ dataset: "fields", pretrain: { temperature: 11 } }, /pretrain\.temperature: 11 is not allowed. It must be at most 10/],
    [{ dataset: "fields", pretrain: { epochs: 1.5 } }, /pretrain\.epochs: 1.5 is not allowed. It must be a whole number/],
    [{ dataset: "fields", pretrain: { epochs: "3" } }, /pretrain\.epochs: "3" is not allowed. It must be of type number/],
    [{ dataset: "fields", encoder: "vit" }, /encoder: "vit" is not allowed. Allowed: resnet18, resnet50, .*small/],
    [{ dataset: "fields", arms: ["blur+blur"] }, /arms\.0: "blur\+blur" is not allowed. Allowed: blur\+brightness/],
    [{ dataset: "fields", seeds: [] }, /seeds: \[\] is not allowed. It needs at least 1/],
    [{ dataset: "fields", seeds: [1, 1] }, /seeds: 1 is given twice/],
    [{ dataset: "fields", finetune: { percents: [0] } }, /finetune\.percents\.0: 0 is not allowed. It must be above 0/],
    [
      { dataset: "fields", augmentation: { profile: "physical", parameters: { shift: { pixels: 3 } } } },
      /augmentation\.parameters\.shift\.pixels: there is no such setting. Settings of augmentation.parameters.shift: fraction/,
    ],
    [{ dataset: "fields", augmentation: { profile: "wild" } }, /augmentation\.profile: "wild" is not allowed/],
    [JSON.parse('{"dataset":"fields","__proto__":{"encoder":"small"}}'), /__proto__: there is no such setting/],
  ])("%j are refused in words", (settings, message) => {
    expect(() => resolveStudyConfig({ preset: null, settings })).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT", message: expect.stringMatching(message) }),
    );
  });
});

describe("a study", () => {
  it("is read as it was created", async () => {
    const study = await createStudy(workspace, { name: "a", ...demo });
    expect(await readStudy(workspace, "a")).toEqual(study);
    expect(study).toMatchObject({ preset: "demo", droppedByHand: null });
  });

  it("keeps its name for itself", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    await expect(createStudy(workspace, { name: "a", ...demo })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    const both = await Promise.allSettled([createStudy(workspace, { name: "b", ...demo }), createStudy(workspace, { name: "b", ...demo })]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("whose creation was killed does not exist, and its name is free", async () => {
    await mkdir(join(workspace, "studies/a"), { recursive: true });
    expect(await listStudies(workspace)).toEqual([]);
    await expect(readStudy(workspace, "a")).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("none yet") });
    await createStudy(workspace, { name: "a", ...demo });
    expect((await listStudies(workspace)).length).toBe(1);
  });

  it.each(["", "..", "a/b", "-a", "a".repeat(65)])("cannot be named %j", async (name) => {
    await expect(createStudy(workspace, { name, ...demo })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(readStudy(workspace, name)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("that does not exist is answered with those that do", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    await expect(readStudy(workspace, "b")).rejects.toThrow(/There is: a\./);
  });

  it("with a damaged record is told as such and does not hide the others", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    await createStudy(workspace, { name: "b", ...demo });
    await writeFile(join(workspace, "studies/a/study.json"), '{"version":1');
    await expect(readStudy(workspace, "a")).rejects.toMatchObject({ code: "BAD_FILE" });
    expect((await listStudies(workspace)).map(({ name }) => name)).toEqual(["b"]);
  });

  it("has a run for every arm and seed, and a second stage", async () => {
    const study = await createStudy(workspace, { name: "a", preset: "demo", settings: { dataset: "fields", seeds: [1, 2, 3] } });
    expect(runsOf(study).length).toBe(123);
    expect(fullRunsOf(study).length).toBe(3);
    expect(allRunsOf(study).length).toBe(126);
  });

  it("gives its runs its settings, and the second stage its own", async () => {
    const study = await createStudy(workspace, {
      name: "a",
      preset: "demo",
      settings: { dataset: "fields", full: { epochs: 9, seeds: [8] } },
    });
    expect(runConfigOf(study, "gain+shift", 5)).toMatchObject({
      arm: "gain+shift",
      seed: 5,
      kept: [],
      pretrain: PRESETS.demo.settings.pretrain,
    });
    expect(fullRunConfig(study, ["gain+shift"], 8)).toMatchObject({ arm: "full", seed: 8, kept: ["gain+shift"], pretrain: { epochs: 9 } });
    expect(fullRunsOf(study)).toEqual([{ arm: "full", seed: 8 }]);
  });

  it("without couplets has no second stage", async () => {
    const study = await createStudy(workspace, { name: "a", preset: "demo", settings: { dataset: "fields", arms: ["none"] } });
    expect(study.config.arms).toEqual(["none", "random-init"]);
    expect(fullRunsOf(study)).toEqual([]);
  });

  it("counts its runs by their last events and their leases", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    await journal("a", "none", 1, started, { kind: "finished", f1: 0.5 });
    await journal("a", "all", 1, started, { kind: "failed", code: "NO_DATA", message: "none" });
    await journal("a", "pixel", 1, started); // killed
    await journal("a", "geometric", 1, started, { kind: "interrupted", step: 0, reason: "paused" });
    await journal("a", "random-init", 1, started);
    const lease = await new Claimer().claim(runFolderOf(workspace, "a", { arm: "random-init", seed: 1 }));
    expect(await studySummary(workspace, "a")).toMatchObject({ runs: 41, finished: 1, failed: 1, running: 1, dataset: "fields" });
    expect((await runState(runFolderOf(workspace, "a", { arm: "pixel", seed: 1 }))).status).toBe("paused");
    expect((await runState(runFolderOf(workspace, "a", { arm: "random-init", seed: 1 }))).status).toBe("running");
    const results = await studyResults(workspace, await readStudy(workspace, "a"));
    expect(results.get("none")![0]!.state).toMatchObject({ status: "finished", f1: 0.5 });
    expect(results.get("blur+gain")![0]!.state.status).toBe("queued");

    await expect(deleteStudy(workspace, "a")).rejects.toMatchObject({ code: "BUSY" });
    await lease!.release();
    await deleteStudy(workspace, "a");
    expect(await readdir(join(workspace, "studies"))).toEqual([]);
  });

  it("keeps the settings that a run was begun with", async () => {
    const study = await createStudy(workspace, { name: "a", ...demo });
    const folder = runFolderOf(workspace, "a", { arm: "none", seed: 1 });
    await createRun(folder, runConfigOf(study, "none", 1));
    await createRun(folder, { ...runConfigOf(study, "none", 1), encoder: "resnet18" });
    expect((await readRun(folder))!.config.encoder).toBe("small");
    expect(JSON.parse(await readFile(join(folder, "run.json"), "utf8"))).toMatchObject({ version: 1, engine: null });
  });
});

describe("the selection of couplets", () => {
  const scores = new Map(COUPLET_ARMS.map((arm, i) => [arm, [i / 100, i / 100 + 0.02]]));

  it("drops the bottom quarter by the mean over seeds", async () => {
    const study = await createStudy(workspace, { name: "a", ...demo });
    const { dropped, kept, missing } = selectionOf(study, scores);
    expect(new Set(dropped)).toEqual(new Set(COUPLET_ARMS.slice(0, 9)));
    expect(kept.length).toBe(27);
    expect(missing).toEqual([]);
  });

  it("tells which couplets have no score", async () => {
    const study = await createStudy(workspace, { name: "a", ...demo });
    const partial = new Map([...scores].slice(2));
    expect(selectionOf(study, partial).missing).toEqual(COUPLET_ARMS.slice(0, 2));
  });

  it("by hand overrides the rule, and null goes back to it", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    const study = await selectByHand(workspace, "a", ["blur+gain"]);
    expect(selectionOf(study, new Map()).kept.length).toBe(35);
    expect(selectionOf(await selectByHand(workspace, "a", null), scores).kept.length).toBe(27);
  });

  it("by hand refuses what is no couplet, and to drop them all", async () => {
    await createStudy(workspace, { name: "a", ...demo });
    await expect(selectByHand(workspace, "a", ["none"])).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(selectByHand(workspace, "a", COUPLET_ARMS)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });
});
