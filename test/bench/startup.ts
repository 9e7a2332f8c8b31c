// How long a start takes: from the process to a first window that can be used, by `serve` in a browser that runs already, and by the desktop
// application's main process under the stand-in, whose Chromium starts with it. Wants the bundle (`npm run build`); three rounds each.
//   node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/startup.ts")' [WORKSPACE]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { findChromium, launchChromium } from "../e2e/chromium.ts";
import { serve } from "../e2e/studio.ts";
import { startDesktop } from "../electron/host/desktop.ts";
import { bundle } from "../electron/runs/bundled.ts";

const ROUNDS = 3;
const chromium = findChromium();
if (!chromium) throw new Error("no Chromium on the PATH; set CHROMIUM_PATH");
const folder = mkdtempSync(join(tmpdir(), "simclr-s2-startup-"));
const workspace = process.argv[1] ? resolve(process.argv[1]) : join(folder, "workspace");

/** The workspace is on the screen, and the host answers. */
const usable = async (page: Page) => {
  await page.getByLabel("connected", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Workspace [^.]/ }).waitFor();
};
const told = (name: string, times: readonly number[]) =>
  console.log(`${name}: ${times.map((ms) => (ms / 1000).toFixed(2)).join(", ")} s to the first window that can be used`);

const browser = await launchChromium(chromium);
const served: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const page = await browser.newPage();
  const started = performance.now();
  const serving = await serve(workspace);
  await page.goto(serving.url);
  await usable(page);
  served.push(performance.now() - started);
  await page.close();
  await serving.stop();
}
told("serve, in an open browser", served);
await browser.close();

const standIn = await bundle({ electron: "test/electron/host/electron.ts" });
const desktop: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const started = performance.now();
  const app = await startDesktop({ home: join(folder, `home-${round}`), args: [workspace], chromium, bundle: standIn });
  await usable(app.page);
  desktop.push(performance.now() - started);
  await app.kill();
}
told("main process under the stand-in, with Chromium's own start", desktop);
await standIn.remove();
rmSync(folder, { recursive: true, force: true });
