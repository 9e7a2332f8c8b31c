// The map of 100,000 tiles in a browser: time until they are drawn, frames a second and longest task while it is moved, memory.
//   node build/bundle.mjs && node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/map.ts")'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { findChromium, launchChromium } from "../e2e/chromium.ts";
import { serve } from "../e2e/studio.ts";
import { makeCatalogue } from "./made-catalogue.ts";

const TILES = Number(process.env.TILES ?? 100_000);
const SIZE = { width: 1280, height: 720 };
const DRAG_STEPS = 120;

interface Watched {
  frames: number;
  longest: number;
  tasks: number[];
}
declare global {
  interface Window {
    watched: Watched;
  }
}

/** Counts frames, the longest pause between two of them, and tasks over 50 ms, from now on. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched: Watched = { frames: 0, longest: 0, tasks: [] };
    window.watched = watched;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) watched.tasks.push(duration);
    }).observe({ type: "longtask" });
    let last = performance.now();
    const frame = (now: number) => {
      watched.frames++;
      watched.longest = Math.max(watched.longest, now - last);
      last = now;
      if (window.watched === watched) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

async function tell(page: Page, what: string, started: number): Promise<void> {
  const seconds = (performance.now() - started) / 1000;
  const { frames, longest, tasks } = await page.evaluate(() => window.watched);
  const worst =
    tasks.length > 0 ? `${tasks.length} tasks over 50 ms, the longest ${Math.max(...tasks).toFixed(0)} ms` : "no task over 50 ms";
  console.log(`${what.padEnd(34)} ${(frames / seconds).toFixed(0).padStart(3)} frames/s, longest pause ${longest.toFixed(0)} ms, ${worst}`);
}

async function drag(page: Page): Promise<void> {
  const box = (await page.locator("canvas.maplibregl-canvas").boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let i = 1; i <= DRAG_STEPS; i++) await page.mouse.move(x + 150 * Math.sin(i / 12), y + 60 * Math.sin(i / 7));
  await page.mouse.up();
}

const folder = mkdtempSync(join(tmpdir(), "bench-map-"));
try {
  mkdirSync(join(folder, "datasets"), { recursive: true });
  writeFileSync(join(folder, "workspace.json"), JSON.stringify({ format: "simclr-s2-workspace", version: 1 }));
  await makeCatalogue(join(folder, "datasets/bench"), TILES);
  const serving = await serve(folder);
  const browser = await launchChromium(findChromium()!);
  try {
    const page = await (await browser.newContext({ viewport: SIZE })).newPage();
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const heap = async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      return (metrics.find(({ name }) => name === "JSHeapUsedSize")!.value / 1e6).toFixed(0);
    };
    await page.goto(serving.url);
    await page.evaluate(() => {
      window.location.hash = "#/data/bench";
    });
    await page.getByText(`${TILES.toLocaleString("en")} tiles`).waitFor();
    console.log(`${TILES} tiles, ${SIZE.width} x ${SIZE.height}; JavaScript heap before the map ${await heap()} MB`);
    await watch(page);
    let started = performance.now();
    await page.evaluate(() => {
      window.location.hash = "#/data/bench?layout=map";
    });
    await page.getByRole("region", { name: "Legend" }).getByRole("listitem").first().waitFor();
    console.log(`drawn after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    await page.waitForLoadState("networkidle");
    await tell(page, "while it loads", started);
    for (const [what, at] of [
      ["all in view, moved", null],
      ["a region in view, moved", "46,5,7"],
      ["tiles as polygons, moved", "44.6,0.6,10"],
    ] as const) {
      if (at)
        await page.evaluate((place) => {
          window.location.hash = `#/data/bench?layout=map&at=${place}`;
        }, at);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await watch(page);
      started = performance.now();
      await drag(page);
      await tell(page, what, started);
    }
    await watch(page);
    started = performance.now();
    await page.getByRole("button", { name: /^train/ }).click();
    await page.getByText("left out by the filter").waitFor();
    console.log(`a filter is on the map after ${(performance.now() - started).toFixed(0)} ms`);
    await tell(page, "while it is filtered", started);
    console.log(`JavaScript heap with the map ${await heap()} MB`);
  } finally {
    await browser.close();
    await serving.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
