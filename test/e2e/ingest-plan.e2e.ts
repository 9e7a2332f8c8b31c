// The plan of an ingest in a real browser: what it takes and keeps, told before it starts; then pausing it, and going on in another session.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { makeMixedFolder, PATCHES } from "./mixed-folder.ts";
import { inspectPage } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";

/** Four tiles of each of the two scenes. */
const TILES = PATCHES + 1 + 4 + 4;

describe.skipIf(!chromium)("the plan of an ingest", { timeout: 120_000 }, () => {
  const stage = useStage("ingest-plan");
  const { folder, workspace, go } = stage;
  const mixed = join(folder, "mixed");
  let page: Page;

  beforeAll(async () => {
    await makeMixedFolder(mixed);
    page = await stage.open();
  });

  const limits = () => page.getByRole("region", { name: "Tiles that are left out" });

  it("tells time, disk and tiles by a trial, and what limits keep as they are set", async () => {
    await go("#/data?add=1");
    await page.getByLabel("Folder with Sentinel-2 data").fill(mixed);
    await page.getByRole("button", { name: "Look what is there" }).click();
    await page.getByText(/to store \([\d.,]+ [GT]B free\)\. About \d+ s with \d+ threads?, by \d+ tiles that were read here/).waitFor();
    expect(await page.getByRole("button", { name: /^Ingest/ }).textContent()).toBe(`Ingest ${TILES} tiles`);
    await limits().getByText("Tiles of any cloud").waitFor();
    // The left half of the product is clouded: two of its tiles wholly, one in a corner.
    await page.getByRole("slider", { name: "Cloud, at most" }).focus();
    await page.keyboard.press("Home");
    await limits()
      .getByText(new RegExp(`^Keeps about ${TILES - 3} of ${TILES} tiles, as of the \\d+ that were read`))
      .waitFor();
    await page.getByRole("button", { name: `Ingest about ${TILES - 3} tiles` }).scrollIntoViewIfNeeded();
    await inspectPage(page, "plan-limits");
  });

  it("keeps what it said", async () => {
    await page.getByRole("button", { name: `Ingest about ${TILES - 3} tiles` }).click();
    await page
      .getByRole("main")
      .getByText(`${TILES - 3} tiles are stored; 3 were left out for clouds or for lack of data.`)
      .waitFor();
    await page.getByRole("button", { name: "Look at the tiles" }).click();
    const shown = page.getByRole("navigation", { name: "Filter" }).locator("[aria-live]");
    await expect.poll(() => shown.textContent(), { timeout: 20_000 }).toBe(`${TILES - 3} tiles`);
  });

  it("is paused by a click, and goes on by another, after a restart", async () => {
    await go("#/data?add=1");
    await page.getByLabel("Folder with Sentinel-2 data").fill(mixed);
    await page.getByRole("button", { name: "Look what is there" }).click();
    await page.getByLabel("Name of the data set").fill("overlaps");
    // Overlapping tiles by the hundred: it takes a while.
    await page.getByLabel("Tile side, 10 m px").fill("96");
    await page.getByLabel("Stride, 10 m px").fill("12");
    await page.getByRole("button", { name: /^Ingest about [\d,]+ tiles/ }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/^Paused (after [\d,]+ of [\d,]+ tiles|before anything was read)/).waitFor();
    await page.getByRole("button", { name: "Go on" }).first().waitFor();
    await inspectPage(page, "ingest-paused");
    await stage.serving.stop();
    page = await stage.open();
    await go("#/data");
    await page.getByText("paused or interrupted").waitFor();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Look at the tiles" }).waitFor({ timeout: 90_000 });
    expect(readdirSync(join(workspace, "datasets", "overlaps"))).toContain("dataset.json");
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });
});
