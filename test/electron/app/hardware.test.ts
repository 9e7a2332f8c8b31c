import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { sampleHardware } from "../../../electron/app/hardware.ts";
import type { HardwareSample } from "../../../shared/domain/hardware.ts";

async function first(options: Partial<Parameters<typeof sampleHardware>[0]>): Promise<HardwareSample> {
  for await (const sample of sampleHardware({ folder: tmpdir(), everyMs: 5, hasGpu: false, ...options })) return sample;
  throw new Error("no sample");
}

describe("samples of the hardware", () => {
  it("tell of this process and its machine", async () => {
    const sample = await first({});
    expect(sample.ownBytes).toBeGreaterThan(10e6);
    expect(sample.totalBytes).toBeGreaterThanOrEqual(sample.freeBytes);
    expect(sample.diskFreeBytes).toBeGreaterThan(0);
    for (const share of [sample.machineBusy, sample.ownBusy]) expect(share >= 0 && share <= 1).toBe(true);
    expect(sample.gpus).toEqual([]);
  });

  it("count the work of this process as its own", async () => {
    const samples = sampleHardware({ folder: tmpdir(), everyMs: 1, hasGpu: false });
    await samples.next();
    const next = samples.next();
    const until = performance.now() + 100;
    while (performance.now() < until) Math.sqrt(until);
    const { value } = await next;
    expect(value!.ownBusy * value!.cores).toBeGreaterThan(0.2);
    await samples.return(undefined);
  });

  it("read what nvidia-smi tells, and leave out what a GPU does not measure", async () => {
    const stdout = "NVIDIA H100, 87, 1024, 81559, 310.25, 61\nTegra, [N/A], [N/A], [N/A], [N/A], 40\n\n";
    const sample = await first({ hasGpu: true, exec: async () => ({ code: 0, stdout, stderr: "" }) });
    expect(sample.gpus).toEqual([
      { name: "NVIDIA H100", busy: 0.87, usedBytes: 2 ** 30, totalBytes: 81559 * 2 ** 20, watts: 310.25, celsius: 61 },
      { name: "Tegra", busy: null, usedBytes: null, totalBytes: null, watts: null, celsius: 40 },
    ]);
  });

  it("tell of no GPU when the driver does not answer", async () => {
    expect((await first({ hasGpu: true, exec: async () => ({ code: 9, stdout: "", stderr: "" }) })).gpus).toEqual([]);
  });

  it("end with their signal", async () => {
    const controller = new AbortController();
    const samples = sampleHardware({ folder: tmpdir(), everyMs: 60_000, hasGpu: false, signal: controller.signal });
    const next = samples.next();
    controller.abort();
    expect((await next).done).toBe(true);
  });
});
