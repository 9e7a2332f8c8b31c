// Simulating in a thread of its own, for a host that has windows to answer.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { AppError } from "../../../shared/domain/errors.ts";
import type { SampleOptions } from "../../../shared/domain/sample-options.ts";
import type { FromSampler, SampleWork } from "./sample.worker.ts";
import { type SampleProgress, type SampleResult, writeSample } from "./write-sample.ts";

/** As `writeSample`, in a thread; in this one where the application is not bundled. @throws as `writeSample`; WORKER_LOST */
export async function writeSampleAside(
  folder: string,
  { signal, onProgress, ...options }: SampleOptions & { signal: AbortSignal; onProgress?: (progress: SampleProgress) => void },
): Promise<SampleResult> {
  const script = new URL("./sample.worker.js", import.meta.url);
  if (!existsSync(fileURLToPath(script))) return writeSample(folder, { ...options, signal, ...(onProgress ? { onProgress } : {}) });
  signal.throwIfAborted();
  const worker = new Worker(script, { workerData: { folder, options } satisfies SampleWork, name: "sample" });
  const stop = () => worker.postMessage("stop");
  signal.addEventListener("abort", stop);
  try {
    return await new Promise<SampleResult>((resolve, reject) => {
      worker.on("message", (message: FromSampler) => {
        if (message.kind === "progress") onProgress?.(message.progress);
        else if (message.kind === "done") resolve(message.result);
        else if (signal.aborted) reject(signal.reason);
        else {
          const { code, message: text, data } = message.error;
          reject(code === null ? new Error(text) : new AppError(code, text, { data }));
        }
      });
      const lost = (cause?: unknown) =>
        reject(
          new AppError("WORKER_LOST", `The simulation in ${folder} ended early. Start it again: it goes on where it stopped.`, { cause }),
        );
      worker.once("error", lost);
      worker.once("exit", () => lost());
    });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
