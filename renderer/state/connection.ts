// One lasting connection over a door: opened again with growing pauses when it closes. Calls wait a while for it, and never for ever.
import { type ClientLink, createORPCClient } from "@orpc/client";
import type { HostClient } from "../../shared/contract/client.ts";
import { type Channel, type Door, HostReplaced } from "./doors.ts";

export type ConnectionState =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  /** @property retryAt wall clock of the next try, ms; null when only loading the page anew helps, in a browser by the host's new address */
  | { readonly kind: "disconnected"; readonly retryAt: number | null };

/** The host could not be reached in time. */
export class HostUnreachable extends Error {
  constructor(options?: ErrorOptions) {
    super("The host does not answer. It may have been stopped, or the tunnel to it is down. This page tries again by itself.", options);
    this.name = "HostUnreachable";
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** How long a call waits for a connection. */
const CALL_WAIT_MS = 12_000;
/** A way that carries nothing for so long is taken for broken: a tunnel may drop without closing. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT_TIMEOUT_MS = 30_000;

export interface HostConnection {
  readonly door: Door;
  readonly client: HostClient;
  getState(): ConnectionState;
  subscribe(listener: () => void): () => void;
  /** Resolves when there is a connection. @throws the signal's reason */
  connected(signal: AbortSignal): Promise<void>;
  /** Tries at once instead of at the end of the pause. */
  retry(): void;
  close(): void;
}

/** Work that is aborted when it takes too long. @throws DOMException TimeoutError, or the reason of the outer signal */
async function within<T>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new DOMException(`no answer within ${ms} ms`, "TimeoutError")), ms);
  try {
    return await work(outer ? AbortSignal.any([outer, own.signal]) : own.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Connects over a door, and stays connected until `close`. */
export function connect(door: Door): HostConnection {
  const listeners = new Set<() => void>();
  const life = new AbortController();
  let state: ConnectionState = { kind: "connecting" };
  let channel: Channel | null = null;
  let skipPause: () => void = () => {};

  const setState = (next: ConnectionState) => {
    state = next;
    for (const listener of [...listeners]) listener();
  };

  const waitFor = (signal: AbortSignal): Promise<Channel> =>
    new Promise((resolve, reject) => {
      const settle = () => {
        if (channel === null && !signal.aborted) return;
        listeners.delete(settle);
        signal.removeEventListener("abort", settle);
        if (channel) resolve(channel);
        else reject(signal.reason);
      };
      listeners.add(settle);
      signal.addEventListener("abort", settle);
      settle();
    });

  const link: ClientLink<Record<never, never>> = {
    async call(path, input, options) {
      let open: Channel;
      try {
        open = await within(CALL_WAIT_MS, options.signal, waitFor);
      } catch (cause) {
        if (options.signal?.aborted) throw cause;
        throw new HostUnreachable({ cause });
      }
      return open.link.call(path, input, options);
    },
  };
  const client = createORPCClient<HostClient>(link);

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      skipPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function keepAlive(open: Channel): Promise<void> {
    const pulse = createORPCClient<HostClient>(open.link);
    while (channel === open) {
      await Promise.race([open.closed, new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS))]);
      if (channel !== open) return;
      try {
        await within(HEARTBEAT_TIMEOUT_MS, undefined, (signal) => pulse.workspace.get(undefined, { signal }));
      } catch (error) {
        // A refusal is an answer, too.
        if (error instanceof DOMException) open.close();
      }
    }
  }

  async function keepOpen(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    let isReplaced = false;
    while (!life.signal.aborted) {
      try {
        const open = await door.open(life.signal);
        channel = open;
        setState({ kind: "connected" });
        pauseMs = FIRST_PAUSE_MS;
        void keepAlive(open);
        await open.closed;
      } catch (error) {
        isReplaced = error instanceof HostReplaced;
      }
      channel = null;
      if (life.signal.aborted) return;
      if (!door.canReopen || isReplaced) return setState({ kind: "disconnected", retryAt: null });
      setState({ kind: "disconnected", retryAt: Date.now() + pauseMs });
      await pause(pauseMs);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }
  void keepOpen();

  return {
    door,
    client,
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connected: (signal) => waitFor(signal).then(() => undefined),
    retry: () => skipPause(),
    close() {
      life.abort(new DOMException("closed", "AbortError"));
      skipPause();
      channel?.close();
    },
  };
}
