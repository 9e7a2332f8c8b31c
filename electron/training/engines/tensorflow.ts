// Loads the native engine: the npm package's backend over the binding that provision.ts compiled, without the package's own loader.

import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js";
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import type { TensorflowRuntime } from "./runtime.ts";
import { registerTensorflowKernels } from "./tensorflow-kernels.ts";

/** The native engine, loaded. */
export interface TensorflowEngine {
  readonly version: string;
  readonly device: "cpu" | "gpu";
  /** Whether the operations of native/kernels.cc are there. */
  readonly ownKernels: boolean;
}

/**
 * Makes `tensorflow` the backend of tfjs-core in this thread.
 *
 * TensorFlow reads its settings from the process's environment, once. A worker thread's `process.env` is a copy that native code does not
 * see: start it with `env: SHARE_ENV`, or set `TF_NUM_INTRAOP_THREADS` in the main thread.
 * @param options.threads threads of one operation (default: one a core)
 */
export async function loadTensorflow(runtime: TensorflowRuntime, options: { threads?: number } = {}): Promise<TensorflowEngine> {
  if (options.threads !== undefined) {
    process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
    process.env.TF_NUM_INTEROP_THREADS = String(options.threads);
  }
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
  process.env.CUDA_DEVICE_ORDER ??= "PCI_BUS_ID"; // as the driver counts them
  const require = createRequire(import.meta.url);
  restoreUtil(require("node:util"));
  // The same CommonJS instance of tfjs-core serves the package and our own imports: tfjs-core has no `exports`, so Node gives both its `main`.
  const { NodeJSKernelBackend: Backend } = require("@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js") as {
    NodeJSKernelBackend: new (binding: TFJSBinding, packageName: string) => NodeJSKernelBackend;
  };
  require("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  const binding = require(runtime.bindingPath) as TFJSBinding;
  registerTensorflowKernels();
  if (tf.findBackend("tensorflow") === null) tf.registerBackend("tensorflow", () => new Backend(binding, "@tensorflow/tfjs-node-gpu"), 3);
  if (!(await tf.setBackend("tensorflow"))) throw new Error("tfjs-core refused the tensorflow backend");
  return { version: binding.TF_Version, device: binding.isUsingGpuDevice() ? "gpu" : "cpu", ownKernels: runtime.ownKernels };
}

/** The package calls two functions of node:util that Node 23 and later have dropped or warn about. */
function restoreUtil(util: Record<string, unknown>): void {
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
