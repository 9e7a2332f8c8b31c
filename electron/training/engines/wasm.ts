// Loads the engine that is always there: tfjs's WebAssembly backend, on as many threads as can be had.

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { BackendWasm, getThreadsCount, setThreadsCount, setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { messageOf } from "../../../shared/domain/errors.ts";
import { registerWasmKernels } from "./wasm-kernels.ts";
import { guardMemory } from "./wasm-memory.ts";
import { MAXIMUM_WASM_THREADS, startThreadedModule } from "./wasm-threads.ts";

/** The WebAssembly engine, loaded. */
export interface WasmEngine {
  readonly version: string;
  /** Threads that share a convolution or a matrix product, this one among them. */
  readonly threads: number;
  /** Why there is one thread where more were wanted. */
  readonly reason?: string;
}

/**
 * Makes `wasm` the backend of tfjs-core in this thread. A thread that has loaded it keeps it with the threads that it has.
 * @param options.threads 1 or more, of which 8 are used at most (default: one a core)
 */
export async function loadWasm(options: { threads?: number } = {}): Promise<WasmEngine> {
  const require = createRequire(import.meta.url);
  // For Node, tfjs-core comes without its operations' gradients: they are in the union package, which the native engine's package brings.
  createRequire(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))("@tensorflow/tfjs");
  const program = require.resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(join(dirname(program), "/"));
  registerWasmKernels();
  const threads = Math.min(options.threads ?? availableParallelism(), MAXIMUM_WASM_THREADS);
  const isLoaded = "wasm" in tf.engine().registry; // findBackend would start the package's own
  const reason = threads > 1 && !isLoaded ? await registerThreaded(require, threads) : undefined;
  if (!(await tf.setBackend("wasm"))) throw new Error(`The wasm engine could not be loaded from ${dirname(program)}`);
  if (!isLoaded) guardMemory(tf.backend() as BackendWasm);
  return { version: version_wasm, threads: getThreadsCount(), ...(reason ? { reason } : {}) };
}

/** Replaces the package's own way to its backend, which on Node knows one thread only. Where that fails it stays, and why is given. */
async function registerThreaded(require: NodeJS.Require, threads: number): Promise<string | undefined> {
  try {
    const module = await startThreadedModule(require, threads);
    setThreadsCount(threads);
    tf.removeBackend("wasm");
    tf.registerBackend("wasm", () => new BackendWasm(module), 2);
    return undefined;
  } catch (error) {
    return `the wasm engine runs on one thread, because its threads could not be started: ${messageOf(error)}`;
  }
}
