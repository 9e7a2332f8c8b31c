// A thread that simulates: the host answers its windows meanwhile.
import { parentPort, workerData } from "node:worker_threads";
import { AppError, messageOf } from "../../../shared/domain/errors.ts";
import type { SampleOptions } from "../../../shared/domain/sample-options.ts";
import { type SampleProgress, type SampleResult, writeSample } from "./write-sample.ts";

export interface SampleWork {
  readonly folder: string;
  readonly options: SampleOptions;
}

export type FromSampler =
  | { readonly kind: "progress"; readonly progress: SampleProgress }
  | { readonly kind: "done"; readonly result: SampleResult }
  | {
      readonly kind: "failed";
      readonly error: { readonly code: AppError["code"] | null; readonly message: string; readonly data: AppError["data"] };
    };

const port = parentPort;
if (!port) throw new Error("sample.worker runs in a worker thread only");
const tell = (message: FromSampler) => port.postMessage(message);
const stop = new AbortController();
port.once("message", () => stop.abort());

const { folder, options } = workerData as SampleWork;
try {
  const result = await writeSample(folder, {
    ...options,
    signal: stop.signal,
    onProgress: (progress) => tell({ kind: "progress", progress }),
  });
  tell({ kind: "done", result });
} catch (error) {
  const { code, data } = error instanceof AppError ? error : { code: null, data: {} };
  tell({ kind: "failed", error: { code, message: messageOf(error), data } });
}
port.close();
