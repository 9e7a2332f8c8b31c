// The interface in a real browser, on the real host, with real training: from an empty workspace to a report.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { waitForImages as imagesOf, inspectPage } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command, screenshots } from "./studio.ts";

describe.skipIf(!chromium)("the interface in a browser", { timeout: 180_000 }, () => {
  const stage = useStage("app");
  const { folder, workspace, complaints, go } = stage;
  const sample = join(folder, "sample");
  let page: Page;

  beforeAll(async () => {
    await command("sample", sample, "--patches", "144", "--seed", "7");
    page = await stage.open();
  });

  const inspect = (name: string) => inspectPage(page, name);
  const waitForImages = () => imagesOf(page);

  /** Bytes of all runs' events. */
  function journalBytes(): number {
    const studies = join(workspace, "studies");
    const files = readdirSync(studies, { recursive: true, withFileTypes: true }).filter((entry) => entry.name === "events.jsonl");
    return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  }

  const status = () => page.locator("footer");

  it("opens with the token, and keeps it out of the address bar", async () => {
    await page.getByRole("heading", { name: "The first study in workspace" }).waitFor();
    expect(page.url()).not.toContain("token");
  });

  it("teaches the next step in an empty workspace", async () => {
    await inspect("start");
    await go("#/data");
    await page.getByText("No data set yet").waitFor();
    await inspect("empty-data");
    await go("#/augmentations");
    await page.getByText("Augmentations are shown on your own tiles").waitFor();
    await inspect("empty-augmentations");
    await go("#/training");
    await page.getByText("No study yet").waitFor();
    await inspect("empty-training");
    await go("#/comparison");
    await page.getByText("No study to compare yet").waitFor();
    await inspect("empty-comparison");
  });

  it("opens the published sweep", async () => {
    await page.getByRole("link", { name: "Open the published sweep" }).click();
    await page.getByRole("heading", { level: 2 }).filter({ hasText: "couplets scored above the control" }).waitFor();
    await inspect("published");
  });

  it("says what is wrong with a folder", async () => {
    await go("#/data?add=1");
    await page.getByLabel("Folder with Sentinel-2 data").fill(join(folder, "nowhere"));
    await page.getByRole("button", { name: "Look what is there" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("nowhere");
    await inspect("scan-failed");
  });

  it("shows a plan of what a folder holds, and ingests it", async () => {
    await page.getByLabel("Folder with Sentinel-2 data").fill(sample);
    await page.getByRole("button", { name: "Look what is there" }).click();
    await page.getByText("BigEarthNet v1").waitFor();
    await inspect("ingest-plan");
    await page.getByLabel("Name of the data set").fill("fields");
    await page.getByRole("button", { name: "Ingest 144 tiles" }).click();
    await page.getByRole("button", { name: "Look at the tiles" }).click({ timeout: 60_000 });
    await page.getByRole("option").first().waitFor();
  });

  it("shows tiles by class, and one with its spectrum", async () => {
    await page.getByRole("button", { name: /^Permanently irrigated land/ }).click();
    const irrigated = page.getByRole("listbox", { name: "Tiles of fields" }).getByRole("option");
    await expect.poll(() => irrigated.first().getAttribute("aria-label"), { timeout: 20_000 }).toContain("Permanently irrigated land");
    await irrigated.first().click();
    await page.getByRole("img", { name: /^Reflectance against wavelength/ }).waitFor();
    await waitForImages();
    await inspect("tile");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByRole("complementary", { name: "Tile" }).count()).toBe(0);
  });

  it("goes back and forward through what was looked at", async () => {
    await page.goBack();
    await page.getByRole("complementary", { name: "Tile" }).waitFor();
    await page.goForward();
    await expect.poll(() => page.getByRole("complementary", { name: "Tile" }).count()).toBe(0);
  });

  it("previews augmentations on a tile, and draws again", async () => {
    await page.keyboard.press("2");
    const view = page.getByAltText("Tile 0, view 1");
    await view.waitFor({ timeout: 60_000 });
    await waitForImages();
    const before = await view.getAttribute("src");
    await page.getByRole("button", { name: "Draw again" }).click();
    await expect.poll(() => view.getAttribute("src")).not.toBe(before);
    const profile = page.getByRole("combobox", { name: "Parameter profile" });
    await profile.click();
    await page.getByRole("option", { name: "published" }).click();
    await page.getByRole("checkbox", { name: "gain" }).check();
    await page
      .getByText(/gain x/)
      .first()
      .waitFor();
    await waitForImages();
    await inspect("augmentations");
    await profile.click();
    await page.getByRole("option", { name: "physical" }).click();
  });

  it("designs a study in the matrix, and starts it", async () => {
    await page.getByRole("button", { name: "None", exact: true }).click();
    await page.locator('[data-arm="rotation+shift"]').click();
    await page.locator('[data-arm="blur+gain"]').click();
    const matrix = page.locator("svg[aria-label^='Matrix']");
    await matrix.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.getByText("4 arms, ").waitFor();
    await page.getByRole("button", { name: "Create study" }).click();
    await page.getByLabel("Name", { exact: true }).fill("first");
    await choose("Preset", "demo");
    await page.getByLabel("Seeds", { exact: true }).first().fill("1");
    await page.getByLabel("Epochs", { exact: true }).first().fill("12");
    await page.getByLabel("Batch size", { exact: true }).first().fill("16");
    await page.getByText("Runs", { exact: true }).waitFor({ timeout: 60_000 });
    await inspect("create-study");
    await page.getByRole("button", { name: "Create and run" }).click({ timeout: 60_000 });
    await page.getByRole("button", { name: "Pause" }).waitFor({ timeout: 60_000 });
  });

  it("shows the running arm live, without loading the page again", async () => {
    await page.evaluate(() => {
      document.body.dataset.mark = "same page";
    });
    await page.getByRole("progressbar").first().waitFor({ timeout: 60_000 });
    const step = page.locator("dd").first();
    await expect.poll(() => step.textContent(), { timeout: 60_000 }).toMatch(/^[1-9]\d* of \d+$/);
    const before = await step.textContent();
    await expect.poll(() => step.textContent(), { timeout: 60_000 }).not.toBe(before);
    await page.getByRole("img", { name: /^Training of/ }).waitFor();
    await expect.poll(async () => Number.parseInt((await step.textContent()) ?? "", 10), { timeout: 60_000 }).toBeGreaterThan(20);
    expect(await page.evaluate(() => document.body.dataset.mark)).toBe("same page");
    await inspect("training");
  });

  it("pauses after a checkpoint, and goes on", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await status().getByText("nothing is running").waitFor({ timeout: 60_000 });
    await page.getByRole("heading", { name: "first is paused" }).waitFor();
    const quiet = journalBytes();
    await inspect("training-paused");
    expect(journalBytes()).toBe(quiet);
    await page.getByRole("button", { name: "Resume", exact: true }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor({ timeout: 60_000 });
  });

  it("goes on training while no page is open, and shows it to the next one", async () => {
    await page.close();
    const left = journalBytes();
    await expect.poll(journalBytes, { timeout: 60_000 }).toBeGreaterThan(left);
    page = await stage.newPage();
    await page.goto(stage.serving.url);
    await go("#/training/first");
    await page.getByRole("region", { name: "Running now" }).waitFor();
  });

  it("compares the arms when all runs have ended, and writes the report", async () => {
    await status().getByText("nothing is running").waitFor({ timeout: 150_000 });
    await page.getByRole("heading", { name: "first is finished" }).waitFor();
    await inspect("training-finished");
    await go("#/comparison/first");
    await page.getByRole("img", { name: /^F1 of 5 arms/ }).waitFor();
    await inspect("comparison");
    await page
      .getByRole("row", { name: /rotation\+shift/ })
      .getByRole("button")
      .click();
    await page.getByRole("complementary", { name: "Arm" }).waitFor();
    await inspect("comparison-arm");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Write report" }).click();
    const path = await page.getByRole("dialog").locator("code").first().textContent({ timeout: 60_000 });
    expect(readFileSync(path!, "utf8")).toContain("rotation+shift");
    await inspect("report");
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  });

  it("saves a chart as SVG, PNG and CSV", async () => {
    for (const [item, start] of [
      ["Save SVG", "<svg"],
      ["Save PNG", "\u0089PNG"],
      ["Save CSV", "arm,"],
    ] as const) {
      await page.getByRole("button", { name: "Export first-f1" }).click();
      const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: item }).click()]);
      expect(readFileSync(await saved.path(), "latin1").slice(0, start.length)).toBe(start);
    }
  });

  it("changes the selection by hand, and goes back to the rule", async () => {
    const couplet = page.getByRole("region", { name: "Selection for the second stage" }).getByRole("button", { name: /^rotation\+shift/ });
    await couplet.click();
    await expect.poll(() => couplet.getAttribute("aria-pressed")).toBe("false");
    await page.getByRole("button", { name: "Back to the rule" }).click();
    await expect.poll(() => couplet.getAttribute("aria-pressed")).toBe("true");
  });

  it("tells when the host is gone", async () => {
    await stage.serving.stop();
    await status().getByText("disconnected, retrying").waitFor({ timeout: 30_000 });
    await page.screenshot({ path: join(screenshots, "disconnected-light.png") });
  });

  it("had nothing to complain of in the console, but for the host's end", () => {
    expect(complaints.filter((line) => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(line))).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });

  async function choose(label: string, option: string): Promise<void> {
    await page.getByRole("dialog").getByLabel(label, { exact: true }).first().click();
    await page.getByRole("option", { name: option, exact: true }).click();
  }
});
