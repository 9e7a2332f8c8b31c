// Imagery of several kinds in a real browser: from the plan of what is there to data sets that are filtered, labelled, checked, moved and deleted.
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { feature, geoJson, square } from "../electron/ingest/labels/made-vectors.ts";
import { makeMixedFolder, PATCHES, SCENE_CORNER } from "./mixed-folder.ts";
import { inspectPage, waitForImages } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command } from "./studio.ts";

/** How long a view may take to follow. */
const SETTLED = { timeout: 20_000 };

/** One tile of each patch and the copy, and three of the product's four. */
const TILES = PATCHES + 1 + 3;

describe.skipIf(!chromium)("data of any kind in a browser", { timeout: 180_000 }, () => {
  const stage = useStage("data");
  const { folder, workspace, complaints, go } = stage;
  const mixed = join(folder, "mixed");
  const moved = join(folder, "moved");
  let page: Page;

  beforeAll(async () => {
    await makeMixedFolder(mixed);
    page = await stage.open();
  });

  const inspect = async (name: string) => {
    await waitForImages(page);
    await inspectPage(page, name);
  };
  const manage = async (item: string) => {
    await page.getByRole("button", { name: "Manage" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    return page.getByRole("dialog");
  };
  const shown = () => page.getByRole("navigation", { name: "Filter" }).locator("[aria-live]");

  it("shows each source of a mixed folder, and warns where pixels disagree", async () => {
    await go("#/data?add=1");
    await page.getByLabel("Folder with Sentinel-2 data").fill(mixed);
    await page.getByRole("button", { name: "Look what is there" }).click();
    const product = page.getByRole("article", { name: "Sentinel-2 Level-2A products" });
    await product.getByText("(DN − 1,000) / 10,000").waitFor();
    await product.getByText("MTD_MSIL2A.xml: BOA_ADD_OFFSET -1000", { exact: false }).waitFor();
    await product.getByText("04.00", { exact: true }).waitFor();
    await product.getByText("60 % on average").waitFor();
    await page.getByText("it looks as if an offset of -1000 were still in them").waitFor();
    await inspect("plan-mixed");
  });

  it("sets an offset where the warning says so, and tells what that changes", async () => {
    await page.getByRole("button", { name: "Set the offset to −1,000" }).click();
    expect(await page.getByLabel("Offset, DN").inputValue()).toBe("-1,000");
    await page.getByText("The reflectance of every tile of 3 sources becomes").waitFor();
    await page.getByRole("button", { name: /^Ingest/ }).scrollIntoViewIfNeeded();
    await inspect("plan-offset");
    await page.getByText("as each source tells").click();
    expect(await page.getByLabel("Offset, DN").count()).toBe(0);
  });

  it("ingests a sample of the sources that are taken", async () => {
    await page.getByRole("checkbox", { name: "Scenes, an image a band" }).uncheck();
    await page.getByLabel("Draw tiles, at most").fill(String(TILES));
    await page.getByRole("combobox", { name: "Drawn" }).click();
    await page.getByRole("option", { name: "as many of each scene" }).click();
    await page.getByRole("button", { name: `Ingest ${TILES} tiles` }).click();
    await page.getByRole("button", { name: "Look at the tiles" }).click({ timeout: 60_000 });
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} tiles`);
  });

  it("filters by facets, and goes back through them", async () => {
    await page.getByRole("button", { name: /^Sentinel-2 Level-2A products/ }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`3 of ${TILES} tiles`);
    await page.getByRole("button", { name: /^BigEarthNet v1/ }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} of ${TILES} tiles`);
    await page.goBack();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`3 of ${TILES} tiles`);
    await page
      .getByRole("option", { name: /cloud 100 %/ })
      .first()
      .waitFor();
    await inspect("filter-source");
  });

  it("leaves clouded tiles out, by keyboard", async () => {
    await page.getByRole("slider", { name: "Cloud, at most" }).focus();
    await page.keyboard.press("Home");
    await expect.poll(() => shown().textContent(), SETTLED).toMatch(/^[12] of/);
    await page.getByText("Tiles whose share is not known are left out.").waitFor();
    await expect.poll(() => page.getByRole("option", { name: /cloud/ }).count(), SETTLED).toBe(0);
    await page.getByRole("listbox").getByRole("option").first().click();
    const tile = page.getByRole("complementary", { name: "Tile" });
    await tile.getByText("MTD_MSIL2A.xml: BOA_ADD_OFFSET -1000", { exact: false }).waitFor();
    await inspect("filter-cloud");
    await tile.getByText("Metadata").scrollIntoViewIfNeeded();
    await tile.getByText("Corners").scrollIntoViewIfNeeded();
    await inspect("tile-facts");
    await page.keyboard.press("Escape");
  });

  it("finds tiles by a part of their id, and says when none is left", async () => {
    await page.getByRole("listbox").click({ position: { x: 5, y: 300 } });
    await page.keyboard.press("/");
    await page.keyboard.type("nowhere");
    await page.getByText("No tile is left").waitFor();
    await inspect("filter-empty");
    await page.getByRole("button", { name: `Show all ${TILES} tiles` }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} tiles`);
  });

  it("lists tiles that show the same", async () => {
    await page.getByRole("button", { name: "Manage" }).click();
    await page.getByRole("menuitem", { name: "Find duplicates" }).click();
    const group = page.getByRole("region", { name: /^exact duplicates/ }).first();
    await group.getByText("same pixels").waitFor();
    await group.getByRole("button").nth(1).click();
    await page.getByRole("complementary", { name: "Tile" }).waitFor();
    await inspect("duplicates");
    await page.getByRole("button", { name: "All tiles" }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} tiles`);
  });

  it("verifies all tiles", async () => {
    const dialog = await manage("Verify");
    await dialog.getByText(`All ${TILES} tiles are as they were stored`).waitFor();
    await inspect("verify");
    await dialog.getByRole("button", { name: "Close" }).last().click();
  });

  it("tries labels from polygons out, then applies them", async () => {
    const path = join(folder, "fields.json");
    const { left, top, metres } = SCENE_CORNER;
    const crs = { type: "name", properties: { name: "EPSG:32633" } };
    writeFileSync(path, geoJson([feature({ crop: "cotton", owner: 3 }, square(left, top - metres, metres))], { crs }));
    const dialog = await manage("Label or exclude tiles");
    await dialog.getByText("Polygons").click();
    await dialog.getByLabel("GeoJSON").fill(path);
    await dialog.getByLabel("add to them").check();
    await dialog.getByRole("button", { name: "Try it out" }).click();
    await dialog.getByText("Choose the attribute that holds the class").waitFor();
    await dialog.getByRole("combobox", { name: "Attribute with the class" }).click();
    await page.getByRole("option", { name: "crop" }).click();
    await dialog.getByLabel("Class of each value").fill("cotton=Irrigated cotton");
    await dialog.getByRole("button", { name: "Try it out" }).click();
    const outcome = dialog.getByRole("region", { name: "Outcome of the trial" });
    await outcome.getByText("they tell of 3 of").waitFor();
    await outcome.getByRole("cell", { name: "Irrigated cotton" }).waitFor();
    expect(await page.getByRole("button", { name: /^Irrigated cotton/ }).count()).toBe(0);
    await inspect("label-trial");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await dialog.getByText("The data set is changed.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page
      .getByRole("button", { name: /^Show all \d+/ })
      .first()
      .click();
    await page.getByRole("button", { name: /^Irrigated cotton/ }).waitFor();
  });

  it("follows a folder that moved, and tells what is gone when it looks for new tiles", async () => {
    renameSync(mixed, moved);
    const dialog = await manage("A folder moved");
    await dialog.getByLabel("Where it lies now").fill(moved);
    await dialog.getByRole("button", { name: "Use the new place" }).click();
    await dialog.getByText(`${PATCHES + 2} of ${PATCHES + 2} patches are in the new place`).waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const patches = join(moved, "patches");
    rmSync(join(patches, readdirSync(patches).find((name) => name.endsWith("_copy"))!), { recursive: true });
    await page.getByRole("button", { name: "Manage" }).click();
    await page.getByRole("menuitem", { name: "Add what is new" }).click();
    await page.getByRole("main").getByText(`Nothing is new; ${TILES} tiles are there`).waitFor({ timeout: 60_000 });
    await page.getByText("1 file changed or gone since").click();
    await page.getByText("is gone. The data set keeps the tiles").waitFor();
    await inspect("update");
  });

  it("deletes a data set that a study uses only when that is agreed to", async () => {
    await command("study", "create", "crops", "--workspace", workspace, "--dataset", "mixed", "--preset", "demo", "--seeds", "1");
    await go("#/data/mixed");
    const dialog = await manage("Delete");
    await dialog.getByText("study crops").waitFor();
    const remove = dialog.getByRole("button", { name: new RegExp(`^Delete ${TILES} tiles, [\\d.]+ MB$`) });
    expect(await remove.isDisabled()).toBe(true);
    await inspect("delete");
    await dialog.getByLabel("Delete it although they use it").check();
    await remove.click();
    await expect.poll(() => page.url(), SETTLED).toMatch(/#\/data$/);
    await expect.poll(() => readdirSync(join(workspace, "datasets")), SETTLED).toEqual([]);
  });

  it("had nothing to complain of in the console", () => {
    expect(complaints).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });
});
