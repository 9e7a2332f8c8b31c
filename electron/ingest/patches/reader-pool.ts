// Reads batches in worker threads, or in this thread where there is no bundled worker. Every read settles: by its result, an error, the worker's end or the signal.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import { pause } from "../readers/pace.ts";
import type { BatchResult, ReadJob } from "./patch.ts";
import { PatchReader } from "./read-patches.ts";

export interface ReaderPool {
  readonly threads: number;
  /** @param lane batches of one lane go to one thread */
  read(job: ReadJob, lane: number): Promise<BatchResult>;
  /** Gives the arrays of a written batch back. */
  recycle(pixels: BatchResult["pixels"], lane: number): void;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
  /** The worker's file; by default the bundled one. Null: read in this thread. */
  readonly worker?: URL | null | undefined;
}

/** A batch to read. `spare` are arrays that may be filled again. */
export interface ToWorker {
  readonly id: number;
  readonly job: ReadJob;
  readonly spare: readonly Uint16Array<ArrayBuffer>[] | null;
}

export type FromWorker = { readonly id: number; readonly result: BatchResult } | { readonly id: number; readonly error: string };

/** The bundled worker, beside this module or above it (a chunk); null in the sources. */
export function bundledWorker(): URL | null {
  const here = import.meta.url;
  for (const place of ["./ingest.worker.js", "../ingest.worker.js"]) {
    const url = new URL(place, here);
    if (url.protocol === "file:" && existsSync(fileURLToPath(url))) return url;
  }
  return null;
}

/** Threads that start at once, so that they have loaded their code when the first batch comes; others start when they are needed. */
const EARLY_THREADS = 2;

export function openReaderPool({ threads, signal, worker = bundledWorker() }: PoolOptions): ReaderPool {
  return worker ? workerPool(worker, threads, signal) : ownThread(signal);
}

function ownThread(signal: AbortSignal | undefined): ReaderPool {
  const reader = new PatchReader();
  let queue: Promise<unknown> = Promise.resolve();
  return {
    threads: 1,
    read(job) {
      const run = queue.then(async () => {
        await pause(signal);
        return reader.read(job);
      });
      queue = run.catch(() => {});
      return run;
    },
    recycle: (pixels) => reader.recycle(pixels),
    async close() {
      await queue;
      reader.close();
    },
  };
}

function workerPool(file: URL, threads: number, signal: AbortSignal | undefined): ReaderPool {
  const workers = new Map<number, ReadingThread>();
  const workerOf = (lane: number) => {
    const worker = workers.get(lane % threads) ?? new ReadingThread(file);
    workers.set(lane % threads, worker);
    return worker;
  };
  for (let i = 0; i < Math.min(threads, EARLY_THREADS); i++) workerOf(i);
  const onAbort = () => {
    for (const worker of workers.values()) worker.fail(signal!.reason);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    threads,
    read(job, lane) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return workerOf(lane).read(job);
    },
    recycle: (pixels, lane) => workerOf(lane).recycle(pixels),
    async close() {
      signal?.removeEventListener("abort", onAbort);
      await Promise.all([...workers.values()].map((worker) => worker.close()));
    },
  };
}

class ReadingThread {
  private readonly worker: Worker;
  private readonly pending = new Map<number, { resolve: (result: BatchResult) => void; reject: (reason: unknown) => void }>();
  private readonly spare: Uint16Array<ArrayBuffer>[][] = [];
  private nextId = 0;
  private failure: { reason: unknown } | undefined;

  constructor(file: URL) {
    this.worker = new Worker(file);
    const lost = (what: string, cause?: unknown) =>
      this.fail(
        new AppError("WORKER_LOST", `A reading thread ended early (${what}). Run the ingest again: it goes on where it stopped.`, {
          cause,
        }),
      );
    this.worker.on("message", (message: FromWorker) => {
      const call = this.pending.get(message.id);
      if (!call) return;
      this.pending.delete(message.id);
      if ("result" in message) call.resolve(message.result);
      else call.reject(new Error(`reading failed in the worker: ${message.error}`));
    });
    this.worker.on("messageerror", (error) => lost(messageOf(error), error));
    this.worker.on("error", (error) => lost(messageOf(error), error));
    this.worker.on("exit", (code) => lost(`exit code ${code}`));
  }

  read(job: ReadJob): Promise<BatchResult> {
    if (this.failure) return Promise.reject(this.failure.reason);
    const id = this.nextId++;
    const spare = this.spare.pop() ?? null;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      const message: ToWorker = { id, job, spare };
      this.worker.postMessage(message, spare ? spare.map(({ buffer }) => buffer) : []);
    });
  }

  recycle(pixels: BatchResult["pixels"]): void {
    // The arrays came by transfer, so their buffers are plain ones.
    this.spare.push(pixels as Uint16Array<ArrayBuffer>[]);
  }

  /** Rejects what is under way and all that follows. */
  fail(reason: unknown): void {
    this.failure ??= { reason };
    const calls = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of calls) reject(this.failure.reason);
  }

  async close(): Promise<void> {
    this.fail(new Error("the reader pool is closed"));
    await this.worker.terminate();
  }
}
