// Finds a Python with the packages that a comparison needs. Tests that want one are skipped, with the reason printed, where there is none.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/**
 * The first of these that imports all modules: the one named by SIMCLR_S2_TEST_PYTHON, `.cache/test-venv/bin/python`, `python3`.
 * @param modules as in `import`: `["zarr", "numpy"]`
 * @returns null when there is none; the reason is printed
 */
export function findPython(modules: readonly string[]): string | null {
  const candidates = [process.env.SIMCLR_S2_TEST_PYTHON, join(root, ".cache", "test-venv", "bin", "python"), "python3"];
  for (const candidate of candidates) {
    if (!candidate || (candidate.includes("/") && !existsSync(candidate))) continue;
    const { status } = spawnSync(candidate, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore", timeout: 60_000 });
    if (status === 0) return candidate;
  }
  console.warn(`skipped: no Python with ${modules.join(", ")}. Name one by SIMCLR_S2_TEST_PYTHON, or make .cache/test-venv with them.`);
  return null;
}

/** Runs a script; its input is JSON on stdin, its output JSON on stdout. */
export function runPython(python: string, script: string, input: unknown): unknown {
  const { status, stdout, stderr } = spawnSync(python, ["-c", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`the Python script failed:\n${stderr}`);
  return JSON.parse(stdout);
}
