// An ingest that is paused goes on by what the workspace keeps, in this session or the next.
import { join } from "node:path";
import { createRouterClient } from "@orpc/server";
import { describe, expect, it } from "vitest";
import { createHost, type Host } from "../../../electron/app/host.ts";
import { createRouter } from "../../../electron/app/router.ts";
import type { Job } from "../../../shared/domain/workspace.ts";
import { copyPatch, temporaryFolder } from "../ingest/made-files.ts";

const clientOf = (host: Host) => createRouterClient(createRouter(host));

/** The job once it has ended. */
async function ended(host: Host, id: string): Promise<Job> {
  for await (const jobs of host.jobs.jobs.watch(undefined)) {
    const job = jobs.find((other) => other.id === id)!;
    if (job.status !== "running") return job;
  }
  throw new Error("the jobs are no longer told");
}

describe("an ingest that is paused before anything was read", () => {
  it("is there to go on with, after a restart, too; one that is cancelled is not", async () => {
    const root = temporaryFolder();
    copyPatch(root, "patch_1");
    copyPatch(root, "patch_2", 1);
    const workspace = join(temporaryFolder(), "workspace");
    let host = await createHost({ workspace, door: "cli" });
    const asked = { folders: [root], tilePixels: 60, bands: ["B02" as const] };
    for (const [dataset, stop] of [
      ["paused", "pause"],
      ["cancelled", "cancel"],
    ] as const) {
      const { id } = await clientOf(host).data.ingest({ ...asked, dataset });
      await clientOf(host).job[stop]({ id });
      expect(await ended(host, id)).toMatchObject({ status: dataset, done: 0 });
    }
    await host.close();

    host = await createHost({ workspace, door: "cli" });
    expect(host.workspace.value.datasets).toMatchObject([{ name: "paused", complete: false }]);
    const { id } = await clientOf(host).dataset.update({ dataset: "paused" });
    expect(await ended(host, id)).toMatchObject({ status: "finished", done: 8 });
    expect(await clientOf(host).dataset.get({ dataset: "paused" })).toMatchObject({ tiles: 8, tilePixels: 60, folders: [root] });
    await host.close();
  });
});

describe("a job", () => {
  it("names what it skips, with reasons", async () => {
    const root = temporaryFolder();
    copyPatch(join(root, "a"), "patch_1");
    copyPatch(join(root, "b"), "patch_1");
    const host = await createHost({ workspace: join(temporaryFolder(), "workspace"), door: "cli" });
    const { id } = await clientOf(host).data.ingest({ folders: [root], dataset: "twice" });
    expect(await ended(host, id)).toMatchObject({
      status: "finished",
      skipped: 1,
      problems: [{ path: join(root, "b", "patch_1"), reason: expect.stringContaining("same patch as") }],
    });
    await host.close();
  });
});
