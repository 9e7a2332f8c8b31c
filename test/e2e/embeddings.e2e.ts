// Embeddings in a real browser: computed from a finished study, drawn, searched, selected from, compared.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { inspectPage, waitForImages } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command, screenshots } from "./studio.ts";

describe.skipIf(!chromium)("embeddings in a browser", { timeout: 120_000 }, () => {
  const stage = useStage("embeddings");
  const { folder, workspace, complaints } = stage;
  /** Pictures that the plot asked for. */
  const pictures = () => stage.asked.filter((url) => /\/image\/tile\/fields\/\d+\.png\?combination=true-colour&size=64/.test(url));
  let page: Page;

  beforeAll(async () => {
    await command("sample", join(folder, "sample"), "--patches", "96", "--seed", "7");
    const at = ["--workspace", workspace];
    await command("ingest", join(folder, "sample"), "--dataset", "fields", ...at);
    const short = ["--arms", "rotation+shift", "--seeds", "1", "--epochs", "2", "--batch-size", "16", "--no-plan"];
    await command("study", "create", "first", "--dataset", "fields", "--preset", "demo", ...short, ...at);
    await command("study", "run", "first", "--stage", "sweep", ...at);
    await command("study", "embed", "first", "--arm", "random-init", ...at);
    page = await stage.open();
  }, 600_000);

  const plot = (): Locator => page.getByRole("img", { name: /^96 tiles by/ }).first();
  const legend = () => page.getByRole("region", { name: "Legend" }).first();

  it("opens with the embedding that is there, by its key", async () => {
    await page.getByRole("navigation", { name: "Places" }).waitFor();
    await page.keyboard.press("5");
    await plot().waitFor();
    expect(await plot().getAttribute("aria-label")).toContain("random-init");
    await legend()
      .getByRole("button", { name: /^negative/ })
      .waitFor();
    await page.getByText(/^k-NN accuracy .* in the features/).click();
    await page.getByText(/distances between them tell nothing/).waitFor();
    await inspectPage(page, "embeddings");
  });

  it("counts the groups of what points are coloured by, and hides one", async () => {
    const buttons = legend().getByRole("button");
    await page.getByRole("combobox", { name: "Colour by" }).click();
    await page.getByRole("option", { name: "Labels: extended" }).click();
    await legend().getByRole("heading", { name: "Labels: extended" }).waitFor();
    const texts = await buttons.allTextContents();
    expect(texts.reduce((sum, text) => sum + Number(/[\d,]+$/.exec(text)![0].replaceAll(",", "")), 0)).toBe(96);
    await legend()
      .getByRole("button", { name: /^negative/ })
      .click();
    await expect.poll(() => page.url()).toContain("hide=negative");
    await page.getByRole("button", { name: "Select what is in view" }).click();
    const positive = Number(/\d+$/.exec(texts.find((text) => text.startsWith("positive"))!)![0]);
    await page.getByRole("heading", { name: `${positive} tiles selected` }).waitFor();
    await legend().getByRole("button", { name: "Show all" }).click();
  });

  it("opens the selected tiles in the data view, and comes back", async () => {
    const heading = await page.getByRole("heading", { name: /tiles selected$/ }).textContent();
    const selected = Number.parseInt(heading!, 10);
    await page.getByRole("link", { name: "Open in Data" }).click();
    await page.getByRole("button", { name: `A list of ${selected} tiles: show all` }).waitFor();
    await page.goBack();
    await plot().waitFor();
  });

  it("picks a tile by keys, shows it and its neighbours, and goes from one to the next", async () => {
    await plot().focus();
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Tile" }).waitFor();
    const nearest = page.getByRole("region", { name: "Nearest neighbours" });
    const first = nearest.getByRole("button").first();
    await first.waitFor();
    const name = (await first.getAttribute("aria-label"))!;
    expect(name).toMatch(/^Tile \d+, 0\.\d{3}$/);
    await first.click();
    await expect.poll(() => page.url()).toContain(`tile=${/\d+/.exec(name)![0]}`);
    await waitForImages(page);
    await inspectPage(page, "embeddings-tile");
    await page.keyboard.press("Escape");
  });

  it("selects by a lasso", async () => {
    const box = (await plot().boundingBox())!;
    await page.getByRole("button", { name: "Show all" }).last().click();
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await page.keyboard.down("Shift");
    await page.mouse.move(middle.x - 240, middle.y - 200);
    await page.mouse.down();
    for (const [dx, dy] of [
      [240, -200],
      [240, 240],
      [-240, 240],
    ] as const)
      await page.mouse.move(middle.x + dx, middle.y + dy, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
    await page.getByRole("heading", { name: /tiles? selected$/ }).waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
  });

  it("shows pictures of tiles when it is near", async () => {
    await plot().hover();
    await page.mouse.wheel(0, -1500);
    // Those that were seen before are not asked for again.
    await expect.poll(() => pictures().length).toBeGreaterThan(0);
    await page.screenshot({ path: join(screenshots, "embeddings-near-light.png") });
  });

  it("computes what is not there yet beside it, with progress", async () => {
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("combobox", { name: "Second arm" }).waitFor();
    await page.getByText("PCA", { exact: true }).click();
    const draw = page.getByRole("button", { name: /^(Draw|Embed) 96 tiles$/ });
    await expect.poll(() => draw.count()).toBe(2);
    await inspectPage(page, "embeddings-missing");
    await draw.first().click();
    await plot().waitFor({ timeout: 60_000 });
    await draw.click();
    await expect.poll(() => page.getByRole("img", { name: /^96 tiles by PCA/ }).count(), { timeout: 60_000 }).toBe(2);
    await inspectPage(page, "embeddings-compared");
  });

  it("saves the points as a table", async () => {
    await page
      .getByRole("button", { name: /^Export first-/ })
      .first()
      .click();
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Save CSV" }).click()]);
    const lines = readFileSync(await saved.path(), "utf8")
      .trim()
      .split(/\r?\n/);
    expect(lines[0]).toBe("tile,x,y,set:extended");
    expect(lines).toHaveLength(97);
  });

  it("had nothing to complain of", () => {
    expect(complaints).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });
});
