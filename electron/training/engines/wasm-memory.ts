// What the WebAssembly engine does when its memory is full. Left alone it writes on: the backend takes address 0 for a tensor like any other.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../../shared/domain/errors.ts";

/** Bytes that 32-bit WebAssembly can address, less the last page. */
export const WASM_MEMORY_BYTES = 4_294_901_760;

/** More than the allocator takes for a block beside the block itself. */
const BLOCK_OVERHEAD = 2 ** 17;

/** What `tf.memory()` tells beside its own figures. */
export interface WasmMemoryInfo {
  readonly unreliable: boolean;
  /** The most bytes that tensors held at once, since memory last ran out. */
  readonly peakBytes: number;
}

/** The part of Emscripten's module that hands out memory. */
interface Allocator {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * Makes a backend throw OUT_OF_MEMORY in place of giving a tensor no memory, and count what its tensors hold.
 *
 * The backend's own buffers (a filter packed for a convolution, say) are no larger than the largest tensor, and failing to get one it only
 * prints a warning and leaves the result unwritten: so a tensor is refused, too, when another as large as the largest would not fit.
 */
export function guardMemory(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as Allocator;
  wasm._free(wasm._malloc(1)); // at its first call the glue replaces a function by the binary's own
  const { _malloc: allocate, _free: free } = wasm;
  const sizes = new Map<number, number>();
  let held = 0;
  let peak = 0;
  let largest = 0;

  wasm._malloc = (bytes) => {
    largest = Math.max(largest, bytes);
    const address = bytes > 0 && !isRoomFor(bytes) ? 0 : allocate(bytes) >>> 0;
    if (bytes > 0) sizes.set(address, bytes);
    if (bytes > 0 && (address === 0 || !isRoomFor(largest))) {
      sizes.delete(address);
      if (address !== 0) free(address);
      const error = outOfMemory(bytes, held);
      largest = 0;
      peak = 0;
      abandonGradient();
      throw error;
    }
    held += bytes;
    peak = Math.max(peak, held);
    return address;
  };
  wasm._free = (address) => {
    held -= sizes.get(address) ?? 0;
    sizes.delete(address);
    free(address);
  };
  backend.memory = (): WasmMemoryInfo => ({ unreliable: false, peakBytes: peak });

  // The binary's own answer does not do: near the end of what 32 bits address, its allocator gives out blocks that reach beyond it.
  function isRoomFor(bytes: number): boolean {
    const needed = bytes + BLOCK_OVERHEAD;
    if (wasm.HEAPU8.length + needed <= WASM_MEMORY_BYTES) return true; // the heap can grow by it
    let end = 0;
    for (const [address, size] of [...sizes].sort(([a], [b]) => a - b)) {
      if (end > 0 && address - end >= needed) return true;
      end = address + size;
    }
    return wasm.HEAPU8.length - end >= needed;
  }
}

/** Frees what tfjs-core keeps of a forward pass for its gradient; it would lose it, since it clears up after gradients that succeed only. */
function abandonGradient(): void {
  const { state } = tf.engine();
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

function outOfMemory(bytes: number, held: number): AppError {
  const mebibytes = (of: number) => `${Math.ceil(of / 2 ** 20)} MiB`;
  return new AppError(
    "OUT_OF_MEMORY",
    `The wasm engine's memory of 4 GiB is full: it holds ${mebibytes(held)}, and ${mebibytes(bytes)} more do not fit. Set a smaller batch size, or use the tensorflow engine.`,
    { data: { bytes, held } },
  );
}
