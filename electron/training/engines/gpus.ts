// The NVIDIA GPUs of this machine, as the driver's own tool tells of them.
import type { Gpu } from "../../../shared/domain/engine.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import { gigabytes } from "../../../shared/domain/step-memory.ts";
import { type Exec, findOnPath, exec as realExec } from "./exec.ts";
import { findRuntime, hasNvidiaGpu } from "./runtime.ts";

const FIELDS = ["uuid", "name", "memory.total", "memory.free", "driver_version", "compute_cap"] as const;
/** The first driver that runs programs of any CUDA 12. @see CUDA compatibility, NVIDIA */
const OLDEST_DRIVER = 525;
/** The first GPUs that the published TensorFlow has code for (Pascal). */
const OLDEST_CAPABILITY = 6;
const MEBIBYTE = 2 ** 20;

/** The GPUs, in the driver's order, and why there is none to read where a driver should be. */
export async function readGpus(exec: Exec = realExec): Promise<{ gpus: Gpu[]; reason: string | null }> {
  const { code, stdout, stderr } = await exec("nvidia-smi", [`--query-gpu=${FIELDS.join()}`, "--format=csv,noheader,nounits"]);
  if (code !== 0) {
    const said = (stderr || stdout).trim().split("\n").at(-1);
    return { gpus: [], reason: `the driver does not answer (${said || `nvidia-smi ended with ${code}`})` };
  }
  const gpus = stdout.split("\n").flatMap((line) => {
    const values = line.split(",").map((value) => value.trim());
    if (values.length !== FIELDS.length) return [];
    const [uuid, name, total, free, driver, computeCapability] = values as [string, string, string, string, string, string];
    return [{ uuid, name, memoryBytes: bytesOf(total), freeBytes: bytesOf(free), driver, computeCapability }];
  });
  return { gpus, reason: gpus.length === 0 ? "the driver knows of none" : null };
}

/** `[N/A]` where the GPU has no memory of its own. */
function bytesOf(mebibytes: string): number | null {
  const value = Number(mebibytes);
  return Number.isFinite(value) && mebibytes !== "" ? value * MEBIBYTE : null;
}

/** What keeps TensorFlow from computing on a GPU; null when nothing does. */
export function gpuProblem({ driver, computeCapability }: Gpu): string | null {
  if (Number.parseInt(driver, 10) < OLDEST_DRIVER) return `its driver ${driver} is too old for CUDA 12: install ${OLDEST_DRIVER} or later`;
  if (Number.parseFloat(computeCapability) < OLDEST_CAPABILITY)
    return `its compute capability ${computeCapability} is below ${OLDEST_CAPABILITY}.0, the least that TensorFlow is built for`;
  return null;
}

/** The GPUs that CUDA programs of this process see, in their order. */
export function visibleGpus(gpus: readonly Gpu[], visible: string | undefined = process.env.CUDA_VISIBLE_DEVICES): Gpu[] {
  if (visible === undefined) return [...gpus];
  const seen: Gpu[] = [];
  for (const name of visible.split(",").map((part) => part.trim())) {
    const gpu = /^\d+$/.test(name) ? gpus[Number(name)] : name === "" ? undefined : gpus.find(({ uuid }) => uuid.startsWith(name));
    if (!gpu) break; // CUDA, too, stops at the first name that it does not know
    seen.push(gpu);
  }
  return seen;
}

/** The GPUs that runs here can compute on. Quick: no engine is loaded. */
export async function trainingGpus(exec: Exec = realExec): Promise<Gpu[]> {
  const found = findRuntime();
  if (!hasNvidiaGpu() || found.kind === "absent" || found.runtime.variant === "cpu") return [];
  return visibleGpus((await readGpus(exec)).gpus).filter((gpu) => gpuProblem(gpu) === null);
}

/**
 * Tells what GPUs there are, before gigabytes are fetched for them.
 * @throws ENGINE_UNAVAILABLE when TensorFlow can use none of them
 */
export async function requireGpu({ exec = realExec, log }: { exec?: Exec; log: (line: string) => void }): Promise<void> {
  if (findOnPath(["nvidia-smi"]) === undefined) return; // a driver alone, as in some containers: it cannot be asked
  const { gpus, reason } = await readGpus(exec);
  for (const { name, memoryBytes, driver } of gpus)
    log(`NVIDIA GPU: ${name}${memoryBytes === null ? "" : `, ${gigabytes(memoryBytes)}`}, driver ${driver}`);
  if (gpus.some((gpu) => gpuProblem(gpu) === null)) return;
  const why = reason ?? gpus.map((gpu) => `${gpu.name}: ${gpuProblem(gpu)}`).join("; ");
  throw new AppError("ENGINE_UNAVAILABLE", `No NVIDIA GPU can be used: ${why}.`);
}
