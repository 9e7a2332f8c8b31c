// Every engine's way of saying that memory ran out becomes one error, which says what fits.
import { describe, expect, it } from "vitest";
import { isOutOfMemory, memoryError, withBatch } from "../../../../electron/training/engines/memory-error.ts";
import { AppError } from "../../../../shared/domain/errors.ts";

const SAYINGS = [
  "Session fail to run with error: OOM when allocating tensor with shape[64,120,120,64] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
  "Invalid TF_Status: 8\nMessage: failed to allocate memory",
  "RESOURCE_EXHAUSTED: failed to allocate",
  "std::bad_alloc",
  "CUDA_ERROR_OUT_OF_MEMORY: out of memory",
  "CUDNN_STATUS_ALLOC_FAILED",
  "Array buffer allocation failed",
  "Cannot enlarge memory, requested 4295032832 bytes",
];
const need = { fixedBytes: 1e9, workingBytes: 64e9 };

describe("memory that ran out", () => {
  it.each(SAYINGS)("is known by: %s", (message) => {
    expect(isOutOfMemory(new Error(message))).toBe(true);
    expect(withBatch(new Error(message), 64)).toMatchObject({ code: "OUT_OF_MEMORY", message: expect.stringContaining("was 64 tiles") });
  });

  it("is not seen in other errors, which stay as they are", () => {
    for (const error of [
      new Error("Invalid TF_Status: 3"),
      new Error("the zoom is too large"),
      new AppError("DISK_FULL", "full"),
      new AppError("OUT_OF_MEMORY", "4 GiB"),
    ])
      expect(withBatch(error, 64)).toBe(error);
  });

  it("says the batch that fits and what to do", () => {
    const error = withBatch(memoryError({ need, memoryBytes: 24e9, cause: new Error(SAYINGS[0]) }), 64) as AppError;
    expect(error.data).toMatchObject({ batchSize: 64, fits: 12, memoryBytes: 24e9 });
    expect(error.message).toBe(
      "There is too little memory for this step. It takes at least 65.0 GB; there are 24.0 GB. The batch was 64 tiles. About 12 fit: set the batch size to 12 or less, lower the input, or compute activations again (recompute); then run it again.",
    );
  });

  it("never advises the batch that just failed, and says when none fits", () => {
    expect((withBatch(memoryError({ need, memoryBytes: 900e9 }), 64) as AppError).data.fits).toBe(63);
    const none = withBatch(memoryError({ need, memoryBytes: 2e9 }), 64) as AppError;
    expect(none.message).toContain("choose a smaller encoder");
  });
});
