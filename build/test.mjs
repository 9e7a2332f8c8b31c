// `npm test`: set-up, style, types, then the tests. Stops at the first step that fails, with its exit code.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, say, setup } from "./setup.mjs";

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

await setup();
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
