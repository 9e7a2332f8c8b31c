import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { datasetLoss, deleteDataset } from "../../../electron/app/delete-dataset.ts";
import { createHost } from "../../../electron/app/host.ts";
import { openWorkspace } from "../../../electron/app/workspace-folder.ts";
import { lockDataset } from "../../../electron/ingest/catalogue/lock.ts";
import { Claimer } from "../../../electron/runs/lease.ts";
import { createStudy, runFolderOf } from "../../../electron/runs/study-store.ts";
import { temporaryFolder } from "../ingest/made-files.ts";
import { makeDataset, TINY_SETTINGS } from "../training/made-dataset.ts";

describe("deleting a data set", () => {
  let workspace: string;
  let folder: string;
  beforeEach(async () => {
    workspace = await openWorkspace(temporaryFolder());
    await makeDataset({ workspace });
    folder = join(workspace, "datasets", "fields");
  });

  it("says first what would be lost", async () => {
    await createStudy(workspace, { name: "irrigation", preset: null, settings: { ...TINY_SETTINGS, arms: ["none"], seeds: [1] } });
    const loss = await datasetLoss(workspace, "fields");
    expect(loss).toMatchObject({ tiles: 48, studies: ["irrigation"], runs: [] });
    expect(loss.bytes).toBeGreaterThan(48 * (4 * 256 + 64) * 2);
    await expect(datasetLoss(workspace, "gone")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(existsSync(folder)).toBe(true);
  });

  it("leaves nothing of it", async () => {
    await deleteDataset(workspace, "fields");
    expect(readdirSync(join(workspace, "datasets"))).toEqual([]);
  });

  it("is refused while an ingest or a run is at work", async () => {
    const unlock = await lockDataset(folder);
    await expect(deleteDataset(workspace, "fields")).rejects.toMatchObject({ code: "BUSY" });
    await unlock();
    await createStudy(workspace, { name: "irrigation", preset: null, settings: { ...TINY_SETTINGS, arms: ["none"], seeds: [1] } });
    const lease = await new Claimer().claim(runFolderOf(workspace, "irrigation", { arm: "none", seed: 1 }));
    await expect(deleteDataset(workspace, "fields")).rejects.toMatchObject({
      code: "BUSY",
      message: expect.stringContaining("irrigation"),
    });
    expect(existsSync(join(folder, "dataset.json"))).toBe(true);
    expect(existsSync(join(folder, "ingest.lock"))).toBe(false);
    await lease!.release();
    await deleteDataset(workspace, "fields");
    expect(existsSync(folder)).toBe(false);
  });

  it("of which studies are made asks to be meant, through the application", async () => {
    await createStudy(workspace, { name: "irrigation", preset: null, settings: { ...TINY_SETTINGS, arms: ["none"], seeds: [1] } });
    const host = await createHost({ workspace, door: "cli" });
    await expect(host.datasets.delete("fields")).rejects.toMatchObject({ code: "BUSY", data: { studies: ["irrigation"] } });
    const updates = [];
    for await (const update of host.datasets.verify("fields")) updates.push(update);
    expect(updates.at(-1)).toMatchObject({ kind: "result", report: { tiles: 48, problems: [] } });
    await host.datasets.delete("fields", true);
    expect(host.workspace.value.datasets).toEqual([]);
    await host.close();
  });
});
