// Takes the pictures that the documentation shows, of the sample project in the system's Chromium. Wants the bundle (`npm run build`); some minutes.
//   node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/e2e/documentation.ts")'
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { findChromium, launchChromium } from "./chromium.ts";
import { waitForImages } from "./screen.ts";
import { command, root, serve } from "./studio.ts";

interface Picture {
  readonly name: string;
  readonly route: string;
  readonly scheme?: "light" | "dark";
  /** Comes when the view is there. */
  readonly ready: (page: Page) => Promise<unknown>;
}

const heading = (name: RegExp) => (page: Page) => page.getByRole("heading", { name }).first().waitFor();
const PICTURES: readonly Picture[] = [
  { name: "published", route: "#/comparison/~published", ready: (page) => page.getByText("F1 of the arms").waitFor() },
  { name: "comparison", route: "#/comparison/demo", scheme: "dark", ready: heading(/couplets beat the control/) },
  {
    name: "data",
    route: "#/data/simulated?tile=300",
    ready: (page) => page.getByText("Spectral profile").waitFor(),
  },
  {
    name: "map",
    route: "#/data/simulated?layout=both",
    scheme: "dark",
    ready: (page) => page.getByRole("region", { name: "Legend" }).waitFor(),
  },
  {
    name: "augmentations",
    route: "#/augmentations/demo",
    ready: (page) =>
      page
        .getByRole("img", { name: /view 2/i })
        .first()
        .waitFor(),
  },
  { name: "training", route: "#/training/demo", ready: (page) => page.getByText("All arms").waitFor() },
  {
    name: "embeddings",
    route: "#/embeddings/demo?arm=full",
    scheme: "dark",
    ready: (page) => page.getByRole("img", { name: /tiles by/ }).waitFor(),
  },
];

const chromium = findChromium();
if (!chromium) throw new Error("no Chromium on the PATH; set CHROMIUM_PATH");
const folder = mkdtempSync(join(tmpdir(), "simclr-s2-documentation-"));
const workspace = join(folder, "sample-project");
const documented = join(root, "docs/screenshots");
mkdirSync(documented, { recursive: true });
await command("sample-project", workspace);
const serving = await serve(workspace);
const browser = await launchChromium(chromium);
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  page.setDefaultTimeout(600_000);
  await page.goto(serving.url);
  await page.locator("footer").getByText("nothing is running").waitFor();
  await command("study", "embed", "demo", "--arm", "full", "--workspace", workspace);
  for (const { name, route, scheme = "light", ready } of PICTURES) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate((hash) => {
      window.location.hash = hash;
    }, route);
    await ready(page);
    await waitForImages(page);
    await page.waitForTimeout(3_000); // notices go, the engine is named
    await sharp(await page.screenshot())
      .png({ palette: true, effort: 10 })
      .toFile(join(documented, `${name}.png`));
    console.log(name);
  }
} finally {
  await browser.close();
  await serving.stop();
  rmSync(folder, { recursive: true, force: true });
}
