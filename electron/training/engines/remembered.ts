// What setting up TensorFlow failed on last time, so that it is not tried in vain at each start, and so that everyone can say why.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { findOnPath } from "./exec.ts";
import { hasNvidiaGpu, nvidiaDriver, runtimeKey, runtimesFolder } from "./runtime.ts";
import type { Variant } from "./wheels.ts";

/** After this, what failed on the network is tried again by itself. */
const RETRY_TRANSIENT_MS = 24 * 3600_000;

/** A failure that still stands: nothing has changed since that could make it succeed. */
export interface RememberedFailure {
  readonly reason: string;
  readonly circumstances: string;
  readonly isTransient: boolean;
  readonly time: number;
}

/** The failure to set up a kind of runtime, if one is remembered and nothing has changed since. */
export function rememberedFailure(variant: Variant, now: number = Date.now()): RememberedFailure | undefined {
  try {
    const failure = JSON.parse(readFileSync(pathOf(variant), "utf8")) as RememberedFailure;
    const isStale = failure.circumstances !== circumstances() || (failure.isTransient && now - failure.time > RETRY_TRANSIENT_MS);
    return isStale ? undefined : failure;
  } catch {
    return undefined;
  }
}

/** Remembers a failure. */
export function rememberFailure(variant: Variant, error: unknown, now: number = Date.now()): void {
  const isTransient = error instanceof AppError && error.data.isTransient === true;
  const failure: RememberedFailure = { reason: messageOf(error), circumstances: circumstances(), isTransient, time: now };
  try {
    mkdirSync(dirname(pathOf(variant)), { recursive: true });
    writeFileSync(pathOf(variant), JSON.stringify(failure));
  } catch {
    // a cache that cannot be written: it is tried again at the next start
  }
}

/** Forgets a failure, after a success. */
export function forgetFailure(variant: Variant): void {
  rmSync(pathOf(variant), { force: true });
}

function pathOf(variant: Variant): string {
  return join(runtimesFolder(), `${runtimeKey(variant)}.failed.json`);
}

/** A text that changes when what failed might now succeed: tools come or gone, another package index, proxy or driver. Quick: nothing is run. */
function circumstances(): string {
  const { CXX, PIP_INDEX_URL, HTTPS_PROXY, https_proxy } = process.env;
  const tools = [findOnPath(["python3", "python"]), findOnPath(["pip3", "pip"]), findOnPath(["c++", "g++", "clang++"])];
  const facts = JSON.stringify([...tools, CXX, PIP_INDEX_URL, HTTPS_PROXY, https_proxy, hasNvidiaGpu(), nvidiaDriver()]);
  return createHash("sha256").update(facts).digest("hex").slice(0, 16);
}
