// A scan of a folder, as the screen follows it.
import { useCallback, useEffect, useRef, useState } from "react";
import type { ScanResult } from "../../../../shared/domain/dataset.ts";
import type { BandOrder } from "../../../../shared/domain/ingest-settings.ts";
import { useHost } from "../../../state/host.tsx";

export type ScanState =
  | { readonly kind: "idle" }
  | { readonly kind: "scanning"; readonly path: string; readonly seen: number; readonly at: string }
  | { readonly kind: "found"; readonly path: string; readonly bandOrder: BandOrder | null; readonly result: ScanResult }
  | { readonly kind: "failed"; readonly path: string; readonly error: unknown };

/** Scans on demand; a new scan and leaving the view end the one before. */
export function useScan(): { state: ScanState; start: (path: string, bandOrder: BandOrder | null) => void; stop: () => void } {
  const { client } = useHost();
  const [state, setState] = useState<ScanState>({ kind: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const stop = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setState({ kind: "idle" });
  }, []);

  const start = useCallback(
    (path: string, bandOrder: BandOrder | null) => {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      const tell = (next: ScanState) => {
        if (!own.signal.aborted) setState(next);
      };
      tell({ kind: "scanning", path, seen: 0, at: path });
      const run = async () => {
        const stream = await client.data.scan({ path, bandOrder }, { signal: own.signal });
        for await (const update of stream) {
          if (update.kind === "progress") tell({ kind: "scanning", path, seen: update.seen, at: update.path });
          else tell({ kind: "found", path, bandOrder, result: update.result });
        }
      };
      run().catch((error: unknown) => tell({ kind: "failed", path, error }));
    },
    [client],
  );
  return { state, start, stop };
}
