// The map of the tiles and the filters with a name, in a real browser without a network: by pointer, by keyboard, and without WebGL.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { inspectPage, waitForImages } from "./screen.ts";
import { chromium, useStage } from "./stage.ts";
import { command } from "./studio.ts";

const TILES = 72;
/** How long a view may take to follow. */
const SETTLED = { timeout: 20_000 };

describe.skipIf(!chromium)("the map in a browser", { timeout: 120_000 }, () => {
  const stage = useStage("map");
  const { folder, workspace, complaints, asked, go } = stage;
  let page: Page;

  beforeAll(async () => {
    await command("sample", join(folder, "sample"), "--patches", String(TILES), "--seed", "6");
    await command("ingest", join(folder, "sample"), "--workspace", workspace, "--dataset", "fields");
    page = await stage.open();
  });

  const canvas = () => page.getByRole("region", { name: "Map of the tiles of fields" });
  const legend = () => page.getByRole("region", { name: "Legend" });
  const shown = () => page.getByRole("navigation", { name: "Filter" }).locator("[aria-live]");
  const route = () => new URLSearchParams(new URL(page.url()).hash.split("?")[1]);
  const inspector = () => page.getByRole("complementary", { name: "Tile" });
  /** Of the legend's lines by their name. */
  const counts = async (): Promise<Record<string, number>> => {
    const lines = await legend().getByRole("listitem").allTextContents();
    return Object.fromEntries(lines.map((line) => /^(.*?)([\d,]+)$/.exec(line)!).map(([, name, tiles]) => [name, Number(tiles)]));
  };
  const sum = async () => Object.values(await counts()).reduce((all, tiles) => all + tiles, 0);

  it("shows all tiles where they lie, with a legend that counts them", async () => {
    await go("#/data/fields");
    await page.getByText("Map", { exact: true }).click();
    await canvas().waitFor();
    await expect.poll(sum, SETTLED).toBe(TILES);
    expect(route().get("layout")).toBe("map");
    await page.getByText("Natural Earth").waitFor();
    await expect.poll(() => page.workers().length, SETTLED).toBeGreaterThan(0);
    await page.waitForLoadState("networkidle");
    await inspectPage(page, "map");
  });

  it("colours them by the parts of the split that a study would use", async () => {
    await legend().getByLabel("Colour by").click();
    await page.getByRole("option", { name: "Parts by the usual split" }).click();
    await expect.poll(async () => Object.keys(await counts()).slice(0, 3), SETTLED).toEqual(["training", "validation", "test"]);
    expect(await sum()).toBe(TILES);
    await legend().getByText("no block is in two parts", { exact: false }).waitFor();
    expect(route().get("colour")).toBe("parts");
  });

  it("goes from tile to tile by keyboard, and opens one", async () => {
    await canvas().focus();
    await page.keyboard.press("Shift+ArrowRight");
    const card = page.locator("[class*=card] strong");
    await card.waitFor();
    const first = await card.textContent();
    await page.keyboard.press("Shift+ArrowUp");
    await expect.poll(() => card.textContent(), SETTLED).not.toBe(first);
    const name = await card.textContent();
    await page.keyboard.press("Enter");
    await expect.poll(() => inspector().getByRole("heading", { level: 2 }).textContent(), SETTLED).toBe(name);
  });

  it("shows the picked tile in the grid beside it, and the one under the pointer on the map", async () => {
    await page.getByText("Both", { exact: true }).click();
    const grid = page.getByRole("listbox", { name: "Tiles of fields" });
    await grid.locator("[data-picked]").waitFor();
    await page.locator("polygon[class*=picked]").waitFor();
    await grid.locator("[role=option]:not([data-picked])").first().hover();
    await page.locator("polygon[class*=hovered]").waitFor();
    await waitForImages(page);
    await inspectPage(page, "map-and-grid");
    await page.keyboard.press("Escape");
    await expect.poll(() => inspector().count()).toBe(0);
  });

  it("keeps the grid to what is in view while the map moves", async () => {
    await page.getByRole("button", { name: "Only tiles in view" }).click();
    await canvas().focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("+");
    const some = new RegExp(`^(\\d+) of ${TILES} tiles$`);
    await expect.poll(() => shown().textContent(), SETTLED).toMatch(some);
    await expect.poll(async () => Number(some.exec((await shown().textContent())!)?.[1]), SETTLED).toBeLessThan(TILES);
    await expect
      .poll(
        async () =>
          (await sum()) - Number(some.exec((await shown().textContent())!)?.[1]) - ((await counts())["left out by the filter"] ?? 0),
        SETTLED,
      )
      .toBe(0);
    await page.getByRole("button", { name: "Only tiles in view" }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} tiles`);
    expect(route().get("box")).toBeNull();
  });

  it("takes the tiles in a shape that is drawn", async () => {
    await canvas().focus();
    await page.keyboard.press("Home");
    await page.getByRole("button", { name: "Only tiles in a shape: draw it" }).click();
    const { x, y, width, height } = (await canvas().boundingBox())!;
    // All of the east half.
    const path = [
      [0.5, 0.1],
      [0.9, 0.12],
      [0.98, 0.9],
      [0.5, 0.95],
    ] as const;
    await page.mouse.move(x + 0.5 * width, y + 0.5 * height);
    await page.mouse.down();
    for (const [right, down] of path) await page.mouse.move(x + right * width, y + down * height, { steps: 8 });
    await page.mouse.up();
    await expect.poll(() => shown().textContent(), SETTLED).toMatch(new RegExp(`^[1-9]\\d* of ${TILES} tiles$`));
    expect(route().get("area")!.split(",").length).toBeGreaterThanOrEqual(8);
    await page.getByText("Only in a shape of the map").waitFor();
    expect(await sum()).toBe(TILES);
    await waitForImages(page);
    await inspectPage(page, "map-shape");
  });

  it("saves the filter under a name, and finds it by Ctrl-K and on the command line", async () => {
    const kept = (await shown().textContent())!;
    await page.getByRole("button", { name: "Saved filters" }).click();
    await page.getByLabel("Name of this filter").fill("the east");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Rename the east" }).waitFor();
    await inspectPage(page, "saved-filters");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Show all", exact: true }).click();
    await expect.poll(() => shown().textContent(), SETTLED).toBe(`${TILES} tiles`);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /^Go to/ }).fill("the east");
    await page.getByRole("option", { name: /the east/, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => shown().textContent(), SETTLED).toBe(kept);
    const listed = JSON.parse(await command("tiles", "--workspace", workspace, "--dataset", "fields", "--saved", "the east", "--json"));
    expect(`${listed.length} of ${TILES} tiles`).toBe(kept);
    await expect(command("tiles", "--workspace", workspace, "--dataset", "fields", "--saved", "west")).rejects.toThrow(
      "There are: the east.",
    );
  });

  it("renames and deletes it, and brings it back", async () => {
    const names = () =>
      (JSON.parse(readFileSync(join(workspace, "datasets/fields/filters.json"), "utf8")) as { filters: { name: string }[] }).filters.map(
        ({ name }) => name,
      );
    await page.getByRole("button", { name: "Saved filters" }).click();
    await page.getByRole("button", { name: "Rename the east" }).click();
    await page.getByLabel("New name of the east").fill("eastern half");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Delete eastern half" }).click();
    await page.getByText("The filter eastern half is deleted").waitFor();
    expect(names()).toEqual([]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(names, SETTLED).toEqual(["eastern half"]);
    await page.getByRole("button", { name: "Show all", exact: true }).click();
  });

  it("filters by dates and by cloud, and says how many tiles are kept", async () => {
    await page.getByLabel("From", { exact: true }).fill("2017-09-01");
    await expect.poll(() => shown().textContent(), SETTLED).toMatch(/^\d+ of/);
    expect(route().get("from")).toBe("2017-09-01");
    await expect.poll(async () => (await counts())["left out by the filter"], SETTLED).toBeGreaterThan(0);
    const slider = page.getByRole("slider", { name: "No data, at most" });
    await slider.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => slider.getAttribute("aria-valuetext"), SETTLED).toMatch(/^at most 0 %, keeps \d+$/);
    await page.getByRole("button", { name: "Show all", exact: true }).click();
  });

  it("brings the map back by a link, and by going back", async () => {
    await go("#/data/fields?layout=map&colour=date&at=40,-8,7.5");
    await expect.poll(async () => (await legend().getByLabel("Colour by").inputValue()) as string, SETTLED).toBe("Date");
    await go("#/data/fields?layout=map&colour=date&at=46,15,5");
    await page.goBack();
    await expect.poll(() => route().get("at"), SETTLED).toBe("40,-8,7.5");
  });

  it("opens a link to a tile with the tile in view, in the grid and on the map", async () => {
    await go("#/data");
    await page.getByRole("listbox", { name: "Tiles of fields" }).waitFor({ state: "detached" });
    await go(`#/data/fields?layout=both&size=240&tile=${TILES - 2}`);
    await page.locator("[role=option][aria-current=true]").waitFor();
    await page.locator("polygon[class*=picked]").waitFor();
    await page.keyboard.press("Escape");
  });

  it("says what it needs where there is no WebGL, and the rest works", async () => {
    const without = await stage.context.newPage();
    await without.addInitScript(() => {
      const { getContext } = HTMLCanvasElement.prototype;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
        return kind.startsWith("webgl") ? null : (getContext as (...given: unknown[]) => never).call(this, kind, ...rest);
      } as typeof getContext;
    });
    await without.goto(`${stage.serving.url}#/data/fields?layout=both`);
    await without.getByText("The map cannot be drawn here").waitFor();
    await without.getByRole("listbox", { name: "Tiles of fields" }).getByRole("option").first().waitFor();
    await inspectPage(without, "map-without-webgl");
    await without.close();
  });

  it("asked for nothing beyond its own origin, and had nothing to complain of", () => {
    const { origin } = new URL(stage.serving.url);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:") && !url.startsWith(`blob:${origin}`))).toEqual(
      [],
    );
    expect(complaints).toEqual([]);
    expect(stage.serving.errors()).not.toMatch(/Error/);
  });
});
