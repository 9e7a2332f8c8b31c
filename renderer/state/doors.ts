// The ways to the host: a MessagePort that Electron's preload script hands over, or a WebSocket to the origin that served the page.
import type { ClientLink } from "@orpc/client";
import { RPCLink as PortLink } from "@orpc/client/message-port";
import { RPCLink as SocketLink } from "@orpc/client/websocket";
import { PORT_MESSAGE } from "../../shared/contract/desktop.ts";
import { desktopBridge } from "./desktop.ts";

/** An open way to the host. */
export interface Channel {
  readonly link: ClientLink<Record<never, never>>;
  /** Settles when the way is closed, by whichever side. */
  readonly closed: Promise<void>;
  close(): void;
}

/** A host answers, but is another one: it was started anew, and has another secret. */
export class HostReplaced extends Error {}

/** Opens ways to the host, one after another. */
export interface Door {
  readonly kind: "electron" | "browser";
  /** Whether a closed way can be opened again without loading the page anew. */
  readonly canReopen: boolean;
  /** @throws HostReplaced; Error when the host does not answer, or the signal aborts */
  open(signal: AbortSignal): Promise<Channel>;
}

const TOKEN_KEY = "simclr-s2-token";
const OPEN_TIMEOUT_MS = 10_000;

/** The door that this page was opened by. Call it while the page loads: Electron's port comes once, when the document is ready. */
export function findDoor(page: Window): Door {
  return desktopBridge(page) ? electronDoor(page) : browserDoor(page);
}

function electronDoor(page: Window): Door {
  const arrived = new Promise<MessagePort>((resolve) => {
    page.addEventListener("message", (event) => {
      const [port] = event.ports;
      if (event.source === page && event.data === PORT_MESSAGE && port) resolve(port);
    });
  });
  return {
    kind: "electron",
    canReopen: false,
    async open(signal) {
      const port = await settleWithin(arrived, signal);
      const closed = new Promise<void>((resolve) => port.addEventListener("close", () => resolve(), { once: true }));
      const link = new PortLink({ port });
      port.start();
      return { link, closed, close: () => port.close() };
    },
  };
}

function browserDoor(page: Window): Door {
  const token = takeToken(page);
  const { protocol, host } = page.location;
  const address = new URL(`${protocol === "https:" ? "wss:" : "ws:"}//${host}/rpc`);
  if (token) address.searchParams.set("token", token);
  return {
    kind: "browser",
    canReopen: true,
    async open(signal) {
      const socket = new WebSocket(address);
      const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve(), { once: true }));
      const opened = new Promise<void>((resolve, reject) => {
        socket.addEventListener("open", () => resolve(), { once: true });
        void closed.then(() => reject(new Error("The host closed the connection.")));
      });
      try {
        await settleWithin(opened, signal);
      } catch (error) {
        socket.close();
        // A refused socket does not say why; a request does.
        const answer = await fetch("/", { method: "HEAD", cache: "no-store", signal }).catch(() => null);
        if (answer?.status === 401) throw new HostReplaced();
        throw error;
      }
      return { link: new SocketLink({ websocket: socket }), closed, close: () => socket.close() };
    },
  };
}

/** The secret of the address, moved out of sight: it stays with this tab, not in the address bar or the history. */
function takeToken(page: Window): string | null {
  const url = new URL(page.location.href);
  const given = url.searchParams.get("token");
  if (given === null) return page.sessionStorage.getItem(TOKEN_KEY);
  page.sessionStorage.setItem(TOKEN_KEY, given);
  url.searchParams.delete("token");
  page.history.replaceState(page.history.state, "", url);
  return given;
}

async function settleWithin<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)]);
  ended.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(ended.reason);
  ended.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    ended.removeEventListener("abort", abort);
  }
}
