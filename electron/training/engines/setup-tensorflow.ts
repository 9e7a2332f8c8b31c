// The set-up step for the TensorFlow runtime, run by `npm run setup` and at each start: instant when there is nothing to do, never fatal.

import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { messageOf } from "../../../shared/domain/errors.ts";
import { requireGpu } from "./gpus.ts";
import { provision } from "./provision.ts";
import { forgetFailure, rememberedFailure, rememberFailure } from "./remembered.ts";
import { findRuntime, verifyRuntime, wantedVariants } from "./runtime.ts";
import type { Variant } from "./wheels.ts";

const { values: flags } = parseArgs({
  options: {
    retry: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
    verify: { type: "boolean", default: false },
    tensorflow: { type: "string" },
    wheel: { type: "string" },
    where: { type: "boolean", default: false },
  },
});
const isAsked = flags.retry || flags.tensorflow !== undefined || flags.wheel !== undefined;

const log = (line: string) => process.stderr.write(`${line}\n`);

async function isReady(): Promise<boolean> {
  const found = findRuntime();
  if (found.kind === "absent") return false;
  // With a GPU, a runtime for the processor alone is not the end of it.
  const isBest = found.runtime.variant !== "cpu" || !wantedVariants().includes("gpu");
  if (!isBest && (isAsked || rememberedFailure("gpu") === undefined)) return false;
  if (!flags.verify) return true;
  const wrong = await verifyRuntime(found.runtime.folder);
  if (wrong.length === 0) return true;
  log(`The TensorFlow runtime is damaged (${wrong.join(", ")}) and is made again.`);
  rmSync(found.runtime.folder, { recursive: true, force: true });
  return false;
}

async function setUp(): Promise<void> {
  if (flags.tensorflow === undefined && (await isReady())) return;
  const variants: readonly Variant[] =
    flags.tensorflow !== undefined ? ["external"] : wantedVariants().filter((variant) => variant !== "external");
  for (const variant of variants) {
    const before = isAsked ? undefined : rememberedFailure(variant);
    if (before === undefined && (await tried(variant))) return;
    const reason = before ?? rememberedFailure(variant);
    if (reason === undefined || (flags.quiet && before !== undefined)) continue;
    const next = variant === "gpu" ? "The processor is used instead of the GPU." : "The slower built-in engine (wasm) is used.";
    log(`${reason.reason.replace(/\.?$/, ".")} ${next} (\`npm run setup -- --retry\` tries again.)`);
  }
}

async function tried(variant: Variant): Promise<boolean> {
  try {
    if (variant === "gpu") await requireGpu({ log });
    await provision({
      variant,
      log,
      ...(flags.tensorflow !== undefined ? { tensorflowPath: flags.tensorflow } : {}),
      ...(flags.wheel !== undefined ? { wheelPath: flags.wheel } : {}),
    });
    forgetFailure(variant);
    return true;
  } catch (error) {
    rememberFailure(variant, error);
    return false;
  }
}

// For what packs the runtime: its folder on standard output, nothing when there is none.
const ready = flags.where ? findRuntime() : undefined;
if (ready?.kind === "ready") process.stdout.write(`${ready.runtime.folder}\n`);

if (!flags.where) await setUp().catch((error) => log(`The TensorFlow runtime could not be set up: ${messageOf(error)}`));
