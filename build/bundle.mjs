// Bundles the renderer, the Node programs and the preload script into dist/. Run by setup.mjs; plain JavaScript, since it makes the rest runnable.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { makeIcons } from "./icons.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Programs for Node: where each lies in the sources, by its name in dist/node. */
const NODE_ENTRIES = {
  cli: "electron/cli.ts",
  main: "electron/main/main.ts",
  "training.worker": "electron/training/training.worker.ts",
  "ingest.worker": "electron/ingest/patches/ingest.worker.ts",
  "embedding.worker": "electron/embeddings/embedding.worker.ts",
  "sample.worker": "electron/ingest/sample/sample.worker.ts",
  "setup-tensorflow": "electron/training/engines/setup-tensorflow.ts",
};

/** What stays a package: binaries, WebAssembly, and what is seldom loaded. The rest is bundled, since finding and reading many files takes most of the time to start. */
const PACKAGES = [
  "@cornerstonejs/codec-openjpeg",
  "@duckdb/node-bindings",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-node-gpu",
  "electron",
  "geotiff",
  "sharp",
  "sql.js",
  "ws",
  "yauzl",
  "zstddec",
];

/**
 * @param {Record<string, string>} entries
 * @param {string} outDir
 */
async function bundleNode(entries, outDir) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    ssr: { target: "node", noExternal: true, external: PACKAGES },
    build: {
      ssr: true,
      target: "node20",
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: entries,
        // Chunks lie beside the programs: code that several share finds its workers next to itself, whichever file it lands in.
        output: { format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  });
}

/** @param {string} outDir */
async function bundlePreload(outDir) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    // A sandboxed preload script can require nothing but 'electron'.
    ssr: { target: "node", noExternal: true, external: ["electron"] },
    build: {
      ssr: true,
      target: "node20",
      outDir,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: { preload: "electron/preload/preload.ts" },
        external: ["electron"],
        output: { format: "cjs", entryFileNames: "[name].cjs", codeSplitting: false },
      },
    },
  });
}

/** @param {string} outDir */
async function bundleRenderer(outDir) {
  const { default: react } = await import("@vitejs/plugin-react");
  await build({
    root: join(root, "renderer"),
    configFile: false,
    logLevel: "warn",
    base: "./",
    plugins: [react()],
    build: { outDir, emptyOutDir: true, target: "chrome120", chunkSizeWarningLimit: 4000 },
  });
}

/**
 * Bundles everything.
 * @param {string} outDir an absolute folder, made if need be
 */
export async function bundle(outDir) {
  await bundleNode(NODE_ENTRIES, join(outDir, "node"));
  await bundlePreload(join(outDir, "node"));
  await bundleRenderer(join(outDir, "renderer"));
  await makeIcons(join(outDir, "icons"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(process.argv[2] ?? join(root, "dist"));
