// The page and its pictures by the application's own protocol, and the port that joins the page to the host.
import { RPCHandler } from "@orpc/server/message-port";
import { ipcMain, MessageChannelMain, protocol, session } from "electron";
import { answerBytes, isBytesPath } from "../app/bytes.ts";
import { createRouter } from "../app/router.ts";
import type { Studio } from "../app/studio.ts";
import { contentSecurityPolicy, readAsset } from "../app/web-assets.ts";
import { CONNECT_CHANNEL } from "../preload/channels.ts";

const SCHEME = "studio";
export const PAGE = `${SCHEME}://app/index.html`;
/** The one permission that the page gets: copying a figure to the clipboard. Of studies that end the main process tells. */
const COPYING = "clipboard-sanitized-write";

/** To be called before Electron is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the page at once, and its pictures and calls as soon as there is a host. */
export function servePage(opening: Promise<Studio>): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === COPYING));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === COPYING);
  const policy = contentSecurityPolicy({ connect: "", images: "" });
  protocol.handle(SCHEME, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (isBytesPath(pathname)) {
      const { host } = await opening;
      const { status, body, headers } = await answerBytes(host, pathname + search, request.signal);
      return new Response(body, { status, headers });
    }
    const asset = await readAsset(pathname);
    if (!asset) return new Response("No such file.", { status: 404 });
    return new Response(asset.body, {
      headers: { "Content-Type": asset.type, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff" },
    });
  });
  ipcMain.on(CONNECT_CHANNEL, (event) => {
    const { sender, senderFrame } = event;
    if (!senderFrame || senderFrame !== sender.mainFrame || !isOurs(senderFrame.url)) return;
    void opening.then((studio) => {
      if (sender.isDestroyed()) return;
      const { port1, port2 } = new MessageChannelMain();
      new RPCHandler(createRouter(studio.host, studio)).upgrade(port1, { context: {} });
      port1.start();
      sender.postMessage(CONNECT_CHANNEL, null, [port2]);
    });
  });
}

/** Whether an address is the application's own page. */
export const isOurs = (url: string): boolean => url.startsWith(`${SCHEME}://app/`);
