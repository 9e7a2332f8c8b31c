// The desktop application: the real main process and preload script, under Electron (SIMCLR_S2_ELECTRON names its program) or its stand-in.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Desktop, ELECTRON, spawnStandIn, startDesktop } from "../electron/host/desktop.ts";
import { type Bundle, bundle } from "../electron/runs/bundled.ts";
import { chromium, goOnFromEachOther } from "./stage.ts";
import { command, screenshots } from "./studio.ts";

/** A look that is repeated until it is as expected. */
const poll = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000 });

describe.skipIf(!chromium && !ELECTRON)("the desktop application", { timeout: 120_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), "simclr-s2-desktop-"));
  const workspace = join(home, "fields");
  const other = join(home, "other");
  let standIn: Bundle;
  let desktop: Desktop;

  const start = (...args: string[]) => startDesktop({ home, args, chromium: chromium!, bundle: standIn });
  const page = (): Page => desktop.page;
  const hash = () => page().evaluate(() => window.location.hash);
  /** Chooses an item of the menu. */
  const choose = (id: string) => desktop.evaluate(({ Menu }, item) => Menu.getApplicationMenu()!.getMenuItemById(item)!.click(), id);
  /** Answers the next message boxes by the number of a button, and keeps what they asked. */
  const answer = (response: number) =>
    desktop.evaluate(({ dialog }, button) => {
      const asked: string[] = [];
      Object.assign(globalThis, { asked });
      dialog.showMessageBox = async (...args: unknown[]) => {
        asked.push(String((args.at(-1) as { message: string }).message));
        return { response: button, checkboxChecked: false };
      };
    }, response);
  const asked = () => desktop.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  /** Starts the application a second time, which hands over what it was given. */
  async function startAgain(...args: string[]): Promise<void> {
    const second = spawnStandIn({ home, args, chromium: chromium!, bundle: standIn });
    await new Promise((done) => second.once("exit", done));
  }

  beforeAll(async () => {
    standIn = await bundle({ electron: "test/electron/host/electron.ts" });
    await command("sample", join(home, "sample"), "--patches", "24", "--seed", "3");
    await command("ingest", join(home, "sample"), "--workspace", workspace, "--dataset", "fields");
    await command("ingest", join(home, "sample"), "--workspace", other, "--dataset", "elsewhere");
    desktop = await start(workspace);
  });
  afterAll(async () => {
    await desktop?.kill();
    await standIn?.remove();
    rmSync(home, { recursive: true, force: true });
  });
  goOnFromEachOther(async () => {
    console.error(desktop?.errors());
    await page().screenshot({ path: join(screenshots, "failed-desktop.png") });
  });

  it("opens its window on the workspace of the command line, over its own protocol and port", async () => {
    await page().getByRole("heading", { name: "Data sets" }).waitFor();
    expect(await page().title()).toBe("SimCLR-S2 Studio");
    expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getURL())).toMatch(
      /^studio:\/\/app\/index\.html/,
    );
    expect(
      await page()
        .getByRole("button", { name: /^Workspace/ })
        .textContent(),
    ).toContain("fields");
  });

  it("shows tiles, which come by the protocol and not by the port", async () => {
    await page()
      .getByRole("link", { name: /fields/ })
      .first()
      .click();
    await page().getByRole("listbox", { name: "Tiles of fields" }).getByRole("option").first().waitFor();
    const isDrawn = () =>
      page()
        .locator("main canvas")
        .first()
        .evaluate((canvas: HTMLCanvasElement) => new Set(canvas.getContext("2d")!.getImageData(4, 4, 40, 40).data).size > 20);
    await poll(isDrawn).toBe(true);
    const paths = () =>
      page().evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.split("/")[2]));
    expect(await paths()).toContain("strip");
    await page().screenshot({ path: join(screenshots, "desktop.png") });
  });

  it("goes by its menu", async () => {
    await choose("training");
    await poll(hash).toBe("#/training");
    await choose("settings");
    await page().getByRole("heading", { name: "This machine", exact: true }).waitFor();
    await choose("palette");
    await page()
      .getByRole("combobox", { name: /^Go to a place/ })
      .waitFor();
    await page().keyboard.press("Escape");
    await choose("copy-link");
    const link = await desktop.evaluate(({ clipboard }) => clipboard.readText());
    expect(link).toBe(`simclr-s2://open?${new URLSearchParams({ workspace })}#/settings`);
  });

  it("refuses other pages, other windows and other permissions", async () => {
    await page().evaluate(() => {
      window.location.href = "https://example.com/";
    });
    await page().evaluate(() => void window.open("https://example.com/"));
    await page().getByRole("heading", { name: "This machine", exact: true }).waitFor();
    expect(
      await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(({ webContents }) => webContents.getURL())),
    ).toEqual(["studio://app/index.html#/settings"]);
    expect(
      await page().evaluate(() =>
        fetch("https://example.com/").then(
          () => "reached",
          () => "refused",
        ),
      ),
    ).toBe("refused");
  });

  it("opens another workspace from its menu, and the page is the other one's", async () => {
    await desktop.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] });
    }, other);
    await choose("open");
    await page()
      .getByRole("link", { name: /elsewhere/ })
      .first()
      .waitFor();
    expect(
      await page()
        .getByRole("button", { name: /^Workspace/ })
        .textContent(),
    ).toContain("other");
    await poll(() =>
      desktop.evaluate(({ Menu }) =>
        Menu.getApplicationMenu()!
          .getMenuItemById("recent")!
          .submenu!.items.map(({ label }) => label),
      ),
    ).toEqual([workspace]);
  });

  it("offers to look for data in a folder that is no workspace", async () => {
    await desktop.evaluate(
      ({ dialog }, path) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] });
      },
      join(home, "sample"),
    );
    await choose("open");
    await page().getByLabel("Folder with Sentinel-2 data").waitFor();
    expect(await page().getByLabel("Folder with Sentinel-2 data").inputValue()).toBe(join(home, "sample"));
  });

  it("follows a link that a second start hands over, after asking", async () => {
    await answer(1);
    const link = `simclr-s2://open?${new URLSearchParams({ workspace })}#/data/fields?tile=3`;
    await startAgain(link);
    await poll(asked).toEqual([`Open the workspace ${workspace}?`]);
    expect(
      await page()
        .getByRole("button", { name: /^Workspace/ })
        .textContent(),
    ).toContain("other");
    await answer(0);
    await startAgain(link);
    await page().getByRole("complementary", { name: "Tile" }).waitFor();
    expect(
      await page()
        .getByRole("button", { name: /^Workspace/ })
        .textContent(),
    ).toContain("fields");
  });

  it("says what is wrong with a link to nowhere", async () => {
    await answer(0);
    await startAgain(`simclr-s2://open?${new URLSearchParams({ workspace: join(home, "nowhere") })}`);
    await poll(asked).toContain("The workspace was not opened");
    expect(existsSync(join(home, "nowhere"))).toBe(false);
  });

  it("loads a page anew whose process died", async () => {
    await desktop.evaluate(
      ({ BrowserWindow }) =>
        new Promise<void>((done) => {
          const { webContents } = BrowserWindow.getAllWindows()[0]!;
          webContents.once("did-finish-load", () => done());
          webContents.forcefullyCrashRenderer();
        }),
    );
    await desktop.nextPage();
    await page().getByRole("complementary", { name: "Tile" }).waitFor();
  });

  it("asks before it ends on running work, and goes on without a window", async () => {
    await choose("data");
    await page().getByRole("button", { name: "Make a simulated sample" }).click();
    await page().getByLabel("Folder to write into").fill(join(home, "long"));
    await page().getByLabel("Patches").fill("100000");
    await page().getByRole("button", { name: "Make the sample" }).click();
    await page().locator("footer").getByText("Writing a simulation").waitFor();
    await answer(2);
    await desktop.evaluate(({ app }) => app.quit());
    await poll(asked).toEqual([expect.stringMatching(/^Writing a simulation to .* is still running\.$/)]);
    await page().locator("footer").getByText("Writing a simulation").waitFor();
    if (!ELECTRON) {
      expect(await desktop.evaluate(({ standIn: { blockers } }) => blockers.size)).toBe(1);
      expect(await desktop.evaluate(({ standIn: { progress } }) => progress.some((share) => share > 0))).toBe(true);
    }
    await answer(0);
    await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await poll(() => desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0);
    if (!ELECTRON) {
      await poll(() => desktop.evaluate(({ standIn: { trays } }) => [...trays].map(({ toolTip }) => toolTip))).toEqual([
        expect.stringContaining("Writing a simulation"),
      ]);
    }
    await startAgain();
    await desktop.nextPage();
    await page().locator("footer").getByText("Writing a simulation").waitFor();
  });

  it("pauses what runs, keeps its window's place, and starts where it was", async () => {
    await desktop.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.setBounds({ x: 200, y: 100, width: 1300, height: 820 }),
    );
    await answer(1);
    await desktop.evaluate(({ app }) => {
      setTimeout(() => app.quit());
    });
    expect(await desktop.ended).toBe(0);
    expect(JSON.parse(readFileSync(join(home, "config/window.json"), "utf8"))).toMatchObject({ width: 1300, height: 820 });
    desktop = await start();
    await page()
      .getByRole("link", { name: /fields/ })
      .first()
      .waitFor();
    expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds())).toEqual({
      ...{ x: 200, y: 100, width: 1300, height: 820 },
    });
  });
});
