// Work as a stream for a door: how far it is, then what it gives.
import { Watched } from "./watched.ts";

const EVERY_MS = 100;

type Update<Progress, Result> = ({ readonly kind: "progress" } & Progress) | ({ readonly kind: "result" } & Result);

/**
 * Does work and tells of it: closing the stream ends the work, as does the signal.
 * @param first the progress before there is any
 * @throws what the work throws
 */
export async function* withProgress<Progress extends object, Result extends object>(
  first: Progress,
  signal: AbortSignal | undefined,
  work: (options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void }) => Promise<Result>,
): AsyncGenerator<Update<Progress, Result>> {
  const progress = new Watched(first);
  const left = new AbortController();
  const done = new AbortController();
  const working = work({
    signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
    onProgress: (update) => progress.set(update),
  });
  working.catch(() => {}).finally(() => done.abort());
  try {
    for await (const update of progress.watch(done.signal, EVERY_MS)) yield { kind: "progress", ...update };
    yield { kind: "result", ...(await working) };
  } finally {
    left.abort();
  }
}
