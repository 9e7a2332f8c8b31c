// Streams of the host, taken up again whenever the connection comes back.
import { ORPCError } from "@orpc/client";
import type { HostConnection } from "./connection.ts";

export interface Follow<T> {
  readonly connection: HostConnection;
  /** Subscribes; called again after each interruption. */
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<T>>;
  /** Called before the first value of each subscription. */
  readonly onOpen?: () => void;
  readonly onValue: (value: T) => void;
  /** The host refuses the stream for a reason that it tells; it is not tried again. */
  readonly onRefused?: (error: unknown) => void;
}

const PAUSE_MS = 1_000;

/** Follows a stream until the returned function is called. */
export function follow<T>({ connection, open, onOpen, onValue, onRefused }: Follow<T>): () => void {
  const life = new AbortController();
  const { signal } = life;
  const run = async () => {
    while (!signal.aborted) {
      try {
        await connection.connected(signal);
        const stream = await open(signal);
        onOpen?.();
        for await (const value of stream) {
          if (signal.aborted) return;
          onValue(value);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ORPCError && error.code === "APP_ERROR") {
          onRefused?.(error);
          return;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  void run();
  return () => life.abort(new DOMException("no longer followed", "AbortError"));
}
