// Adding to a data set over the contract: what was asked of its ingest is asked again.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRouterClient } from "@orpc/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHost, type Host } from "../../../electron/app/host.ts";
import { createRouter } from "../../../electron/app/router.ts";
import { copyPatch, temporaryFolder } from "../ingest/made-files.ts";
import { makeDataset } from "../training/made-dataset.ts";

describe("dataset.update", () => {
  const root = temporaryFolder();
  let host: Host;
  const client = () => createRouterClient(createRouter(host));
  beforeAll(async () => {
    host = await createHost({ workspace: join(temporaryFolder(), "workspace"), door: "cli" });
  });
  afterAll(() => host?.close());

  /** The job once it has ended. */
  async function ended(id: string) {
    for await (const jobs of await client().job.watch()) {
      const job = jobs.find((other) => other.id === id)!;
      if (job.status !== "running") return job;
    }
    throw new Error("the jobs are no longer told");
  }

  it("adds what is new by the settings of the ingest, and names what is gone", async () => {
    copyPatch(join(root, "old"), "patch_1");
    copyPatch(join(root, "old"), "patch_2", 1);
    const settings = { tilePixels: 60, bands: ["B02" as const, "B11" as const], radiometry: { offset: -100, quantification: 8000 } };
    const first = await client().data.ingest({ folders: [join(root, "old")], dataset: "fields", ...settings });
    expect(await ended(first.id)).toMatchObject({ status: "finished", message: null, changed: [] });
    const made = await client().dataset.get({ dataset: "fields" });
    expect(made).toMatchObject({ tiles: 8, tilePixels: 60, radiometry: { offset: -100, quantification: 8000 } });

    renameSync(join(root, "old"), join(root, "new"));
    const move = { dataset: "fields", from: join(root, "old"), to: join(root, "new") };
    expect(await client().dataset.relocate(move)).toEqual({ patches: 2, found: 2 });
    rmSync(join(root, "new", "patch_2"), { recursive: true });
    copyPatch(join(root, "new"), "patch_3");
    const second = await client().dataset.update({ dataset: "fields" });
    expect(await ended(second.id)).toMatchObject({
      status: "finished",
      message: "4 tiles are new; 8 were there",
      changed: [{ path: expect.stringContaining("patch_2"), reason: expect.stringContaining("is gone") }],
    });
    const third = await client().dataset.update({ dataset: "fields" });
    expect(await ended(third.id)).toMatchObject({ message: "Nothing is new; 12 tiles are there" });
  });

  it("says so where nothing tells how a data set was made", async () => {
    await makeDataset({ workspace: host.workspace.value.path, name: "old-one" });
    await expect(client().dataset.update({ dataset: "old-one" })).rejects.toMatchObject({ data: { code: "UNSUPPORTED" } });
    // A data set of before folders were kept.
    await client()
      .data.ingest({ folders: [join(root, "new")], dataset: "first" })
      .then(({ id }) => ended(id));
    const record = join(host.workspace.value.path, "datasets", "first", "dataset.json");
    const { folders, ...kept } = JSON.parse(readFileSync(record, "utf8")) as Record<string, unknown>;
    writeFileSync(record, JSON.stringify(kept));
    await expect(client().dataset.update({ dataset: "first" })).rejects.toMatchObject({
      message: expect.stringMatching(/An earlier version made.*ingest all folders \(.*new\) together under another name/),
    });
    const more = await client().data.ingest({ folders: [join(root, "new"), root], dataset: "first" });
    expect(await ended(more.id)).toMatchObject({ status: "failed", message: expect.stringContaining("An earlier version made") });
    await expect(client().dataset.update({ dataset: "none" })).rejects.toMatchObject({ data: { code: "NOT_FOUND" } });
  });
});

describe("folder.list", () => {
  it("lists the files of a folder when asked, and the folder of a file", async () => {
    const host = await createHost({ workspace: join(temporaryFolder(), "workspace"), door: "cli" });
    try {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "labels.csv"), "");
      writeFileSync(join(folder, ".hidden"), "");
      const client = createRouterClient(createRouter(host));
      const files = [{ name: "labels.csv", path: join(folder, "labels.csv") }];
      expect(await client.folder.list({ path: folder })).toMatchObject({ folders: [], files: [] });
      expect(await client.folder.list({ path: folder, withFiles: true })).toMatchObject({ path: folder, files });
      expect(await client.folder.list({ path: files[0]!.path, withFiles: true })).toMatchObject({ path: folder, files });
    } finally {
      await host.close();
    }
  });
});
