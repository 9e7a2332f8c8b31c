// Tells what a machine has for training: the engine in use, why not a better one, and what to do about it.

import { cpus, freemem } from "node:os";
import type { EngineInfo, EngineReport } from "../../../shared/domain/engine.ts";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { gigabytes } from "../../../shared/domain/step-memory.ts";
import { type Exec, exec as realExec } from "./exec.ts";
import { gpuProblem, readGpus } from "./gpus.ts";
import { processorFlags } from "./precision.ts";
import { findToolchain, type Tool } from "./provision.ts";
import { rememberedFailure } from "./remembered.ts";
import { findRuntime, hasNvidiaGpu, runtimesFolder, verifyRuntime } from "./runtime.ts";
import { loadEngine, machineMemory } from "./select.ts";

type Check = EngineReport["checks"][number];

/** Instruction sets that make training faster, by the kernel's names for them. */
const FAST_FLAGS = ["avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "bf16", "i8mm"];

export interface DiagnoseOptions {
  readonly exec?: Exec;
  /** Reads every byte of the runtime, which takes seconds; else sizes are checked. */
  readonly verify?: boolean;
}

/**
 * Looks at the machine, and loads the engine that runs would use into this thread.
 * @throws BAD_ARGUMENT when the environment names an unknown engine
 */
export async function diagnose({ exec = realExec, verify = false }: DiagnoseOptions = {}): Promise<EngineReport> {
  const found = hasNvidiaGpu() ? await readGpus(exec) : { gpus: [], reason: null };
  const checks = [await checkRuntime(verify), ...(await checkTools(exec)), ...checkGpus(found), checkProcessor(), checkMemory()];
  checks.push({ name: "Cache", status: "info", detail: runtimesFolder() });
  checks.push({ name: "Node", status: "info", detail: `${process.versions.node} on ${process.platform} ${process.arch}` });
  return { engine: await usedEngine(), gpus: found.gpus, checks };
}

/** The engine that runs would use; where one was asked for that does not work here, the one that looks around without it. */
async function usedEngine(): Promise<EngineInfo> {
  try {
    return await loadEngine("auto");
  } catch (error) {
    if (!(error instanceof AppError && error.code === "ENGINE_UNAVAILABLE")) throw error;
    const reason = `tensorflow is asked for by the settings or SIMCLR_S2_ENGINE, and runs fail until it works: ${error.message}`;
    return { ...(await loadEngine("wasm")), reason };
  }
}

async function checkRuntime(verify: boolean): Promise<Check> {
  const name = "TensorFlow runtime";
  const found = findRuntime();
  if (found.kind === "absent") {
    const { reason } = rememberedFailure("cpu") ?? found;
    return { name, status: "missing", detail: reason, advice: "When that is mended, run `npm run setup -- --retry`." };
  }
  const { folder, version, variant } = found.runtime;
  const place = `${version} (${variant}) in ${folder}, ${gigabytes(found.bytes)}`;
  if (!verify) return { name, status: "ok", detail: place };
  try {
    const wrong = await verifyRuntime(folder);
    if (wrong.length === 0) return { name, status: "ok", detail: `${place}, every byte as it was set up` };
    return {
      name,
      status: "problem",
      detail: `${place}; changed since it was set up: ${wrong.join(", ")}`,
      advice: "Run `npm run setup -- --verify`.",
    };
  } catch (error) {
    return {
      name,
      status: "problem",
      detail: `${place}; it cannot be read: ${messageOf(error)}`,
      advice: "Run `npm run setup -- --verify`.",
    };
  }
}

async function checkTools(exec: Exec): Promise<Check[]> {
  const { python, pip, compiler } = await findToolchain(exec);
  const check = (name: string, found: Tool | undefined, packages: string): Check =>
    found !== undefined
      ? { name, status: "ok", detail: found.version }
      : {
          name,
          status: "missing",
          detail: "not found; it sets up the TensorFlow engine",
          advice: `Install it (Debian, Ubuntu: \`apt install ${packages}\`).`,
        };
  return [check("Python", python, "python3"), check("pip", pip, "python3-pip"), check("C++ compiler", compiler, "g++")].map((found) =>
    // Once the runtime is there, its tools are not needed any more.
    found.status === "missing" && findRuntime().kind === "ready"
      ? { name: found.name, status: "info", detail: "not found; not needed any more" }
      : found,
  );
}

function checkGpus({ gpus, reason }: Awaited<ReturnType<typeof readGpus>>): Check[] {
  const name = "NVIDIA GPU";
  if (reason !== null)
    return [{ name, status: "problem", detail: reason, advice: "Install or repair NVIDIA's driver, then run `npm run setup -- --retry`." }];
  if (gpus.length === 0) return [{ name, status: "info", detail: "none found" }];
  return gpus.map((gpu) => {
    const { memoryBytes, freeBytes, driver, computeCapability } = gpu;
    const memory =
      memoryBytes === null ? "memory shared with the processor" : `${gigabytes(memoryBytes)}, ${gigabytes(freeBytes ?? 0)} of it free`;
    const detail = `${gpu.name}, ${memory}, driver ${driver}, compute capability ${computeCapability}`;
    const problem = gpuProblem(gpu);
    return problem === null
      ? { name, status: "ok", detail }
      : { name, status: "problem", detail, advice: `It cannot be used: ${problem}.` };
  });
}

function checkProcessor(): Check {
  const cores = cpus();
  const flags = processorFlags();
  const fast = FAST_FLAGS.filter((flag) => flags.includes(flag));
  const detail = `${cores[0]?.model.trim() || process.arch}, ${cores.length} ${cores.length === 1 ? "core" : "cores"}`;
  return { name: "Processor", status: "info", detail: fast.length > 0 ? `${detail}, with ${fast.join(", ")}` : detail };
}

function checkMemory(): Check {
  const detail = `${gigabytes(machineMemory())}, ${gigabytes(freemem())} of it free`;
  return { name: "Memory", status: "info", detail };
}
