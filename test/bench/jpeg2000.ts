// Reading a 10,980 px JPEG 2000 band in ESA's layout, here and by GDAL: the whole band by two threads, and 200 windows of 120 px by one.
//
//   npx vite build --ssr test/bench/jpeg2000.ts --outDir dist/bench && node dist/bench/jpeg2000.js [ROUNDS]
//
// SIMCLR_S2_TEST_PYTHON names a Python with numpy and rasterio. The band is made once, in the temporary folder (141 MB, half a minute).
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { inBlockOrder, openJpeg2000File } from "../../electron/ingest/readers/jpeg2000.ts";
import { findPython } from "../python.ts";

const THREADS = 2;
const WINDOWS = 200;
const WINDOW_PIXELS = 120;

type Task =
  | { kind: "band"; path: string; pixels: SharedArrayBuffer; next: SharedArrayBuffer }
  | { kind: "windows"; path: string; corners: [number, number][] };

const thisFile = fileURLToPath(import.meta.url);

/** Takes whole tiles until none is left. */
async function readBand({ path, pixels, next }: Extract<Task, { kind: "band" }>): Promise<number[]> {
  const raster = openJpeg2000File(path);
  const { width, height, blockWidth, blockHeight } = raster;
  const out = new Uint16Array(pixels);
  const across = Math.ceil(width / blockWidth);
  const tiles = across * Math.ceil(height / blockHeight);
  for (let tile = Atomics.add(new Int32Array(next), 0, 1); tile < tiles; tile = Atomics.add(new Int32Array(next), 0, 1)) {
    const x = (tile % across) * blockWidth;
    const y = Math.floor(tile / across) * blockHeight;
    const window = { band: 0, x, y, width: Math.min(blockWidth, width - x), height: Math.min(blockHeight, height - y) };
    const samples = await raster.readWindow(window);
    for (let row = 0; row < window.height; row++)
      out.set(samples.subarray(row * window.width, (row + 1) * window.width), (y + row) * width + x);
  }
  raster.close();
  return [];
}

function run(task: Task): Promise<number[]> {
  return new Promise((done, failed) => {
    let answer: number[] = [];
    const worker = new Worker(thisFile, { workerData: task });
    worker.on("message", (message: number[]) => {
      answer = message;
    });
    worker.on("error", failed);
    worker.on("exit", () => done(answer));
  });
}

/** Checksums of the windows, in the order of `corners`. */
async function readWindows({ path, corners }: Extract<Task, { kind: "windows" }>): Promise<number[]> {
  const raster = openJpeg2000File(path, { isSparse: true });
  const crcs: number[] = [];
  const windows = corners.map(([x, y], index) => ({ index, band: 0, x, y, width: WINDOW_PIXELS, height: WINDOW_PIXELS }));
  for (const window of inBlockOrder(windows, raster)) crcs[window.index] = crcOf(await raster.readWindow(window));
  raster.close();
  return crcs;
}

function crcOf(samples: ArrayBufferView): number {
  return crc32(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
}

/** On a machine with other work the processor's time says more. */
interface Duration {
  seconds: number;
  cpuSeconds: number;
}

interface Figures {
  windows: Duration;
  band: Duration;
  peakMegabytes: number;
  crcs: number[];
  bandCrc: number;
}

async function main(): Promise<void> {
  const python = findPython(["numpy", "rasterio"]);
  if (!python) return;
  const script = resolve(import.meta.dirname, "../../test/bench/jpeg2000_gdal.py");
  const path = join(tmpdir(), "simclr-s2-bench-10980.jp2");
  const env = { ...process.env, GDAL_NUM_THREADS: String(THREADS) };
  if (!existsSync(path)) execFileSync(python, [script, "make", path], { env, stdio: "inherit" });
  let state = 20210401;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2 ** 31;
  };
  const corner = () => Math.floor(random() * (10_980 - WINDOW_PIXELS + 1));
  const corners = Array.from({ length: WINDOWS }, (): [number, number] => [corner(), corner()]);

  const measure = async <T>(work: () => Promise<T>): Promise<[Duration, T]> => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(cpu);
    return [{ seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 }, result];
  };
  const line = (what: string, ours: number, theirs: number) =>
    console.log(`${what}: ${ours.toFixed(1)}, GDAL ${theirs.toFixed(1)}, ratio ${(ours / theirs).toFixed(2)}`);
  const lines = (what: string, ours: Duration, theirs: Duration) => {
    line(`${what}, s`, ours.seconds, theirs.seconds);
    line(`${what}, CPU s`, ours.cpuSeconds, theirs.cpuSeconds);
  };
  for (let round = 0; round < Number(process.argv[2] ?? 1); round++) {
    const text = execFileSync(python, [script, "time", path], { env, input: JSON.stringify(corners), encoding: "utf8" });
    const gdal = JSON.parse(text) as Figures;
    const [windows, crcs] = await measure(() => run({ kind: "windows", path, corners }));
    const pixels = new SharedArrayBuffer(10_980 * 10_980 * 2);
    const next = new SharedArrayBuffer(4);
    const [band] = await measure(() => Promise.all(Array.from({ length: THREADS }, () => run({ kind: "band", path, pixels, next }))));
    const isSame = crcOf(new Uint8Array(pixels)) === gdal.bandCrc && crcs.every((crc, i) => crc === gdal.crcs[i]);
    lines(`whole band, ${THREADS} threads`, band, gdal.band);
    lines(`${WINDOWS} windows of ${WINDOW_PIXELS} px`, windows, gdal.windows);
    line("peak memory with the band's 241 MB, MB", process.resourceUsage().maxRSS / 1024, gdal.peakMegabytes);
    console.log(isSame ? "all pixels equal GDAL's" : "PIXELS DIFFER FROM GDAL'S");
    if (!isSame) process.exitCode = 1;
  }
}

if (isMainThread) {
  await main();
} else {
  const task = workerData as Task;
  parentPort?.postMessage(task.kind === "band" ? await readBand(task) : await readWindows(task));
}
