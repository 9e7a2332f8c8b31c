// Tells what a machine has for training: the engine in use, why not a better one, and what to do about it.

import { cpus, freemem, totalmem } from "node:os";
import type { EngineReport } from "../../../shared/domain/engine.ts";
import { messageOf } from "../../../shared/domain/errors.ts";
import { type Exec, exec as realExec } from "./exec.ts";
import { processorFlags } from "./precision.ts";
import { findToolchain, type Tool } from "./provision.ts";
import { rememberedFailure } from "./remembered.ts";
import { findRuntime, hasNvidiaGpu, runtimesFolder, verifyRuntime } from "./runtime.ts";
import { loadEngine } from "./select.ts";

type Check = EngineReport["checks"][number];

/** Instruction sets that make training faster, by the kernel's names for them. */
const FAST_FLAGS = ["avx2", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "bf16", "i8mm"];
const GIGABYTE = 1e9;

/**
 * Looks at the machine, checks the runtime byte by byte, and loads the engine that runs would use into this thread.
 * @throws BAD_ARGUMENT when the environment names an unknown engine
 */
export async function diagnose(options: { exec?: Exec } = {}): Promise<EngineReport> {
  const { exec = realExec } = options;
  const checks = [await checkRuntime(), ...(await checkTools(exec)), await checkGpu(exec), checkProcessor(), checkMemory()];
  checks.push({ name: "Cache", status: "info", detail: runtimesFolder() });
  checks.push({ name: "Node", status: "info", detail: `${process.versions.node} on ${process.platform} ${process.arch}` });
  return { engine: await loadEngine("auto"), checks };
}

async function checkRuntime(): Promise<Check> {
  const name = "TensorFlow runtime";
  const found = findRuntime();
  if (found.kind === "absent") {
    const { reason } = rememberedFailure("cpu") ?? found;
    return { name, status: "missing", detail: reason, advice: "When that is mended, run `npm run setup -- --retry`." };
  }
  const { folder, version, variant } = found.runtime;
  const place = `${version} (${variant}) in ${folder}, ${(found.bytes / GIGABYTE).toFixed(2)} GB`;
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

async function checkGpu(exec: Exec): Promise<Check> {
  const name = "NVIDIA GPU";
  if (!hasNvidiaGpu()) return { name, status: "info", detail: "none found" };
  const found = await exec("nvidia-smi", ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]);
  if (found.code === 0) return { name, status: "ok", detail: found.stdout.trim().split("\n").join("; ") };
  return {
    name,
    status: "problem",
    detail: `the driver does not answer (${found.stderr.trim() || `nvidia-smi ended with ${found.code}`})`,
  };
}

function checkProcessor(): Check {
  const cores = cpus();
  const flags = processorFlags();
  const fast = FAST_FLAGS.filter((flag) => flags.includes(flag));
  const detail = `${cores[0]?.model.trim() || process.arch}, ${cores.length} ${cores.length === 1 ? "core" : "cores"}`;
  return { name: "Processor", status: "info", detail: fast.length > 0 ? `${detail}, with ${fast.join(", ")}` : detail };
}

function checkMemory(): Check {
  const detail = `${(totalmem() / GIGABYTE).toFixed(1)} GB, ${(freemem() / GIGABYTE).toFixed(1)} GB of it free`;
  return { name: "Memory", status: "info", detail };
}
