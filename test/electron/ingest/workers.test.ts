// Reading threads, as the bundle has them.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingestFolders } from "../../../electron/ingest/ingest.ts";
import { copyPatch, filesUnder, makeScene, temporaryFolder } from "./made-files.ts";

const root = resolve(import.meta.dirname, "../../..");
let folder: string;
let worker: URL;

beforeAll(async () => {
  // Inside the project, so that the worker finds its packages.
  mkdirSync(join(root, ".cache"), { recursive: true });
  folder = mkdtempSync(join(root, ".cache", "ingest-worker-"));
  await build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    ssr: { target: "node", external: true },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: {
        input: { "ingest.worker": join(root, "electron/ingest/patches/ingest.worker.ts") },
        output: { format: "esm", entryFileNames: "[name].js" },
      },
    },
  });
  worker = pathToFileURL(join(folder, "ingest.worker.js"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function workerOf(source: string): URL {
  const path = join(folder, `worker-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.mjs`);
  writeFileSync(path, source);
  return pathToFileURL(path);
}

function patches(): string {
  const source = temporaryFolder();
  for (let i = 0; i < 150; i++) copyPatch(source, `patch_${String(i).padStart(3, "0")}`, (i % 2) as 0 | 1);
  writeFileSync(join(source, "patch_070", "patch_070_B02.tif"), "text");
  return source;
}

describe("reading threads", () => {
  it("store the same bytes, however many there are", async () => {
    const source = patches();
    makeScene({ folder: join(source, "..", "never"), bands: ["B02"], pixels: 32 });
    const results = [];
    for (const [workers, file] of [
      [1, null],
      [1, worker],
      [3, worker],
    ] as const) {
      const { folder: dataset, dataset: record } = await ingestFolders(
        { workspace: temporaryFolder(), dataset: "x", folders: [source], workers },
        { worker: file },
      );
      const store = [...filesUnder(dataset)]
        .filter(([name]) => name.startsWith("store"))
        .map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]);
      expect(record.tiles).toBe(149);
      results.push({ store, fingerprint: record.fingerprint, statistics: record.statistics, skipped: record.skipped });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    rmSync(join(source, "..", "never"), { recursive: true });
  });

  it.each([
    ["dies", "process.exit(3)"],
    ["throws", 'throw new Error("out of memory, say")'],
  ])("end the ingest with an error when one %s; run again, it goes on", async (_, fault) => {
    const workspace = temporaryFolder();
    const source = temporaryFolder();
    copyPatch(source, "patch");
    const broken = workerOf(`import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { ${fault}; });`);
    await expect(ingestFolders({ workspace, dataset: "x", folders: [source] }, { worker: broken })).rejects.toMatchObject({
      code: "WORKER_LOST",
      message: expect.stringContaining("Run the ingest again"),
    });
    expect((await ingestFolders({ workspace, dataset: "x", folders: [source] }, { worker })).tiles).toBe(1);
  });

  it("stop at once when asked, even one that does not answer", async () => {
    const source = temporaryFolder();
    copyPatch(source, "patch");
    const silent = workerOf('import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { for (;;); });');
    const abort = new AbortController();
    const run = ingestFolders({ workspace: temporaryFolder(), dataset: "x", folders: [source], signal: abort.signal }, { worker: silent });
    setTimeout(() => abort.abort(), 300);
    await expect(run).rejects.toMatchObject({ name: "AbortError" });
  });
});
