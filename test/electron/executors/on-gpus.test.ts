// Several processes, one a GPU, with stand-ins for the GPUs' work: real processes, leases and stops.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { JobStopped } from "../../../electron/app/jobs.ts";
import { type GpuProgress, type RunOnGpusOptions, runOnGpus } from "../../../electron/executors/on-gpus.ts";
import { readEvents } from "../../../electron/runs/journal.ts";
import { createStudy, runFolderOf, runsOf, studyFolder, studySummary } from "../../../electron/runs/study-store.ts";
import type { RunEvent } from "../../../shared/domain/run-state.ts";
import type { Study } from "../../../shared/domain/workspace.ts";
import { type Bundle, bundle } from "../runs/bundled.ts";
import { makeDataset } from "../training/made-dataset.ts";

let workspace: string;
let scripts: Bundle;
let study: Study;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), "gpus-"));
  scripts = await bundle({ gpu: "test/electron/executors/gpu.child.ts" });
  await makeDataset({ workspace, tiles: 16 });
});
afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
  await scripts?.remove();
});
beforeEach(async () => {
  const settings = { dataset: "fields", arms: ["blur+gain", "gain+shift", "none"], seeds: [1, 2] };
  study = await createStudy(workspace, { name: "a", preset: "demo", settings });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(studyFolder(workspace, "a"), { recursive: true, force: true });
});

const run = (gpus: readonly string[], options: Partial<RunOnGpusOptions> = {}) =>
  runOnGpus({
    ...{ workspace, study, gpus, stage: "sweep", signal: new AbortController().signal, script: scripts.path("gpu"), pollMs: 20 },
    ...options,
  });

async function eventsOfAll(): Promise<RunEvent[][]> {
  return Promise.all(runsOf(study).map(async (ref) => (await readEvents(runFolderOf(workspace, "a", ref))).events));
}

describe("a study on two GPUs", { timeout: 60_000 }, () => {
  it("is shared by two processes, each of which sees its own", async () => {
    const progress: GpuProgress[] = [];
    expect(await run(["GPU-a", "GPU-b"], { onProgress: (update) => progress.push(update) })).toBeNull();
    for (const gpu of ["GPU-a", "GPU-b"]) expect(existsSync(join(workspace, `seen-${gpu}`))).toBe(true);
    for (const events of await eventsOfAll()) expect(events.filter(({ kind }) => kind === "started")).toHaveLength(1);
    expect(await studySummary(workspace, "a")).toMatchObject({ runs: 8, finished: 8 });
    expect(progress.at(-1)).toMatchObject({ done: 8, total: 8, message: "on 2 GPUs" });
    expect(progress.some(({ rate }) => rate !== null && rate > 0)).toBe(true);
  });

  it("is finished by the other when one process dies, and that is said", async () => {
    expect(await run(["broken", "GPU-a"])).toContain("broken ended before the study (CUDA_ERROR_UNKNOWN)");
    expect(await studySummary(workspace, "a")).toMatchObject({ finished: 8 });
  });

  it("fails with what a process said when none came to the end", async () => {
    await expect(run(["refused", "broken"])).rejects.toMatchObject({ code: "OUT_OF_MEMORY", message: "too little" });
  });

  it.each(["paused", "cancelled"] as const)("is %s after a checkpoint in each process", async (reason) => {
    vi.stubEnv("STEPS", "100000"); // no run comes to its end before the stop
    const controller = new AbortController();
    const onProgress = ({ rate }: GpuProgress) => rate !== null && controller.abort(new JobStopped(reason));
    await expect(run(["GPU-a", "GPU-b"], { signal: controller.signal, onProgress })).rejects.toMatchObject({ code: "CANCELLED", reason });
    const last = (await eventsOfAll()).flatMap((events) => events.at(-1) ?? []);
    expect(last.filter((event) => event.kind === "interrupted" && event.reason === reason).length).toBeGreaterThan(0);
    for (const { kind } of last) expect(kind).toBe("interrupted");
  });
});
