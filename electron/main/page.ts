// The page and its pictures by the application's own protocol, and the port that joins the page to the host.
import { RPCHandler } from "@orpc/server/message-port";
import { ipcMain, MessageChannelMain, protocol, session } from "electron";
import { messageOf } from "../../shared/domain/errors.ts";
import type { Host } from "../app/host.ts";
import { createRouter } from "../app/router.ts";
import type { Studio } from "../app/studio.ts";
import { contentSecurityPolicy, readAsset } from "../app/web-assets.ts";
import { CONNECT_CHANNEL } from "../preload/channels.ts";

const SCHEME = "studio";
export const PAGE = `${SCHEME}://app/index.html`;
/** What the page may: copy a figure to the clipboard, and tell when a study has ended. */
const PERMISSIONS: readonly string[] = ["clipboard-sanitized-write", "notifications"];

/** To be called before Electron is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the page at once, and its pictures and calls as soon as there is a host. */
export function servePage(opening: Promise<Studio>): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(PERMISSIONS.includes(permission)));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => PERMISSIONS.includes(permission));
  const policy = contentSecurityPolicy({ connect: "", images: "" });
  protocol.handle(SCHEME, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname.startsWith("/image/")) {
      const { host } = await opening;
      const image = await host.image(pathname + search).catch(() => undefined);
      return image ? new Response(image, { headers: { "Content-Type": "image/png" } }) : new Response("No such image.", { status: 404 });
    }
    if (pathname.startsWith("/columns/")) return columnsAt((await opening).host, pathname + search);
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

async function columnsAt(host: Host, path: string): Promise<Response> {
  try {
    const columns = await host.columns(path);
    return columns ? new Response(columns) : new Response("No such columns.", { status: 404 });
  } catch (error) {
    return new Response(messageOf(error), { status: 404 });
  }
}

/** Whether an address is the application's own page. */
export const isOurs = (url: string): boolean => url.startsWith(`${SCHEME}://app/`);
