// How smoothly the tile grid scrolls through 100,000 tiles in the system's Chromium, and how many tiles the browser door serves.
//   node build/bundle.mjs && node --input-type=module -e 'import { runnerImport } from "vite"; await runnerImport("./test/bench/grid.ts")'
// The store is short: its shards are one file of 512 made-up tiles under many names, so what is read comes from the page cache.
import { createWriteStream, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { openWorkspace } from "../../electron/app/workspace-folder.ts";
import { writeCatalogue } from "../../electron/ingest/catalogue/catalogue.ts";
import { datasetFile, journalFile } from "../../electron/ingest/catalogue/dataset-folder.ts";
import { arrayMetadata, shardIndex, shardPath, storeFolder } from "../../electron/ingest/store/store-layout.ts";
import type { BandGroup, Tile } from "../../shared/domain/dataset.ts";
import { CORINE_CLASSES } from "../../shared/domain/labels.ts";
import { Random } from "../../shared/domain/random.ts";
import { findChromium, launchChromium } from "../e2e/chromium.ts";
import { serve } from "../e2e/studio.ts";

const TILES = Number(process.env.TILES ?? 100_000);
const SIZE = { width: Number(process.env.WIDTH ?? 1280), height: Number(process.env.HEIGHT ?? 800) };
const SHARD = 512;
const SECONDS = 8;
const GROUPS: BandGroup[] = [
  { name: "10m", pixels: 120, bands: ["B02", "B03", "B04", "B08"] },
  { name: "20m", pixels: 60, bands: ["B05", "B06", "B07", "B8A", "B11", "B12"] },
];
const LONG_TASK_MS = 50;

const random = Random.of("bench grid");

/** Fields on a slope, with the noise of a sensor: as dear to compress as imagery. */
function shard(group: BandGroup, count: number): Buffer {
  const area = group.pixels * group.pixels;
  const dn = new Uint16Array(count * group.bands.length * area);
  for (let plane = 0, at = 0; plane < count * group.bands.length; plane++) {
    const [fx, fy, level] = [random.uniform(0.02, 0.2), random.uniform(0.02, 0.2), random.uniform(400, 2500)];
    for (let y = 0; y < group.pixels; y++)
      for (let x = 0; x < group.pixels; x++, at++)
        dn[at] = level + 250 * Math.sign(Math.sin(x * fx + plane) * Math.cos(y * fy)) + 2 * x + random.below(60);
  }
  return Buffer.from(dn.buffer);
}

async function makeDataset(folder: string): Promise<void> {
  const last = TILES % SHARD;
  for (const group of GROUPS) {
    const pixels = shard(group, SHARD);
    const whole = Buffer.concat([pixels, shardIndex(group, SHARD, SHARD)]);
    for (let i = 0; i * SHARD < TILES; i++) {
      const path = shardPath(folder, group, i);
      mkdirSync(dirname(path), { recursive: true });
      const isLast = (i + 1) * SHARD > TILES;
      if (i === 0) writeFileSync(path, whole);
      else if (isLast)
        writeFileSync(path, Buffer.concat([pixels.subarray(0, (pixels.length / SHARD) * last), shardIndex(group, last, SHARD)]));
      else linkSync(shardPath(folder, group, 0), path);
    }
    writeFileSync(join(storeFolder(folder), group.name, "zarr.json"), JSON.stringify(arrayMetadata(group, TILES, SHARD)));
  }
  const journal = createWriteStream(journalFile(folder));
  journal.write(`${JSON.stringify({ kind: "request" })}\n`);
  for (let first = 0; first < TILES; first += SHARD) {
    const tiles = Array.from({ length: Math.min(SHARD, TILES - first) }, (_, i) => tile(first + i));
    if (!journal.write(`${JSON.stringify({ kind: "batch", batch: first / SHARD, tiles })}\n`))
      await new Promise<void>((resolve) => journal.once("drain", resolve));
  }
  await new Promise<void>((resolve) => journal.end(resolve));
  const statistics = { mean: 0.1, std: 0.05, validPixels: 1, minimum: 0, maximum: 0.5 };
  writeFileSync(
    datasetFile(folder),
    JSON.stringify({
      version: 1,
      name: "bench",
      created: "",
      tiles: TILES,
      tilePixels: 120,
      groups: GROUPS,
      statistics: Object.fromEntries(GROUPS.flatMap(({ bands }) => bands.map((band) => [band, statistics]))),
      classes: [],
      radiometry: { quantification: 10_000, offset: 0, source: "" },
      sources: [],
      skipped: [],
      simulated: true,
      fingerprint: "bench",
      folders: ["/archive"],
    }),
  );
  await writeCatalogue(folder);
}

function tile(index: number): Partial<Tile> & Record<string, unknown> {
  return {
    index,
    id: `S2A_MSIL2A_20170613T101031_${index % 90}_${Math.floor(index / 90)}`,
    source: "bigearthnet-v1",
    root: 0,
    path: `part/${index}`,
    labels: Array.from({ length: 1 + random.below(4) }, (_, i) => CORINE_CLASSES[(random.below(30) + i) % 43]!),
    date: `2017-${String(1 + (index % 12)).padStart(2, "0")}-11`,
    granule: `T${29 + (index % 9)}UXA`,
    nodata: 0,
    cloud: random.uniform(0, 1) ** 4,
  };
}

interface Figures {
  readonly frames: number[];
  readonly tasks: number[];
}

/** Scrolls by so many px a second; without: stays. */
async function watch(page: Page, speed: number): Promise<Figures> {
  return page.evaluate(
    async ({ speed: pxPerSecond, seconds }) => {
      const tasks: number[] = [];
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
      observer.observe({ entryTypes: ["longtask"] });
      const element = document.querySelector("[role=listbox]")!;
      const frames: number[] = [];
      const start = await new Promise<number>(requestAnimationFrame);
      for (let before = start; before - start < seconds * 1000; ) {
        const now = await new Promise<number>(requestAnimationFrame);
        frames.push(now - before);
        element.scrollTop += (pxPerSecond * (now - before)) / 1000;
        before = now;
      }
      tasks.push(...observer.takeRecords().map(({ duration }) => duration));
      observer.disconnect();
      return { frames, tasks };
    },
    { speed, seconds: SECONDS },
  );
}

const at = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);

