// The tile grid and the inspector in a real browser: order, selection, stretch, pixels and their spectra, by pointer and by keys.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { inspectPage, SIZE, waitForImages } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command } from "./studio.ts";

const SETTLED = { timeout: 20_000 };
const TILES = 96;

describe.skipIf(!chromium)("the tile grid in a browser", { timeout: 180_000 }, () => {
  const stage = useStage("grid");
  const { folder, workspace, complaints, go } = stage;
  let page: Page;

  beforeAll(async () => {
    await command("sample", join(folder, "sample"), "--patches", String(TILES), "--seed", "7");
    await command("ingest", join(folder, "sample"), "--workspace", workspace, "--dataset", "fields");
    page = await stage.open();
    await go("#/data/fields");
    await options().first().waitFor();
  });

  const grid = () => page.getByRole("listbox", { name: "Tiles of fields" });
  const options = () => grid().getByRole("option");
  const inspector = () => page.getByRole("complementary", { name: "Tile" });
  const selectionBar = () => page.getByRole("region", { name: "Selection" });
  const saved = async (click: () => Promise<void>) => {
    const [file] = await Promise.all([page.waitForEvent("download"), click()]);
    return file;
  };
  const idOf = async (at: number) => (await options().nth(at).getAttribute("aria-label"))!.split(",")[0]!;
  /** Whether the canvas of the first row shows pictures. */
  const isDrawn = () =>
    grid().evaluate((element) => {
      const canvas = element.querySelector("canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(4, 4, 40, 40);
      return new Set(data).size > 8;
    });
  const inspect = async (name: string) => {
    await expect.poll(isDrawn, SETTLED).toBe(true);
    await waitForImages(page);
    await inspectPage(page, name);
  };

  it("asks for many tiles at once, and draws them", async () => {
    const asked: string[] = [];
    const note = (request: { url(): string }) => asked.push(request.url());
    page.on("request", note);
    await go("#/data/fields?bands=colour-infrared&size=64");
    await expect.poll(isDrawn, SETTLED).toBe(true);
    // Coarse at first, then as fine as the screen.
    await expect
      .poll(() => asked.filter((url) => url.includes("combination=colour-infrared")).length, SETTLED)
      .toBe(2 * Math.ceil(TILES / 32));
    page.off("request", note);
    expect(asked.filter((url) => url.includes("/image/tile/"))).toEqual([]);
    await inspect("grid");
  });

  it("selects by pointer and keys, within what the filter leaves", async () => {
    await options()
      .nth(2)
      .click({ modifiers: ["ControlOrMeta"] });
    await options()
      .nth(6)
      .click({ modifiers: ["Shift"] });
    await selectionBar().getByText("5 selected").waitFor();
    await grid().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Space");
    await page.keyboard.press("Shift+ArrowRight");
    await selectionBar().getByText("7 selected").waitFor();
    expect(await options().nth(1).getAttribute("aria-selected")).toBe("true");
    await inspect("grid-selection");
    await page.keyboard.press("Escape");
    await expect.poll(() => selectionBar().count(), SETTLED).toBe(0);
    await page.keyboard.press("ControlOrMeta+a");
    await selectionBar().getByText(`${TILES} selected`).waitFor();
    await page.keyboard.press("Escape");
  });

  it("copies ids, and saves what is known of the selected tiles", async () => {
    await options()
      .nth(3)
      .click({ position: { x: 10, y: 10 } });
    await options()
      .nth(4)
      .click({ position: { x: 10, y: 10 } });
    const ids = [await idOf(3), await idOf(4)];
    await selectionBar().getByRole("button", { name: "Copy ids" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), SETTLED).toBe(`${ids.join("\n")}\n`);
    const file = await saved(() => selectionBar().getByRole("button", { name: "Save CSV" }).click());
    const lines = readFileSync(await file.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(lines.map((line) => line.split(",")[0])).toEqual(["id", ...ids]);
  });

  it("takes tiles out of use, and puts them back", async () => {
    await selectionBar().getByRole("button", { name: "Exclude" }).click();
    await page.getByText(`Of ${TILES} tiles, 2 are out of use`).waitFor();
    await grid()
      .getByRole("option", { name: /out of use/ })
      .first()
      .waitFor();
    expect(
      await grid()
        .getByRole("option", { name: /out of use/ })
        .count(),
    ).toBe(2);
    await selectionBar().getByRole("button", { name: "Put back" }).click();
    await expect
      .poll(
        () =>
          grid()
            .getByRole("option", { name: /out of use/ })
            .count(),
        SETTLED,
      )
      .toBe(0);
  });

  it("shows only a list of tiles, which a link holds", async () => {
    await selectionBar().getByRole("button", { name: "Only these" }).click();
    await expect.poll(() => options().count(), SETTLED).toBe(2);
    expect(page.url()).toContain("only=3-4");
    await page.getByRole("button", { name: "A list of 2 tiles: show all" }).click();
    await expect.poll(() => options().count(), SETTLED).toBeGreaterThan(2);
    await selectionBar().getByRole("button", { name: "Clear" }).click();
  });

  it("orders by date, newest first, and the inspector goes on in that order", async () => {
    await go("#/data/fields?size=64");
    await page.getByRole("combobox", { name: "Order" }).click();
    await page.getByRole("option", { name: "Newest first" }).click();
    const dateOf = async (at: number) => (await options().nth(at).getAttribute("aria-label"))!.split(", ")[1]!;
    await expect.poll(async () => (await dateOf(0)) >= (await dateOf(20)), SETTLED).toBe(true);
    const [first, second] = [await idOf(0), await idOf(1)];
    await grid().focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await inspector().getByRole("heading", { name: first }).waitFor();
    expect(await inspector().getByRole("button", { name: "Previous tile" }).isDisabled()).toBe(true);
    await page.keyboard.press("]");
    await inspector().getByRole("heading", { name: second }).waitFor();
    await grid().focus();
    await page.keyboard.press("ArrowLeft");
    await inspector().getByRole("heading", { name: first }).waitFor();
  });

  it("stretches each tile on its own where asked, and writes labels on tiles", async () => {
    await page.getByRole("button", { name: "Display" }).click();
    const strip = page.waitForRequest((request) => request.url().includes("stretch=tile-2-98"));
    await page.getByText("Each tile").click();
    await strip;
    await page.getByRole("checkbox", { name: "Labels" }).check();
    await inspect("grid-display");
    await page.keyboard.press("Escape");
    expect(page.url()).toContain("stretch=tile-2-98");
    expect(page.url()).toContain("badges=cloud%2Clabels");
  });

  it("shows the spectrum of the pixel under the cursor, and keeps spectra to compare", async () => {
    const picture = inspector().getByRole("application");
    await picture.focus();
    await page.keyboard.press("ArrowRight");
    await inspector().getByText("column 60, row 60", { exact: false }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Enter");
    const kept = inspector().getByRole("list", { name: "Spectra kept" });
    await expect.poll(() => kept.getByRole("listitem").count(), SETTLED).toBe(2);
    await inspector()
      .getByRole("img", { name: /^Reflectance against wavelength: tile.*column 60, row 60, column 60, row 70/ })
      .waitFor();
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await inspect("tile-spectra");
    await inspector()
      .getByRole("button", { name: /^Export spectrum/ })
      .click();
    const file = await saved(() => page.getByRole("menuitem", { name: "Save CSV" }).click());
    const rows = readFileSync(await file.path(), "utf8").split("\r\n");
    expect(rows.filter((row) => /^pixel,.*,60,70,B08,833,0\.\d+/.test(row))).toHaveLength(1);
  });

  it("compares with a pixel of the next tile, and saves the picture as shown", async () => {
    await page.keyboard.press("Escape");
    await go("#/data/fields?size=64&tile=5&wide=1&bands=ndvi");
    await inspector().getByRole("heading", { name: /_/ }).waitFor();
    const picture = inspector().getByRole("application");
    await picture.click({ position: { x: 30, y: 30 } });
    await inspector().getByRole("list", { name: "Spectra kept" }).getByRole("listitem").first().waitFor();
    await inspector().getByRole("button", { name: "Next tile" }).click();
    await inspector()
      .getByRole("list", { name: "Spectra kept" })
      .getByText(/_.*, column/)
      .first()
      .waitFor();
    await page.setViewportSize({ width: 2560, height: 1440 });
    await inspect("tile-wide");
    await page.setViewportSize(SIZE);
    const file = await saved(() => inspector().getByRole("button", { name: "Save the picture" }).click());
    expect(await sharp(await file.path()).metadata()).toMatchObject({ format: "png", width: 960, height: 960 });
  });

  it("goes on to a tile near by", async () => {
    const near = inspector().getByRole("list", { name: "Tiles near by" }).getByRole("button").first();
    await near.scrollIntoViewIfNeeded();
    const id = (await near.getAttribute("aria-label"))!.split(",")[0]!;
    await near.click();
    await inspector().getByRole("heading", { name: id }).waitFor();
  });

  it("had nothing to complain of in the console", () => {
    expect(complaints).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });
});
