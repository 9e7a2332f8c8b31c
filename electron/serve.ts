// The browser door: the same application over HTTP and WebSocket on the loopback interface, for a machine reached through an SSH tunnel
// or where Electron cannot run. A random token in the URL lets in; Host and Origin are checked on every request.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { RPCHandler } from "@orpc/server/ws";
import { WebSocketServer } from "ws";
import { AppError, messageOf } from "../shared/domain/errors.ts";
import { answerBytes, isBytesPath } from "./app/bytes.ts";
import type { Host } from "./app/host.ts";
import { createRouter } from "./app/router.ts";
import type { Studio } from "./app/studio.ts";
import { contentSecurityPolicy, readAsset } from "./app/web-assets.ts";

export interface ServeOptions {
  readonly host: Host;
  /** What opens other workspaces, whose hosts are served then; without it there is one. */
  readonly studio?: Studio;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** The secret of the URL; random when left out. */
  readonly token?: string;
  /** Called for every request, before it is answered. Tests count with it. */
  readonly onRequest?: (request: IncomingMessage) => void;
}

export interface Served {
  /** With the token: the whole address to open. */
  readonly url: string;
  close(): Promise<void>;
}

const LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
const COOKIE = "simclr_s2_token";

/**
 * Starts the browser door.
 * @throws AppError BUSY when the port is taken
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const token = options.token ?? randomBytes(24).toString("base64url");
  let { host } = options;
  let handler = new RPCHandler(createRouter(host, options.studio));
  const server = createServer((request, response) => {
    options.onRequest?.(request);
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const port = await listen(server, options.port);
  const origin = `http://127.0.0.1:${port}`;
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);
  const policy = contentSecurityPolicy({ connect: [...hosts].map((host) => `ws://${host}`).join(" "), images: "" });

  /** SSH tunnels may change the port, so any loopback name is a Host; what a foreign page can't forge is the Origin and the token. */
  const isOurHost = (host: string | undefined) => host !== undefined && /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
  const isOurOrigin = (request: IncomingMessage) => {
    const given = request.headers.origin;
    return given === undefined || given === `http://${request.headers.host}`;
  };
  const cookieOf = (request: IncomingMessage) => new RegExp(`(?:^|;\\s*)${COOKIE}_${port}=([^;]+)`).exec(request.headers.cookie ?? "")?.[1];
  const isAllowed = (request: IncomingMessage, url: URL) => sameSecret(url.searchParams.get("token") ?? cookieOf(request), token);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    response.setHeader("Content-Security-Policy", policy);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    if (!isOurHost(request.headers.host) || !isOurOrigin(request)) return plain(response, 403, "This address is not served here.");
    if (request.method !== "GET" && request.method !== "HEAD") return plain(response, 405, "Only GET.");
    const entry = url.pathname === "/" || url.pathname === "/index.html";
    if ((entry || isBytesPath(url.pathname)) && !isAllowed(request, url)) {
      return plain(response, 401, "The token is missing or wrong. Open the whole address that the command printed.");
    }
    if (isBytesPath(url.pathname)) {
      const left = new AbortController();
      response.once("close", () => left.abort());
      try {
        const { status, body, headers } = await answerBytes(host, url.pathname + url.search, left.signal);
        response.writeHead(status, headers);
        response.end(body);
      } catch (error) {
        if (!left.signal.aborted) throw error;
      }
      return;
    }
    const asset = await readAsset(url.pathname);
    if (!asset) return plain(response, 404, "No such file.");
    if (entry) response.setHeader("Set-Cookie", `${COOKIE}_${port}=${token}; HttpOnly; SameSite=Strict; Path=/`);
    response.writeHead(200, { "Content-Type": asset.type, "Cache-Control": entry ? "no-store" : "private, max-age=600" });
    response.end(asset.body);
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES });
  server.on("upgrade", (request, socket, head) => {
    options.onRequest?.(request);
    const url = new URL(request.url ?? "/", origin);
    const refused =
      url.pathname !== "/rpc" ||
      !isOurHost(request.headers.host) ||
      request.headers.origin === undefined ||
      !isOurOrigin(request) ||
      !isAllowed(request, url);
    if (refused) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", () => ws.terminate());
      handler.upgrade(ws, { context: {} }).catch((error: unknown) => console.error(messageOf(error)));
    });
  });

  // The pages connect again, and find themselves in another workspace.
  const stopFollowing = options.studio?.onSwitch((next) => {
    host = next;
    handler = new RPCHandler(createRouter(host, options.studio));
    for (const socket of sockets.clients) socket.close();
  });

  return {
    url: `${origin}/?token=${token}`,
    async close() {
      stopFollowing?.();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(text);
}

function sameSecret(given: string | undefined | null, expected: string): boolean {
  if (!given || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new AppError("BUSY", `Port ${port} is taken by another program. Give another with --port, or 0 for a free one.`, {
              cause: error,
            })
          : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}
