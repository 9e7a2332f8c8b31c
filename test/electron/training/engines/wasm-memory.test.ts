// The wasm engine at the end of its memory. The tensors here are never written to, so that the machine's memory is hardly used.

import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadEngine } from "../../../../electron/training/engines/select.ts";
import type { WasmMemoryInfo } from "../../../../electron/training/engines/wasm-memory.ts";

const MEBIBYTE = 2 ** 20;

/** An unwritten tensor. */
const allocate = (bytes: number): tf.Tensor => {
  const backend = tf.backend() as BackendWasm;
  return tf.engine().makeTensorFromTensorInfo(backend.makeOutput([bytes / 4], "float32"));
};
const peak = () => (tf.memory() as tf.MemoryInfo & WasmMemoryInfo).peakBytes;

beforeAll(() => loadEngine("wasm", { threads: 2 }));

test("the threaded engine sees the whole heap, also when another thread has made it larger", () => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { HEAPU8: Uint8Array; wasmMemory: { buffer: ArrayBufferLike; grow(pages: number): number } };
  };
  const before = wasm.HEAPU8.length;
  wasm.wasmMemory.grow(16); // as a thread does when it packs a filter
  expect(wasm.HEAPU8.length).toBe(before + 2 ** 20);
  expect(wasm.HEAPU8.buffer).toBe(wasm.wasmMemory.buffer);
});

describe("a full wasm engine", () => {
  test("counts the most that its tensors held", () => {
    const before = peak();
    tf.dispose([allocate(8 * MEBIBYTE), allocate(4 * MEBIBYTE)]);
    expect(peak() - before).toBe(12 * MEBIBYTE);
    allocate(MEBIBYTE).dispose();
    expect(peak() - before).toBe(12 * MEBIBYTE);
  });

  test("refuses the tensor that does not fit, keeps the others, and computes on", () => {
    const kept = tf.tensor1d([1, 2, 3]);
    const tensors: tf.Tensor[] = [];
    const fill = () => {
      for (let i = 0; i < 64; i++) tensors.push(allocate(128 * MEBIBYTE));
    };
    expect(fill).toThrow(
      expect.objectContaining({
        name: "AppError",
        code: "OUT_OF_MEMORY",
        message: expect.stringMatching(
          /^The wasm engine's memory of 4 GiB is full: it holds \d+ MiB, and 128 MiB more do not fit\. Set a smaller/,
        ),
      }),
    );
    // Room for the engine's own buffers is left: one as large as the largest tensor.
    expect(tensors.length).toBeGreaterThan(28);
    expect(tensors.length).toBeLessThan(32);
    expect([...tf.conv2d(tf.ones<tf.Rank.R4>([1, 4, 4, 2]), tf.ones<tf.Rank.R4>([4, 4, 2, 1]), 1, "valid").dataSync()]).toEqual([32]);
    expect([...kept.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose(tensors.splice(0));
    expect(fill).toThrow("4 GiB"); // all of it could be used again
    expect(tensors.length).toBeGreaterThan(28);
    tf.dispose([kept, ...tensors]);
  });
});
