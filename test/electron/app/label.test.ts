// Labelling over the contract: progress, then the report; the workspace's lists follow.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRouterClient } from "@orpc/server";
import { describe, expect, it } from "vitest";
import { createHost } from "../../../electron/app/host.ts";
import { createRouter } from "../../../electron/app/router.ts";
import { temporaryFolder } from "../ingest/made-files.ts";
import { makeDataset } from "../training/made-dataset.ts";

describe("dataset.label", () => {
  it("gives progress and the report, and the data set has other labels then", async () => {
    const host = await createHost({ workspace: join(temporaryFolder(), "workspace"), door: "cli" });
    try {
      await makeDataset({ workspace: host.workspace.value.path, tiles: 6 });
      const client = createRouterClient(createRouter(host));
      const path = join(host.workspace.value.path, "labels.csv");
      writeFileSync(path, "id,labels\ntile-0,Cotton\n");
      const label = async (dryRun: boolean) => {
        const updates = [];
        for await (const update of await client.dataset.label({
          dataset: "fields",
          source: { kind: "csv", path },
          mode: "replace",
          dryRun,
        }))
          updates.push(update);
        return updates;
      };
      const classes = async () => (await client.dataset.get({ dataset: "fields" })).classes;
      const before = await classes();
      expect((await label(true)).map(({ kind }) => kind)).toEqual(["progress", "result"]);
      expect(await classes()).toEqual(before);
      expect((await label(false)).at(-1)).toMatchObject({
        kind: "result",
        report: { matched: 1, classes: [{ name: "Cotton", tiles: 1 }] },
      });
      expect(await classes()).toEqual([{ name: "Cotton", tiles: 1 }]);
      expect((await client.dataset.tiles({ dataset: "fields", label: "Cotton" })).total).toBe(1);
      expect((await client.workspace.get()).datasets[0]).toMatchObject({ name: "fields", classes: 1 });
      await expect(
        label(false)
          .then(() => client.dataset.label({ dataset: "none", source: { kind: "csv", path } }))
          .then((updates) => updates.next()),
      ).rejects.toMatchObject({
        data: { code: "NOT_FOUND" },
      });
    } finally {
      await host.close();
    }
  });
});
