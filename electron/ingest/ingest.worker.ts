// A reading thread: takes lists of patches, gives back the pixels of their tiles.
import { parentPort } from "node:worker_threads";
import { messageOf } from "../../shared/domain/errors.ts";
import type { BatchResult } from "./patch.ts";
import { PatchReader } from "./read-patches.ts";
import type { ReadJob } from "./reader-pool.ts";

/** A batch to read. `spare` are arrays that may be filled again. */
export interface ToWorker {
  readonly id: number;
  readonly job: ReadJob;
  readonly spare: readonly Uint16Array<ArrayBuffer>[] | null;
}

export type FromWorker = { readonly id: number; readonly result: BatchResult } | { readonly id: number; readonly error: string };

const port = parentPort;
if (!port) throw new Error("ingest.worker runs in a worker thread only");

const reader = new PatchReader();
let queue = Promise.resolve();

port.on("message", ({ id, job, spare }: ToWorker) => {
  queue = queue.then(async () => {
    try {
      if (spare) reader.recycle(spare);
      const result = await reader.read(job);
      const message: FromWorker = { id, result };
      port.postMessage(
        message,
        result.pixels.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } catch (error) {
      const message: FromWorker = { id, error: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
      port.postMessage(message);
    }
  });
});
