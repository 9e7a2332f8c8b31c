// The host's end of the thread that works on embeddings. Every call settles: by its result, an error, the thread's end or the signal.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { AppError, messageOf } from "../../shared/domain/errors.ts";
import type { FromEmbeddingWorker, ToEmbeddingWorker } from "./embedding.worker.ts";
import type { ProjectionProgress } from "./projection.ts";
import type { EmbeddingTask, TaskResults } from "./tasks.ts";

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress: ((progress: ProjectionProgress) => void) | undefined;
}

export interface EmbeddingThreadOptions {
  readonly onProgress?: (progress: ProjectionProgress) => void;
  /** Ends the thread: what it was about cannot be asked to stop. */
  readonly signal?: AbortSignal;
}

/** A thread that is started by its first call, and again by the next one after it ended. */
export class EmbeddingThread {
  private worker: Worker | undefined;
  private readonly calls = new Map<number, Call>();
  private nextId = 0;

  run<K extends EmbeddingTask["kind"]>(
    task: Extract<EmbeddingTask, { kind: K }>,
    { onProgress, signal }: EmbeddingThreadOptions = {},
  ): Promise<TaskResults[K]> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const worker = this.start();
    const id = this.nextId++;
    const stop = () => this.end(signal!.reason);
    signal?.addEventListener("abort", stop, { once: true });
    return new Promise<TaskResults[K]>((resolve, reject) => {
      this.calls.set(id, { resolve: (result) => resolve(result as TaskResults[K]), reject, onProgress });
      const message: ToEmbeddingWorker = { id, task };
      worker.ref();
      worker.postMessage(message);
    }).finally(() => {
      signal?.removeEventListener("abort", stop);
      if (this.calls.size === 0) worker.unref(); // waiting for work keeps no process alive
    });
  }

  async close(): Promise<void> {
    await this.end(new AppError("CANCELLED", "The application is closing."));
  }

  private start(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(bundledScript(), { name: "embeddings" });
    worker.on("message", (message: FromEmbeddingWorker) => this.receive(message));
    const lost = (cause: unknown) => {
      if (this.worker === worker)
        void this.end(new AppError("WORKER_LOST", `The thread for embeddings ended early (${messageOf(cause)}). Try again.`, { cause }));
    };
    worker.on("error", lost);
    worker.on("exit", (code) => lost(new Error(`exit code ${code}`)));
    this.worker = worker;
    return worker;
  }

  private receive(message: FromEmbeddingWorker): void {
    const call = this.calls.get(message.id);
    if (!call) return;
    if (message.kind === "progress") {
      call.onProgress?.(message.progress);
      return;
    }
    this.calls.delete(message.id);
    if (message.kind === "result") call.resolve(message.result);
    else if (message.code === null) call.reject(new Error(message.message));
    else call.reject(new AppError(message.code, message.message, { data: message.data }));
  }

  private async end(reason: unknown): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const { reject } of calls) reject(reason);
    await worker?.terminate();
  }
}

// Beside this module, or above it when the bundler put it among the chunks.
function bundledScript(): URL {
  const places = ["./embedding.worker.js", "../embedding.worker.js"].map((place) => new URL(place, import.meta.url));
  const script = places.find((place) => existsSync(fileURLToPath(place)));
  if (!script)
    throw new AppError("NOT_FOUND", `${fileURLToPath(places[0]!)} is missing: the application is not whole. Install or build it again.`);
  return script;
}
