// Work of the host that a view follows to its end: progress, then a report. It ends when the view lets go of it.
import { useCallback, useEffect, useRef, useState } from "react";

export type WorkState<Report> =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly done: number; readonly total: number }
  | { readonly kind: "done"; readonly report: Report }
  | { readonly kind: "failed"; readonly error: unknown };

type Update<Report> = { kind: "progress"; done: number; total: number } | { kind: "result"; report: Report };

export interface Work<Report> {
  readonly state: WorkState<Report>;
  /** Starts it; what ran before ends. */
  start(open: (signal: AbortSignal) => Promise<AsyncIterable<Update<Report>>>): void;
  /** Ends it, and forgets what it told. */
  stop(): void;
}

export function useWork<Report>(): Work<Report> {
  const [state, setState] = useState<WorkState<Report>>({ kind: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const stop = useCallback(() => {
    running.current?.abort();
    setState({ kind: "idle" });
  }, []);
  const start = useCallback<Work<Report>["start"]>((open) => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    const tell = (next: WorkState<Report>) => {
      if (!own.signal.aborted) setState(next);
    };
    tell({ kind: "running", done: 0, total: 0 });
    const run = async () => {
      for await (const update of await open(own.signal))
        tell(update.kind === "progress" ? { ...update, kind: "running" } : { kind: "done", report: update.report });
    };
    run().catch((error: unknown) => tell({ kind: "failed", error }));
  }, []);
  return { state, start, stop };
}
