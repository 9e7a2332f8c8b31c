// GPUs as nvidia-smi tells of them; stand-ins for it, since no GPU is at hand.
import { describe, expect, it } from "vitest";
import type { Exec } from "../../../../electron/training/engines/exec.ts";
import { gpuProblem, readGpus, visibleGpus } from "../../../../electron/training/engines/gpus.ts";

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
