// GPUs as nvidia-smi tells of them; stand-ins for it, since no GPU is at hand.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Exec } from "../../../../electron/training/engines/exec.ts";
import { gpuProblem, readGpus, requireGpu, trainingGpus, visibleGpus } from "../../../../electron/training/engines/gpus.ts";
import { MANIFEST_NAME, runtimeKey, runtimesFolder, wantedVariants } from "../../../../electron/training/engines/runtime.ts";

const says =
  (stdout: string, code = 0, stderr = ""): Exec =>
  async () => ({ code, stdout, stderr });
const TWO =
  "GPU-aa11, NVIDIA H100 80GB HBM3, 81559, 81008, 550.54.15, 9.0\nGPU-bb22, NVIDIA A100-SXM4-40GB, 40960, 40000, 550.54.15, 8.0\n";

describe("the GPUs", () => {
  it("are read with their memory", async () => {
    const { gpus, reason } = await readGpus(says(TWO));
    expect(reason).toBeNull();
    expect(gpus.map(({ name }) => name)).toEqual(["NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB"]);
    expect(gpus[0]).toMatchObject({ memoryBytes: 81559 * 2 ** 20, driver: "550.54.15", computeCapability: "9.0" });
  });

  it("may have no memory of their own", async () => {
    const { gpus } = await readGpus(says("GPU-cc, NVIDIA GB10, [N/A], [N/A], 580.1, 12.1\n"));
    expect(gpus).toMatchObject([{ memoryBytes: null, freeBytes: null }]);
  });

  it("are none, with the reason, where the driver does not answer", async () => {
    const broken = says("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 9);
    expect(await readGpus(broken)).toEqual({ gpus: [], reason: expect.stringContaining("couldn't communicate") });
    expect((await readGpus(says("", 0))).reason).toBe("the driver knows of none");
  });

  it("are used only with a driver and cores that TensorFlow's build has code for", async () => {
    const gpu = (await readGpus(says(TWO))).gpus[0]!;
    expect(gpuProblem(gpu)).toBeNull();
    expect(gpuProblem({ ...gpu, driver: "470.82.01" })).toContain("too old");
    expect(gpuProblem({ ...gpu, computeCapability: "5.2" })).toContain("5.2");
  });

  it("are seen as CUDA_VISIBLE_DEVICES says, by number or name, to the first unknown", async () => {
    const { gpus } = await readGpus(says(TWO));
    const seen = (visible: string | undefined) => visibleGpus(gpus, visible).map(({ uuid }) => uuid);
    expect(seen("1,0")).toEqual(["GPU-bb22", "GPU-aa11"]);
    expect(seen("GPU-bb")).toEqual(["GPU-bb22"]);
    expect(seen("0,7,1")).toEqual(["GPU-aa11"]);
    expect(seen("")).toEqual([]);
    expect(seen("-1")).toEqual([]);
  });
});

describe("a machine with GPUs", () => {
  const before = { ...process.env };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gpus-"));
    writeFileSync(join(folder, "nvidia-smi"), `#!/bin/sh\nprintf '${TWO.replaceAll("\n", "\\n")}'\n`);
    chmodSync(join(folder, "nvidia-smi"), 0o755);
    Object.assign(process.env, { PATH: `${folder}:${before.PATH}`, XDG_CACHE_HOME: folder, HOME: folder });
    delete process.env.CUDA_VISIBLE_DEVICES;
  });
  afterEach(() => {
    for (const name of ["PATH", "XDG_CACHE_HOME", "HOME", "CUDA_VISIBLE_DEVICES"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    rmSync(folder, { recursive: true });
  });
  /** A runtime of no files, which counts as whole. */
  const provide = (variant: "gpu" | "cpu") => {
    const runtime = join(runtimesFolder(), runtimeKey(variant));
    mkdirSync(runtime, { recursive: true });
    writeFileSync(join(runtime, MANIFEST_NAME), JSON.stringify({ version: 1, tensorflow: "2.20.0", variant, files: [] }));
  };

  it("wants the build for GPUs, and trains on all once it is there", async () => {
    expect(wantedVariants()).toContain("gpu");
    expect(await trainingGpus()).toEqual([]);
    provide("cpu");
    expect(await trainingGpus()).toEqual([]);
    provide("gpu");
    expect((await trainingGpus()).map(({ uuid }) => uuid)).toEqual(["GPU-aa11", "GPU-bb22"]);
    process.env.CUDA_VISIBLE_DEVICES = "GPU-bb22";
    expect((await trainingGpus()).map(({ uuid }) => uuid)).toEqual(["GPU-bb22"]);
  });

  it("is told of at set-up, which fetches nothing for GPUs that cannot be used", async () => {
    const lines: string[] = [];
    await requireGpu({ log: (line) => lines.push(line) });
    expect(lines).toEqual([
      "NVIDIA GPU: NVIDIA H100 80GB HBM3, 85.5 GB, driver 550.54.15",
      "NVIDIA GPU: NVIDIA A100-SXM4-40GB, 42.9 GB, driver 550.54.15",
    ]);
    const old = says("GPU-k80, Tesla K80, 11441, 11000, 470.82.01, 3.7\n");
    await expect(requireGpu({ exec: old, log: () => {} })).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      message: expect.stringContaining("Tesla K80: its driver 470.82.01 is too old"),
    });
  });
});
