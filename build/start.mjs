// `npm start`: sets up, then opens the application in a window of its own where Electron can run, else in the browser, saying why.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root, run, say, setup } from "./setup.mjs";

const DOWNLOAD_TIMEOUT_MS = 120_000;
/** An Electron that ends with an error sooner than this never opened its window. */
const QUICK_FAILURE_MS = 10_000;

const args = process.argv.slice(2);
const isRetry = args.includes("--retry");
const appArgs = args.filter((arg) => arg !== "--retry");

/** Why no window can be shown here, or undefined. */
function obstacle() {
  if (process.platform !== "linux") return undefined;
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return "there is no display";
  if (process.getuid?.() === 0) return "Electron does not run as root";
  return undefined;
}

/** @returns {string | undefined} the path of Electron's program, if it has been downloaded */
function electronProgram() {
  const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  const name = join(folder, "path.txt");
  const program = existsSync(name) ? join(folder, "dist", readFileSync(name, "utf8")) : "";
  return existsSync(program) ? program : undefined;
}

/** Downloads Electron once; a failure is remembered, so that no later start waits for it. */
async function downloadElectron() {
  const require = createRequire(import.meta.url);
  const { version } = require("electron/package.json");
  const failure = join(root, ".cache", `electron-${version}.failed`);
  if (existsSync(failure) && !isRetry) return undefined;
  say(`Downloading Electron ${version} ...`);
  await run(process.execPath, [require.resolve("electron/install.js")], { timeout: DOWNLOAD_TIMEOUT_MS });
  const program = electronProgram();
  if (program === undefined) {
    mkdirSync(dirname(failure), { recursive: true });
    writeFileSync(failure, "");
  }
  return program;
}

/**
 * Runs a program in the foreground, until it ends.
 * @param {string} command
 * @param {readonly string[]} commandArgs
 * @returns {Promise<number>}
 */
function foreground(command, commandArgs) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: "inherit" });
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** @returns {Promise<string | undefined>} why there is no window; undefined when there was one */
async function openWindow() {
  const reason = obstacle();
  if (reason !== undefined) return reason;
  const program = electronProgram() ?? (await downloadElectron());
  if (program === undefined) return "Electron's program could not be downloaded (`npm start -- --retry` tries again)";
  const started = Date.now();
  const code = await foreground(program, [root, ...appArgs]);
  if (code !== 0 && Date.now() - started < QUICK_FAILURE_MS) return `Electron ended at once with code ${code}`;
  process.exitCode = code;
  return undefined;
}

try {
  await setup(["--quiet", ...(isRetry ? ["--retry"] : [])]);
  const reason = await openWindow();
  if (reason !== undefined) {
    say(`The application opens in the browser, because ${reason}.`);
    process.exitCode = await foreground(process.execPath, [join(root, "dist", "node", "cli.js"), "serve", "--open", ...appArgs]);
  }
} catch (error) {
  say(`The application could not be started: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
