// Filters with a name, in a small file beside the catalogue.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { deleteFilter, readSavedFilters, renameFilter, savedFilter, saveFilter } from "../../../electron/app/saved-filters.ts";
import { temporaryFolder } from "../ingest/made-files.ts";

const CLEAR = { name: "clear", filter: { maxCloud: 0.01 }, created: "2026-01-01T00:00:00Z" };
const ALPS = { name: "Alps, 2018", filter: { from: "2018", to: "2018", bounds: [5, 44, 17, 48] }, created: "2026-01-02T00:00:00Z" };

describe("saved filters", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  const names = async () => (await readSavedFilters(folder)).map(({ name }) => name);

  it("are none at first, and come by name", async () => {
    expect(await readSavedFilters(folder)).toEqual([]);
    await saveFilter(folder, CLEAR);
    expect(await saveFilter(folder, ALPS)).toEqual([ALPS, CLEAR]);
    expect(await savedFilter(folder, "clear")).toEqual({ maxCloud: 0.01 });
  });

  it("are kept whole when they are saved at once", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => saveFilter(folder, { ...CLEAR, name: `filter ${i}` })));
    expect((await names()).length).toBe(20);
    expect(JSON.parse(readFileSync(join(folder, "filters.json"), "utf8"))).toMatchObject({ version: 1 });
  });

  it("are renamed and deleted, others stay", async () => {
    await saveFilter(folder, CLEAR);
    await saveFilter(folder, ALPS);
    await renameFilter(folder, "clear", " no clouds ");
    expect(await names()).toEqual(["Alps, 2018", "no clouds"]);
    await deleteFilter(folder, "Alps, 2018");
    expect(await names()).toEqual(["no clouds"]);
  });

  it("take no name twice, and tell which there are", async () => {
    await saveFilter(folder, CLEAR);
    await saveFilter(folder, ALPS);
    await expect(saveFilter(folder, CLEAR)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(renameFilter(folder, "Alps, 2018", "clear")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(renameFilter(folder, "clear", " ")).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(savedFilter(folder, "cloudy")).rejects.toThrow("There are: Alps, 2018, clear.");
    expect(await names()).toEqual(["Alps, 2018", "clear"]);
  });

  it("say what is wrong with their file, and leave it as it is", async () => {
    const path = join(folder, "filters.json");
    writeFileSync(path, JSON.stringify({ version: 1, filters: [{ ...CLEAR, filter: { maxCloud: 7 } }] }));
    await expect(readSavedFilters(folder)).rejects.toMatchObject({ code: "BAD_FILE" });
    await expect(saveFilter(folder, ALPS)).rejects.toMatchObject({ code: "BAD_FILE" });
    expect(readFileSync(path, "utf8")).toContain("7");
  });
});
