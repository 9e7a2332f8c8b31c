// The thread that works on embeddings, one task after another.
import { parentPort } from "node:worker_threads";
import { AppError, type ErrorCode, messageOf } from "../../shared/domain/errors.ts";
import type { ProjectionProgress } from "./projection.ts";
import { type EmbeddingTask, EmbeddingTasks } from "./tasks.ts";

export interface ToEmbeddingWorker {
  readonly id: number;
  readonly task: EmbeddingTask;
}

export type FromEmbeddingWorker = { readonly id: number } & (
  | { readonly kind: "progress"; readonly progress: ProjectionProgress }
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: ErrorCode | null; readonly message: string; readonly data: Readonly<Record<string, unknown>> }
);

/** Least time between two tellings, ms. */
const TELL_EVERY_MS = 100;

const port = parentPort;
if (!port) throw new Error("embedding.worker runs in a worker thread only");

const tasks = new EmbeddingTasks();
let queue = Promise.resolve();
port.on("message", ({ id, task }: ToEmbeddingWorker) => {
  const tell = (message: FromEmbeddingWorker) => port.postMessage(message);
  let toldAt = 0;
  queue = queue.then(async () => {
    try {
      const result = await tasks.run(task, (progress) => {
        if (Date.now() - toldAt < TELL_EVERY_MS) return;
        toldAt = Date.now();
        tell({ id, kind: "progress", progress });
      });
      tell({ id, kind: "result", result });
    } catch (error) {
      const isOurs = error instanceof AppError;
      const message = isOurs || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message);
      tell({ id, kind: "error", code: isOurs ? error.code : null, message, data: isOurs ? error.data : {} });
    }
  });
});
