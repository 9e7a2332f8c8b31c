// Starts the threaded binary of tfjs's WebAssembly backend on Node: Emscripten's glue as it is published, with worker threads for Web Workers.

import { readFileSync } from "node:fs";
import type { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import { Worker } from "node:worker_threads";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** The binary makes no larger pool of threads. */
export const MAXIMUM_WASM_THREADS = 8;

type Require = ReturnType<typeof createRequire>;
type WasmModule = BackendWasm["wasm"];

/** What Emscripten calls its module: given with settings, it comes back with everything else. */
type GlueModule = WasmModule & {
  HEAPU8: Uint8Array;
  readonly PThread: { readonly unusedWorkers: unknown[] };
  readonly wasmMemory: { readonly buffer: ArrayBufferLike };
  cwrap(name: string, returns: "number" | null, takes: readonly "number"[]): never;
};

type Receive = (instance: object, module: object) => void;
declare const WebAssembly: { instantiate(binary: Uint8Array, imports: object): Promise<{ instance: object; module: object }> };

/**
 * Instantiates the threaded binary with its threads running. They never keep the process alive, and end with the thread that calls this.
 *
 * The glue is compiled with stand-ins in its scope. It would make a `Worker` of a file, which cannot be read in an application archive (here
 * the text is passed along), in the number that the publisher chose; it caps the threads at half the processors that `os` counts; and it
 * would listen to the process's uncaught errors.
 * @param require resolves the backend's package
 * @param threads 2 to 8
 * @throws what kept a thread from starting or the binary from being instantiated
 */
export async function startThreadedModule(require: Require, threads: number): Promise<WasmModule> {
  const gluePath = require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js");
  const glue = readFileSync(gluePath, "utf8");
  const binary = readFileSync(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm"));
  const published = require("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js");
  const script = `${published.wasmWorkerContents.replaceAll("\n", "\\n")}
    importScripts = () => (0, eval)(nodeWorkerThreads.workerData);`;

  const workers: Worker[] = [];
  try {
    return await new Promise((resolve, reject) => {
      function Thread(this: object): object {
        if (workers.length === threads - 1) return this; // of the number that the publisher chose; taken out below
        const worker = new Worker(script, { eval: true, workerData: glue, name: "wasm" });
        workers.push(worker);
        worker.on("error", reject);
        // The glue unrefs a worker once it is loaded, and would hold on to it again when it has work; its own handler would throw.
        return Object.defineProperties(worker, { ref: { value: () => {} }, onerror: { value: reject } });
      }
      const scope = {
        require: (name: string) => (name === "os" ? { cpus: () => ({ length: 2 * threads }) } : require(name)),
        process: { versions: process.versions, argv: [], hrtime: process.hrtime, on() {} },
        global: {},
        Worker: Thread,
        __dirname: "",
      };
      const start = compileFunction(`${glue}\nreturn WasmBackendModuleThreadedSimd;`, Object.keys(scope))(...Object.values(scope));
      const settings = {
        locateFile: (name: string) => name,
        mainScriptUrlOrBlob: gluePath,
        instantiateWasm(this: unknown, imports: object, receive: Receive) {
          // Every thread must be loaded before the pool starts, since the pool's maker waits for all without turning the event loop.
          const { PThread } = this as GlueModule;
          PThread.unusedWorkers.splice(threads - 1);
          WebAssembly.instantiate(binary, imports).then(({ instance, module }) => receive(instance, module), reject);
          return {};
        },
      };
      start(settings).then((module: GlueModule) => resolve(withInterface(module)), reject);
    });
  } catch (error) {
    for (const worker of workers) void worker.terminate();
    throw error;
  }
}

/** The functions that the backend expects beside Emscripten's own, and a view of the whole heap, also where another thread made it larger. */
function withInterface(module: GlueModule): WasmModule {
  let heap = module.HEAPU8;
  Object.defineProperty(module, "HEAPU8", {
    get() {
      const { buffer } = module.wasmMemory;
      if (heap.buffer !== buffer) heap = new Uint8Array(buffer);
      return heap;
    },
    set(view: Uint8Array) {
      heap = view;
    },
  });
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: module.cwrap("get_threads_count", "number", []),
    registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: module.cwrap("dispose_data", null, ["number"]),
    dispose: module.cwrap("dispose", null, []),
  };
  return module;
}
