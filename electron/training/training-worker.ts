// The host's end of a training worker. Every call settles once: on reply, error, cancel, or when the worker ends before it answered.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, SHARE_ENV, Worker } from "node:worker_threads";
import { createORPCClient, ORPCError } from "@orpc/client";
import { RPCLink } from "@orpc/client/message-port";
import type { ContractRouterClient } from "@orpc/contract";
import type { trainingContract } from "../../shared/contract/workers.ts";
import { AppError, ERROR_CODES, type ErrorCode, messageOf } from "../../shared/domain/errors.ts";
import type { RunEvent } from "../../shared/domain/run-state.ts";

type Client = ContractRouterClient<typeof trainingContract>;
type Input<K extends keyof Client> = Parameters<Client[K]>[0];
type Output<K extends keyof Client> = Awaited<ReturnType<Client[K]>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

const SCRIPT = "training.worker.js";

/** A running training worker. */
export interface TrainingWorker {
  engine(input: Input<"engine">, options?: CallOptions): Promise<Output<"engine">>;
  /** Streams a run's events. To end a run after a checkpoint, `interrupt` it and go on reading to its last event. */
  run(input: Input<"run">, options?: CallOptions): AsyncGenerator<RunEvent, void>;
  /** Streams how far the features of a run have come. To end it, `terminate`: what is written stays. */
  embed(input: Input<"embed">, options?: CallOptions): AsyncGenerator<{ done: number; total: number }, void>;
  interrupt(reason: "paused" | "cancelled"): Promise<void>;
  benchmark(input: Input<"benchmark">, options?: CallOptions): Promise<Output<"benchmark">>;
  memory(input: Input<"memory">, options?: CallOptions): Promise<Output<"memory">>;
  preview(input: Input<"preview">, options?: CallOptions): Promise<Output<"preview">>;
  /** Settles with WORKER_LOST once the worker has ended, whatever ended it. */
  readonly lost: Promise<AppError>;
  /** Calls back with what the worker writes to its output. @returns ends it */
  onOutput?(listener: (text: string) => void): () => void;
  /** Ends the worker at once; calls in hand fail with WORKER_LOST. */
  terminate(): Promise<void>;
}

export interface TrainingWorkerOptions {
  /** The bundled worker script. */
  readonly script?: URL | string;
}

/** Starts a training worker. @throws AppError NOT_FOUND when the application is not bundled */
export function startTrainingWorker({ script = bundledScript() }: TrainingWorkerOptions = {}): TrainingWorker {
  const { port1: port, port2: workerPort } = new MessageChannel();
  // The environment is shared: TensorFlow reads the real one.
  const worker = new Worker(script, {
    workerData: { port: workerPort },
    transferList: [workerPort],
    env: SHARE_ENV,
    name: "training",
    stderr: true,
    stdout: true,
  });
  const listeners = new Set<(text: string) => void>();
  for (const [from, to] of [
    [worker.stdout, process.stdout],
    [worker.stderr, process.stderr],
  ] as const)
    from.setEncoding("utf8").on("data", (text: string) => {
      to.write(text);
      for (const listener of listeners) listener(text);
    });
  let cause: unknown;
  const lost = new Promise<AppError>((resolve) => {
    worker.once("error", (error) => {
      cause = error;
    });
    worker.once("exit", (code) => {
      port.close();
      const why = cause === undefined ? `exit code ${code}` : messageOf(cause);
      resolve(new AppError("WORKER_LOST", `The training worker ended before it answered (${why}).`, { cause }));
    });
  });
  let isClosed = false;
  port.on("close", () => {
    isClosed = true;
  });
  const client: Client = createORPCClient(new RPCLink({ port }));
  port.start();

  // oRPC may never answer what was asked when the worker ends: this does.
  const waiting = new Set<(error: AppError) => void>();
  let isLost: AppError | undefined;
  void lost.then((error) => {
    isLost = error;
    for (const reject of waiting) reject(error);
  });
  const settle = <T>(call: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.add(reject);
      if (isLost) reject(isLost);
      const fail = async (error: unknown) => reject(isClosed ? await lost : received(error)); // the port closes before the worker's end is told
      call.then(resolve, fail).finally(() => waiting.delete(reject));
    });

  /** A stream that ends with the worker, and is let go of when its reader leaves. */
  async function* streamed<T>(opening: Promise<AsyncIterator<T>>): AsyncGenerator<T, void> {
    const stream = await settle(opening);
    let isDone = false;
    try {
      while (true) {
        const next = await settle(stream.next());
        if (next.done) {
          isDone = true;
          return;
        }
        yield next.value;
      }
    } catch (error) {
      isDone = true;
      throw error;
    } finally {
      if (!isDone) await settle(Promise.resolve(stream.return?.())).catch(() => {});
    }
  }

  return {
    engine: (input, options = {}) => settle(client.engine(input, passed(options))),
    run: (input, options = {}) => streamed(client.run(input, passed(options))),
    embed: (input, options = {}) => streamed(client.embed(input, passed(options))),
    interrupt: async (reason) => {
      await settle(client.interrupt({ reason }));
    },
    benchmark: (input, options = {}) => settle(client.benchmark(input, passed(options))),
    memory: (input, options = {}) => settle(client.memory(input, passed(options))),
    preview: (input, options = {}) => settle(client.preview(input, passed(options))),
    lost,
    onOutput(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async terminate() {
      await worker.terminate();
      await lost;
    },
  };
}

// Beside this module, or above it when the bundler put it among the chunks.
function bundledScript(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  const places = [join(folder, SCRIPT), join(dirname(folder), SCRIPT)];
  const script = places.find((place) => existsSync(place));
  if (!script) throw new AppError("NOT_FOUND", `${places[0]} is missing: the application is not whole. Install or build it again.`);
  return script;
}

const passed = ({ signal }: CallOptions): { signal?: AbortSignal } => (signal ? { signal } : {});

/** An error of the other side as one of ours. */
function received(error: unknown): unknown {
  if (!(error instanceof ORPCError) || error.code !== "APP_ERROR") return error;
  const { code, data } = (error.data ?? {}) as { code?: ErrorCode; data?: Record<string, unknown> };
  if (!code || !ERROR_CODES.includes(code)) return error;
  return new AppError(code, error.message, { data: data ?? {}, cause: error });
}
