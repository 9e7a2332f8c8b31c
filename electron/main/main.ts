// Electron's main process: one window on the same renderer and the same host as the other doors. Security: sandbox, context isolation,
// own protocols instead of file:, no navigation, no new windows, no permissions, the sender of every message checked.
import { homedir } from "node:os";
import { join } from "node:path";
import { RPCHandler } from "@orpc/server/message-port";
import { app, BrowserWindow, dialog, ipcMain, MessageChannelMain, powerSaveBlocker, protocol, session } from "electron";
import { createHost, type Host } from "../app/host.ts";
import { createRouter } from "../app/router.ts";
import { contentSecurityPolicy, contentTypeOf, readAsset } from "../app/web-assets.ts";
import { CONNECT_CHANNEL } from "../preload/channels.ts";

const PAGE_ORIGIN = "studio://app";
const IMAGE_SCHEME = "tile";
/** The one permission that the page gets: copying a figure to the clipboard. */
const COPYING = "clipboard-sanitized-write";

protocol.registerSchemesAsPrivileged([
  { scheme: "studio", privileges: { standard: true, secure: true, supportFetchAPI: true } },
  { scheme: IMAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
]);

let window: BrowserWindow | undefined;
let host: Host | undefined;

/** The workspace: the folder given on the command line, or the one in the user's documents. */
function workspaceFolder(): string {
  const given = process.argv.slice(app.isPackaged ? 1 : 2).find((argument) => !argument.startsWith("-"));
  return given ?? join(app.getPath("documents") || homedir(), "SimCLR-S2");
}

function serveProtocols(current: Host): void {
  const policy = contentSecurityPolicy({ connect: `${IMAGE_SCHEME}:`, images: `${IMAGE_SCHEME}:` });
  protocol.handle("studio", async (request) => {
    const asset = await readAsset(new URL(request.url).pathname);
    if (!asset) return new Response("No such file.", { status: 404 });
    return new Response(asset.body, {
      headers: { "Content-Type": asset.type, "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff" },
    });
  });
  protocol.handle(IMAGE_SCHEME, async (request) => {
    const url = new URL(request.url);
    const headers = { "Content-Type": contentTypeOf(url.pathname), "Access-Control-Allow-Origin": PAGE_ORIGIN };
    try {
      const image = await current.image(url.pathname + url.search, request.signal);
      if (image) return new Response(image, { headers });
    } catch (error) {
      return new Response(error instanceof Error ? error.message : String(error), { status: 404, headers });
    }
    return new Response("No such image.", { status: 404, headers });
  });
}

function connectWindows(current: Host): void {
  const handler = new RPCHandler(createRouter(current));
  ipcMain.on(CONNECT_CHANNEL, (event) => {
    const frame = event.senderFrame;
    if (!frame || frame !== event.sender.mainFrame || !frame.url.startsWith(`${PAGE_ORIGIN}/`)) return;
    const { port1, port2 } = new MessageChannelMain();
    handler.upgrade(port1, { context: {} });
    port1.start();
    event.sender.postMessage(CONNECT_CHANNEL, null, [port2]);
  });
}

function openWindow(): void {
  if (window) {
    window.show();
    window.focus();
    return;
  }
  window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 680,
    show: false,
    title: "SimCLR-S2 Studio",
    webPreferences: {
      preload: join(import.meta.dirname, "preload.cjs"),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
    },
  });
  window.once("ready-to-show", () => window?.show());
  window.on("closed", () => {
    window = undefined;
  });
  window.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  window.webContents.on("will-navigate", (event) => event.preventDefault());
  void window.loadURL(`${PAGE_ORIGIN}/index.html`);
}

/** While work runs the machine stays awake and the process lives on without a window. */
function followJobs(current: Host): void {
  let blocker: number | undefined;
  const follow = async () => {
    for await (const jobs of current.jobs.jobs.watch(undefined)) {
      const running = jobs.some((job) => job.status === "running");
      if (running && blocker === undefined) blocker = powerSaveBlocker.start("prevent-app-suspension");
      if (!running && blocker !== undefined) {
        powerSaveBlocker.stop(blocker);
        blocker = undefined;
        if (!window && process.platform !== "darwin") app.quit();
      }
    }
  };
  void follow();
}

async function start(): Promise<void> {
  await app.whenReady();
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === COPYING));
  session.defaultSession.setPermissionCheckHandler((_contents, permission) => permission === COPYING);
  host = await createHost({
    workspace: workspaceFolder(),
    door: "electron",
    choosePath: async (what) => {
      const options = { properties: [what === "folder" ? ("openDirectory" as const) : ("openFile" as const)] };
      const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
      return filePaths[0] ?? null;
    },
  });
  serveProtocols(host);
  connectWindows(host);
  followJobs(host);
  openWindow();
}

if (!app.requestSingleInstanceLock()) {
  app.quit();
} else {
  app.on("second-instance", openWindow);
  app.on("activate", openWindow);
  app.on("window-all-closed", () => {
    if (!host?.isWorking() && process.platform !== "darwin") app.quit();
  });
  let closing = false;
  app.on("before-quit", (event) => {
    if (closing || !host) return;
    event.preventDefault();
    closing = true;
    void host.close().finally(() => app.quit());
  });
  start().catch((error: unknown) => {
    console.error(error);
    dialog.showErrorBox("SimCLR-S2 Studio could not start", error instanceof Error ? error.message : String(error));
    app.exit(1);
  });
}