function tell(what: string, { frames, tasks }: Figures, served: number): void {
  const sorted = frames.slice(1).sort((a, b) => a - b);
  const long = tasks.filter((ms) => ms > LONG_TASK_MS);
  console.log(
    `${what.padEnd(40)} frames ${at(sorted, 0.5)} ms median, ${at(sorted, 0.95)} 95 %, ${at(sorted, 1)} worst; ${long.length} tasks over ${LONG_TASK_MS} ms${
      long.length > 0 ? ` (longest ${Math.max(...long).toFixed(0)})` : ""
    }; ${(served / SECONDS).toFixed(0)} tiles/s`,
  );
}

const workspace = mkdtempSync(join(tmpdir(), "bench-grid-"));
const chromium = findChromium();
if (!chromium) throw new Error("no Chromium on the PATH");
await openWorkspace(workspace);
mkdirSync(join(workspace, "datasets/bench"), { recursive: true });
await makeDataset(join(workspace, "datasets/bench"));
const serving = await serve(workspace);
const browser = await launchChromium(chromium);
try {
  const page = await (await browser.newContext({ viewport: SIZE })).newPage();
  let [served, given] = [0, 0];
  const tilesOf = (url: string) =>
    (new URL(url).searchParams.get("rows") ?? "").split(",").reduce((sum, term) => {
      const [first, last = first] = term.split("-").map(Number);
      return sum + last! - first! + 1;
    }, 0);
  const isStrip = (url: string) => url.includes("/image/strip/");
  page.on("requestfinished", (request) => {
    if (isStrip(request.url())) served += tilesOf(request.url());
  });
  page.on("requestfailed", (request) => {
    if (isStrip(request.url())) given++;
  });
  console.log(`${TILES} tiles, ${SIZE.width} x ${SIZE.height}, ${cpus().length} processors (${cpus()[0]!.model}), drawn by software`);
  await page.goto(serving.url);
  for (const size of [40, 96, 200]) {
    await page.goto(`${new URL(serving.url).origin}/#/data/bench?size=${size}`);
    await page.reload({ timeout: 120_000 });
    await page.getByRole("option").first().waitFor();
    await page.waitForLoadState("networkidle");
    for (const [what, speed] of [
      ["at rest", 0],
      ["1,000 px/s", 1000],
      ["5,000 px/s", 5000],
      ["100,000 px/s", 100_000],
    ] as const) {
      served = given = 0;
      const figures = await watch(page, speed);
      tell(`${size} px, ${what}`, figures, served);
      if (given > 0) console.log(`${" ".repeat(40)} ${given} requests of tiles scrolled past were aborted`);
    }
  }
} finally {
  await browser.close();
  await serving.stop();
  rmSync(workspace, { recursive: true, force: true });
}
