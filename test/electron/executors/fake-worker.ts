// A training worker that trains nothing: it fills the run folder as a real one does, at a pace, and can be told to misbehave.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openJournal } from "../../../electron/runs/journal.ts";
import { readRun } from "../../../electron/runs/run-folder.ts";
import type { TrainingWorker } from "../../../electron/training/training-worker.ts";
import type { EngineInfo } from "../../../shared/domain/engine.ts";
import { AppError } from "../../../shared/domain/errors.ts";
import type { RunEvent, RunEventBody } from "../../../shared/domain/run-state.ts";

export interface FakeWorkerOptions {
  readonly steps?: number;
  readonly stepMs?: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery?: number;
  readonly f1Of?: (arm: string, seed: number) => number | null;
  /** Called before each step; `die` loses the worker, an AppError fails the run. */
  readonly onStep?: (run: { arm: string; seed: number; step: number }) => "die" | AppError | undefined;
}

/** Starts fake workers. `started` counts them. */
export function fakeWorkers(options: FakeWorkerOptions = {}) {
  const { steps = 4, stepMs = 0, checkpointEvery = 2, f1Of = () => 0.5, onStep = () => undefined } = options;
  const counts = { started: 0, engines: 0, terminated: 0 };
  const start = (): TrainingWorker => {
    counts.started++;
    let interruption: "paused" | "cancelled" | undefined;
    let isLost = false;
    let lose: (error: AppError) => void = () => {};
    const lost = new Promise<AppError>((resolve) => {
      lose = resolve;
    });
    const end = () => {
      isLost = true;
      const error = new AppError("WORKER_LOST", "The fake worker is gone.");
      lose(error);
      return error;
    };
    const unused = async () => {
      throw new Error("not faked");
    };
    return {
      lost,
      async engine() {
        counts.engines++;
        return { name: "wasm", version: "0", device: "cpu", threads: 1 } satisfies EngineInfo;
      },
      embed: () => {
        throw new Error("not faked");
      },
      async *run({ runFolder }) {
        interruption = undefined;
        const { config } = (await readRun(runFolder))!;
        const journal = openJournal(runFolder);
        const tell = (body: RunEventBody): RunEvent => journal.append(body)[0]!;
        const saved = join(runFolder, "saved-step");
        try {
          let step = Number(await readFile(saved, "utf8").catch(() => "0"));
          yield tell({ kind: "started", engine: `fake ${process.pid}`, device: "cpu", resumedAtStep: step });
          const save = async () => {
            await writeFile(saved, String(step));
            return tell({ kind: "checkpoint", step });
          };
          while (step < steps) {
            const trouble = onStep({ arm: config.arm, seed: config.seed, step: step + 1 });
            if (isLost || trouble === "die") throw isLost ? await lost : end();
            if (trouble) {
              yield tell({ kind: "failed", code: trouble.code, message: trouble.message });
              return;
            }
            await new Promise((resolve) => setTimeout(resolve, stepMs));
            step++;
            yield tell({
              kind: "step",
              step,
              steps,
              epoch: 1,
              loss: 1 / step,
              chance: 4,
              learningRate: 0.1,
              viewsPerSecond: process.pid,
              feedWaitMs: 0,
            });
            if (step % checkpointEvery === 0 || interruption) yield await save();
            if (interruption) {
              yield tell({ kind: "interrupted", step, reason: interruption });
              return;
            }
          }
          yield tell({ kind: "finished", f1: f1Of(config.arm, config.seed) });
        } finally {
          journal.close();
        }
      },
      async interrupt(reason) {
        interruption = reason;
      },
      benchmark: unused,
      memory: unused,
      preview: unused,
      async terminate() {
        counts.terminated++;
        end();
      },
    };
  };
  return { start, counts };
}
