// Loads the engine that is always there: tfjs's WebAssembly backend, on one thread.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernels } from "./wasm-kernels.ts";

/**
 * Makes `wasm` the backend of tfjs-core in this thread.
 * @returns its version
 */
export async function loadWasm(): Promise<string> {
  const require = createRequire(import.meta.url);
  // For Node, tfjs-core comes without its operations' gradients: they are in the union package, which the native engine's package brings.
  createRequire(require.resolve("@tensorflow/tfjs-node-gpu/package.json"))("@tensorflow/tfjs");
  const program = require.resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(join(dirname(program), "/"));
  registerWasmKernels();
  if (!(await tf.setBackend("wasm"))) throw new Error(`The wasm engine could not be loaded from ${dirname(program)}`);
  return version_wasm;
}
