// The start, workspaces and settings in a real browser: opening the sample project, another workspace, dropping a folder, changing a setting.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { inspectPage } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";

/** A look that is repeated until it is as expected. */
const poll = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000 });

describe.skipIf(!chromium)("the start and the settings", { timeout: 120_000 }, () => {
  const stage = useStage("start", { expected: /WebSocket/ });
  const { folder, complaints } = stage;
  let page: Page;

  beforeAll(async () => {
    page = await stage.open(join(folder, "first"));
  });
  const workspace = () => page.getByRole("button", { name: /^Workspace/ });

  it("shows an empty workspace the three steps to its first study", async () => {
    const steps = page.getByRole("listitem").filter({ has: page.getByText(/^(next|later)$/) });
    await steps.first().waitFor();
    expect(await steps.count()).toBe(3);
    expect(
      await page
        .getByRole("listitem")
        .filter({ has: page.getByText("next", { exact: true }) })
        .textContent(),
    ).toContain("Data");
    await inspectPage(page, "start-empty");
  });

  it("says what a typed path is before it is opened", async () => {
    const field = page.getByLabel("Open or make another");
    await field.fill(folder);
    await page.getByText("This is no workspace.").waitFor();
    await page.getByRole("link", { name: "Look for data in it" }).waitFor();
    await field.fill(join(folder, "second"));
    await page.getByRole("button", { name: "Make the workspace" }).click();
    await poll(() => workspace().textContent()).toContain("second");
    expect(existsSync(join(folder, "second", "workspace.json"))).toBe(true);
  });

  it("opens the finished sample project, marked as simulated, in seconds", async () => {
    await page.getByRole("button", { name: "Open the sample project" }).click();
    const started = Date.now();
    await page.getByRole("heading", { level: 2 }).filter({ hasText: "couplets beat the control" }).waitFor();
    console.log(`the sample project's results after ${Date.now() - started} ms`);
    expect(await workspace().textContent()).toContain("sample-project");
    await page.locator("header").getByText("simulation").waitFor();
    await page.locator("footer").getByText("Simulating the sample's tiles").waitFor();
    await inspectPage(page, "sample-project");
  });

  it("asks before it leaves work that runs, and lists what was opened before", async () => {
    await page.getByRole("link", { name: "Start" }).click();
    const rows = page.getByRole("region", { name: "Workspaces" }).getByRole("listitem");
    await poll(() => rows.count()).toBe(3);
    await inspectPage(page, "start-sample");
    await rows.filter({ hasText: "first" }).getByRole("button", { name: "Open" }).click();
    await page.getByText("Work is running in this workspace").waitFor();
    await inspectPage(page, "start-busy");
    await page.getByRole("button", { name: "Stay here" }).click();
    expect(await workspace().textContent()).toContain("sample-project");
    await rows.filter({ hasText: "first" }).getByRole("button", { name: "Open" }).click();
    await page.getByRole("button", { name: "Pause it and open the other" }).click();
    await poll(() => workspace().textContent()).toContain("first");
  });

  it("explains in a browser why a dropped folder cannot be read", async () => {
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File([], "archive"));
      window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await page.getByText("A browser does not tell where a folder lies").waitFor();
    await inspectPage(page, "start-drop");
    await page.getByRole("button", { name: "Give the path of data" }).click();
    await page.getByLabel("Folder with Sentinel-2 data").waitFor();
  });

  it("keeps a setting as soon as it is changed, and says which counts after a restart", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "This machine", exact: true }).waitFor();
    await page.getByText("C++ compiler").waitFor();
    await inspectPage(page, "settings");
    await page.getByRole("combobox", { name: "Engine" }).click();
    await page.getByRole("option", { name: "wasm" }).click();
    await page.getByText("Counts when the application is started again.").waitFor();
    await page.getByRole("combobox", { name: "Appearance" }).click();
    await page.getByRole("option", { name: "dark" }).click();
    await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === "dark");
    expect(JSON.parse(readFileSync(join(folder, "config", "settings.json"), "utf8"))).toMatchObject({ engine: "wasm", appearance: "dark" });
  });

  it("wrote no error to the console", () => {
    expect(complaints).toEqual([]);
  });
});
