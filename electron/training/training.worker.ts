// The training worker: one thread that holds the compute engine and executes one run at a time for its host.
import { type MessagePort, workerData } from "node:worker_threads";
import { implement, ORPCError } from "@orpc/server";
import { RPCHandler } from "@orpc/server/message-port";
import { trainingContract } from "../../shared/contract/workers.ts";
import { AUGMENTATIONS } from "../../shared/domain/augmentations.ts";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { AppError, isCancellation, messageOf } from "../../shared/domain/errors.ts";
import { openTileStore } from "../ingest/store/tile-store.ts";
import { readRun } from "../runs/run-folder.ts";
import { benchmark } from "./benchmark.ts";
import { embedRun } from "./embed-run.ts";
import { precisionOf } from "./engines/precision.ts";
import { createPrograms, type ProgramsOf } from "./engines/programs.ts";
import { loadEngine } from "./engines/select.ts";
import { executeRun, RunInterrupted } from "./execute-run.ts";
import { previewViews } from "./preview.ts";
import { estimateStepMemory } from "./step-memory.ts";

/** Handlers of the contract over this thread's engine. */
function createRouter() {
  let engine: Promise<EngineInfo> | undefined;
  /** Kept from run to run: the runs of a study share their compiled steps. */
  let programs: ProgramsOf | undefined;
  let active: AbortController | undefined;

  /** @throws ENGINE_UNAVAILABLE also when this thread already holds another engine than the one asked for by name */
  const load = async (choice: Parameters<typeof loadEngine>[0], threads: number | null): Promise<EngineInfo> => {
    engine ??= loadEngine(choice, threads === null ? {} : { threads });
    const loaded = await engine.catch((error: unknown) => {
      engine = undefined;
      throw error;
    });
    if (choice === "auto" || choice === loaded.name) return loaded;
    throw new AppError("ENGINE_UNAVAILABLE", `This worker computes with ${loaded.name}; ${choice} needs a worker of its own.`);
  };

  /** Marks this thread as computing; only one long computation at a time. */
  const begin = (signal: AbortSignal | undefined): AbortController => {
    if (active) throw new AppError("BUSY", "The training worker is at work on another run. Wait for it or pause it.");
    const controller = new AbortController();
    active = controller;
    signal?.addEventListener("abort", () => controller.abort(new RunInterrupted("paused")));
    if (signal?.aborted) controller.abort(new RunInterrupted("paused"));
    return controller;
  };

  const os = implement(trainingContract).use(async ({ next }) => {
    try {
      return await next();
    } catch (error) {
      throw crossing(error);
    }
  });

  return os.router({
    engine: os.engine.handler(({ input }) => load(input.engine, input.threads)),
    run: os.run.handler(async function* ({ input, signal }) {
      const controller = begin(signal);
      try {
        const record = await readRun(input.runFolder);
        const loaded = await load(record?.config.engine ?? "auto", record?.config.threads ?? null);
        programs ??= createPrograms(loaded);
        yield* executeRun({ ...input, engine: loaded, programs, signal: controller.signal });
      } catch (error) {
        throw crossing(error);
      } finally {
        active = undefined;
      }
    }),
    interrupt: os.interrupt.handler(({ input }) => {
      active?.abort(new RunInterrupted(input.reason));
    }),
    embed: os.embed.handler(async function* ({ input, signal }) {
      const controller = begin(signal);
      try {
        const loaded = await load(input.engine, input.threads);
        programs ??= createPrograms(loaded);
        yield* embedRun({ ...input, engine: loaded, programs, signal: controller.signal });
      } catch (error) {
        throw crossing(error);
      } finally {
        active = undefined;
      }
    }),
    benchmark: os.benchmark.handler(async ({ input, signal }) => {
      const controller = begin(signal);
      try {
        const loaded = await load("auto", null);
        programs ??= createPrograms(loaded);
        const step = { ...input, operations: AUGMENTATIONS, programs: programs(precisionOf(input.precision, loaded)) };
        return await benchmark(step, controller.signal);
      } finally {
        active = undefined;
      }
    }),
    memory: os.memory.handler(async ({ input, signal = new AbortController().signal }) => {
      const loaded = await load("auto", null);
      programs ??= createPrograms(loaded);
      const precision = precisionOf(input.precision, loaded);
      return estimateStepMemory({ ...input, precision, programs: programs(precision) }, signal);
    }),
    preview: os.preview.handler(async ({ input }) => {
      await load("auto", null);
      const reader = await openTileStore(input.datasetFolder);
      try {
        const { tiles } = reader;
        if (input.index >= tiles) throw new AppError("NOT_FOUND", `The data set has ${tiles} tiles; there is no tile ${input.index}.`);
        return await previewViews({ ...input, reader });
      } finally {
        await reader.close();
      }
    }),
  });
}

/** An error as it crosses: typed, with its code. */
function crossing(error: unknown): unknown {
  if (error instanceof ORPCError) return error;
  if (error instanceof AppError)
    return new ORPCError("APP_ERROR", { defined: true, status: 422, message: error.message, data: { code: error.code, data: error.data } });
  if (isCancellation(error)) return error;
  return new ORPCError("INTERNAL_SERVER_ERROR", { message: messageOf(error) });
}

const { port } = workerData as { port: MessagePort };
new RPCHandler(createRouter(), {
  // Answers are cloned, not written as text: pixels cross as typed arrays. Streams have no single answer and go as oRPC writes them.
  experimental_transfer: ([, , payload]) => (isAnswer(payload) && !isStream(payload.body) ? [] : null),
}).upgrade(port);
port.start();

function isAnswer(payload: unknown): payload is { body: unknown } {
  return typeof payload === "object" && payload !== null && "status" in payload && "body" in payload;
}

function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
