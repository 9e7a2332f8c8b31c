// `npm test`: set-up, style, types, then the tests. Stops at the first step that fails, with its exit code.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root, run, say, setup } from "./setup.mjs";

/** Packages of Python that some tests compare with. */
const PYTHON_PACKAGES = ["numpy", "rasterio", "zarr", "safetensors"];

const require = createRequire(import.meta.url);
const started = Date.now();

/**
 * @param {string} name
 * @param {string} packageName
 * @param {string} program its path in the package
 * @param {readonly string[]} args
 */
async function step(name, packageName, program, args) {
  say(`\n== ${name}`);
  const code = await run(process.execPath, [join(dirname(require.resolve(`${packageName}/package.json`)), program), ...args]);
  if (code !== 0) {
    say(`\n${name} failed.`);
    process.exit(code);
  }
}

/** A Python environment of the tests' own in .cache/test-venv; without one the comparisons are skipped, and say so. */
async function preparePython() {
  const folder = join(root, ".cache", "test-venv");
  const stamp = join(folder, "packages.txt");
  const wanted = PYTHON_PACKAGES.join(" ");
  if (process.platform === "win32" || (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted)) return;
  say(`Installing ${wanted} for the comparisons with Python ...`);
  mkdirSync(join(root, ".cache"), { recursive: true });
  const fresh = mkdtempSync(join(root, ".cache", "test-venv-"));
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PYTHON_PACKAGES];
  const made =
    (await run("python3", ["-m", "venv", fresh])) === 0 && (await run(join(fresh, "bin", "python"), pip, { timeout: 300_000 })) === 0;
  if (!made) {
    rmSync(fresh, { recursive: true, force: true });
    say("There is no Python with these packages: the comparisons are skipped.");
    return;
  }
  writeFileSync(join(fresh, "packages.txt"), wanted);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder); // python and its packages are found from the folder they lie in
}

await setup();
await preparePython();
const results = mkdtempSync(join(tmpdir(), "simclr-s2-test-"));
process.on("exit", () => rmSync(results, { recursive: true, force: true }));
const summary = join(results, "results.json");
await step("Style (biome check)", "@biomejs/biome", "bin/biome", ["check"]);
await step("Types (tsc --build)", "typescript", "bin/tsc", ["--build"]);
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${summary}`];
await step("Tests (vitest run)", "vitest", "vitest.mjs", ["run", ...reporters, ...process.argv.slice(2)]);

const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(summary, "utf8"));
say(`\nAll checks passed in ${Math.round((Date.now() - started) / 1000)} s.`);
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
