// A reading thread: takes lists of patches, gives back the pixels of their tiles.
import { parentPort } from "node:worker_threads";
import { messageOf } from "../../../shared/domain/errors.ts";
import { PatchReader } from "./read-patches.ts";
import type { FromWorker, ToWorker } from "./reader-pool.ts";

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
