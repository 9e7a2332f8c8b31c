// Which engine is chosen, and what is said when it is not the one wanted.

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test } from "vitest";
import { diagnose } from "../../../../electron/training/engines/doctor.ts";
import { loadEngine } from "../../../../electron/training/engines/select.ts";
import { EngineReport } from "../../../../shared/domain/engine.ts";
import { hasTensorflow } from "./engines.ts";

const before = { ...process.env };
const emptyCache = mkdtempSync(join(tmpdir(), "simclr-s2-cache-"));
afterEach(() => {
  for (const name of ["SIMCLR_S2_ENGINE", "XDG_CACHE_HOME", "HOME"]) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  rmSync(emptyCache, { recursive: true, force: true });
});

function withoutRuntime(): void {
  process.env.XDG_CACHE_HOME = emptyCache;
  process.env.HOME = emptyCache;
}

describe("choosing an engine", () => {
  test("without a runtime takes wasm and says what would give a better one", async () => {
    withoutRuntime();
    const engine = await loadEngine("auto");
    expect(engine).toMatchObject({
      name: "wasm",
      device: "cpu",
      threads: Math.min(8, availableParallelism()),
      reason: expect.stringContaining("npm run setup"),
    });
    expect(tf.getBackend()).toBe("wasm");
  });

  test("refuses an engine asked for by name that is not there", async () => {
    withoutRuntime();
    await expect(loadEngine("tensorflow")).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
  });

  test("lets the environment decide for auto, and only for auto", async () => {
    process.env.SIMCLR_S2_ENGINE = "wasm";
    expect((await loadEngine("auto")).name).toBe("wasm");
    process.env.SIMCLR_S2_ENGINE = "gpu";
    await expect(loadEngine("auto")).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    expect((await loadEngine("wasm")).name).toBe("wasm");
  });

  test.skipIf(!hasTensorflow)("takes the native engine where it is set up, however often it is asked", async () => {
    delete process.env.SIMCLR_S2_ENGINE;
    for (let time = 0; time < 2; time++) {
      expect(await loadEngine("auto")).toMatchObject({ name: "tensorflow", version: expect.stringMatching(/^2\./) });
      expect(tf.getBackend()).toBe("tensorflow");
    }
  });
});

describe("doctor", () => {
  test("reports the engine, the tools and the machine", async () => {
    const report = EngineReport.parse(await diagnose());
    expect(report.checks.map(({ name }) => name)).toEqual([
      "TensorFlow runtime",
      "Python",
      "pip",
      "C++ compiler",
      "NVIDIA GPU",
      "Processor",
      "Memory",
      "Cache",
      "Node",
    ]);
  });

  test("reads every byte of the runtime only when asked", async () => {
    const detail = async (verify: boolean) => (await diagnose({ verify })).checks[0]!.detail;
    expect(await detail(false)).not.toContain("every byte");
    if (hasTensorflow) expect(await detail(true)).toContain("every byte as it was set up");
  });

  test("reports on the machine, too, where the engine that was asked for does not work", async () => {
    withoutRuntime();
    process.env.SIMCLR_S2_ENGINE = "tensorflow";
    const { engine, checks } = await diagnose();
    expect(engine).toMatchObject({ name: "wasm", reason: expect.stringMatching(/^tensorflow is asked for .*npm run setup/) });
    expect(checks[0]).toMatchObject({ name: "TensorFlow runtime", status: "missing" });
  });

  test("tells what to install where nothing is there", async () => {
    withoutRuntime();
    const { engine, checks } = await diagnose({ exec: async () => ({ code: 127, stdout: "", stderr: "" }) });
    expect(engine.name).toBe("wasm");
    const missing = checks.filter(({ status }) => status === "missing");
    expect(missing.map(({ name }) => name)).toEqual(["TensorFlow runtime", "Python", "pip", "C++ compiler"]);
    for (const { advice } of missing) expect(advice).toMatch(/install|npm run setup/i);
  });
});
