import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readTileUse } from "../../../../electron/ingest/catalogue/catalogue.ts";
import { datasetFolderOf, readDataset } from "../../../../electron/ingest/catalogue/dataset-folder.ts";
import { useTiles } from "../../../../electron/ingest/labels/use-tiles.ts";
import { makeDataset } from "../../training/made-dataset.ts";
import { temporaryFolder } from "../made-files.ts";

let datasetFolder: string;
beforeAll(async () => {
  const workspace = temporaryFolder();
  await makeDataset({ workspace, tiles: 12 });
  datasetFolder = datasetFolderOf(workspace, "fields");
});
const excluded = async () => (await readTileUse(datasetFolder)).excluded.flatMap((isOut, row) => (isOut ? [row] : []));

describe("taking picked tiles out of use", () => {
  it("adds to those that are out, puts some back, and goes back to the first fingerprint with the last", async () => {
    const { fingerprint } = await readDataset(datasetFolder);
    expect(await useTiles(datasetFolder, { tiles: "3-5", inUse: false })).toBe(3);
    const once = (await readDataset(datasetFolder)).fingerprint;
    expect(await useTiles(datasetFolder, { tiles: "5,9", inUse: false })).toBe(4);
    expect(await excluded()).toEqual([3, 4, 5, 9]);
    expect(await useTiles(datasetFolder, { tiles: "9", inUse: true })).toBe(3);
    const { fingerprint: again, labelling } = await readDataset(datasetFolder);
    expect(again).toBe(once);
    expect(again).not.toBe(fingerprint);
    expect(labelling!.reports.map(({ mode }) => mode)).toEqual(["add", "add", "remove"]);
    expect(await useTiles(datasetFolder, { tiles: "0-11", inUse: true })).toBe(0);
    expect(await excluded()).toEqual([]);
  });

  it("keeps each list of ids as a record", () => {
    const lists = readdirSync(join(datasetFolder, "lists")).sort();
    expect(lists.map((name) => name.replace(/^.*Z-/, ""))).toEqual([
      "out-of-use.txt",
      "out-of-use.txt",
      "back-in-use.txt",
      "back-in-use.txt",
    ]);
    expect(readFileSync(join(datasetFolder, "lists", lists[0]!), "utf8")).toBe("tile-3\ntile-4\ntile-5\n");
  });

  it("refuses rows that the data set does not have", async () => {
    for (const tiles of ["", "12", "3-", "0-99999999"])
      await expect(useTiles(datasetFolder, { tiles, inUse: false })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    expect(await excluded()).toEqual([]);
  });
});
